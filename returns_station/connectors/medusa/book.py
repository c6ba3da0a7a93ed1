"""What Medusa has of one order, as read at one moment: its lines, returns, changes and payments; counts from single actions.

Medusa's own sums mislead: a return item forgets what it received before (two parcels), an order's `updated_at` does not
move with a refund. Every figure here is added up from confirmed order changes and from single refunds.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote, urlencode

from returns_station.connectors.calls import Calls, NotThere
from returns_station.domain.money import exponent

Json = Mapping[str, Any]
MARK: Final = "returns-station"
RECEIVED: Final = "RECEIVE_RETURN_ITEM"
DISMISSED: Final = "RECEIVE_DAMAGED_RETURN_ITEM"
ACTIVE: Final = frozenset({"pending", "requested"})
ORDER_FIELDS: Final = (
    "id,display_id,custom_display_id,status,currency_code,*items,*items.detail,*payment_collections.payments,"
    "*payment_collections.payments.captures,*payment_collections.payments.refunds"
)
_FACT: Final = re.compile(r"(\w+)=(\S+)")


def act(calls: Calls, path: str, body: Json, name: str, wanted: str | None = None) -> Json:
    """What a write answers about the thing it changed, which must be the wanted one.

    Raises KeyError, TypeError or ValueError for an answer that is not Medusa's: then it is not known to be done.
    """
    told: Json = calls.post(path, body)[name]
    if not isinstance(told["id"], str) or told["id"] != (wanted or told["id"]):
        raise ValueError(f"{name} {told['id']!r}")
    return told


def note(**facts: str | None) -> str:
    """Our words in Medusa's internal notes: how a crashed call finds its child again."""
    return " ".join([MARK, *(f"{name}={value}" for name, value in facts.items() if value)])


def noted(text: object) -> dict[str, str]:
    """The facts of a note of ours; empty for anybody else's."""
    return dict(_FACT.findall(text)) if isinstance(text, str) and text.startswith(MARK) else {}


def whole(value: object) -> int:
    """A quantity as Medusa writes it: a number, or text with one inside."""
    try:
        return int(Decimal(str(value)))
    except (InvalidOperation, ValueError):
        return 0


def minor(amount: object, currency: str) -> int:
    """An amount in the main unit as whole minor units, rounded down: Medusa itself does not round."""
    try:
        return int(Decimal(str(amount)).scaleb(exponent(currency.upper())).quantize(Decimal(1), ROUND_DOWN))
    except InvalidOperation:
        return 0


def order_number(order: Json) -> str:
    """What people call an order: the shop's own number where it gives one, else Medusa's running one."""
    return str(order.get("custom_display_id") or order["display_id"])


def return_number(one: Json) -> str:
    """What people call a return: `metadata.rma`, else `RET-` and its running number, which no order number is."""
    rma = (one.get("metadata") or {}).get("rma")
    return str(rma) if rma else f"RET-{one['display_id']}"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an order: pieces sent, and come back so far.

    Sent is what was fulfilled, which is what Medusa itself lets come back: nobody marks a pick-up as shipped.
    """

    id: str
    sku: str
    sent: int
    back: int
    variant: str | None

    @property
    def room(self) -> int:
        """Pieces that may still come back."""
        return max(self.sent - self.back, 0)


@dataclass(frozen=True, slots=True)
class Move:
    """Pieces of a line that were received or dismissed within a return, by a confirmed change."""

    return_id: str
    line: str
    quantity: int
    sellable: bool
    facts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refund:
    """One refund of a payment."""

    id: str
    minor: int
    facts: Mapping[str, str]
    created_at: str


@dataclass(frozen=True, slots=True)
class Payment:
    """One payment of an order, in minor units."""

    id: str
    captured: int
    refunds: tuple[Refund, ...]

    @property
    def room(self) -> int:
        """What may still go back; the fraction of a cent that Medusa would add is not ours to give."""
        return max(self.captured - sum(refund.minor for refund in self.refunds), 0)


@dataclass(frozen=True, slots=True)
class Book:
    """One order as it stands."""

    id: str
    number: str
    currency: str
    lines: Mapping[str, Line]
    returns: tuple[Json, ...]
    changes: tuple[Json, ...]
    moves: tuple[Move, ...]
    payments: tuple[Payment, ...]

    @property
    def active(self) -> Json | None:
        """The one order change that is open, if any: Medusa allows one an order."""
        return next((change for change in self.changes if change.get("status") in ACTIVE), None)

    def drafts(self, number: object) -> tuple[Json, ...]:
        """Returns of this number that somebody else began and did not request."""
        return tuple(
            one
            for one in self.returns
            if one.get("status") == "open"
            and return_number(one) == number
            and not (one.get("metadata") or {}).get("returns_station")
        )

    def of(self, return_id: str, number: object) -> tuple[Json, ...]:
        """Returns that are ours by our id in them, or by the number that they are known by; the oldest first, no drafts."""
        return tuple(
            one
            for one in self.returns
            if one.get("status") != "open"
            and (
                (one.get("metadata") or {}).get("returns_station") == return_id
                or (isinstance(number, str) and return_number(one) == number)
            )
        )

    def left(self, one: Json, line: str) -> int:
        """Pieces of a line that a return still awaits."""
        asked = sum(whole(item["quantity"]) for item in one.get("items") or () if item["item_id"] == line)
        return asked - sum(
            move.quantity for move in self.moves if (move.return_id, move.line) == (one["id"], line)
        )


class Books:
    """Reads orders of one Medusa; remembers which order a number is."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._ids: dict[str, str] = {}

    def learn(self, orders: Iterable[Json]) -> None:
        """Numbers that a pull has seen."""
        self._ids |= {order_number(order): str(order["id"]) for order in orders}

    def find(self, number: str) -> str | None:
        """The id of the order with this number; several are refused, for then nobody can say which is meant.

        `q` looks into many fields, so that every hit is compared; unknown filters would be ignored by Medusa.
        """
        if number in self._ids:
            return self._ids[number]
        found: set[str] = set()
        seen, count = 0, 1
        while seen < count:
            query = urlencode(
                {"q": number, "fields": "id,display_id,custom_display_id", "limit": 200, "offset": seen}
            )
            page = self._calls.get(f"/admin/orders?{query}")
            count = whole(page.get("count"))
            seen += len(page["orders"]) or count
            found |= {str(order["id"]) for order in page["orders"] if order_number(order) == number}
        if len(found) > 1:
            self._calls.stop(
                "medusa.ambiguous", f"{len(found)} orders in {self._calls.origin} have the number {number}."
            )
        if found:
            self._ids[number] = next(iter(found))
        return next(iter(found), None)

    def read(self, order_id: str) -> Book | None:
        """Everything of an order, by three reads; None where it is gone."""
        at = f"/admin/orders/{quote(order_id, safe='')}"
        try:
            order = self._calls.get(f"{at}?fields={ORDER_FIELDS}")["order"]
        except NotThere:
            return None
        changes = self._calls.get(f"{at}/changes")["order_changes"]
        return _book(order, self._returns(order_id), changes)

    def _returns(self, order_id: str) -> list[Json]:
        query = urlencode({"order_id": order_id, "fields": "*items", "limit": 200})
        found = self._calls.get(f"/admin/returns?{query}")["returns"]
        own = [one for one in found if one["order_id"] == order_id and one.get("status") != "canceled"]
        return sorted(own, key=lambda one: whole(one["display_id"]))


def _book(order: Json, returns: list[Json], changes: list[Json]) -> Book:
    currency = str(order["currency_code"]).upper()
    lines = {str(item["id"]): _line(item) for item in order["items"]}
    found = (
        payment for bill in order.get("payment_collections") or () for payment in bill.get("payments") or ()
    )
    payments = tuple(
        sorted((_payment(payment, currency) for payment in found), key=lambda payment: payment.id)
    )
    moves = tuple(_moves(change for change in changes if change.get("status") == "confirmed"))
    number = order_number(order)
    return Book(str(order["id"]), number, currency, lines, tuple(returns), tuple(changes), moves, payments)


def _line(item: Json) -> Line:
    detail = item["detail"]
    back = whole(detail["return_received_quantity"]) + whole(detail["return_dismissed_quantity"])
    sku = str(item.get("variant_sku") or item["id"])
    return Line(str(item["id"]), sku, whole(detail["fulfilled_quantity"]), back, item.get("variant_id"))


def _payment(payment: Json, currency: str) -> Payment:
    captured = sum((Decimal(str(one["amount"])) for one in payment.get("captures") or ()), Decimal(0))
    refunds = tuple(
        Refund(
            str(one["id"]), minor(one["amount"], currency), noted(one.get("note")), str(one.get("created_at"))
        )
        for one in payment.get("refunds") or ()
    )
    return Payment(str(payment["id"]), minor(captured, currency), refunds)


def _moves(changes: Iterable[Json]) -> Iterable[Move]:
    for change in changes:
        for action in change.get("actions") or ():
            if action.get("action") in (RECEIVED, DISMISSED):
                details = action["details"]
                yield Move(
                    str(action.get("return_id") or action.get("reference_id") or change.get("return_id")),
                    str(details["reference_id"]),
                    whole(details["quantity"]),
                    action["action"] == RECEIVED,
                    noted(action.get("internal_note")),
                )

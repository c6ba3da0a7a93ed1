"""A posted batch becomes events, movements and money in one transaction: each once, each answered."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from returns_station.testing.upstream.event import Event, Refusal, parse_event, shown
from returns_station.testing.upstream.faults import Faults
from returns_station.testing.upstream.ledger import Ledger, Row, insert
from returns_station.testing.upstream.money import to_text


@dataclass(frozen=True, slots=True)
class Later:
    """The event is put off: nothing was done, and the same event may be taken another time."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class _Known:
    type: str
    subject: str
    body: str
    reference: str


@dataclass(slots=True)
class _Order:
    currency: str
    captured: int
    refunded: int
    payments: frozenset[str]


_PREFIX: Final = {
    "receipt": "REC",
    "stock": "MOV",
    "completed": "COM",
    "refund": "REF",
    "short": "SHO",
    "available": "AVA",
}
_FACTS: Final = {
    "returns.receipt": ("merchant", "parcel_id"),
    "returns.stock": ("merchant", "unit_id", "sku", "quantity", "lot", "location", "disposition"),
    "returns.completed": ("merchant", "parcel_id"),
    "returns.refund": ("merchant", "settlement_id", "order_number", "currency", "amount_minor"),
    "returns.available": ("merchant", "unit_id", "sku", "quantity", "location", "container"),
}
"""What a reversal must say again as the event it takes back said it."""


def ingest(
    ledger: Ledger, items: Sequence[Mapping[str, object]], faults: Faults, received_at: str
) -> list[Row]:
    """One answer for each item, in order; all effects of the batch are on disk when this returns.

    Every item must have a text as `id`. An item's refusal never touches the others.
    """
    with ledger.transaction() as db:
        batch = _Batch(db, faults, received_at)
        batch.load(items)
        answers = [batch.take(index, item) for index, item in enumerate(items)]
        batch.write()
    return answers


class _Batch:
    def __init__(self, db: sqlite3.Connection, faults: Faults, received_at: str) -> None:
        self._db = db
        self._faults = faults
        self._received_at = received_at
        self._known: dict[str, _Known] = {}
        self._reversed: dict[str, str] = {}
        self._orders: dict[tuple[str, str], _Order | None] = {}
        self._rows: defaultdict[str, list[Row]] = defaultdict(list)
        self._refused: dict[str, Refusal] = {}
        self._arrival = int(db.execute("SELECT COALESCE(MAX(arrival), 0) FROM events").fetchone()[0])

    def load(self, items: Sequence[Mapping[str, object]]) -> None:
        """Read once what is known of all ids of the batch and of the events that it takes back."""
        ids = [item["id"] for item in items]
        reverses = [data.get("reverses") for item in items if isinstance(data := item.get("data"), dict)]
        names = json.dumps([*ids, *(name for name in reverses if isinstance(name, str))])
        for name, *facts in self._db.execute(_KNOWN, (names,)):
            self._known[name] = _Known(*facts)
        self._reversed.update(self._db.execute(_REVERSED, (names,)))

    def take(self, index: int, item: Mapping[str, object]) -> Row:
        """Decide one item and note what is to be written for it."""
        key = str(item["id"])
        event = parse_event(item)
        if isinstance(event, Refusal):
            return self._refuse(key, event)
        if known := self._known.get(key):
            if (known.type, known.subject, known.body) == (event.type, event.subject, event.body):
                return _answer(key, "duplicate", known.reference)
            return self._refuse(key, Refusal("event.differs", _DIFFERS.format(key, known.reference)))
        if self._faults.holds(index):
            return _answer(key, "retry", None, Later("event.busy", "The event is put off; nothing was done."))
        verdict = _RULES[event.type](self, event)
        if isinstance(verdict, Refusal):
            return self._refuse(key, verdict)
        if isinstance(verdict, Later):
            return _answer(key, "retry", None, verdict)
        return self._accept(event, *verdict)

    def write(self) -> None:
        """Write everything that was decided."""
        for table, rows in self._rows.items():
            insert(self._db, table, rows)
        self._db.executemany(
            "INSERT OR REPLACE INTO refusals VALUES (?, ?, ?, ?)",
            [(key, no.code, no.sentence, self._received_at) for key, no in self._refused.items()],
        )
        accepted = json.dumps([row["id"] for row in self._rows["events"]])
        self._db.execute("DELETE FROM refusals WHERE id IN (SELECT value FROM json_each(?))", (accepted,))

    def _accept(self, event: Event, table: str, row: Row) -> Row:
        self._arrival += 1
        reference = f"{_PREFIX[event.type.split('.')[1]]}-{self._arrival}"
        self._known[event.id] = _Known(event.type, event.subject, event.body, reference)
        self._rows[table].append({"arrival": self._arrival, **row})
        self._rows["events"].append(
            {
                "arrival": self._arrival,
                "id": event.id,
                "type": event.type,
                "subject": event.subject,
                "sequence": event.sequence,
                "source": event.source,
                "time": event.time,
                "data": event.body,
                "reverses": event.reverses,
                "reference": reference,
                "received_at": self._received_at,
            }
        )
        return _answer(event.id, "accepted", reference)

    def _refuse(self, key: str, refusal: Refusal) -> Row:
        if key not in self._known:
            self._refused[key] = refusal
        return _answer(key, "refused", None, refusal)

    def receipt(self, event: Event) -> "Verdict":
        if event.data["return_number"] in self._faults.unknown_rma:
            number = shown(event.data["return_number"])
            return Refusal("authorization.unknown", f"The return {number} is not known here.")
        if wrong := self._reversal(event):
            return wrong
        count = -1 if event.reverses else 1
        return "receipts", {**{name: event.data[name] for name in _RECEIPT}, "count": count}

    def stock(self, event: Event) -> "Verdict":
        if wrong := self._reversal(event):
            return wrong
        quantity = event.integer("quantity")
        row = {name: event.data[name] for name in _MOVEMENT}
        return "movements", {**row, "quantity": -quantity if event.reverses else quantity}

    def completed(self, event: Event) -> "Verdict":
        if wrong := self._reversal(event):
            return wrong
        row = {name: event.data[name] for name in _COMPLETED}
        listed = {name: json.dumps(event.data[name]) for name in ("units", "lines")}
        return "completions", {**row, **listed, "count": -1 if event.reverses else 1}

    def available(self, event: Event) -> "Verdict":
        if wrong := self._reversal(event):
            return wrong
        quantity = event.integer("quantity")
        row = {name: event.data[name] for name in _AVAILABLE}
        return "available", {**row, "quantity": -quantity if event.reverses else quantity}

    def short(self, event: Event) -> "Verdict":
        return "shorts", {"return_id": event.subject, "lines": json.dumps(event.data["lines"])}

    def refund(self, event: Event) -> "Verdict":
        amount = event.integer("amount_minor")
        order = self._order(event.text("merchant"), event.text("order_number"))
        wrong = _sum(event) or _payable(event, order) or self._reversal(event)
        if wrong:
            return wrong
        assert order is not None
        signed = -amount if event.reverses else amount
        if signed > 0 and order.refunded + signed > order.captured:
            return _over(event, order, amount)
        order.refunded += signed
        row = {name: event.data[name] for name in _REFUND}
        return "refunds", {**row, "amount_minor": signed, "lines": json.dumps(event.data["lines"])}

    def _reversal(self, event: Event) -> Refusal | Later | None:
        """What is wrong with taking back another event; notes the reversal when nothing is."""
        if event.reverses is None:
            return None
        target = event.reverses
        original = self._known.get(target)
        if original is None:
            return Later("reversal.early", f"The event {target} that is to be reversed has not arrived.")
        if original.type + ".reversed" != event.type:
            return Refusal("reversal.type", f"A {event.type} cannot reverse the {original.type} {target}.")
        if target in self._reversed:
            return Refusal(
                "reversal.twice", f"The event {target} was reversed already, by {self._reversed[target]}."
            )
        said = json.loads(original.body)
        for name in _FACTS[original.type]:
            if said[name] != event.data[name]:
                now, then = shown(event.data[name]), shown(said[name])
                return Refusal(
                    "reversal.differs", f"The {name} {now} is not the {then} of the event {target}."
                )
        self._reversed[target] = event.id
        return None

    def _order(self, merchant: str, number: str) -> _Order | None:
        name = (merchant, number)
        if name not in self._orders:
            found = self._db.execute(_ORDER, name).fetchone()
            self._orders[name] = None
            if found:
                currency, captured, refunded, payments = found
                self._orders[name] = _Order(currency, captured, refunded, frozenset(json.loads(payments)))
        return self._orders[name]


Verdict = Refusal | Later | tuple[str, Row]
"""Refused, put off, or the one row to be written and its table."""

_RULES: Final[dict[str, Callable[[_Batch, Event], Verdict]]] = {
    "returns.receipt": _Batch.receipt,
    "returns.receipt.reversed": _Batch.receipt,
    "returns.stock": _Batch.stock,
    "returns.stock.reversed": _Batch.stock,
    "returns.completed": _Batch.completed,
    "returns.completed.reversed": _Batch.completed,
    "returns.refund": _Batch.refund,
    "returns.refund.reversed": _Batch.refund,
    "returns.short": _Batch.short,
    "returns.available": _Batch.available,
    "returns.available.reversed": _Batch.available,
}
_KNOWN: Final = """
SELECT id, type, subject, data, reference FROM events WHERE id IN (SELECT value FROM json_each(?))"""
_REVERSED: Final = "SELECT reverses, id FROM events WHERE reverses IN (SELECT value FROM json_each(?))"
_ORDER: Final = """
SELECT currency, captured_minor,
    refunded_minor + (SELECT COALESCE(SUM(amount_minor), 0) FROM refunds r
                      WHERE r.merchant = o.merchant AND r.order_number = o.number),
    payments
FROM orders o WHERE merchant = ? AND number = ?"""
_DIFFERS: Final = "The event {} was accepted before with other content, as {}; nothing was done now."
_RECEIPT: Final = (
    "merchant",
    "site",
    "return_id",
    "return_number",
    "order_number",
    "parcel_id",
    "plate",
    "tracking",
    "carrier",
    "return_type",
)
_COMPLETED: Final = (
    "merchant",
    "site",
    "return_id",
    "return_number",
    "order_number",
    "parcel_id",
    "plate",
    "return_type",
)
_MOVEMENT: Final = (
    "merchant",
    "site",
    "return_id",
    "unit_id",
    "lpn",
    "sku",
    "lot",
    "expiry",
    "serial",
    "grade",
    "disposition",
    "location",
    "container",
    "order_number",
    "order_line",
)
_AVAILABLE: Final = (
    "merchant",
    "site",
    "return_id",
    "unit_id",
    "lpn",
    "sku",
    "disposition",
    "location",
    "container",
)
_REFUND: Final = (
    "merchant",
    "return_id",
    "settlement_id",
    "order_number",
    "currency",
    "payment_reference",
    "outcome",
    "shipping_minor",
    "fee_minor",
)


def _answer(key: str, status: str, reference: str | None, why: Refusal | Later | None = None) -> Row:
    return {
        "id": key,
        "status": status,
        "reference": reference,
        "code": why.code if why else None,
        "sentence": why.sentence if why else None,
    }


def _sum(event: Event) -> Refusal | None:
    lines = event.data["lines"]
    assert isinstance(lines, list)
    total = (
        sum(line["amount_minor"] for line in lines)
        + event.integer("shipping_minor")
        - event.integer("fee_minor")
    )
    if total == event.integer("amount_minor"):
        return None
    money = event.text("currency")
    stated = to_text(event.integer("amount_minor"), money)
    return Refusal(
        "refund.sum",
        f"The amount is {stated}, but its lines and shipping less the fee come to {to_text(total, money)}.",
    )


def _payable(event: Event, order: _Order | None) -> Refusal | None:
    number, merchant = event.text("order_number"), event.text("merchant")
    if order is None:
        return Refusal(
            "order.unknown", f"The order {number} of {merchant} is not known here; nothing was refunded."
        )
    if event.text("currency") != order.currency:
        return Refusal(
            "refund.currency",
            f"The order {number} was paid in {order.currency}, the refund is in {event.text('currency')}.",
        )
    payment = event.data["payment_reference"]
    if payment is not None and payment not in order.payments:
        return Refusal("refund.payment", f"The order {number} of {merchant} has no payment {payment}.")
    return None


def _over(event: Event, order: _Order, amount: int) -> Refusal:
    def shown_money(minor: int) -> str:
        return to_text(minor, order.currency)

    left = max(order.captured - order.refunded, 0)
    return Refusal(
        "refund.ceiling",
        f"The order {event.text('order_number')} of {event.text('merchant')} "
        f"has {shown_money(order.captured)} captured and {shown_money(order.refunded)} refunded: "
        f"{shown_money(left)} is left, and a refund of {shown_money(amount)} "
        f"is {shown_money(amount - left)} too much.",
    )

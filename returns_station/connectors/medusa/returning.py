"""Receipt and stock: the return found or made, and each unit received into stock or dismissed, once."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from returns_station.connectors.api import Delivered, Outcome, Outgoing, References, Refused
from returns_station.connectors.calls import Calls, NotThere, Rejected
from returns_station.connectors.medusa.book import (
    DISMISSED,
    RECEIVED,
    Book,
    Books,
    Json,
    Line,
    act,
    note,
    noted,
    whole,
)
from returns_station.connectors.medusa.levels import Levels

SELLABLE: Final = frozenset({"return_to_stock", "return_to_stock_resale"})
NOTHING: Final = Delivered(None, duplicate=False)


class Returning:
    """Acts on the returns of one Medusa; `location` is where goods come in."""

    def __init__(self, calls: Calls, books: Books, location: Any) -> None:
        self._calls = calls
        self._books = books
        self._location = location
        self._levels = Levels(calls)

    def book(self, effect: Outgoing) -> Book | None:
        """The order of an effect; None where it names none. Ends the effect where Medusa has no such order."""
        number = effect.data.get("order_number")
        if not isinstance(number, str):
            return None
        found = self._books.find(number)
        book = self._books.read(found) if found else None
        return book or self._calls.stop(
            "medusa.order", f"{self._calls.origin} has no order {number}.", _NO_ORDER
        )

    def receipt(self, effect: Outgoing, refs: References) -> Outcome:
        """A parcel is here: its return is there and awaits it."""
        book = self.book(effect)
        if book is None:
            return NOTHING
        book = self._cleared(book, effect)
        known = book.of(effect.return_id, effect.data.get("return_number"))
        made = str(known[0]["id"]) if known else self._announced(effect, book, refs)
        refs.put(_parcel(effect), made or "none")
        return Delivered(made, duplicate=False) if made else NOTHING

    def unreceived(self, effect: Outgoing, refs: References) -> Outcome:
        """A parcel was taken back: a return that we made and that nothing came of is withdrawn; no other is touched."""
        book = self.book(effect)
        if book is None:
            return NOTHING
        book = self._cleared(book, effect)
        for one in book.of(effect.return_id, None):
            if not any(move.return_id == one["id"] for move in book.moves):
                self._act(str(one["id"]), "/cancel", {"no_notification": True})
        refs.put(_parcel(effect), "none")
        return NOTHING

    def stock(self, effect: Outgoing, refs: References) -> Outcome:
        """A unit has come back: into stock, or dismissed. What no line of an order is, Medusa has nothing for."""
        data = effect.data
        book = self.book(effect)
        if book is None or data.get("order_line") is None:
            return NOTHING
        book = self._cleared(book, effect)
        line = self._line(book, str(data["order_line"]))
        quantity, unit = whole(data["quantity"]), str(data["unit_id"])
        own = [move for move in book.moves if move.facts.get("unit") == unit]
        done = sum(move.quantity for move in own if move.facts.get("effect") == effect.key)
        if done >= quantity:
            return Delivered(own[0].return_id, duplicate=True)
        if any(move.facts.get("effect") != effect.key for move in own):
            return self._shelved(effect, refs, line, quantity if _sellable(data) else 0, own[0].return_id)
        rest = quantity - done
        if rest > line.room and not _sellable(data):
            # More came than was sold: it lies apart with us, and nothing of it belongs to this order.
            return NOTHING
        if rest > line.room:
            return Refused("upstream.ceiling", _CEILING.format(book.number, line, rest), _CEILING_HINT)
        self._await_receipt(effect, refs, book)
        return Delivered(self._taken(effect, refs, book, line, rest), duplicate=False)

    def unstock(self, effect: Outgoing, refs: References) -> Outcome:
        """A unit was taken back: what was added to stock is taken off again. That it came back stays in Medusa."""
        book = self.book(effect)
        unit = str(effect.data.get("unit_id"))
        own = [move for move in book.moves if move.facts.get("unit") == unit] if book else []
        if book is None or not own:
            return NOTHING
        line = self._line(book, own[0].line)
        stands = refs.get(f"sellable:{unit}") or str(sum(move.quantity for move in own if move.sellable))
        if stands == "0":
            return Delivered(own[0].return_id, duplicate=False)
        return self._shelved(effect, refs, line, 0, own[0].return_id, int(stands))

    def known(self, effect: Outgoing) -> str | None:
        """The return in which Medusa has this effect; changes nothing."""
        book = self.book(effect)
        if book is None:
            return None
        if effect.type == "returns.receipt":
            found = book.of(effect.return_id, effect.data.get("return_number"))
            return str(found[0]["id"]) if found else None
        own = [move for move in book.moves if move.facts.get("effect") == effect.key]
        done = sum(move.quantity for move in own)
        return own[0].return_id if own and done >= whole(effect.data.get("quantity")) else None

    # --- the steps ----------------------------------------------------------------------------------------------------

    def _cleared(self, book: Book, effect: Outgoing) -> Book:
        """No change is open but this effect's own, which is gone on with. What another of ours left half open is
        withdrawn; somebody else's makes this effect wait."""
        change = book.active
        if change is None or _own(change, effect):
            return book
        kind = change.get("change_type")
        if not noted(change.get("internal_note")) or kind not in _WITHDRAWN:
            self._wait(book, change)
        self._withdraw(str(change.get("return_id")), _WITHDRAWN[kind])
        again = self._again(book)
        return self._wait(again, change) if again.active else again

    def _act(self, made: str, step: str, body: Json) -> None:
        act(self._calls, f"/admin/returns/{made}{step}", body, "return", made)

    def _withdraw(self, made: str, step: str) -> None:
        with suppress(NotThere, Rejected):
            self._calls.delete(f"/admin/returns/{made}{step}")

    def _again(self, book: Book) -> Book:
        return self._books.read(book.id) or self._calls.stop("medusa.order", f"Order {book.number} is gone.")

    def _wait(self, book: Book, change: Json) -> NoReturn:
        kind = str(change.get("change_type") or "change").replace("_", " ")
        self._calls.wait(
            "medusa.order_change", _CHANGING.format(book.number, self._calls.origin, kind), _CHANGING_HINT
        )

    def _line(self, book: Book, line: str) -> Line:
        found = book.lines.get(line)
        return found or self._calls.stop(
            "medusa.line", f"Order {book.number} in {self._calls.origin} has no line {line}."
        )

    def _await_receipt(self, effect: Outgoing, refs: References, book: Book) -> None:
        if not refs.get(_parcel(effect)) and not book.of(effect.return_id, effect.data.get("return_number")):
            self._calls.wait(
                "medusa.receipt", f"The receipt of parcel {effect.data.get('plate')} comes first."
            )

    def _announced(self, effect: Outgoing, book: Book, refs: References) -> str | None:
        """The return asked for in Medusa, as far as the lines are known and may still come back."""
        wanted: dict[str, int] = {}
        for row in _rows(effect.data.get("lines")):
            line = book.lines.get(str(row.get("order_line")))
            if line is not None:
                asked = sum(max(book.left(one, line.id), 0) for one in book.returns)
                wanted[line.id] = min(wanted.get(line.id, 0) + whole(row["expected"]), line.room - asked)
        wanted = {line: quantity for line, quantity in wanted.items() if quantity > 0}
        return self._requested(effect, refs, book, wanted) if wanted else None

    def _requested(self, effect: Outgoing, refs: References, book: Book, wanted: Mapping[str, int]) -> str:
        """The return that this effect makes, from wherever an earlier try got to."""
        change = _open(book, effect, "return_request")
        made = str(change["return_id"]) if change else self._drafted(effect, book)
        refs.put(f"made:{effect.key}", made)
        there = _actions(change, "RETURN_ITEM")
        items = [{"id": line, "quantity": quantity} for line, quantity in wanted.items()]
        try:
            if there and sorted(there) != sorted(wanted.items()):
                self._withdraw(made, "/request")
                self._calls.wait(
                    "medusa.request", f"A return of order {book.number} was half asked for; it is asked anew."
                )
            if not there:
                self._act(made, "/request-items", {"items": items})
            self._act(made, "/request", {"no_notification": True})
        except Rejected as rejected:
            self._withdraw(made, "/request")
            raise rejected.refused(
                "medusa.request", f"Order {book.number} takes no return of this."
            ) from None
        return made

    def _drafted(self, effect: Outgoing, book: Book) -> str:
        number = effect.data.get("return_number")
        named = {"returns_station": effect.return_id} | ({"rma": number} if isinstance(number, str) else {})
        asked = {
            "order_id": book.id,
            "location_id": self._location(),
            "no_notification": True,
            "internal_note": note(effect=effect.key, return_id=effect.return_id),
            "metadata": named,
        }
        return str(act(self._calls, "/admin/returns", asked, "return")["id"])

    def _taken(self, effect: Outgoing, refs: References, book: Book, line: Line, rest: int) -> str:
        """Receives the rest of a unit: in the returns that await it, and beyond them in a further one."""
        number, last = effect.data.get("return_number"), ""
        while rest > 0:
            mine = book.of(effect.return_id, number)
            others = () if isinstance(number, str) or mine else book.returns
            begun = _open(book, effect, "return_receive")
            rooms = {str(one["id"]): min(rest, book.left(one, line.id)) for one in (*mine, *others)}
            first = str(begun["return_id"]) if begun else next((one for one in rooms if rooms[one] > 0), "")
            part = rooms.get(first, 0) if first else rest
            if part <= 0:
                self._calls.stop(
                    "medusa.receive",
                    f"Order {book.number} has a receipt open that awaits nothing of {line.sku}.",
                )
            last = first or self._requested(effect, refs, book, {line.id: rest})
            self._received(effect, book, last, line, part)
            rest -= part
            book = self._again(book) if rest > 0 else book
        return last

    def _received(self, effect: Outgoing, book: Book, made: str, line: Line, quantity: int) -> None:
        words = note(effect=effect.key, unit=str(effect.data["unit_id"]), return_id=effect.return_id)
        kind = RECEIVED if _sellable(effect.data) else DISMISSED
        how = "/receive-items" if kind == RECEIVED else "/dismiss-items"
        change = _open(book, effect, "return_receive")
        there = [*_actions(change, RECEIVED, kind), *_actions(change, DISMISSED, kind)]
        try:
            if there and there != [(line.id, quantity)]:
                self._withdraw(made, "/receive")
                change, there = None, []
            if change is None:
                self._act(made, "/receive", {"internal_note": words})
        except Rejected as rejected:
            self._calls.wait(
                "medusa.order_change", f'Order {book.number} is being changed: "{rejected.said}"'
            )
        try:
            if not there:
                items = [{"id": line.id, "quantity": quantity, "internal_note": words}]
                self._act(made, how, {"items": items})
            self._act(made, "/receive/confirm", {"no_notification": True})
        except Rejected as rejected:
            self._withdraw(made, "/receive")
            raise rejected.refused(
                "medusa.receive", f"Order {book.number} does not take {line.sku} back."
            ) from None

    def _shelved(
        self, effect: Outgoing, refs: References, line: Line, stands: int, made: str, stood: int | None = None
    ) -> Outcome:
        """Of a unit that Medusa counts as come back, `stands` pieces are on stock, not `stood`: the level is written.

        A kit has a level for each of its articles; each is written once.
        """
        unit, name = str(effect.data["unit_id"]), f"level:{effect.key}"
        if stood is None:
            stood = int(refs.get(f"sellable:{unit}") or "0")
        if refs.get(name) == "done":
            return Delivered(made, duplicate=True)
        if stands != stood:
            for level in self._levels.of(line, made):
                refused = self._levels.move(level, stands - stood, refs, name)
                if refused is not None:
                    return refused
        refs.put(f"sellable:{unit}", str(stands))
        refs.put(name, "done")
        return Delivered(made, duplicate=False)


def _own(change: Json, effect: Outgoing) -> bool:
    return noted(change.get("internal_note")).get("effect") == effect.key


def _open(book: Book, effect: Outgoing, kind: str) -> Json | None:
    """The change that an earlier try of this effect left open."""
    change = book.active
    return change if change and _own(change, effect) and change.get("change_type") == kind else None


def _actions(change: Json | None, action: str, wanted: str | None = None) -> list[tuple[str, int]]:
    """Line and pieces of each action of a kind in an open change; an action that is not the wanted kind has none right."""
    rows = [row for row in (change or {}).get("actions") or () if row.get("action") == action]
    return [
        (
            str(row["details"]["reference_id"]) if action == (wanted or action) else "",
            whole(row["details"]["quantity"]),
        )
        for row in rows
    ]


def _parcel(effect: Outgoing) -> str:
    return f"parcel:{effect.data.get('parcel_id')}"


def _rows(value: object) -> list[Json]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, list | tuple) else []


def _sellable(data: Mapping[str, object]) -> bool:
    return data.get("disposition") in SELLABLE


_WITHDRAWN: Final = {"return_request": "/request", "return_receive": "/receive"}
_NO_ORDER: Final = "Check the order's number; what the shop does not have is booked there by hand or left."
_CHANGING: Final = (
    "Order {0} in {1} has an open {2} that is not ours; nothing else can be done to it until it is finished."
)
_CHANGING_HINT: Final = "Confirm or cancel it in Medusa; the effect then goes on by itself."
_CEILING: Final = (
    "Of {1.sku} in order {0}, {1.sent} were sent and {1.back} have come back: {2} more cannot be received."
)
_CEILING_HINT: Final = (
    "Decide what the surplus is; Medusa would take it, and sell stock that was never returned."
)

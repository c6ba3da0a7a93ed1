"""Compares what was sent with what an upstream says it has, return by return; it changes nothing."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from returns_station.connectors.api import Stated
from returns_station.domain.codes import Disposition
from returns_station.domain.money import decimal
from returns_station.store.statements import LineSums, SentReceipt, SentRefund, SentReturn, SentUnit

SELLABLE: Final = frozenset({Disposition.RETURN_TO_STOCK.value, Disposition.RETURN_TO_STOCK_RESALE.value})
"""Dispositions whose goods count as stock to be sold, for an upstream that has no places."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not there as it was sent. `ours` and `theirs` are what the two books say, as text."""

    code: str
    return_number: str
    order_number: str | None
    subject: str
    """The unit's licence plate, the parcel's plate, or the settlement."""
    sku: str | None
    ours: str
    theirs: str
    reference: str | None
    """The upstream's own name for what it has."""
    sentence: str
    act: str
    """What a person may do about it."""


def compare(sent: SentReturn, stated: Iterable[Stated]) -> tuple[Difference, ...]:
    """Every difference between what was sent of a return and what the upstream states of it, then those of our own
    books. What the upstream cannot tell (None) is not compared; what was acknowledged without a reference left nothing
    there."""
    rows = [row for row in stated if row.subject is None or row.subject not in sent.underway]
    by_kind = {kind: [row for row in rows if row.kind == kind] for kind in ("receipt", "stock", "refund")}
    return (
        *_receipts(sent, by_kind["receipt"]),
        *_units(sent, by_kind["stock"]),
        *_refunds(sent, by_kind["refund"]),
        *own_books(sent),
    )


# --- receipts ---------------------------------------------------------------------------------------------------------


def _receipts(sent: SentReturn, rows: Sequence[Stated]) -> Iterator[Difference]:
    say, left = _Say(sent), list(rows)
    for one in sent.receipts:
        own = [row for row in left if row.subject == one.parcel_id]
        best = next((row for row in own if row.done), own[0] if own else None)
        if best is not None:
            left.remove(best)
        yield from _receipt(say, one, best)
    for row in left:
        sentence = f"{row.reference} stands there as a return of this one, and nothing of ours made it."
        yield say(
            "return.extra", row.reference, "no such return", row.reference, row, sentence, _ACT_EXTRA_RETURN
        )


def _receipt(say: "_Say", one: SentReceipt, row: Stated | None) -> Iterator[Difference]:
    if row is None:
        if one.reference is not None:
            sentence = (
                f"Parcel {one.plate} was received as {one.reference}; there is no such return there now."
            )
            yield say("receipt.missing", one.plate, one.reference, "nothing", None, sentence, _ACT_RECEIPT)
    elif one.completed and not row.done:
        sentence = f"Parcel {one.plate} is finished here; {row.reference} stands unfinished there."
        yield say("receipt.unfinished", one.plate, "finished", "unfinished", row, sentence, _ACT_FINISH)


# --- units ------------------------------------------------------------------------------------------------------------


def _units(sent: SentReturn, rows: Sequence[Stated]) -> Iterator[Difference]:
    say, left = _Say(sent), list(rows)
    for unit in sent.units:
        own = [row for row in left if row.subject == unit.unit_id]
        left = [row for row in left if row.subject != unit.unit_id]
        yield from _unit(say, unit, own)
    for row in left:
        yield _extra(say, row, row.sku or row.reference)


def _unit(say: "_Say", unit: SentUnit, own: Sequence[Stated]) -> Iterator[Difference]:
    if not own:
        if unit.reference is not None:
            sentence = f"Unit {unit.lpn} ({unit.quantity} of {unit.sku}) was sent; nothing of it is there."
            yield say.unit("unit.missing", unit, str(unit.quantity), "0", None, sentence, _ACT_UNIT)
        return
    right = next((row for row in own if not list(_wrong(say, unit, row))), None)
    if right is None and _parted(unit, own):
        for row in own:
            yield from _wrong(say, unit, row, row.quantity)
        return
    best = right or own[0]
    yield from _wrong(say, unit, best)
    for row in own:
        if row is not best:
            yield _extra(say, row, unit.lpn)


def _parted(unit: SentUnit, own: Sequence[Stated]) -> bool:
    """Whether the upstream has the unit in several parts that add up to it."""
    return len(own) > 1 and sum(row.quantity or 0 for row in own) == unit.quantity


def _wrong(say: "_Say", unit: SentUnit, row: Stated, quantity: int | None = None) -> Iterator[Difference]:
    """What is not right in one row; `quantity` is how many it should have where that is not the whole unit."""
    if row.sku is not None and row.sku != unit.sku:
        sentence = f"Unit {unit.lpn} is {unit.sku} here and {row.sku} there, in {row.reference}."
        yield say.unit("unit.sku", unit, unit.sku, row.sku, row, sentence, _ACT_SKU)
    expected = unit.quantity if quantity is None else quantity
    if row.quantity is not None and row.quantity != expected:
        sentence = f"Unit {unit.lpn} ({unit.sku}): {expected} sent, {row.quantity} there, in {row.reference}."
        yield say.unit("unit.quantity", unit, str(expected), str(row.quantity), row, sentence, _ACT_QUANTITY)
    if not row.done:
        if unit.completed:
            sentence = f"Unit {unit.lpn} ({unit.sku}) is put here; {row.reference} stands unfinished there."
            yield say.unit("unit.unfinished", unit, "put", "unfinished", row, sentence, _ACT_FINISH)
        return
    yield from _misplaced(say, unit, row)


def _misplaced(say: "_Say", unit: SentUnit, row: Stated) -> Iterator[Difference]:
    if row.place is not None and unit.place is not None and row.place != unit.place:
        sentence = f"Unit {unit.lpn} ({unit.sku}) was put at {unit.place}; there it is at {row.place}, in {row.reference}."
        yield say.unit("unit.place", unit, unit.place, row.place, row, sentence, _ACT_PLACE)
    ours = unit.disposition in SELLABLE
    if row.sellable is not None and row.sellable != ours:
        words = {True: "to be sold", False: "not to be sold"}
        sentence = (
            f"Unit {unit.lpn} ({unit.sku}) is {words[ours]} here ({unit.disposition}) and {words[row.sellable]} there, "
            f"in {row.reference}."
        )
        yield say.unit("unit.sellable", unit, words[ours], words[row.sellable], row, sentence, _ACT_PLACE)


def _extra(say: "_Say", row: Stated, subject: str) -> Difference:
    count = "an unknown number" if row.quantity is None else str(row.quantity)
    where = f" at {row.place}" if row.place else ""
    sentence = (
        f"{row.reference} holds {count} of {row.sku or 'something'}{where} of this return; 0 of it were sent."
    )
    return say("movement.extra", subject, "0", count, row, sentence, _ACT_EXTRA_MOVE)


# --- money ------------------------------------------------------------------------------------------------------------


def _refunds(sent: SentReturn, rows: Sequence[Stated]) -> Iterator[Difference]:
    say, left = _Say(sent), list(rows)
    for one in sent.refunds:
        own = [row for row in left if row.subject == one.settlement_id]
        best = min(own, key=lambda row: (row.amount_minor != one.amount_minor, not row.done), default=None)
        if best is not None:
            left.remove(best)
        yield from _refund(say, one, best)
    for row in left:
        theirs = _amount(row.amount_minor, row.currency)
        sentence = f"{row.reference} gives {theirs} back for this return; no settlement of ours says so."
        yield say("refund.extra", row.reference, "nothing", theirs, row, sentence, _ACT_EXTRA_MONEY)


def _refund(say: "_Say", one: SentRefund, row: Stated | None) -> Iterator[Difference]:
    ours = _amount(one.amount_minor, one.currency)
    if row is None:
        if one.reference is not None:
            sentence = f"A refund of {ours} was acknowledged as {one.reference}; it is not there now."
            yield say("refund.missing", one.settlement_id, ours, "nothing", None, sentence, _ACT_MONEY)
        return
    theirs = _amount(row.amount_minor, row.currency or one.currency)
    if row.currency is not None and row.currency != one.currency:
        sentence = f"The refund is {ours} here and {theirs} there, in {row.reference}: another currency."
        yield say("refund.currency", one.settlement_id, ours, theirs, row, sentence, _ACT_AMOUNT)
    elif row.amount_minor is not None and row.amount_minor != one.amount_minor:
        sentence = f"The refund is {ours} here and {theirs} there, in {row.reference}."
        yield say("refund.amount", one.settlement_id, ours, theirs, row, sentence, _ACT_AMOUNT)
    if not row.done:
        sentence = (
            f"The refund of {ours} was acknowledged; {row.reference} stands unfinished there, as a draft."
        )
        yield say("refund.unfinished", one.settlement_id, ours, "unfinished", row, sentence, _ACT_FINISH)


def _amount(minor: int | None, currency: str | None) -> str:
    if minor is None:
        return "an unknown amount"
    return f"{decimal(minor, currency)} {currency}" if currency else f"{minor} minor units"


# --- our own books ----------------------------------------------------------------------------------------------------


def own_books(sent: SentReturn) -> Iterator[Difference]:
    """Where our own tables and what was sent of them do not add up: a defect, or a database that was changed by hand."""
    say = _Say(sent)
    for line in sent.lines:
        if not _adds_up(line):
            sums = f"{line.received} received + {line.short} short + {line.awaiting} awaiting"
            sentence = f"Line {line.sku}: {line.expected} expected is not {sums}."
            yield say("books.line", line.sku, str(line.expected), sums, None, sentence, _ACT_DEFECT, line.sku)
    for unit in sent.own_units:
        if unit.told != unit.quantity:
            told = "nothing" if unit.told is None else str(unit.told)
            sentence = f"Unit {unit.lpn} ({unit.sku}): {unit.quantity} received, {told} told."
            ours = str(unit.quantity)
            yield say("books.unit", unit.lpn, ours, told, None, sentence, _ACT_DEFECT, unit.sku)
    for money in sent.own_refunds:
        if money.told != money.amount_minor:
            ours, told = _amount(money.amount_minor, money.currency), _amount(money.told, money.currency)
            told = "nothing" if money.told is None else told
            sentence = f"A settlement of {ours} was released, {told} was told."
            yield say("books.refund", money.settlement_id, ours, told, None, sentence, _ACT_DEFECT)


def _adds_up(line: LineSums) -> bool:
    """More received than expected is an over-return, which its settlement holds for a person; it breaks no law."""
    if line.short == 0 and line.received > line.expected:
        return True
    return line.expected == line.received + line.short + line.awaiting


# --- saying it --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Say:
    """Makes differences of one return."""

    sent: SentReturn

    def __call__(
        self, code: str, subject: str, ours: str, theirs: str, row: Stated | None, sentence: str, act: str,
        sku: str | None = None,
    ) -> Difference:  # fmt: skip
        reference = row.reference if row else None
        whole = f"Return {self.sent.number}: {sentence}"
        sku = sku or (row.sku if row else None)
        return Difference(
            code, self.sent.number, self.sent.order_number, subject, sku, ours, theirs, reference, whole, act
        )

    def unit(
        self, code: str, unit: SentUnit, ours: str, theirs: str, row: Stated | None, sentence: str, act: str
    ) -> Difference:
        return self(code, unit.lpn, ours, theirs, row, sentence, act, unit.sku)


_ACT_RECEIPT: Final = "Look who took it away there. If it was a mistake, make the return there again by hand."
_ACT_FINISH: Final = "Open it there and finish it, or find out what keeps it from being finished."
_ACT_EXTRA_RETURN: Final = "Find out who made it. If it is the same goods, cancel it there."
_ACT_UNIT: Final = "Look at the shelf. If the unit is there, book it in the upstream by hand."
_ACT_SKU: Final = "Look at the unit's label and at the shelf, then correct the article there."
_ACT_QUANTITY: Final = "Count the pieces, then correct the quantity there, or open a stock adjustment."
_ACT_PLACE: Final = "Look where the unit lies. Move it there in the upstream, or move the goods."
_ACT_EXTRA_MOVE: Final = "Count what lies there. If nothing came, take the movement back in the upstream."
_ACT_MONEY: Final = (
    "Ask accounts why it was taken away. If the customer has no money yet, post it there by hand."
)
_ACT_AMOUNT: Final = "Ask accounts which amount is right; correct it there with a document of its own."
_ACT_EXTRA_MONEY: Final = (
    "Ask accounts at once: the customer may be paid twice. If so, cancel or reclaim it there."
)
_ACT_DEFECT: Final = (
    "Our own books do not add up. Please report it with `returns-station show` of this return."
)

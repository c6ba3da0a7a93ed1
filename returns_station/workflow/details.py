"""The details of a unit: serial, lot, expiry, how many; then its inspection begins."""

import re
from dataclasses import replace
from datetime import date

from returns_station.domain.axes import Reception
from returns_station.domain.codes import Identity, Signal
from returns_station.domain.nouns import Order, Product, ReturnAuthorization, ReturnLine, ReturnUnit
from returns_station.domain.scan import Candidate, Kind
from returns_station.workflow import inspecting
from returns_station.workflow.ports import Load, UnitsOf
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, same_item

MOST_PIECES = 1_000_000
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_NO_DETAIL = ("gtin", "location", "container", "plate", "parcel", "lpn", "badge")


def fresh_lines(turn: Turn, authorization: ReturnAuthorization) -> tuple[ReturnLine, ...]:
    """The lines of a return with what this turn has already recorded counted in."""
    stored = {u.id: u for u in turn.ask(UnitsOf(turn.parcel().id))}
    fresh = {u.id: u for record in turn.records for u in record.units}
    change: dict[str, int] = {}
    for id, unit in fresh.items():
        for one, sign in ((stored.get(id), -1), (unit, 1)):
            if one is not None and one.return_line_id and one.reception is Reception.RECEIVED:
                change[one.return_line_id] = change.get(one.return_line_id, 0) + sign * one.quantity
    return tuple(
        replace(line, received=line.received + change.get(line.id, 0)) for line in authorization.lines
    )


def attribute(named: Candidate | None, name: str) -> str | None:
    """What the symbol says of `name`."""
    return named.get(name) if named else None


def check_serial(unit: ReturnUnit, order: Order | None) -> ReturnUnit:
    """A serial that was never shipped on this line is another instance."""
    line = next((line for line in order.lines if line.id == unit.order_line_id), None) if order else None
    if (
        unit.serial
        and line
        and line.serials
        and unit.serial not in line.serials
        and unit.identity is Identity.MATCHED
    ):
        return replace(unit, identity=Identity.MISMATCH_INSTANCE)
    return unit


def next_detail(turn: Turn, product: Product | None, line: ReturnLine | None, counted: bool) -> None:
    """Asks for the next fact that the product's tracking wants, else begins the inspection."""
    unit = turn.unit()
    pending = "counted" if counted else None
    if product and product.serial_tracked and not unit.serial:
        return _detail(turn, At.SERIAL, pending)
    if product and product.lot_tracked and not unit.lot:
        return _detail(turn, At.LOT, pending)
    if product and product.expiry_tracked and not unit.expiry:
        return _detail(turn, At.EXPIRY, pending)
    if not counted and not unit.serial and _many(turn, unit, line):
        return _detail(turn, At.QUANTITY, pending)
    return begin_inspection(turn)


def _many(turn: Turn, unit: ReturnUnit, line: ReturnLine | None) -> bool:
    if line is not None:
        return line.awaiting > 1
    left = _left(turn, unit)
    return left is None or left > 1


def _left(turn: Turn, unit: ReturnUnit) -> int | None:
    """Pieces of the unit's order line that have not come back, the unit itself not counted; None without an order line."""
    order: Order | None = turn.ask(Load("order", unit.order_id)) if unit.order_id else None
    sold = next((row for row in order.lines if row.id == unit.order_line_id), None) if order else None
    if sold is None:
        return None
    stored = next((u for u in turn.ask(UnitsOf(unit.parcel_id)) if u.id == unit.id), None)
    return sold.quantity - sold.received + (stored.quantity if stored else 0)


def _detail(turn: Turn, at: At, pending: str | None) -> None:
    turn.go(at, pending=pending)
    unit = turn.unit()
    identity = "" if unit.identity is Identity.MATCHED else f"_{unit.identity}"
    turn.say(
        Signal.ACCEPTED if not identity else Signal.MISMATCH,
        f"item.found{identity}",
        sku=unit.sku,
        title=unit.title,
        quantity=unit.quantity,
    )


def line_of(turn: Turn, unit: ReturnUnit) -> ReturnLine | None:
    """The line of a unit, with the unit itself not yet counted."""
    lines = [line for a in turn.returns() for line in a.lines if line.id == unit.return_line_id]
    return replace(lines[0], received=lines[0].received - unit.quantity) if lines else None


def at_serial(turn: Turn) -> None:
    """The serial number is awaited."""
    named = turn.candidate(Kind.GTIN)
    serial = attribute(named, "serial") or (None if same_item(turn) else free_text(turn))
    if serial is None:
        return turn.no(
            Signal.DUPLICATE if same_item(turn) else Signal.MISMATCH,
            "item.again_twice" if same_item(turn) else "item.want_serial",
        )
    unit = replace(turn.unit(), serial=serial)
    order: Order | None = turn.ask(Load("order", unit.order_id)) if unit.order_id else None
    return _detailed(turn, check_serial(unit, order))


def at_lot(turn: Turn) -> None:
    """The lot is awaited."""
    named = turn.candidate(Kind.GTIN)
    lot = attribute(named, "lot") or (None if same_item(turn) else free_text(turn))
    if lot is None:
        return turn.no(
            Signal.DUPLICATE if same_item(turn) else Signal.MISMATCH,
            "item.again_twice" if same_item(turn) else "item.want_lot",
        )
    return _detailed(turn, replace(turn.unit(), lot=lot))


def at_expiry(turn: Turn) -> None:
    """The expiry date is awaited: from a GS1 symbol, or typed as YYYY-MM-DD or YYYYMMDD."""
    named = turn.candidate(Kind.GTIN)
    found = _DATE.fullmatch((attribute(named, "expiry") or turn.reading.text).strip())
    if found is None or not _is_date("-".join(found.groups())):
        return turn.no(Signal.MISMATCH, "item.want_expiry")
    return _detailed(turn, replace(turn.unit(), expiry="-".join(found.groups())))


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def free_text(turn: Turn) -> str | None:
    """Free text, unless it is known to name a product, a place, a parcel or a unit."""
    named = turn.candidate(Kind.REFERENCE)
    if named is None or turn.command() or turn.matches(*_NO_DETAIL):
        return None
    return named.value


def _detailed(turn: Turn, unit: ReturnUnit) -> None:
    counted = turn.state.pending == "counted"
    line = line_of(turn, unit)
    turn.keep_unit("unit.detailed", unit)
    return next_detail(turn, turn.product(), line, counted)


def at_quantity(turn: Turn) -> None:
    """How many pieces of this very kind: a quantity code, typed digits, or ALL."""
    unit = turn.unit()
    line = line_of(turn, unit)
    pieces = _pieces(turn, line)
    if pieces is None:
        again = same_item(turn)
        return turn.no(
            Signal.DUPLICATE if again else Signal.MISMATCH,
            "item.again_twice" if again else "item.want_quantity",
            most=MOST_PIECES,
        )
    limits = [line.awaiting] if line is not None else []
    sold = _left(turn, unit)
    limits += [sold] if sold is not None else []
    over = pieces > min(limits, default=pieces) and unit.identity is Identity.MATCHED
    identity = Identity.MISMATCH_QUANTITY if over else unit.identity
    turn.keep_unit("unit.counted", replace(unit, quantity=pieces, identity=identity))
    return begin_inspection(turn)


def _pieces(turn: Turn, line: ReturnLine | None) -> int | None:
    if turn.command() == "all":
        return line.awaiting if line and line.awaiting else None
    if turn.command() or same_item(turn):
        return None
    coded = turn.candidate(Kind.QUANTITY, Kind.ANSWER)
    text = coded.value if coded else turn.reading.text.strip()
    return (
        int(text)
        if text.isascii() and text.isdigit() and len(text) <= 7 and 1 <= int(text) <= MOST_PIECES
        else None
    )


def begin_inspection(turn: Turn) -> None:
    """From what it is to how it is."""
    unit = turn.unit()
    inspecting.ask_first(turn)
    matched = unit.identity is Identity.MATCHED
    turn.say(
        Signal.ACCEPTED if matched else Signal.MISMATCH,
        "item.found" if matched else f"item.found_{unit.identity}",
        sku=unit.sku,
        title=unit.title,
        quantity=unit.quantity,
    )

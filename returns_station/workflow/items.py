"""At the item: what it is, whether it was expected, how many, which lot; and taking a unit up again."""

import re
from dataclasses import replace

from returns_station.domain.axes import Acceptance, Inspection, ParcelWork, Placement, Reception, move
from returns_station.domain.codes import Identity, Role, Signal
from returns_station.domain.nouns import Order, Parcel, Product, ReturnAuthorization, ReturnLine, ReturnUnit
from returns_station.domain.scan import Candidate, Kind, read
from returns_station.workflow.ports import Load, Match, UnitsOf
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick

_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
MOST_PIECES = 1_000_000
_NO_DETAIL = ("gtin", "location", "container", "plate", "parcel", "lpn", "badge")


def at_item(turn: Turn) -> None:
    """An item is awaited: GTIN, SKU, serial or LPN; or DONE, another return's number, another parcel's plate."""
    from returns_station.workflow import parcels

    actions = {
        "done": parcels.done,
        "refuse": parcels.refuse,
        "rts": parcels.mark_undelivered,
        "short": short_by_person,
    }
    command = turn.command()
    if command in actions:
        return actions[command](turn)
    if command:
        return turn.no(Signal.MISMATCH, "item.command", command=command)
    return _named(turn)


def _named(turn: Turn) -> None:
    from returns_station.workflow import parcels

    if turn.matches("lpn"):
        return resume_unit(turn, turn.matches("lpn")[0].ref)
    if turn.matches("plate"):
        return _switch(turn, turn.matches("plate")[0])
    products = _products(turn)
    if products:
        return _found(turn, products)
    if turn.matches("parcel", "tracking"):
        return _parcel_again(turn)
    if turn.matches("rma"):
        return parcels.add_return(turn, turn.matches("rma")[0])
    if turn.matches("location", "container", "order", "outbound"):
        return turn.no(Signal.MISMATCH, "item.not_item")
    return _unknown(turn)


def _switch(turn: Turn, match: Match) -> None:
    from returns_station.workflow import parcels

    if match.ref == turn.parcel().id:
        return turn.no(Signal.DUPLICATE, "item.parcel_again")
    return parcels.resume(turn, match)


def _parcel_again(turn: Turn) -> None:
    """The parcel's own number again is a duplicate; another parcel's number waits until this one is done."""
    own = any(
        m.ref == turn.parcel().id or m.ref in turn.parcel().returns
        for m in turn.matches("parcel", "tracking")
    )
    return turn.no(
        Signal.DUPLICATE if own else Signal.MISMATCH, "item.parcel_again" if own else "item.other_parcel"
    )


def _products(turn: Turn) -> tuple[tuple[Product, int, str | None], ...]:
    """Products of this merchant that the scan names, each with its pack factor and serial, expected ones first."""
    found: dict[str, tuple[Product, int, str | None]] = {}
    for match in turn.matches("gtin", "sku", "serial"):
        if match.merchant != turn.parcel().merchant:
            continue
        product_id, serial = (
            (match.ref, None) if match.kind != "serial" else (_sold_with(turn, match), match.value)
        )
        product: Product | None = turn.ask(Load("product", product_id)) if product_id else None
        if product is not None:
            found.setdefault(product.id, (product, match.factor, serial))
    expected = {line.product_id for a in turn.returns() for line in a.lines}
    wanted = tuple(entry for id, entry in found.items() if id in expected)
    return wanted or tuple(found.values())


def _sold_with(turn: Turn, match: Match) -> str | None:
    line = turn.ask(Load("order_line", match.ref))
    return line.product_id if line else None


def _found(turn: Turn, products: tuple[tuple[Product, int, str | None], ...]) -> None:
    if len(products) > 1:
        options = ((f"product:{p.id}:{factor}", f"{p.sku} · {p.title}") for p, factor, _ in products)
        turn.go(At.CHOOSE_ITEM, choices=numbered(options), pending=turn.reading.text)
        return turn.say(Signal.ACCEPTED, "item.several", value=turn.shown(), count=len(products))
    product, factor, serial = products[0]
    return start(turn, product, factor, serial)


def at_choose_item(turn: Turn) -> None:
    """Several products fit: one is chosen."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    turn.reading = read((turn.state.pending or "").encode())
    product_id, _, factor = choice.code.removeprefix("product:").rpartition(":")
    serial = next((serial for product, _, serial in _products(turn) if product.id == product_id), None)
    return start(turn, turn.ask(Load("product", product_id)), int(factor), serial)


def _unknown(turn: Turn) -> None:
    broken = [problem for candidate in turn.reading.candidates for problem in candidate.problems]
    if broken and not any(c.valid for c in turn.reading.candidates):
        return turn.no(Signal.UNKNOWN, "scan.problem", problem=str(broken[0]))
    if turn.candidate(Kind.REFERENCE, Kind.GTIN, Kind.TRACKING, Kind.SSCC) is None:
        return turn.no(Signal.MISMATCH, "item.not_item")
    turn.go(
        At.CONFIRM_UNKNOWN,
        choices=numbered((("take", "Take it as an unknown item"), ("again", "Scan again"))),
        pending=turn.shown(),
    )
    return turn.say(Signal.UNKNOWN, "item.unknown", value=turn.shown())


def at_confirm_unknown(turn: Turn) -> None:
    """Goods no product list knows: recorded as they are, for a person to name."""
    choice = pick(turn)
    if choice is None:
        return at_item(turn)
    if choice.code == "again":
        turn.go(At.ITEM)
        return turn.say(Signal.ACCEPTED, "item.again")
    text = turn.state.pending or ""
    unit = ReturnUnit(
        turn.ids.uuid(),
        turn.parcel().id,
        turn.parcel().returns[0],
        turn.parcel().merchant,
        text,
        f"Unknown item {text}",
        1,
        Identity.MISMATCH_CLASS,
    )
    turn.go(At.QUESTION, item_code=text)
    turn.keep_unit("unit.started", unit)
    return begin_inspection(turn)


# --- what was expected ------------------------------------------------------------------------------------------------


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


def _line(turn: Turn, product: Product) -> tuple[ReturnAuthorization, ReturnLine] | None:
    """The line that expects this product: one still awaiting before one that has all its pieces."""
    found = [
        (a, line)
        for a in turn.returns()
        for line in a.lines
        if line.product_id == product.id or line.sku == product.sku
    ]
    return max(found, key=lambda pair: pair[1].awaiting > 0) if found else None


def _sold(order: Order | None, product: Product, pieces: int) -> str | None:
    """The order line that sold this product, one with pieces left first."""
    lines = (
        [line for line in order.lines if line.product_id == product.id or line.sku == product.sku]
        if order
        else []
    )
    lines.sort(key=lambda line: (line.quantity - line.received < pieces, line.line_id))
    return lines[0].id if lines else None


def start(turn: Turn, product: Product, factor: int, serial: str | None) -> None:
    """A unit begins: identity verdict, and what the symbol itself says of lot, expiry, serial and count."""
    named = turn.candidate(Kind.GTIN)
    pair = _line(turn, product)
    authorization = pair[0] if pair else turn.returns()[0]
    order = turn.order(authorization)
    pieces = factor * int((named.get("count") if named else None) or 1)
    if not 1 <= pieces <= MOST_PIECES:
        return turn.no(Signal.MISMATCH, "item.pieces", pieces=pieces, most=MOST_PIECES)
    identity = _verdict(authorization, pair, order, product, pieces)
    line_id = pair[1].order_line_id if pair and pair[1].order_line_id else _sold(order, product, pieces)
    unit = ReturnUnit(
        turn.ids.uuid(),
        turn.parcel().id,
        authorization.id,
        turn.parcel().merchant,
        product.sku,
        product.title,
        pieces,
        identity,
        product_id=product.id,
        product_type=product.type,
        return_line_id=pair[1].id if pair else None,
        order_id=order.id if order else None,
        order_line_id=line_id,
        lot=_attribute(named, "lot"),
        expiry=_attribute(named, "expiry"),
        serial=serial or _attribute(named, "serial"),
    )
    turn.go(At.ITEM, item_code=named.value if named else turn.reading.text, unit=_check_serial(unit, order))
    turn.keep_unit("unit.started", turn.unit())
    counted = factor > 1 or bool(named and named.get("count"))
    return next_detail(turn, product, pair[1] if pair else None, counted)


def _attribute(named: Candidate | None, name: str) -> str | None:
    return named.get(name) if named else None


def _verdict(
    authorization: ReturnAuthorization,
    pair: tuple[ReturnAuthorization, ReturnLine] | None,
    order: Order | None,
    product: Product,
    pieces: int,
) -> Identity:
    """Whether this is what was expected, and no more than was sold; without anything expected, what was sold may come back."""
    left = [
        line.quantity - line.received
        for line in (order.lines if order else ())
        if line.product_id == product.id or line.sku == product.sku
    ]
    if pair is not None:
        return (
            Identity.MATCHED
            if min(pair[1].awaiting, max(left, default=pieces)) >= pieces
            else Identity.MISMATCH_QUANTITY
        )
    if authorization.lines:
        return Identity.MISMATCH_CLASS
    if order is None:
        return Identity.MATCHED
    if not left:
        return Identity.MISMATCH_CLASS
    return Identity.MATCHED if max(left) >= pieces else Identity.MISMATCH_QUANTITY


def _check_serial(unit: ReturnUnit, order: Order | None) -> ReturnUnit:
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


# --- details ----------------------------------------------------------------------------------------------------------


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


def _line_of(turn: Turn, unit: ReturnUnit) -> ReturnLine | None:
    """The line of a unit, with the unit itself not yet counted."""
    lines = [line for a in turn.returns() for line in a.lines if line.id == unit.return_line_id]
    return replace(lines[0], received=lines[0].received - unit.quantity) if lines else None


def _again(turn: Turn) -> bool:
    """The same item scanned again within its step is a duplicate."""
    named = turn.candidate(Kind.GTIN)
    return turn.state.item_code is not None and turn.state.item_code in (
        named.value if named else None,
        turn.reading.text,
    )


def at_serial(turn: Turn) -> None:
    """The serial number is awaited."""
    named = turn.candidate(Kind.GTIN)
    serial = _attribute(named, "serial") or (None if _again(turn) else _text(turn))
    if serial is None:
        return turn.no(
            Signal.DUPLICATE if _again(turn) else Signal.MISMATCH,
            "item.again_twice" if _again(turn) else "item.want_serial",
        )
    unit = replace(turn.unit(), serial=serial)
    order: Order | None = turn.ask(Load("order", unit.order_id)) if unit.order_id else None
    return _detailed(turn, _check_serial(unit, order))


def at_lot(turn: Turn) -> None:
    """The lot is awaited."""
    named = turn.candidate(Kind.GTIN)
    lot = _attribute(named, "lot") or (None if _again(turn) else _text(turn))
    if lot is None:
        return turn.no(
            Signal.DUPLICATE if _again(turn) else Signal.MISMATCH,
            "item.again_twice" if _again(turn) else "item.want_lot",
        )
    return _detailed(turn, replace(turn.unit(), lot=lot))


def at_expiry(turn: Turn) -> None:
    """The expiry date is awaited: from a GS1 symbol, or typed as YYYY-MM-DD or YYYYMMDD."""
    named = turn.candidate(Kind.GTIN)
    found = _DATE.fullmatch((_attribute(named, "expiry") or turn.reading.text).strip())
    if found is None or not _is_date("-".join(found.groups())):
        return turn.no(Signal.MISMATCH, "item.want_expiry")
    return _detailed(turn, replace(turn.unit(), expiry="-".join(found.groups())))


def _is_date(text: str) -> bool:
    from datetime import date

    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _text(turn: Turn) -> str | None:
    """Free text, unless it is known to name a product, a place, a parcel or a unit."""
    named = turn.candidate(Kind.REFERENCE)
    if named is None or turn.command() or turn.matches(*_NO_DETAIL):
        return None
    return named.value


def _detailed(turn: Turn, unit: ReturnUnit) -> None:
    counted = turn.state.pending == "counted"
    line = _line_of(turn, unit)
    turn.keep_unit("unit.detailed", unit)
    return next_detail(turn, turn.product(), line, counted)


def at_quantity(turn: Turn) -> None:
    """How many pieces of this very kind: a quantity code, typed digits, or ALL."""
    unit = turn.unit()
    line = _line_of(turn, unit)
    pieces = _pieces(turn, line)
    if pieces is None:
        again = _again(turn)
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
    if turn.command() or _again(turn):
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
    from returns_station.workflow import inspecting

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


# --- taking up again --------------------------------------------------------------------------------------------------


def resume_unit(turn: Turn, unit_id: str) -> None:
    """An LPN takes its unit up again where it was left; one that lies where it belongs says so."""
    unit: ReturnUnit = turn.ask(Load("unit", unit_id))
    if unit.placement is Placement.PUT:
        return turn.no(
            Signal.DUPLICATE, "unit.put_before", lpn=unit.lpn, place=unit.container or unit.location
        )
    parcel: Parcel = turn.ask(Load("parcel", unit.parcel_id))
    if turn.state.parcel is None or turn.state.parcel.id != parcel.id:
        turn.keep_parcel(
            "parcel.resumed", replace(parcel, work=move(parcel.work, ParcelWork.OPEN), shelf=None)
        )
    return take_up(turn, unit, ())


def take_up(turn: Turn, unit: ReturnUnit, waiting: tuple[ReturnUnit, ...]) -> None:
    """Goes on with a unit at the step it needs next."""
    from returns_station.workflow import placing

    labelled = unit.lpn is not None and unit.placement is not Placement.IN_HAND
    then = Placement.LABELLED if labelled else Placement.IN_HAND
    acceptance = Acceptance.OPEN if unit.placement in (Placement.HELD, Placement.STOPPED) else unit.acceptance
    turn.go(At.ITEM, waiting=waiting, item_code=None)
    unit = turn.keep_unit(
        "unit.resumed",
        replace(
            unit,
            placement=move(unit.placement, then),
            acceptance=move(unit.acceptance, acceptance),
            location=None,
            container=None,
            answers=() if unit.inspection is Inspection.PENDING else unit.answers,
        ),
    )
    if unit.inspection is Inspection.PENDING:
        next_detail(turn, turn.product(), _line_of(turn, unit), _counted(turn, unit))
    elif labelled:
        placing.ask_destination(turn)
    else:
        turn.go(At.LABEL)
    turn.say(
        Signal.ACCEPTED,
        "unit.resumed",
        sku=unit.sku,
        title=unit.title,
        quantity=unit.quantity,
        lpn=unit.lpn or "",
    )


def _counted(turn: Turn, unit: ReturnUnit) -> bool:
    """Whether somebody said how many pieces the unit has: more than one, or a part of a split."""
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsOf(unit.parcel_id))
    split = unit.parent_id is not None or any(u.parent_id == unit.id for u in units)
    return unit.quantity > 1 or split or bool(unit.findings)


def short_by_person(turn: Turn) -> None:
    """A supervisor says that the rest will not come."""
    from returns_station.workflow import parcels

    if turn.worker().role is not Role.SUPERVISOR:
        return turn.no(Signal.STOP, "short.supervisor")
    pieces = sum(parcels.make_short(turn, a, "person") for a in turn.returns())
    if not pieces:
        return turn.no(Signal.DUPLICATE, "short.nothing")
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "short.done", pieces=pieces)

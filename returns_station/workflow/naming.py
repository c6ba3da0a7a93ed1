"""Naming an item: what was scanned, whether it was expected, and the unit that begins with it."""

from returns_station.domain.axes import Arrival, Placement
from returns_station.domain.codes import Identity, Signal
from returns_station.domain.nouns import Order, Parcel, Product, ReturnAuthorization, ReturnLine, ReturnUnit
from returns_station.domain.scan import Kind, read
from returns_station.workflow import closing, details, parcels, resuming
from returns_station.workflow.details import attribute, check_serial
from returns_station.workflow.ports import Load, Match
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick

MOST_PIECES = details.MOST_PIECES


def at_item(turn: Turn) -> None:
    """An item is awaited: GTIN, SKU, serial, or LPN of this parcel; or DONE, or another return's number."""
    actions = {
        "done": closing.done,
        "refuse": closing.refuse,
        "rts": parcels.mark_undelivered,
        "short": closing.short_by_person,
    }
    command = turn.command()
    if command in actions:
        return actions[command](turn)
    if command:
        return turn.no(Signal.MISMATCH, "item.command", command=command)
    return _named(turn)


def foresee(turn: Turn) -> None:
    """What was expected is wanted for every item."""
    turn.foresee(*(Load("authorization", id) for id in turn.parcel().returns))


def _named(turn: Turn) -> None:
    if turn.matches("lpn"):
        return _unit_again(turn, turn.matches("lpn")[0].ref)
    if turn.matches("plate"):
        return _plate(turn, turn.matches("plate")[0])
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


def _unit_again(turn: Turn, unit_id: str) -> None:
    """A unit of this parcel is taken up again; for one of another parcel this one would be left open, where nobody finds it."""
    unit: ReturnUnit = turn.ask(Load("unit", unit_id))
    if unit.parcel_id != turn.parcel().id and unit.placement is not Placement.PUT:
        return turn.no(Signal.MISMATCH, "item.other_unit")
    return resuming.resume_unit(turn, unit_id)


def _plate(turn: Turn, match: Match) -> None:
    """Another parcel waits until this one is done: one that is left open is never completed."""
    if match.ref == turn.parcel().id:
        return turn.no(Signal.DUPLICATE, "item.parcel_again")
    other: Parcel = turn.ask(Load("parcel", match.ref))
    if other.arrival is Arrival.REFUSED:
        return parcels.resume(turn, match)
    return turn.no(Signal.MISMATCH, "item.other_parcel")


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
    orders = dict.fromkeys(a.order_id for a in turn.returns())
    turn.foresee(*(Load("order", id) for id in orders if id))
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
        return turn.no(Signal.UNKNOWN, "scan.problem", problem=str(broken[0]), fault=broken[0].code)
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
    return details.begin_inspection(turn)


# --- beginning a unit --------------------------------------------------------------------------------------------------


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
        lot=attribute(named, "lot"),
        expiry=attribute(named, "expiry"),
        serial=serial or attribute(named, "serial"),
    )
    turn.go(At.ITEM, item_code=named.value if named else turn.reading.text, unit=check_serial(unit, order))
    turn.keep_unit("unit.started", turn.unit())
    counted = factor > 1 or bool(named and named.get("count"))
    return details.next_detail(turn, product, pair[1] if pair else None, counted)


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

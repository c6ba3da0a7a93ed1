"""At the parcel: finding it, opening it, refusing it, taking it up again, closing it with its money."""

from dataclasses import replace

from returns_station.domain import refund
from returns_station.domain.axes import Arrival, ParcelWork, Placement, SettlementState, move
from returns_station.domain.codes import RefundTiming, ReturnType, Signal
from returns_station.domain.effects import EffectType, amount_text, receipt_body, refund_body, short_body
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import Order, Parcel, ReturnAuthorization, ReturnUnit, Settlement
from returns_station.domain.policy import refund_rule
from returns_station.domain.scan import Kind, mint, read
from returns_station.workflow import items
from returns_station.workflow.ports import (
    ClosedParcels,
    Load,
    Match,
    OpenReturns,
    ReceiptsOf,
    Record,
    UnitsOf,
)
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick

_SOLD = ("order", "outbound")
_FOREIGN = {"gtin": "product", "sku": "product", "location": "location", "container": "container"}


def at_parcel(turn: Turn) -> None:
    """A parcel is awaited: plate, tracking number, RMA, order number, LPN or SSCC; or NO-LABEL."""
    command = turn.command()
    if command == "no_label":
        return open_blind(turn, "", None, labelled=False)
    if command:
        return turn.no(Signal.MISMATCH, "parcel.command", command=command)
    return find(turn)


def find(turn: Turn) -> None:
    """Opens or takes up what the scan names, offers a choice where it names several, else a blind return."""
    known = turn.matches("plate", "parcel", "lpn")
    if known:
        return resume(turn, known[0])
    options = _options(turn)
    if len(options) == 1:
        return _open_option(turn, options[0][0], _number(turn))
    if options:
        turn.go(At.CHOOSE_RETURN, choices=numbered(options), pending=_number(turn))
        return turn.say(Signal.ACCEPTED, "parcel.several", value=turn.shown(), count=len(options))
    return _unknown(turn)


def _number(turn: Turn) -> str:
    """The number by which the parcel was found, as the index has it: the same parcel scanned in another form is known again."""
    found = turn.matches("tracking", "outbound")
    return found[0].value if found else turn.reading.text


def _options(turn: Turn) -> tuple[tuple[str, str], ...]:
    """What the scan may open, as (code, text): authorisations by their own numbers, orders by theirs."""
    found: dict[str, str] = {}
    tracked = list(turn.matches("tracking"))
    if tracked and len({m.merchant for m in tracked}) == 1:
        found["tracked:" + ",".join(sorted(m.ref for m in tracked))] = _title(turn, tracked[0], len(tracked))
    else:
        found |= {"tracked:" + m.ref: _title(turn, m, 1) for m in tracked}
    found |= {"returns:" + m.ref: _title(turn, m, 1) for m in turn.matches("rma")}
    for match in turn.matches(*_SOLD):
        found |= _of_order(turn, match)
    return tuple(sorted(found.items()))


def _title(turn: Turn, match: Match, count: int) -> str:
    authorization: ReturnAuthorization = turn.ask(Load("authorization", match.ref))
    more = f" + {count - 1}" if count > 1 else ""
    return f"RMA {authorization.number}{more} · {authorization.merchant}"


def _of_order(turn: Turn, match: Match) -> dict[str, str]:
    order: Order = turn.ask(Load("order", match.ref))
    open_returns: tuple[str, ...] = turn.ask(OpenReturns(order.id))
    if open_returns and match.kind == "order":
        return {
            f"returns:{id}": f"RMA {turn.ask(Load('authorization', id)).number} · {order.merchant}"
            for id in open_returns
        }
    kind = "rts" if match.kind == "outbound" else "order"
    return {
        f"{kind}:{order.id}": f"{'Undelivered order' if kind == 'rts' else 'Order'} {order.number} · {order.merchant}"
    }


def _unknown(turn: Turn) -> None:
    foreign = turn.matches(*_FOREIGN)
    if foreign:
        return turn.no(Signal.MISMATCH, f"parcel.not_{_FOREIGN[foreign[0].kind]}")
    tracking = turn.candidate(Kind.TRACKING, Kind.SSCC)
    if tracking is not None and tracking.get("check") != "none" and not turn.candidate(Kind.GTIN):
        return open_blind(turn, tracking.value, tracking.get("carrier"))
    if turn.candidate(Kind.PLATE, Kind.LPN, Kind.CONTAINER):
        return turn.no(Signal.UNKNOWN, "parcel.plate_unknown")
    broken = [problem for candidate in turn.reading.candidates for problem in candidate.problems]
    if turn.candidate(Kind.REFERENCE) is None and broken:
        return turn.no(Signal.UNKNOWN, "scan.problem", problem=str(broken[0]))
    if turn.candidate(Kind.REFERENCE) is None:
        return turn.no(Signal.MISMATCH, "parcel.not_parcel")
    turn.go(
        At.CONFIRM_BLIND,
        choices=numbered((("blind", "Take it as a blind return"), ("again", "Scan again"))),
        pending=turn.reading.text,
    )
    return turn.say(Signal.UNKNOWN, "parcel.unknown", value=turn.shown())


def at_confirm_blind(turn: Turn) -> None:
    """An unknown number: a blind return, or scanned again; another parcel's number is simply taken."""
    choice = pick(turn)
    if turn.command() == "blind" or (choice and choice.code == "blind"):
        return open_blind(turn, turn.state.pending or "", None)
    if choice:
        turn.go(At.PARCEL)
        return turn.say(Signal.ACCEPTED, "parcel.again")
    return at_parcel(turn)


def at_choose_return(turn: Turn) -> None:
    """Several returns fit: one is chosen."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    return _open_option(turn, choice.code, turn.state.pending or "")


def _open_option(turn: Turn, option: str, number: str) -> None:
    kind, _, ids = option.partition(":")
    tracked = kind in ("tracked", "rts")
    if kind in ("returns", "tracked"):
        found = tuple(turn.ask(Load("authorization", id)) for id in ids.split(","))
        type = (
            ReturnType.BULK
            if sum(line.expected for a in found for line in a.lines) >= 100
            else found[0].return_type
        )
        return _open(turn, found, type, number, tracked=tracked)
    order: Order = turn.ask(Load("order", ids))
    type = ReturnType.RTS if kind == "rts" else ReturnType.BLIND
    return _open(turn, (), type, number, tracked=tracked, order=order)


def open_blind(turn: Turn, scanned: str, carrier: str | None, *, labelled: bool = True) -> None:
    """A parcel nobody announced; without a label of its own it gets a plate to stick on."""
    _open(turn, (), ReturnType.BLIND, scanned, tracked=bool(scanned), carrier=carrier)
    if not labelled:
        plate = turn.parcel().plate
        turn.print(LabelModel("plate", plate, "Parcel without label"))
        turn.say(Signal.ACCEPTED, "parcel.plated", plate=plate)


def _made_here(turn: Turn, plate: str, type: ReturnType, order: Order | None) -> ReturnAuthorization:
    merchant = order.merchant if order else turn.rules.merchant
    return ReturnAuthorization(
        turn.ids.uuid(),
        merchant,
        plate,
        "station",
        type,
        order.id if order else None,
        order.number if order else None,
    )


def _carrier(number: str) -> str | None:
    """Who carried it, where only one carrier writes such numbers."""
    named = {c.get("carrier") for c in read(number.encode()).of(Kind.TRACKING) if c.valid}
    return named.pop() if len(named) == 1 else None


def _open(
    turn: Turn,
    found: tuple[ReturnAuthorization, ...],
    type: ReturnType,
    number: str,
    *,
    tracked: bool,
    order: Order | None = None,
    carrier: str | None = None,
) -> None:
    plate = mint("P", turn.rules.station, turn.rules.epoch, turn.ids.number("plate"))
    returns = found or (_made_here(turn, plate, type, order),)
    parcel = Parcel(
        turn.ids.uuid(),
        plate,
        returns[0].merchant,
        turn.rules.site,
        type,
        number,
        carrier or (_carrier(number) if tracked else None),
        tuple(a.id for a in returns),
        opened_by=turn.worker().id,
        tracked=tracked,
    )
    turn.go(At.ITEM, parcel=parcel, unit=None, waiting=(), item_code=None, last_unit=None)
    for authorization in returns:
        turn.keep_parcel("parcel.opened", parcel, authorization)
        turn.tell(
            EffectType.RECEIPT, authorization.merchant, authorization.id, receipt_body(parcel, authorization)
        )
    awaiting = sum(line.awaiting for a in returns for line in a.lines)
    expired = any(a.expires_at is not None and a.expires_at < turn.now for a in returns)
    turn.say(
        Signal.ACCEPTED,
        f"parcel.opened_{'expired' if expired else _how(found, order, type)}",
        plate=plate,
        number=", ".join(a.number for a in returns),
        awaiting=awaiting,
        order=order.number if order else "",
    )


def _how(found: tuple[ReturnAuthorization, ...], order: Order | None, type: ReturnType) -> str:
    if found:
        return "expected"
    return "order" if order and type is ReturnType.BLIND else type.value


def add_return(turn: Turn, match: Match) -> None:
    """A second return in the same parcel."""
    parcel = turn.parcel()
    if match.ref in parcel.returns:
        return turn.no(Signal.DUPLICATE, "parcel.return_twice")
    authorization: ReturnAuthorization = turn.ask(Load("authorization", match.ref))
    if authorization.merchant != parcel.merchant:
        return turn.no(Signal.MISMATCH, "parcel.other_merchant", merchant=authorization.merchant)
    parcel = turn.keep_parcel(
        "parcel.return_added", replace(parcel, returns=(*parcel.returns, authorization.id)), authorization
    )
    turn.tell(
        EffectType.RECEIPT, authorization.merchant, authorization.id, receipt_body(parcel, authorization)
    )
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "parcel.return_added", number=authorization.number)


def resume(turn: Turn, match: Match) -> None:
    """A plate takes up its parcel, an LPN its unit; a finished tracking number is a duplicate."""
    if match.kind == "lpn":
        return items.resume_unit(turn, match.ref)
    parcel: Parcel = turn.ask(Load("parcel", match.ref))
    if parcel.arrival is Arrival.REFUSED:
        return turn.no(Signal.DUPLICATE, "parcel.refused_before", plate=parcel.plate)
    if parcel.work is ParcelWork.CLOSED and match.kind != "plate":
        return turn.no(Signal.DUPLICATE, "parcel.closed_before", plate=parcel.plate)
    return take_up(turn, parcel)


def take_up(turn: Turn, parcel: Parcel) -> None:
    """Goes on with a parcel that was left, held, stopped or closed."""
    turn.go(At.ITEM, unit=None, waiting=(), item_code=None, last_unit=None)
    turn.keep_parcel("parcel.resumed", replace(parcel, work=move(parcel.work, ParcelWork.OPEN), shelf=None))
    unfinished = _unfinished(turn.ask(UnitsOf(parcel.id)))
    if unfinished:
        return items.take_up(turn, unfinished[0], unfinished[1:])
    return turn.say(Signal.ACCEPTED, "parcel.resumed", plate=parcel.plate)


# --- refusing and closing ---------------------------------------------------------------------------------------------


def refuse(turn: Turn) -> None:
    """The parcel is not taken in: only before anything of it was received."""
    if any(True for _ in turn.ask(UnitsOf(turn.parcel().id))):
        return turn.no(Signal.MISMATCH, "parcel.refuse_late")
    turn.go(At.REFUSE_REASON, choices=numbered(turn.rules.policy.refuse_reasons.items()))
    return turn.say(Signal.HOLD, "parcel.refuse")


def at_refuse_reason(turn: Turn) -> None:
    """Why the parcel is refused; its receipt is taken back."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    parcel = turn.parcel()
    refused = replace(
        parcel,
        arrival=move(parcel.arrival, Arrival.REFUSED),
        work=move(parcel.work, ParcelWork.CLOSED),
        note=choice.code,
    )
    turn.keep_parcel("parcel.refused", refused, reason=choice.code)
    from returns_station.workflow.undo import take_back

    take_back(turn, turn.ask(ReceiptsOf(parcel.id)))
    turn.go(At.PARCEL, parcel=None)
    return turn.say(Signal.ACCEPTED, "parcel.refused", plate=parcel.plate, reason=choice.text)


def mark_undelivered(turn: Turn) -> None:
    """The carrier brings back what was never delivered: the goods are ours, the customer gets the money."""
    parcel = replace(turn.parcel(), return_type=ReturnType.RTS)
    turn.keep_parcel("parcel.undelivered", parcel)
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "parcel.undelivered", plate=parcel.plate)


def done(turn: Turn) -> None:
    """Nothing more in the parcel."""
    if not turn.ask(UnitsOf(turn.parcel().id)):
        turn.go(
            At.CONFIRM_EMPTY, choices=numbered((("yes", "The parcel is empty"), ("no", "Go on scanning")))
        )
        return turn.say(Signal.HOLD, "parcel.empty")
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsOf(turn.parcel().id))
    unfinished = _unfinished(units)
    if unfinished:
        return items.take_up(turn, unfinished[0], unfinished[1:])
    plate = turn.parcel().plate
    settled = close(turn, units)
    return _closed(turn, plate, settled, "parcel.closed")


def _unfinished(units: tuple[ReturnUnit, ...]) -> tuple[ReturnUnit, ...]:
    return tuple(u for u in units if u.placement in (Placement.IN_HAND, Placement.LABELLED))


def at_confirm_empty(turn: Turn) -> None:
    """An empty parcel is a finding that a person must look at."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=2)
    if choice.code == "no":
        turn.go(At.ITEM)
        return turn.say(Signal.ACCEPTED, "parcel.go_on")
    plate = turn.parcel().plate
    turn.state = replace(turn.state, parcel=replace(turn.parcel(), note="empty"))
    close(turn, ())
    return turn.say(Signal.HOLD, "parcel.closed_empty", plate=plate)


def close_if_complete(turn: Turn, units: tuple[ReturnUnit, ...]) -> bool:
    """Closes the parcel by itself when everything its returns expect has been seen and set down."""
    returns = turn.returns()
    if not all(a.lines for a in returns) or _unfinished(units):
        return False
    if any(line.awaiting for a in returns for line in items.fresh_lines(turn, a)):
        return False
    plate, signal, message = turn.parcel().plate, turn.signal, turn.message
    _closed(turn, plate, close(turn, units), "unit.put_closed")
    if signal is not Signal.ACCEPTED:  # what was set aside is told, not that the parcel is finished with it
        turn.signal, turn.message = signal, message
    return True


def _closed(turn: Turn, plate: str, settled: tuple[Settlement, ...], code: str) -> None:
    waiting = [s for s in settled if s.state is SettlementState.NEEDS_HUMAN]
    money = ", ".join(amount_text(s) for s in settled if s.state is SettlementState.RELEASED)
    turn.say(
        Signal.HOLD if waiting else Signal.ACCEPTED,
        f"{code}_person" if waiting else (f"{code}_money" if money else code),
        plate=plate,
        money=money,
        reasons=", ".join(sorted({reason for s in waiting for reason in s.reasons})),
    )


def close(turn: Turn, units: tuple[ReturnUnit, ...]) -> tuple[Settlement, ...]:
    """Closes the parcel: one settlement for each of its returns, over the units that are put and not settled yet."""
    parcel = turn.parcel()
    settled: list[Settlement] = []
    for authorization in turn.returns():
        own = tuple(
            u
            for u in units
            if u.return_id == authorization.id and u.placement is Placement.PUT and u.settlement_id is None
        )
        settlement = _settle(turn, authorization, own, tuple(settled)) if own else None
        if settlement:
            settled.append(settlement)
            _record(turn, settlement, own)
        _short(turn, authorization, units)
    turn.keep_parcel(
        "parcel.closed", replace(parcel, work=move(parcel.work, ParcelWork.CLOSED), note=_note(parcel, units))
    )
    turn.go(At.PARCEL, parcel=None, unit=None, waiting=(), item_code=None)
    return tuple(settled)


def _note(parcel: Parcel, units: tuple[ReturnUnit, ...]) -> str | None:
    return None if parcel.note == "empty" and units else parcel.note


def _settle(
    turn: Turn,
    authorization: ReturnAuthorization,
    units: tuple[ReturnUnit, ...],
    settled: tuple[Settlement, ...],
) -> Settlement | None:
    found = turn.order(authorization)
    order = refund.after(found, settled) if found else None
    returned = {line.id: line.returned for line in order.lines} if order else {}
    settlement = refund.settle(turn.ids.uuid(), turn.parcel().id, authorization, order, units, returned)
    if settlement is None:
        return None
    settlement = _with_shipping(turn, settlement, order)
    if authorization.expires_at is not None and authorization.expires_at < turn.now:
        settlement = replace(
            settlement, state=SettlementState.NEEDS_HUMAN, reasons=(*settlement.reasons, "refund.expired")
        )
    return settlement


def _with_shipping(turn: Turn, settlement: Settlement, order: Order | None) -> Settlement:
    """Adds the outward shipping where the rules give it and the whole order came back."""
    rule = refund_rule(turn.rules.policy, {"return_type": (turn.parcel().return_type.value,)})
    if (
        order is None
        or settlement.amount_minor is None
        or not rule.shipping
        or rule.timing is RefundTiming.NONE
    ):
        return settlement
    used = {line.id: line.returned for line in order.lines}
    for row in settlement.allocations:
        used[row.order_line_id] += row.quantity
    if any(used[line.id] < line.quantity for line in order.lines):
        return settlement
    if order.shipping_minor is None:
        return replace(
            settlement,
            state=SettlementState.NEEDS_HUMAN,
            reasons=(*settlement.reasons, "refund.price_missing"),
        )
    paid = sum((p.captured_minor or 0) - (p.refunded_minor or 0) for p in order.payments)
    amount = settlement.amount_minor + order.shipping_minor
    over = amount + order.allocated_minor > paid
    return replace(
        settlement,
        amount_minor=amount,
        shipping_minor=order.shipping_minor,
        state=SettlementState.NEEDS_HUMAN if over else settlement.state,
        reasons=(*settlement.reasons, "refund.more_than_paid") if over else settlement.reasons,
    )


def _record(turn: Turn, settlement: Settlement, units: tuple[ReturnUnit, ...]) -> None:
    marked = tuple(replace(u, settlement_id=settlement.id) for u in units if u.id in settlement.units)
    turn.records.append(Record("settlement.closed", turn.state.parcel, marked, settlement=settlement))
    turn.settlements.append(settlement.id)
    if settlement.amount_minor is None or not settlement.amount_minor:
        return
    order: Order = turn.ask(Load("order", str(settlement.order_id)))
    body = refund_body(settlement, {line.id: line.line_id for line in order.lines})
    released = settlement.state is SettlementState.RELEASED
    turn.tell(
        EffectType.REFUND,
        settlement.merchant,
        settlement.return_id,
        body,
        settlement_id=settlement.id,
        released=released,
        reason=", ".join(settlement.reasons) or None,
    )


def _short(turn: Turn, authorization: ReturnAuthorization, units: tuple[ReturnUnit, ...]) -> None:
    """Lines not seen stay awaiting, unless this was the last piece or the permission has run out."""
    if (
        authorization.pieces is not None
        and 1 + turn.ask(ClosedParcels(authorization.id, turn.parcel().id)) >= authorization.pieces
    ):
        make_short(turn, authorization, "last_piece")
    elif authorization.expires_at is not None and authorization.expires_at < turn.now:
        make_short(turn, authorization, "expiry")


def make_short(turn: Turn, authorization: ReturnAuthorization, by: str) -> int:
    """What is still awaited will not come; the number of pieces."""
    lines = tuple(line for line in items.fresh_lines(turn, authorization) if line.awaiting)
    if not lines:
        return 0
    changed = {line.id: replace(line, short=line.short + line.awaiting) for line in lines}
    shorted = replace(authorization, lines=tuple(changed.get(line.id, line) for line in authorization.lines))
    turn.records.append(
        Record("authorization.short", turn.state.parcel, authorization=shorted, facts={"by": by})
    )
    turn.shorted.append(authorization)
    turn.tell(
        EffectType.SHORT, authorization.merchant, authorization.id, short_body(authorization, lines, by)
    )
    return sum(line.awaiting for line in lines)

"""The end of a parcel: refused, or finished with one settlement for each of its returns."""

from dataclasses import replace

from returns_station.domain import refund
from returns_station.domain.axes import Arrival, ParcelWork, Placement, SettlementState, move
from returns_station.domain.codes import RefundTiming, Role, Signal
from returns_station.domain.effects import EffectType, amount_text, completed_body, refund_body, short_body
from returns_station.domain.nouns import Order, Parcel, ReturnAuthorization, ReturnUnit, Settlement
from returns_station.domain.policy import refund_rule
from returns_station.workflow import resuming
from returns_station.workflow.details import fresh_lines
from returns_station.workflow.inspecting import waits_for
from returns_station.workflow.ports import ClosedParcels, Load, Record, ToldOf, UnitsOf
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick
from returns_station.workflow.undo import take_back


def refuse(turn: Turn) -> None:
    """The parcel is not taken in: only before anything of it was received, and before others heard that it is finished."""
    if any(True for _ in turn.ask(UnitsOf(turn.parcel().id))):
        return turn.no(Signal.MISMATCH, "parcel.refuse_late")
    told, taken_back = (
        turn.ask(ToldOf(turn.parcel().id, kind))
        for kind in (EffectType.COMPLETED, EffectType.COMPLETED_REVERSED)
    )
    if len(told) > len(taken_back):
        return turn.no(Signal.MISMATCH, "parcel.refuse_closed")
    return ask_refuse_reason(turn)


def ask_refuse_reason(turn: Turn) -> None:
    """Asks why the parcel is not taken in."""
    turn.go(At.REFUSE_REASON, choices=numbered(turn.rules.policy.refuse_reasons.items()))
    return turn.say(Signal.HOLD, "parcel.refuse")


def at_refuse_reason(turn: Turn) -> None:
    """Why the parcel is refused; its receipt is taken back."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    parcel = turn.state.parcel or turn.last_received()
    refused = replace(
        parcel,
        arrival=move(parcel.arrival, Arrival.REFUSED),
        work=move(parcel.work, ParcelWork.CLOSED),
        note=choice.code,
    )
    turn.records.append(Record("parcel.refused", refused, facts={"reason": choice.code}))
    take_back(turn, turn.ask(ToldOf(parcel.id, EffectType.RECEIPT)))
    load = turn.state.receiving
    if load is None:
        turn.go(At.PARCEL, parcel=None)
        return turn.say(Signal.ACCEPTED, "parcel.refused", plate=parcel.plate, reason=choice.text)
    left = load.count - 1
    turn.go(At.RECEIVE, receiving=replace(load, last=None, count=left))
    return turn.say(Signal.ACCEPTED, "receive.refused", plate=parcel.plate, reason=choice.text, count=left)


def done(turn: Turn) -> None:
    """Nothing more in the parcel."""
    if not turn.ask(UnitsOf(turn.parcel().id)):
        turn.go(
            At.CONFIRM_EMPTY, choices=numbered((("yes", "The parcel is empty"), ("no", "Go on scanning")))
        )
        return turn.say(Signal.HOLD, "parcel.empty")
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsOf(turn.parcel().id))
    left = unfinished(units)
    if left:
        return resuming.take_up(turn, left[0], left[1:])
    plate = turn.parcel().plate
    settled = close(turn, units)
    return _closed(turn, plate, settled, "parcel.closed")


def unfinished(units: tuple[ReturnUnit, ...]) -> tuple[ReturnUnit, ...]:
    """Units that still lie at the station."""
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
    if not all(a.lines for a in returns) or unfinished(units):
        return False
    if any(line.awaiting for a in returns for line in fresh_lines(turn, a)):
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
        _complete(turn, authorization, units, short=_short(turn, authorization))
        if settlement:
            settled.append(settlement)
            _record(turn, authorization, settlement, own)
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


def _record(
    turn: Turn, authorization: ReturnAuthorization, settlement: Settlement, units: tuple[ReturnUnit, ...]
) -> None:
    marked = tuple(replace(u, settlement_id=settlement.id) for u in units if u.id in settlement.units)
    turn.records.append(Record("settlement.closed", turn.state.parcel, marked, settlement=settlement))
    turn.settlements.append(settlement.id)
    if settlement.amount_minor is None or not settlement.amount_minor:
        return
    order: Order = turn.ask(Load("order", str(settlement.order_id)))
    sold = {line.id: line.line_id for line in order.lines}
    body = refund_body(settlement, turn.parcel(), authorization, sold)
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


def _complete(
    turn: Turn, authorization: ReturnAuthorization, units: tuple[ReturnUnit, ...], *, short: bool
) -> None:
    """Others learn that nothing more of a return is in this parcel: after its stock, before its money."""
    order = turn.order(authorization)
    lines = fresh_lines(turn, authorization)
    if short:
        lines = tuple(replace(line, short=line.short + line.awaiting) for line in lines)
    own = tuple((u, _waits(u)) for u in units if u.return_id == authorization.id)
    sold = {line.id: line.line_id for line in order.lines} if order else {}
    body = completed_body(turn.parcel(), authorization, own, lines, sold)
    turn.tell(EffectType.COMPLETED, authorization.merchant, authorization.id, body)


def _waits(unit: ReturnUnit) -> bool:
    """Whether a unit of a closed parcel waits for a person: set aside, or not yet allowed to be sold again."""
    return unit.placement is not Placement.PUT or waits_for(unit) is not None


def _short(turn: Turn, authorization: ReturnAuthorization) -> bool:
    """Lines not seen stay awaiting, unless this was the last piece or the permission has run out; whether they did."""
    if (
        authorization.pieces is not None
        and 1 + turn.ask(ClosedParcels(authorization.id, turn.parcel().id)) >= authorization.pieces
    ):
        return make_short(turn, authorization, "last_piece") > 0
    if authorization.expires_at is not None and authorization.expires_at < turn.now:
        return make_short(turn, authorization, "expiry") > 0
    return False


def make_short(turn: Turn, authorization: ReturnAuthorization, by: str) -> int:
    """What is still awaited will not come; the number of pieces."""
    lines = tuple(line for line in fresh_lines(turn, authorization) if line.awaiting)
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


def short_by_person(turn: Turn) -> None:
    """A supervisor says that the rest will not come."""
    if turn.worker().role is not Role.SUPERVISOR:
        return turn.no(Signal.STOP, "short.supervisor")
    pieces = sum(make_short(turn, a, "person") for a in turn.returns())
    if not pieces:
        return turn.no(Signal.DUPLICATE, "short.nothing")
    turn.go(At.ITEM)
    return turn.say(Signal.ACCEPTED, "short.done", pieces=pieces)

"""At the put: the label scanned, then the place; the place is proof, acceptance and put in one."""

from dataclasses import replace

from returns_station.domain import policy
from returns_station.domain.axes import Acceptance, Placement, move
from returns_station.domain.codes import Disposition, Signal
from returns_station.domain.effects import EffectType, stock_body
from returns_station.domain.nouns import Order, OrderLine, Place, ReturnAuthorization, ReturnUnit
from returns_station.domain.scan import Kind
from returns_station.workflow import closing, inspecting
from returns_station.workflow.ports import Load, Prints, UnitsOf
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick, same_item


def at_label(turn: Turn) -> None:
    """The unit's label is awaited; a disposition code overrides the proposal and asks for a reason."""
    chosen = turn.candidate(Kind.COMMAND)
    if chosen and chosen.value == "disposition":
        return _other_disposition(turn, str(chosen.get("disposition")))
    if chosen and chosen.value == "printer":
        return which_printer(turn)
    if chosen and chosen.value == "later":
        inspecting.unlabelled(turn, "later")
        return turn.say(Signal.ACCEPTED, "label.later", lpn=turn.unit().lpn)
    if not label_scanned(turn):
        return None
    inspecting.ask_destination(turn)
    place, decision = turn.state.suggestion, turn.unit().decision
    return turn.say(
        Signal.ACCEPTED,
        "label.scanned" if place else "label.scanned_nowhere",
        lpn=turn.unit().lpn,
        place=place or "",
        disposition=decision.disposition if decision else "",
    )


def foresee_label(turn: Turn) -> None:
    """After a label comes a place."""
    inspecting.foresee_place(turn, turn.unit())


def label_scanned(turn: Turn) -> bool:
    """Takes the printed label or a fresh pre-printed one; says why not otherwise."""
    unit = turn.unit()
    named = turn.candidate(Kind.LPN)
    if named is None:
        again = same_item(turn)
        turn.no(
            Signal.DUPLICATE if again else Signal.MISMATCH,
            "item.again_twice" if again else "label.want",
            lpn=unit.lpn,
        )
        return False
    if any(match.ref != unit.id for match in turn.matches("lpn")):
        turn.no(Signal.MISMATCH, "label.used")
        return False
    turn.keep_unit(
        "unit.labelled",
        replace(unit, lpn=named.value, labelling=None, placement=move(unit.placement, Placement.LABELLED)),
        preprinted=named.value != unit.lpn,
    )
    return True


def _other_disposition(turn: Turn, text: str) -> None:
    if text not in set(Disposition):
        return turn.no(Signal.MISMATCH, "disposition.unknown")
    turn.go(At.DISPOSITION_REASON, pending=text, choices=numbered(turn.rules.policy.override_reasons.items()))
    return turn.say(Signal.ACCEPTED, "disposition.why", disposition=text)


def at_disposition_reason(turn: Turn) -> None:
    """Why another disposition: the decision says who chose it, and the label is printed anew."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    unit, other = turn.unit(), Disposition(str(turn.state.pending))
    decision = policy.decide(turn.rules.policy, inspecting.policy_facts(turn, unit), other, turn.worker().id)
    if unit.decision is not None:
        decision = replace(decision, timing=unit.decision.timing, refund_percent=unit.decision.refund_percent)
    turn.keep_unit(
        "unit.redirected",
        replace(
            unit,
            decision=decision,
            override_reason=choice.code,
            placement=move(unit.placement, Placement.IN_HAND),
            labelling=None,
        ),
        reason=choice.code,
    )
    inspecting.label_or_place(turn)
    anew = "disposition.changed" if turn.state.at is At.LABEL else "disposition.changed_unlabelled"
    return turn.say(Signal.ACCEPTED, anew, disposition=other)


def which_printer(turn: Turn) -> None:
    """Another printer: where labels come from until it is changed again."""
    if len(turn.rules.printers) < 2:
        return turn.no(Signal.MISMATCH, "printer.none")
    turn.go(At.PRINTER, pending=turn.state.at, choices=numbered((name, name) for name in turn.rules.printers))
    return turn.say(Signal.ACCEPTED, "printer.which")


def at_printer(turn: Turn) -> None:
    """The printer that takes over prints the label of the unit in hand once more."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    turn.go(At(str(turn.state.pending)), printer=choice.code)
    unit = turn.unit()
    inspecting.label(turn, unit, turn.ask(Prints(unit.id)))
    return turn.say(Signal.ACCEPTED, "printer.changed", printer=choice.code, lpn=unit.lpn)


def at_destination(turn: Turn) -> None:
    """A bin or a container is awaited: one that suits puts the unit, another asks for a reason."""
    chosen = turn.candidate(Kind.COMMAND)
    if chosen and chosen.value == "disposition":
        return _other_disposition(turn, str(chosen.get("disposition")))
    place = place_scanned(turn)
    if place is None:
        return None
    unit = turn.unit()
    allowed = turn.rules.policy.destinations.get(unit.decision.disposition, ()) if unit.decision else ()
    if set(place.purposes) & set(allowed):
        return put(turn, place)
    turn.go(At.PLACE_REASON, pending=place.code, choices=numbered(turn.rules.policy.override_reasons.items()))
    return turn.say(
        Signal.MISMATCH,
        "place.other",
        place=place.code,
        disposition=unit.decision.disposition if unit.decision else "",
    )


def foresee_put(turn: Turn) -> None:
    """What a put looks at: the order its line is of, and whether the parcel is complete with it."""
    unit = turn.unit()
    turn.foresee(UnitsOf(unit.parcel_id), *(Load("authorization", id) for id in turn.parcel().returns))
    if unit.order_id:
        turn.foresee(Load("order", unit.order_id))


def place_scanned(turn: Turn) -> Place | None:
    """The open place with room that was scanned; says why not otherwise."""
    found = turn.matches("location", "container")
    if not found:
        own = any(m.ref == turn.unit().id for m in turn.matches("lpn")) if turn.state.unit else False
        turn.no(Signal.DUPLICATE if own else Signal.MISMATCH, "label.again" if own else "place.want")
        return None
    place: Place | None = turn.ask(Load("place", found[0].ref))
    if place is None:
        turn.no(Signal.MISMATCH, "place.want")
        return None
    quantity = turn.state.unit.quantity if turn.state.unit else 1
    if place.container and place.state != "open":
        turn.no(Signal.MISMATCH, "place.closed", place=place.code)
        return None
    if place.capacity is not None and place.holds + quantity > place.capacity:
        turn.no(Signal.MISMATCH, "place.full", place=place.code, left=max(0, place.capacity - place.holds))
        return None
    return place


def at_place_reason(turn: Turn) -> None:
    """Why another place; a scan of another place instead is taken as the place."""
    choice = pick(turn)
    if choice is not None:
        place: Place = turn.ask(Load("place", str(turn.state.pending)))
        turn.state = replace(turn.state, unit=replace(turn.unit(), override_reason=choice.code))
        return put(turn, place)
    if turn.matches("location", "container"):
        return at_destination(turn)
    return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))


def put(turn: Turn, place: Place) -> None:
    """The unit lies at `place`: its stock effect is released, unless a person must first allow it to be sold again."""
    unit = turn.unit()
    order: Order | None = turn.ask(Load("order", unit.order_id)) if unit.order_id else None
    line = next((row for row in order.lines if row.id == unit.order_line_id), None) if order else None
    unit = turn.keep_unit("unit.put", _put(turn, place, line))
    authorization: ReturnAuthorization = turn.ask(Load("authorization", unit.return_id))
    number, line_id = (order.number if order else None), (line.line_id if line else None)
    reason = inspecting.waits_for(unit)
    turn.tell(
        EffectType.STOCK,
        unit.merchant,
        unit.return_id,
        stock_body(unit, turn.parcel(), authorization, number, line_id),
        unit_id=unit.id,
        released=reason is None,
        reason=reason,
    )
    over = unit.note == inspecting.MORE_THAN_SOLD
    turn.say(
        Signal.HOLD if over else Signal.ACCEPTED,
        "unit.put_more_than_sold" if over else "unit.put",
        lpn=unit.lpn,
        place=place.code,
        quantity=unit.quantity,
        left=line.left if line else 0,
    )
    next_unit(turn)


def _put(turn: Turn, place: Place, line: OrderLine | None) -> ReturnUnit:
    """The unit in hand as it lies at `place`; more pieces than its order line has left wait for a person, all of them."""
    unit = turn.unit()
    over = line is not None and unit.quantity > line.left
    doubtful = over or unit.decision is None or unit.decision.needs_human
    return replace(
        unit,
        placement=move(unit.placement, Placement.PUT),
        acceptance=move(unit.acceptance, Acceptance.NEEDS_HUMAN if doubtful else Acceptance.ACCEPTED),
        note=inspecting.MORE_THAN_SOLD if over else None,
        put_by=turn.worker().id,
        location=place.location if place.container else place.code,
        container=place.code if place.container else None,
    )


def units_now(turn: Turn) -> tuple[ReturnUnit, ...]:
    """The parcel's units as they are after this turn."""
    now = {unit.id: unit for unit in turn.ask(UnitsOf(turn.parcel().id))}
    now |= {unit.id: unit for record in turn.records for unit in record.units}
    return tuple(now.values())


def next_unit(turn: Turn) -> None:
    """After a unit: the rest of a split, the next item, or the parcel is complete."""
    last = turn.unit().id
    if turn.state.waiting:
        rest, *others = turn.state.waiting
        turn.state = replace(turn.state, unit=rest, waiting=tuple(others), last_unit=last)
        return inspecting.ask_first(turn)
    turn.go(At.ITEM, unit=None, item_code=None, last_unit=last)
    closing.close_if_complete(turn, units_now(turn))
    return None

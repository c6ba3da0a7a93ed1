"""Putting away: a tote, cage or pallet is closed, moved and put, and what lies in it becomes available there."""

from dataclasses import replace

from returns_station.domain.axes import ContainerState, Placement, move
from returns_station.domain.codes import Signal
from returns_station.domain.effects import EffectType, available_body
from returns_station.domain.nouns import Container, Place, ReturnUnit
from returns_station.workflow import inspecting
from returns_station.workflow.ports import InCage, Load, Match, Record, UnitsIn
from returns_station.workflow.state import At, Moved
from returns_station.workflow.turn import Turn, numbered, pick


def take(turn: Turn, match: Match) -> None:
    """A container in hand: what lies in it is told, its place is awaited."""
    container: Place | None = turn.ask(Load("place", match.ref))
    if container is None or not container.container:
        return turn.no(Signal.MISMATCH, "container.want")
    units, parcels = _units(turn, container), turn.ask(InCage(container.code))
    turn.go(At.CONTAINER, container=container)
    put = _state(container) is ContainerState.PUT_AWAY
    code = "container.in_hand_put" if put else "container.in_hand"
    return turn.say(
        Signal.ACCEPTED,
        "container.in_hand_cage" if parcels and not units else code,
        container=container.code,
        place=container.location or "",
        units=len(units),
        pieces=_pieces(units),
        parcels=parcels,
    )


def _units(turn: Turn, container: Place) -> tuple[ReturnUnit, ...]:
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsIn(container.code))
    return units


def _pieces(units: tuple[ReturnUnit, ...]) -> int:
    return sum(unit.quantity for unit in units)


def _state(container: Place) -> ContainerState:
    """Its state; a word that an import brought and nobody here knows counts as closed."""
    known = {state.value: state for state in ContainerState}
    return known.get(container.state, ContainerState.CLOSED)


def _in_hand(turn: Turn) -> Place:
    assert turn.state.container is not None
    return turn.state.container


def _change(turn: Turn, type: str, to: ContainerState, location: str | None) -> None:
    """Records what becomes of the container in hand, and how it was for a way back."""
    container = _in_hand(turn)
    before = _state(container)
    turn.container = Container(container.code, before, container.location)
    turn.records.append(Record(type, container=Container(container.code, move(before, to), location)))


def at_container(turn: Turn) -> None:
    """The container's place is awaited; or CLOSE, EMPTY, or another container."""
    command = turn.command()
    actions = {"close": _close, "empty": _empty, "done": _leave, "work": _leave}
    if command in actions:
        return actions[command](turn)
    other = turn.matches("container")
    if other and not command:
        if other[0].ref == _in_hand(turn).code:
            return turn.no(Signal.DUPLICATE, "container.again", container=other[0].ref)
        return take(turn, other[0])
    place = None if command else _location(turn)
    if place is None:
        return turn.no(Signal.MISMATCH, "container.want")
    return _placed(turn, place)


def _location(turn: Turn) -> Place | None:
    found = turn.matches("location")
    place: Place | None = turn.ask(Load("place", found[0].ref)) if found else None
    return place


def _placed(turn: Turn, place: Place) -> None:
    """A place was scanned: one that does not suit what lies in the container asks for a reason."""
    container = _in_hand(turn)
    if _state(container) is ContainerState.PUT_AWAY:
        return turn.no(
            Signal.DUPLICATE,
            "container.put_before",
            container=container.code,
            place=container.location or "",
        )
    units = _units(turn, container)
    if not units or not place.purposes or not container.purposes:
        return _put(turn, place, units)
    if set(place.purposes) & set(container.purposes):
        return _put(turn, place, units)
    turn.go(
        At.CONTAINER_REASON,
        container=container,
        pending=place.code,
        choices=numbered(turn.rules.policy.override_reasons.items()),
    )
    return turn.say(
        Signal.MISMATCH,
        "container.other",
        place=place.code,
        container=container.code,
        purposes=", ".join(container.purposes),
    )


def at_container_reason(turn: Turn) -> None:
    """Why another place; a scan of another place instead is taken as the place."""
    choice = pick(turn)
    if choice is not None:
        place: Place = turn.ask(Load("place", str(turn.state.pending)))
        return _put(turn, place, _units(turn, _in_hand(turn)), reason=choice.code)
    if turn.matches("location", "container"):
        return at_container(turn)
    return turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))


def _put(turn: Turn, place: Place, units: tuple[ReturnUnit, ...], reason: str | None = None) -> None:
    """Moves the container to the place. With units in it, it is closed and put away; parcels to be opened only move."""
    container = _in_hand(turn)
    if not units:
        _change(turn, "container.moved", _state(container), place.code)
        turn.go(At.PARCEL)
        return turn.say(Signal.ACCEPTED, "container.moved", container=container.code, place=place.code)
    _change(turn, "container.put_away", ContainerState.PUT_AWAY, place.code)
    if reason is not None:
        turn.records[-1] = replace(turn.records[-1], facts={"reason": reason})
    for unit in units:
        _available(turn, unit, place, container.code)
    turn.go(At.PARCEL)
    return turn.say(
        Signal.ACCEPTED,
        "container.put",
        container=container.code,
        place=place.code,
        units=len(units),
        pieces=_pieces(units),
    )


def _available(turn: Turn, unit: ReturnUnit, place: Place, container: str) -> None:
    """A unit that was put can be had at the place now; one that is set aside only moves along."""
    turn.moved.append(Moved(unit.id, unit.location, unit.container))
    unit = replace(unit, location=place.code)
    put = unit.placement is Placement.PUT
    turn.records.append(Record("unit.available" if put else "unit.moved", units=(unit,)))
    if not put:
        return
    reason = inspecting.waits_for(unit)
    turn.tell(
        EffectType.AVAILABLE,
        unit.merchant,
        unit.return_id,
        available_body(unit, turn.rules.site, container),
        unit_id=unit.id,
        parcel_id=unit.parcel_id,
        released=reason is None,
        reason=reason,
    )


def _close(turn: Turn) -> None:
    """Closed, and left where it stands."""
    container = _in_hand(turn)
    if _state(container) is not ContainerState.OPEN:
        return turn.no(Signal.DUPLICATE, "container.closed_before", container=container.code)
    _change(turn, "container.closed", ContainerState.CLOSED, container.location)
    turn.go(At.PARCEL)
    return turn.say(Signal.ACCEPTED, "container.closed", container=container.code)


def _empty(turn: Turn) -> None:
    """A container that was put away is free again; its units stay where they are."""
    container = _in_hand(turn)
    if _state(container) is not ContainerState.PUT_AWAY:
        return turn.no(Signal.MISMATCH, "container.not_put", container=container.code)
    units = _units(turn, container)
    _change(turn, "container.emptied", ContainerState.OPEN, container.location)
    for unit in units:
        turn.moved.append(Moved(unit.id, unit.location, unit.container))
        turn.records.append(Record("unit.unloaded", units=(replace(unit, container=None),)))
    turn.go(At.PARCEL)
    return turn.say(
        Signal.ACCEPTED,
        "container.emptied",
        container=container.code,
        units=len(units),
        place=container.location or "",
    )


def _leave(turn: Turn) -> None:
    code = _in_hand(turn).code
    turn.go(At.PARCEL)
    return turn.say(Signal.ACCEPTED, "container.left", container=code)

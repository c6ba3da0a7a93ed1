"""HOLD and STOP: what cannot go on is set aside on a named shelf, and the worker goes on."""

from dataclasses import replace

from returns_station.domain.axes import Acceptance, Inspection, ParcelWork, Placement, move
from returns_station.domain.codes import Identity, Signal
from returns_station.domain.nouns import Finding, Place, ReturnUnit
from returns_station.domain.policy import decide
from returns_station.workflow import inspecting, placing
from returns_station.workflow.ports import Record, Suggest
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn, numbered, pick

STOPS = {
    "stop_leak": "leak",
    "stop_battery": "battery_damaged",
    "stop_biohazard": "biohazard",
    "stop_property": "found_property",
}
_STOP_TEXTS = {
    "stop_leak": "It leaks",
    "stop_battery": "Battery damaged or hot",
    "stop_biohazard": "Blood, mould, needles",
    "stop_property": "Someone's belongings",
}


def hold(turn: Turn) -> None:
    """Sets the unit, or with no unit the parcel, aside for a person."""
    if turn.state.parcel is None:
        return turn.no(Signal.MISMATCH, "hold.nothing")
    if turn.state.at in (At.STOP_KIND, At.STOP_SHELF):
        return turn.no(Signal.STOP, "hold.stopped")
    if turn.state.unit is None:
        turn.go(At.HOLD_SHELF, suggestion=_shelf(turn, "hold"))
        return turn.say(Signal.HOLD, "hold.parcel", plate=turn.parcel().plate)
    unit = turn.unit()
    bare = unit.labelling == "none"
    if unit.placement is Placement.LABELLED and not bare:
        turn.go(At.HOLD_SHELF, suggestion=_shelf(turn, "hold"))
        return turn.say(Signal.HOLD, "hold.unit", lpn=unit.lpn)
    fresh = unit.lpn is None or bare
    if bare:
        unit = replace(unit, placement=move(unit.placement, Placement.IN_HAND), labelling=None)
    unit = turn.keep_unit("unit.hold_asked", inspecting.with_plate(turn, unit))
    if fresh:
        inspecting.label(turn, unit)
    turn.go(At.HOLD_LABEL)
    return turn.say(Signal.HOLD, "hold.label", lpn=unit.lpn)


def at_hold_label(turn: Turn) -> None:
    """The label of what is set aside is awaited."""
    command = turn.command()
    if command == "printer":
        return placing.which_printer(turn)
    if command == "later":
        return _label_later(turn)
    if not placing.label_scanned(turn):
        return None
    turn.go(At.HOLD_SHELF, suggestion=_shelf(turn, "hold"))
    return turn.say(Signal.HOLD, "hold.unit", lpn=turn.unit().lpn)


def _label_later(turn: Turn) -> None:
    unit = turn.unit()
    placement = move(unit.placement, Placement.LABELLED)
    turn.keep_unit("unit.unlabelled", replace(unit, placement=placement, labelling="later"), why="later")
    turn.go(At.HOLD_SHELF, suggestion=_shelf(turn, "hold"))
    return turn.say(Signal.HOLD, "label.later", lpn=unit.lpn)


def _shelf(turn: Turn, kind: str) -> str | None:
    place: Place | None = turn.ask(Suggest(turn.rules.policy.shelves.get(kind, ()), 1))
    return place.code if place else None


def _shelf_scanned(turn: Turn, kind: str) -> Place | None:
    place = placing.place_scanned(turn)
    if place is None:
        return None
    purposes = turn.rules.policy.shelves.get(kind, ())
    if not set(place.purposes) & set(purposes):
        turn.no(Signal.MISMATCH, "shelf.other", place=place.code, purposes=", ".join(purposes))
        return None
    return place


def at_hold_shelf(turn: Turn) -> None:
    """The hold shelf is awaited: the goods wait there under their plate."""
    place = _shelf_scanned(turn, "hold")
    if place is None:
        return None
    if turn.state.unit is None:
        parcel = turn.parcel()
        turn.keep_parcel(
            "parcel.held", replace(parcel, work=move(parcel.work, ParcelWork.HELD), shelf=place.code)
        )
        turn.go(At.PARCEL, parcel=None, waiting=())
        return turn.say(Signal.HOLD, "hold.parcel_done", plate=parcel.plate, place=place.code)
    unit = _aside(turn.unit(), Placement.HELD, place)
    turn.keep_unit("unit.held", unit)
    turn.say(Signal.HOLD, "hold.done", lpn=unit.lpn, place=place.code)
    return placing.next_unit(turn)


def _aside(unit: ReturnUnit, placement: Placement, place: Place) -> ReturnUnit:
    return replace(
        unit,
        placement=move(unit.placement, placement),
        acceptance=move(unit.acceptance, Acceptance.NEEDS_HUMAN),
        location=place.location if place.container else place.code,
        container=place.code if place.container else None,
    )


# --- danger and found property ----------------------------------------------------------------------------------------


def stop(turn: Turn, command: str) -> None:
    """STOP at any step: recorded before anything else is asked."""
    if command == "stop" and turn.state.at is At.STOP_KIND:
        return turn.no(Signal.STOP, "stop.which")
    if command == "stop":
        turn.go(At.STOP_KIND, choices=numbered(_STOP_TEXTS.items()), pending=turn.state.at)
        return turn.say(Signal.STOP, "stop.which")
    if turn.state.parcel is None:
        turn.records.append(Record("station.stopped", facts={"kind": command}))
        turn.undoable = False
        if turn.before.at is At.STOP_KIND:
            turn.go(_alone(turn))
        return turn.say(Signal.STOP, f"stop.alone_{command}")
    if turn.state.unit is None and turn.parcel().work is ParcelWork.STOPPED and command == "stop_property":
        return turn.no(Signal.STOP, "stop.first")
    if turn.state.unit is None and command == "stop_property":
        _found_property(turn)
    if turn.state.unit is not None:
        unit = _marked(turn, turn.unit(), STOPS[command])
        turn.keep_unit("unit.stopped", unit, kind=command)
        inspecting.label(turn, unit)
    else:
        parcel = turn.parcel()
        turn.keep_parcel(
            "parcel.stopped",
            replace(parcel, work=move(parcel.work, ParcelWork.STOPPED), note=STOPS[command]),
            kind=command,
        )
    turn.go(At.STOP_SHELF, pending=command, suggestion=_shelf(turn, command))
    return turn.say(Signal.STOP, f"stop.{command}")


def _alone(turn: Turn) -> At:
    """Where the dialogue goes on after a danger with no parcel open: at the truck, or at the next parcel."""
    if turn.state.receiving is None:
        return At.PARCEL
    return At.CAGE if turn.state.at is At.CAGE else At.RECEIVE


def at_stop_kind(turn: Turn) -> None:
    """Which danger it is."""
    choice = pick(turn)
    if choice is None:
        return turn.no(Signal.STOP, "choice.none", count=len(turn.state.choices))
    turn.state = replace(turn.state, at=At(str(turn.state.pending)))
    return stop(turn, choice.code)


def _found_property(turn: Turn) -> None:
    parcel = turn.parcel()
    unit = ReturnUnit(
        turn.ids.uuid(),
        parcel.id,
        parcel.returns[0],
        parcel.merchant,
        "",
        "Found property",
        1,
        Identity.MISMATCH_CLASS,
    )
    turn.keep_unit("unit.started", unit)


def _marked(turn: Turn, unit: ReturnUnit, finding: str) -> ReturnUnit:
    findings = (
        unit.findings if finding in {f.code for f in unit.findings} else (*unit.findings, Finding(finding))
    )
    unit = inspecting.with_plate(turn, replace(unit, findings=findings, labelling=None))
    return replace(unit, decision=decide(turn.rules.policy, inspecting.policy_facts(turn, unit)))


def at_stop_shelf(turn: Turn) -> None:
    """The safe place is awaited; nothing of it becomes stock before a person has looked."""
    place = _shelf_scanned(turn, str(turn.state.pending))
    if place is None:
        return None
    if turn.state.unit is not None:
        unit = _aside(turn.unit(), Placement.STOPPED, place)
        turn.keep_unit("unit.set_apart", replace(unit, inspection=Inspection.PENDING))
        turn.say(Signal.STOP, "stop.done", place=place.code)
        return placing.next_unit(turn)
    parcel = turn.parcel()
    turn.keep_parcel("parcel.set_apart", replace(parcel, shelf=place.code))
    turn.go(At.PARCEL, parcel=None, waiting=())
    return turn.say(Signal.STOP, "stop.done", place=place.code)

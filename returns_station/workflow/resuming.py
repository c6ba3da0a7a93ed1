"""Taking a unit up again where it was left."""

from dataclasses import replace

from returns_station.domain.axes import Acceptance, Inspection, ParcelWork, Placement, move
from returns_station.domain.codes import Signal
from returns_station.domain.nouns import Parcel, ReturnUnit
from returns_station.workflow import details, inspecting
from returns_station.workflow.ports import Load, UnitsOf
from returns_station.workflow.state import At
from returns_station.workflow.turn import Turn


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
        details.next_detail(turn, turn.product(), details.line_of(turn, unit), _counted(turn, unit))
    elif labelled:
        inspecting.ask_destination(turn)
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

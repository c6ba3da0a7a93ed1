"""UNDO: back by one step. What was not sent is withdrawn, stock that was is reversed, money that was sent stays with a person."""

from dataclasses import replace

from returns_station.domain.axes import ParcelWork, Reception, SyncState
from returns_station.domain.codes import Signal
from returns_station.domain.effects import REVERSAL, Effect, EffectType
from returns_station.domain.nouns import Parcel, ReturnUnit
from returns_station.workflow.ports import EffectStates, Load, Record, UnitsById, UnitsOf
from returns_station.workflow.state import Back
from returns_station.workflow.turn import Turn

_STILL_OURS = frozenset({SyncState.HELD, SyncState.LOCAL, SyncState.REFUSED})
_NEVER_TOLD = _STILL_OURS | {SyncState.WITHDRAWN, SyncState.SHADOW}


def undo(turn: Turn) -> None:
    """Returns to the step before the last one that was recorded."""
    turn.undoable = False
    if not turn.state.back:
        return turn.no(Signal.MISMATCH, "undo.nothing")
    last = turn.state.back[-1]
    gone = _gone(turn, last)
    if gone:
        return turn.no(Signal.STOP, "undo.money_sent" if EffectType.REFUND in gone else "undo.told")
    take_back(turn, last.effects)
    again = _tell_again(turn, last.withdrawn)
    _restore(turn, last)
    turn.state = replace(
        last.state,
        worker=turn.state.worker,
        printer=turn.state.printer,
        back=_renamed(turn.state.back[:-1], again),
    )
    return turn.say(Signal.ACCEPTED, "undo.done")


def _rows(turn: Turn, ids: tuple[str, ...]) -> tuple[tuple[Effect, SyncState], ...]:
    rows: tuple[tuple[Effect, SyncState], ...] = turn.ask(EffectStates(ids)) if ids else ()
    return rows


def _gone(turn: Turn, last: Back) -> frozenset[EffectType]:
    """What somebody was told in the step that nothing can take back."""
    return frozenset(
        effect.type
        for effect, state in _rows(turn, last.effects)
        if effect.type not in REVERSAL and state not in _NEVER_TOLD
    )


def take_back(turn: Turn, ids: tuple[str, ...]) -> None:
    """Withdraws effects that nobody was told, reverses those that somebody was, the last one first."""
    for effect, state in sorted(_rows(turn, ids), key=lambda row: -ids.index(row[0].id)):
        if state in _STILL_OURS or (state is SyncState.SHADOW and effect.type not in REVERSAL):
            turn.withdraw.append(effect.id)
        elif state is not SyncState.WITHDRAWN and effect.type in REVERSAL:
            turn.effects.append(
                replace(
                    effect,
                    id=turn.ids.uuid(),
                    type=REVERSAL[effect.type],
                    body={"reverses": effect.id, **effect.body},
                    released=True,
                )
            )


def _tell_again(turn: Turn, ids: tuple[str, ...]) -> dict[str, str]:
    """What the step withdrew is true again: told under a new key, for a withdrawn row never comes back. Old key → new."""
    again: dict[str, str] = {}
    for effect, state in sorted(_rows(turn, ids), key=lambda row: ids.index(row[0].id)):
        if state is SyncState.WITHDRAWN:
            again[effect.id] = turn.ids.uuid()
            turn.effects.append(replace(effect, id=again[effect.id], released=True))
    return again


def _renamed(back: tuple[Back, ...], again: dict[str, str]) -> tuple[Back, ...]:
    """The ways further back, knowing the effects by their new keys."""
    return tuple(replace(b, effects=tuple(again.get(id, id) for id in b.effects)) for b in back)


def _restore(turn: Turn, last: Back) -> None:
    before = last.state
    units = [
        *last.reverted,
        *(replace(turn.ask(Load("unit", id)), reception=Reception.VOIDED, lpn=None) for id in last.created),
    ]
    units += [u for u in (before.unit, *before.waiting) if u is not None]
    units += _moved_back(turn, last)
    units += _unsettled(turn, last, {u.id for u in units})
    parcel = before.parcel or last.parcel_before
    if last.parcel_created:
        parcel = replace(_parcel(turn, last.parcel_created), work=ParcelWork.VOIDED)
    turn.records.append(
        Record(
            "step.undone",
            parcel,
            tuple(units),
            container=last.container,
            facts={"settlements": list(last.settlements)},
        )
    )
    if before.parcel and last.parcel_before:
        turn.records.append(Record("step.undone", last.parcel_before))
    for authorization in last.shorted:
        turn.records.append(Record("authorization.unshort", parcel, authorization=authorization))


def _moved_back(turn: Turn, last: Back) -> list[ReturnUnit]:
    """The units of a container that was put away or emptied, where they lay before."""
    if not last.moved:
        return []
    before = {moved.unit_id: moved for moved in last.moved}
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsById(tuple(before)))
    return [replace(u, location=before[u.id].location, container=before[u.id].container) for u in units]


def _parcel(turn: Turn, id: str) -> Parcel:
    parcel: Parcel = turn.ask(Load("parcel", id))
    return parcel


def _unsettled(turn: Turn, last: Back, known: set[str]) -> list[ReturnUnit]:
    if not last.settlements or last.state.parcel is None:
        return []
    units: tuple[ReturnUnit, ...] = turn.ask(UnitsOf(last.state.parcel.id))
    return [
        replace(u, settlement_id=None)
        for u in units
        if u.settlement_id in last.settlements and u.id not in known
    ]

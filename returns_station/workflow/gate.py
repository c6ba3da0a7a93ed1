"""Who is at the station: signing in and out, handing over, locking and unlocking."""

from dataclasses import replace

from returns_station.domain.codes import Role, Signal
from returns_station.domain.nouns import Worker
from returns_station.workflow.ports import Load, Record
from returns_station.workflow.turn import Turn


def badge(turn: Turn) -> None:
    """A badge at any step: sign-in, hand-over or unlocking; the work stays where it is, earlier work stays with its worker."""
    worker: Worker | None = turn.ask(Load("worker", turn.matches("badge")[0].ref))
    if worker is None:
        return turn.no(Signal.STOP, "badge.revoked")
    turn.undoable = False
    if turn.state.locked:
        return _unlock(turn, worker)
    return _enter(turn, worker)


def _enter(turn: Turn, worker: Worker) -> None:
    before = turn.state.worker
    if before is not None and before.id == worker.id:
        return turn.say(Signal.DUPLICATE, "badge.same")
    turn.state = replace(turn.state, worker=worker)
    turn.records.append(
        Record(
            "worker.signed_in" if before is None else "worker.handed_over",
            turn.state.parcel,
            facts={"worker": worker.id, "before": before.id if before else None},
        )
    )
    role = "supervisor" if worker.role is Role.SUPERVISOR else "worker"
    return turn.say(
        Signal.ACCEPTED, "badge.in" if before is None else "badge.handed_over", worker=worker.id, role=role
    )


def _unlock(turn: Turn, worker: Worker) -> None:
    """The same worker or a supervisor goes on; with nothing open, anybody."""
    before = turn.worker()
    same = before.id == worker.id
    if not same and worker.role is not Role.SUPERVISOR and _anything_open(turn):
        return turn.no(Signal.STOP, "lock.other", worker=before.id)
    turn.state = replace(turn.state, locked=False)
    turn.records.append(
        Record("station.unlocked", turn.state.parcel, facts={"worker": worker.id, "before": before.id})
    )
    if not same:
        return _enter(turn, worker)
    return turn.say(Signal.ACCEPTED, "lock.opened", worker=worker.id)


def _anything_open(turn: Turn) -> bool:
    state = turn.state
    return any(open is not None for open in (state.parcel, state.receiving, state.container))


def lock(turn: Turn) -> None:
    """Nothing but a badge is taken from now on; the work stays as it is."""
    turn.undoable = False
    turn.state = replace(turn.state, locked=True)
    turn.records.append(Record("station.locked", turn.state.parcel, facts={"worker": turn.worker().id}))
    return turn.say(Signal.ACCEPTED, "lock.done")


def sign_out(turn: Turn) -> None:
    """The work stays as it is, for whoever signs in next."""
    worker = turn.worker()
    turn.undoable = False
    turn.state = replace(turn.state, worker=None)
    turn.records.append(Record("worker.signed_out", turn.state.parcel, facts={"worker": worker.id}))
    return turn.say(Signal.ACCEPTED, "badge.out", worker=worker.id)

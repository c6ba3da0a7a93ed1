"""One input, one transaction: look up what the session needs, write what came of it, commit, and only then say so."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, Protocol

from returns_station.errors import StationError
from returns_station.workflow.ports import Ids, Input, Need, Rules, Step
from returns_station.workflow.session import handle
from returns_station.workflow.state import State

MOST_LOOK_UPS = 500

Render = Callable[[int, State, Step], str]


class UnitOfWork(Protocol):
    """A transaction of the station: rolls back unless committed. Implemented by the store."""

    def __enter__(self) -> "UnitOfWork": ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def replayed(self, key: str) -> str | None:
        """The reply that an input with this key got before, None for a new one."""

    def answer(self, need: Need) -> Any:
        """What a need asks for."""

    def ids(self) -> Ids:
        """Fresh identifiers, the same on every call until something is recorded."""

    def sequence(self) -> int:
        """The number this input will have."""

    def record(self, state: State, step: Step, given: Input, now: datetime, reply: str) -> None:
        """Writes state, events, tables, effects, print jobs, input and reply."""

    def commit(self) -> None:
        """Makes it durable."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What may now be shown: everything in it is durable. `replayed`: this input was answered before, nothing was done again."""

    state: State
    step: Step | None
    reply: str
    replayed: bool = False


def drive(
    unit_of_work: UnitOfWork, state: State, given: Input, now: datetime, rules: Rules, render: Render
) -> Outcome:
    """Plays one input. Errors of the store pass through: then nothing was published and the old state stands."""
    with unit_of_work as uow:
        before = uow.replayed(given.key) if given.key is not None else None
        if before is not None:
            return Outcome(state, None, before, replayed=True)
        then, step = decide(uow, state, given, now, rules)
        reply = render(uow.sequence(), then, step)
        uow.record(then, step, given, now, reply)
        uow.commit()
    return Outcome(then, step, reply)


def decide(uow: UnitOfWork, state: State, given: Input, now: datetime, rules: Rules) -> tuple[State, Step]:
    """The session's answer with all its needs looked up."""
    facts: dict[Need, Any] = {}
    for _ in range(MOST_LOOK_UPS):
        then, step = handle(state, given, facts, now, uow.ids(), rules)
        if not step.needs:
            return then, step
        for need in step.needs:
            facts[need] = uow.answer(need)
    raise StationError(
        "session.needs",
        f"One input wanted more than {MOST_LOOK_UPS} look-ups.",
        "This is a defect: please report it.",
    )

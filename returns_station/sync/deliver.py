"""Delivers the outbox of one target: claim, send, settle; what is unknown is looked up before it is sent
again."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from traceback import extract_tb
from typing import Final

import structlog
from sqlalchemy import Engine

from returns_station.connectors.api import (
    Batching,
    Connector,
    Delivered,
    NotFound,
    Outcome,
    Outgoing,
    References,
    Refused,
    RetryLater,
)
from returns_station.store import outbox
from returns_station.store.outbox import Absent, Acknowledged, OutboxRow, Parked, Postponed, Verdict
from returns_station.store.references import StoredReferences
from returns_station.sync.courtesy import Courtesy
from returns_station.sync.lanes import BROKEN, DrainReport, Lanes, nothing

KEY_LIFETIME: Final = timedelta(hours=24)
"""How long an upstream surely remembers a key, unless the configuration says otherwise."""
_LOG = structlog.get_logger("returns_station.sync")

Clock = Callable[[], datetime]
Progress = Callable[[int, int], None]
"""Takes rows finished in this pass, and rows of the target still open."""
Checkpoint = Callable[[str], None]
"""Takes `before-send`, `after-send` or `after-mark`: where a process that dies has left the most to
chance."""


@dataclass(frozen=True, slots=True)
class Drain:
    """One target's outbox and everything needed to empty it; only one of them may work on a database at a
    time."""

    engine: Engine
    connector: Connector
    target: str
    station: str
    clock: Clock
    rng: Random
    key_lifetime: timedelta = KEY_LIFETIME
    progress: Progress = nothing
    checkpoint: Checkpoint = nothing
    courtesy: Courtesy = field(default_factory=Courtesy)
    ended: Callable[[], bool] = lambda: False
    """Whether to stop before the next batch."""
    calls: int = 1
    """How many calls of the connector may overlap, 1 or 2: two only where it may be used from two threads
    at once."""

    def once(self) -> DrainReport:
        """Everything that is due now, until nothing is or the target does not answer.

        Two batches in a row that come back whole, or one that was told to wait, mean that the target is
        away: the rest stays untouched until the back-off of those rows is over.
        """
        outbox.recover(self.engine, self.target)
        outbox.bring_back(self.engine, self.target, self.clock())
        paused = outbox.paused_until(self.engine, self.target, self.clock())
        report = DrainReport(paused_until=paused) if paused else Lanes(self).run()
        return replace(report, left=outbox.left(self.engine, self.target))

    def carry(self, rows: Sequence[OutboxRow]) -> tuple[dict[str, Verdict], int]:
        """What became of each row, and how many of them were looked up first."""
        asked = self._ask([row for row in rows if self._doubtful(row)])
        return asked | self._send([row for row in rows if row.id not in asked]), len(asked)

    def _doubtful(self, row: OutboxRow) -> bool:
        return row.unknown and (row.money or self._forgotten(row))

    def _forgotten(self, row: OutboxRow) -> bool:
        """Whether the upstream may have dropped this row's key since it was first used."""
        return (
            self.connector.capabilities.forgets
            and row.sent_at is not None
            and self.clock() - datetime.fromisoformat(row.sent_at) >= self.key_lifetime
        )

    def _ask(self, rows: Sequence[OutboxRow]) -> dict[str, Verdict]:
        """What the upstream knows of each row; when it does not answer for one, the others are not asked
        now."""
        verdicts: dict[str, Verdict] = {}
        silent: Postponed | None = None
        for row in rows:
            verdict = silent or self._look_up(row)
            silent = verdict if isinstance(verdict, Postponed) else None
            verdicts[row.id] = verdict
        return verdicts

    def _look_up(self, row: OutboxRow) -> Verdict:
        effect = outgoing(row, self.station)
        if isinstance(effect, Parked):
            return replace(effect, unknown=True)
        if not self.connector.capabilities.look_up:
            return Parked("sync.no_look_up", _NO_LOOK_UP.format(row.target), _BY_HAND.format(row.id), True)
        try:
            answer = self.connector.look_up(effect, self._refs(effect))
            verdict = None if isinstance(answer, NotFound) else _verdict(answer)
        except Exception as error:
            return self._broken(error)
        if verdict is None:
            since = row.sent_at or row.created_at
            late = Parked(
                "sync.key_expired", _EXPIRED.format(row.target, since), _BY_HAND.format(row.id), True
            )
            return late if self._forgotten(row) else Absent()
        return replace(verdict, unknown=True) if isinstance(verdict, Postponed) else verdict

    def _send(self, rows: Sequence[OutboxRow]) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        together: list[Outgoing] = []
        alone: list[Outgoing] = []
        for row in rows:
            effect = outgoing(row, self.station)
            if isinstance(effect, Parked):
                verdicts[row.id] = effect
            else:
                (alone if row.problem_code == BROKEN else together).append(effect)
        for batch in ([together] if together else []) + [[effect] for effect in alone]:
            verdicts |= self._deliver(batch)
        return verdicts

    def _deliver(self, batch: Sequence[Outgoing]) -> dict[str, Verdict]:
        self.checkpoint("before-send")
        try:
            answers = self._answers(batch)
            verdicts = {effect.key: _verdict(answers.get(effect.key, _UNANSWERED)) for effect in batch}
        except Exception as error:
            return dict.fromkeys((effect.key for effect in batch), self._broken(error))
        self.checkpoint("after-send")
        return verdicts

    def _answers(self, batch: Sequence[Outgoing]) -> Mapping[str, Outcome]:
        if isinstance(self.connector, Batching):
            return self.connector.deliver_batch(batch)
        return {effect.key: self.connector.deliver(effect, self._refs(effect)) for effect in batch}

    def _refs(self, effect: Outgoing) -> References:
        return StoredReferences(
            self.engine, self.target, effect.return_id, self.clock, self.courtesy.committing
        )

    def _broken(self, error: Exception) -> Postponed:
        # A connector that raises is somebody's defect; its rows wait and are retried, the others go on.
        # Only the place is logged: a traceback may be shown with local variables, which hold what was sent.
        kind, at = type(error).__name__, extract_tb(error.__traceback__)[-1]
        _LOG.error("sync.connector_failed", target=self.target, error=kind, file=at.filename, line=at.lineno)
        return Postponed(f"The connector failed with {kind}.", unknown=True, code=BROKEN, hint=_DEFECT)


def drain_once(
    engine: Engine,
    connector: Connector,
    target: str,
    clock: Clock,
    rng: Random,
    progress: Progress = nothing,
    *,
    station: str = "",
    key_lifetime: timedelta = KEY_LIFETIME,
    checkpoint: Checkpoint = nothing,
    calls: int = 1,
) -> DrainReport:
    """One pass over what is due. The caller holds the drainer's lock (`sync.job.run_sync` does)."""
    return Drain(
        engine, connector, target, station, clock, rng, key_lifetime, progress, checkpoint, calls=calls
    ).once()


def outgoing(row: OutboxRow, station: str) -> Outgoing | Parked:
    """A row as the connector takes it; a row that cannot be read waits with a person."""
    try:
        data = json.loads(row.body)
        at = datetime.fromisoformat(row.created_at)
    except ValueError:
        data = at = None
    if not isinstance(data, dict) or at is None:
        return Parked(
            "sync.body", f"The outbox row {row.id} cannot be read: its body is no JSON object.", _DEFECT
        )
    return Outgoing(row.id, row.type, row.target, row.return_id, row.ordinal, at, station, data)


def _verdict(answer: object) -> Verdict:
    """What an answer means. Raises TypeError for one that is no outcome: a connector may be anybody's."""
    if isinstance(answer, Delivered):
        return Acknowledged(None if answer.reference is None else _storable(answer.reference))
    if isinstance(answer, Refused):
        return Parked(_storable(answer.code), _storable(answer.sentence), _storable(answer.hint))
    if not isinstance(answer, RetryLater):
        raise TypeError(f"{type(answer).__name__} is no outcome")
    after = None if answer.after_s is None else float(answer.after_s)
    return Postponed(
        _storable(answer.sentence),
        after,
        bool(answer.unknown),
        _storable(answer.code),
        _storable(answer.hint),
        alone=bool(answer.alone),
    )


def _storable(text: object) -> str:
    """A text as the database takes it: half a surrogate pair, as JSON may hold it, is a question mark."""
    return str(text).encode("utf-8", "replace").decode()


_UNANSWERED: Final = RetryLater(
    "The connector gave no answer for this effect.", unknown=True, code="sync.answer"
)
_NO_LOOK_UP: Final = "Whether {0} has it is not known, and {0} cannot be asked."
_EXPIRED: Final = (
    "Whether {0} has it is not known: it was first sent at {1}, and {0} may have forgotten its key since."
)
_BY_HAND: Final = (
    "Look it up there. If it is there, leave it; if not, run `returns-station outbox retry {} --checked`."
)
_DEFECT: Final = "This is a defect: please report it. Nothing is lost."

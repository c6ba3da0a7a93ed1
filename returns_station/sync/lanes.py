"""One pass over an outbox: batches claimed, carried and settled by two lanes, until nothing is due or
nobody answers."""

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from returns_station.store import outbox
from returns_station.store.outbox import Acknowledged, OutboxRow, Parked, Postponed, Verdict

if TYPE_CHECKING:
    from returns_station.sync.deliver import Drain

BROKEN: Final = "sync.connector"
"""The problem code of rows that went with a call in which the connector itself failed: they go alone next
time."""


def nothing(*_: object) -> None:
    """Takes anything, does nothing."""


@dataclass(frozen=True, slots=True)
class DrainReport:
    """What one pass did, in rows; `unknown` of the `retried` may have arrived; `left` are open after the
    pass.

    `paused_until` is set when the target as a whole did not answer.
    """

    sent: int = 0
    acknowledged: int = 0
    retried: int = 0
    refused: int = 0
    unknown: int = 0
    looked_up: int = 0
    left: int = 0
    paused_until: datetime | None = None


class Lanes:
    """One pass by two threads: while one talks to the upstream, the other settles its batch and claims
    the next.

    Calls of the connector overlap only as far as the drain allows, and rows of one return never travel
    together, for a claim passes over returns that are on their way. The second lane begins when a batch
    is full; short passes need none.
    """

    def __init__(self, drain: "Drain") -> None:
        self._drain = drain
        self._desk = threading.Condition()
        self._wire = threading.BoundedSemaphore(drain.calls)
        self._report = DrainReport()
        self._travelling = 0
        self._failed = 0
        self._over = False

    def run(self) -> DrainReport:
        """Until nothing is due and nothing travels. What stops one lane stops both, and is raised."""
        with self._drain.courtesy.watching(self._drain.engine):
            self._both()
        return self._report

    def _both(self) -> None:
        first = self._next()
        if len(first) < self._drain.connector.capabilities.batch:
            self._lane(first)
            return
        with ThreadPoolExecutor(1, "sync-lane") as second:
            other = second.submit(self._lane, [])
            self._lane(first)
            other.result()

    def _lane(self, rows: list[OutboxRow]) -> None:
        try:
            rows = rows or self._next()
            while rows:
                rows = self._batch(rows) or self._next()
        except BaseException:
            self._over = True
            raise
        finally:
            with self._desk:
                self._desk.notify_all()

    def _next(self) -> list[OutboxRow]:
        """The next batch; waits while rows travel, for what comes back may set others free."""
        with self._desk:
            while not self._over:
                if rows := self._exchange({}):
                    return rows
                if not self._travelling:
                    break
                self._desk.wait()
        return []

    def _exchange(self, verdicts: Mapping[str, Verdict]) -> list[OutboxRow]:
        drain = self._drain
        limit = 0 if self._over or drain.ended() else drain.connector.capabilities.batch
        with drain.courtesy.committing():
            rows = outbox.exchange(drain.engine, drain.target, drain.clock(), limit, verdicts, drain.rng)
        self._travelling += bool(rows)
        return rows

    def _batch(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """Carries one batch and keeps its answers; returns the next, claimed with the same commit."""
        drain = self._drain
        with self._wire:
            if self._over or drain.ended():
                outbox.give_back(drain.engine, [row.id for row in rows])
                self._over = True
                return []
            verdicts, asked = drain.carry(rows)
            down = self._is_down(verdicts)
        with self._desk:
            more = self._keep(verdicts, down=down)
            drain.checkpoint("after-mark")
            self._count(verdicts, asked, down=down)
            self._desk.notify_all()
        drain.courtesy.rest()
        return more

    def _is_down(self, verdicts: Mapping[str, Verdict]) -> bool:
        with self._desk:
            self._failed = self._failed + 1 if _came_back(verdicts) else 0
            told = len(verdicts) > 1 and _told_to_wait(verdicts)
            down = self._failed > 1 or (self._failed == 1 and told)
            self._over = self._over or down
            return down

    def _keep(self, verdicts: Mapping[str, Verdict], *, down: bool) -> list[OutboxRow]:
        drain = self._drain
        self._travelling -= 1
        if not down:
            return self._exchange(verdicts)
        outbox.settle(drain.engine, verdicts, drain.clock(), drain.rng, down=True)
        return []

    def _count(self, verdicts: Mapping[str, Verdict], asked: int, *, down: bool) -> None:
        drain = self._drain
        self._report = _added(self._report, verdicts, asked)
        if down:
            paused = outbox.paused_until(drain.engine, drain.target, drain.clock())
            self._report = replace(self._report, paused_until=paused)
        if drain.progress is not nothing:
            done = self._report.acknowledged + self._report.refused
            drain.progress(done, outbox.left(drain.engine, drain.target))


def _added(report: DrainReport, verdicts: Mapping[str, Verdict], asked: int) -> DrainReport:
    kinds = [type(verdict) for verdict in verdicts.values()]
    late = [verdict for verdict in verdicts.values() if isinstance(verdict, Postponed)]
    return replace(
        report,
        sent=report.sent + len(verdicts) - asked,
        looked_up=report.looked_up + asked,
        acknowledged=report.acknowledged + kinds.count(Acknowledged),
        refused=report.refused + kinds.count(Parked),
        retried=report.retried + len(late),
        unknown=report.unknown + sum(verdict.unknown for verdict in late),
    )


def _came_back(verdicts: Mapping[str, Verdict]) -> bool:
    late = [verdict for verdict in verdicts.values() if isinstance(verdict, Postponed)]
    return len(late) == len(verdicts) and not any(one.code == BROKEN or one.alone for one in late)


def _told_to_wait(verdicts: Mapping[str, Verdict]) -> bool:
    return any(isinstance(verdict, Postponed) and verdict.after_s for verdict in verdicts.values())

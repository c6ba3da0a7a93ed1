"""The sync job: one drainer a database, delivering and pulling once or until it is told to stop."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Final, Self

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from returns_station.connectors.api import Connector
from returns_station.store import outbox
from returns_station.store.engine import ProcessLock
from returns_station.sync.deliver import KEY_LIFETIME, Checkpoint, Clock, Drain, Progress
from returns_station.sync.lanes import DrainReport, nothing
from returns_station.sync.pull import Merge, PullReport, pull_feeds

LOOK_EVERY_S: Final = 1.0
PULL_EVERY_S: Final = 60.0
_TICK_S: Final = 0.05
_REST: Final = 10.0
"""A look that found nothing is followed by a rest of so many times its length, so that looking stays
cheap."""
_LOG = structlog.get_logger("returns_station.sync")


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a run did in its last pass, and what every feed gave."""

    drain: DrainReport
    pulls: tuple[PullReport, ...] = ()

    @property
    def done(self) -> bool:
        """Whether nothing is left to deliver and every feed was read to its end."""
        return self.drain.left == 0 and not any(pull.problem for pull in self.pulls)


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look and to pull, in seconds."""

    look_s: float = LOOK_EVERY_S
    pull_s: float = PULL_EVERY_S


def run_sync(
    engine: Engine,
    connector: Connector,
    target: str,
    *,
    station: str,
    clock: Clock,
    rng: Random,
    merge: Merge | None = None,
    watch_until: threading.Event | None = None,
    parent: int | None = None,
    pace: Pace = Pace(),
    key_lifetime: timedelta = KEY_LIFETIME,
    progress: Progress = nothing,
    checkpoint: Checkpoint = nothing,
    calls: int = 1,
) -> SyncReport:
    """Delivers, then pulls (with `merge`): once, or until the event `watch_until` is set or process
    `parent` is gone.

    Raises StationError `store.locked` when another drainer works on this database.
    """
    database = Path(str(engine.url.database))
    drain = Drain(
        engine, connector, target, station, clock, rng, key_lifetime, progress, checkpoint, calls=calls
    )
    feeds = _Feeds(engine, connector, target, merge, clock, pace.pull_s)
    lock = ProcessLock(database, "drainer").acquire()
    try:
        if watch_until is None:
            return SyncReport(log_drain(target, drain.once()), feeds.pull())
        report = watch(drain, watch_until, parent=parent, every=pace.look_s, between=feeds.when_due)
        return SyncReport(report, feeds.last)
    finally:
        lock.release()


def watch(
    drain: Drain,
    stop: threading.Event,
    *,
    parent: int | None = None,
    every: float = LOOK_EVERY_S,
    between: Callable[[], object] = nothing,
    after: Callable[[DrainReport, float], object] = nothing,
    beat: Callable[[], object] = nothing,
) -> DrainReport:
    """Drains again and again, as soon as the database changed, a row is due, or `every` seconds passed.

    Ends when `stop` is set or the process `parent` is not our parent any more. A database that cannot be
    written for a while (a backup, a full disk) is waited for: rows on their way are then unknown and
    treated as such. `after` gets what each pass did and its seconds; `beat` is called all the while, so that one who
    hears nothing for long knows that it is stuck.
    """
    report = DrainReport()

    def ended() -> bool:
        beat()
        return over(stop, parent)

    drain = replace(drain, ended=ended)
    with _Look(drain, stop, every) as look:
        while not ended():
            began, took = look.begin(), 0.0
            try:
                report = log_drain(drain.target, drain.once())
                took = time.monotonic() - began
                after(report, took)
                between()
            except OperationalError as error:
                _LOG.warning("sync.store_failed", target=drain.target, error=str(error.orig))
            look.wait(took, report)
    return report


def log_drain(target: str, report: DrainReport) -> DrainReport:
    """Logs the counts of a pass that did something; never what was sent."""
    if report.sent or report.looked_up:
        paused = None if report.paused_until is None else report.paused_until.isoformat()
        _LOG.info(
            "sync.drained",
            target=target,
            sent=report.sent,
            acknowledged=report.acknowledged,
            retried=report.retried,
            refused=report.refused,
            unknown=report.unknown,
            looked_up=report.looked_up,
            left=report.left,
            paused_until=paused,
        )
    return report


def over(stop: threading.Event, parent: int | None) -> bool:
    """Whether a watch has to end: it was told to, or its parent is gone."""
    return stop.is_set() or (parent is not None and os.getppid() != parent)


class _Look:
    """Waits for a reason to look again. Its connection does nothing but ask whether others changed the
    database."""

    def __init__(self, drain: Drain, stop: threading.Event, every: float) -> None:
        self._drain = drain
        self._stop = stop
        self._every = every
        self._connection = drain.engine.connect()
        self._version = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def begin(self) -> float:
        """The time, once the version is noted: what is committed during the look is looked at again."""
        self._version = self._data_version()
        return time.monotonic()

    def wait(self, took: float, report: DrainReport) -> None:
        """Returns when there is a reason to look; a look that found nothing and took long is rested from."""
        idle = report.sent == 0 and report.looked_up == 0
        rest = time.monotonic() + (took * _REST if idle else 0.0)
        until = time.monotonic() + self._every
        due = self._due()
        while not self._drain.ended():
            self._stop.wait(_TICK_S)
            late = time.monotonic() >= until or (due is not None and self._drain.clock() >= due)
            if time.monotonic() >= rest and (late or self._data_version() != self._version):
                return

    def _due(self) -> datetime | None:
        now = self._drain.clock()
        paused = outbox.paused_until(self._drain.engine, self._drain.target, now)
        return paused or outbox.next_due(self._drain.engine, self._drain.target)

    def _data_version(self) -> int:
        return int(self._connection.exec_driver_sql("PRAGMA data_version").scalar_one())


class _Feeds:
    """The feeds of one run, pulled when they are due; a feed that asked us to wait is waited for."""

    def __init__(
        self,
        engine: Engine,
        connector: Connector,
        target: str,
        merge: Merge | None,
        clock: Clock,
        every: float,
    ) -> None:
        self._merge = merge
        self._pull: dict[str, Any] = {"engine": engine, "connector": connector, "target": target}
        self._clock = clock
        self._every = every
        self._next: datetime | None = None
        self.last: tuple[PullReport, ...] = ()

    def when_due(self) -> None:
        if self._next is None or self._clock() >= self._next:
            self.pull()

    def pull(self) -> tuple[PullReport, ...]:
        if self._merge is None:
            return ()
        self.last = pull_feeds(**self._pull, merge=self._merge, clock=self._clock)
        asked = max((report.after_s or 0.0 for report in self.last), default=0.0)
        self._next = self._clock() + timedelta(seconds=max(self._every, asked))
        for report in self.last:
            _log_pull(self._pull["target"], report)
        return self.last


def _log_pull(target: str, report: PullReport) -> None:
    if report.problem is not None:
        _LOG.warning("sync.pull_failed", target=target, feed=report.feed, code=report.problem.code)
    elif report.rows:
        _LOG.info("sync.pulled", target=target, feed=report.feed, pages=report.pages, rows=report.rows)


__all__ = ["Pace", "SyncReport", "over", "run_sync", "watch"]

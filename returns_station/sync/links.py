"""One upstream as the sync job works with it: delivered to, pulled from, its state kept, its faults its own."""

import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog
from sqlalchemy import Connection, Engine

from returns_station.config import Config, Target, secret
from returns_station.connectors import registry
from returns_station.connectors.api import FEEDS, Connector, Factory, Settings
from returns_station.domain.scan import station_code
from returns_station.errors import Problem, StationError
from returns_station.printable import printable
from returns_station.store.identity import uuid7
from returns_station.store.outbox.verdicts import WAIT_AT_MOST_S
from returns_station.store.target_states import NoteBook, last_problem
from returns_station.sync.deliver import Clock, Drain
from returns_station.sync.job import over, watch
from returns_station.sync.lanes import DrainReport
from returns_station.sync.pull import PullReport, pull_feeds

DEFECT: Final = "sync.defect"
"""The problem of a target whose thread failed: it is begun again by itself."""
AGAIN_S: Final = (1.0, 60.0)
SLICE_S: Final = 5.0
"""Feeds are read for about so long at a time while effects may be waiting."""
_LOG = structlog.get_logger("returns_station.sync")


class Observer(Protocol):
    """Counts what passes and pulls did; called from the thread of their target."""

    def passed(self, target: str, report: DrainReport, seconds: float) -> None:
        """A pass has ended."""

    def pulled(self, target: str, report: PullReport) -> None:
        """A feed was read, as far as it went."""


class Silent:
    """An observer for a job that nobody watches."""

    def passed(self, target: str, report: DrainReport, seconds: float) -> None:
        """Counts nothing."""

    def pulled(self, target: str, report: PullReport) -> None:
        """Counts nothing."""


@dataclass(slots=True)
class Merger:
    """Merges pulled rows; one that is not as it should be is left out and named, the others are merged."""

    target: str
    merchant: str
    site: str
    uuid: Callable[[], str]
    problems: list[str] = field(default_factory=list)

    def __call__(
        self, connection: Connection, feed: str, rows: Sequence[Mapping[str, object]], at: datetime
    ) -> int:
        """How many of the rows were merged."""
        from returns_station.store.imports import merge_rows

        report = merge_rows(connection, feed, rows, self.merchant, self.target, self.site, at, self.uuid)
        bad = len(report.problems) + report.more
        if bad:
            _LOG.warning("sync.rows_refused", target=self.target, feed=feed, count=bad)
            self.problems = [*self.problems, *(f"{feed}: {one.sentence}" for one in report.problems)][:20]
        return report.inserted + report.updated + report.unchanged


@dataclass(slots=True)
class Link:
    """One target with its connector: what is delivered to it and pulled from it."""

    drain: Drain
    merge: Merger
    pull_every: timedelta
    book: NoteBook
    observer: Observer = field(default_factory=Silent)
    pulled_next: datetime | None = None
    pulled_at: datetime | None = None
    pulls: tuple[PullReport, ...] = ()
    failed: str | None = None
    """Why its thread does not work at the moment."""
    beaten_at: float = field(default_factory=time.monotonic)
    """When its thread was last known to go on, by the monotonic clock."""
    _woken: threading.Event = field(default_factory=threading.Event)
    _delivering: Problem | None = None
    _pulling: Problem | None = None

    @property
    def target(self) -> str:
        """The target's name."""
        return self.drain.target

    def wake(self) -> None:
        """Pulls with the next look, however lately it was done: the upstream said that something changed."""
        self._woken.set()

    def once(self) -> DrainReport:
        """One pass and one reading of the feeds."""
        from returns_station.sync.job import log_drain

        began = time.monotonic()
        report = log_drain(self.target, self.drain.once())
        self._after(report, time.monotonic() - began)
        self.pull()
        self.book.close()
        return report

    def watch(self, stop: threading.Event, parent: int | None, every: float) -> None:
        """Works until `stop` is set or `parent` is gone; what fails it is told and begun again, the others go on."""
        pause = AGAIN_S[0]
        while not over(stop, parent):
            began = time.monotonic()
            try:
                watch(
                    self.drain,
                    stop,
                    parent=parent,
                    every=every,
                    between=lambda: self.pull_when_due(lambda: over(stop, parent)),
                    after=self._after,
                    beat=self.beat,
                )
                self.book.close()
            except Exception as error:
                _LOG.error("sync.link_failed", target=self.target, exc_info=error)
                self._fails(type(error).__name__)
                pause = AGAIN_S[0] if time.monotonic() - began > AGAIN_S[1] else pause
                stop.wait(pause)
                pause = min(2 * pause, AGAIN_S[1])

    def beat(self) -> None:
        """Its thread goes on."""
        self.beaten_at = time.monotonic()

    def pull(self, enough: Callable[[], bool] = lambda: False) -> None:
        """Reads every feed to its end, or until `enough`, and notes when to do so again."""
        drain = self.drain
        self._woken.clear()
        self.merge.problems = []
        self.pulls = pull_feeds(
            drain.engine, drain.connector, drain.target, self.merge, drain.clock, lambda _: self.beat(),
            enough=enough,
        )  # fmt: skip
        self._plan()
        for report in self.pulls:
            self.observer.pulled(self.target, report)
            if report.problem is not None:
                _LOG.warning(
                    "sync.pull_failed", target=self.target, feed=report.feed, code=report.problem.code
                )
        if self.pulls:
            self._note_pull()

    def pull_when_due(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Pulls when its time has come, when it was woken, or when the clock went back behind the last time.

        A long feed is read in slices, so that effects are delivered between them, and until `stopping`.
        """
        now, end = self.drain.clock(), time.monotonic() + SLICE_S
        went_back = self.pulled_at is not None and now < self.pulled_at
        if self._woken.is_set() or self.pulled_next is None or now >= self.pulled_next or went_back:
            self.pull(lambda: time.monotonic() >= end or stopping())

    def _plan(self) -> None:
        self.pulled_at = now = self.drain.clock()
        asked = max((min(report.after_s or 0.0, WAIT_AT_MOST_S) for report in self.pulls), default=0.0)
        every = timedelta(0) if any(report.more for report in self.pulls) else self.pull_every
        self.pulled_next = now + max(every, timedelta(seconds=asked))

    def _after(self, report: DrainReport, seconds: float) -> None:
        self.failed = None
        self.observer.passed(self.target, report, seconds)
        answered = report.acknowledged + report.refused > 0
        tried = report.sent + report.looked_up > 0
        if answered:
            self._delivering = None
        if report.paused_until is not None or (report.retried and not answered):
            self._delivering = last_problem(self.drain.engine, self.target)
        self.book.tell(answered=answered, tried=tried, problem=self._delivering or self._pulling)

    def _note_pull(self) -> None:
        failed = [report for report in self.pulls if report.problem is not None]
        well = len(failed) < len(self.pulls)
        if failed and (first := failed[0].problem):
            named = Problem("sync.feed", f"{failed[0].feed}: {first.sentence}", first.hint)
            self._pulling = named if well else first
        elif self.merge.problems:
            self._pulling = Problem("sync.rows", self.merge.problems[0])
        else:
            self._pulling = None
        if well and self._delivering is not None:
            self._delivering = last_problem(self.drain.engine, self.target)
        whole = not failed and not any(report.more for report in self.pulls)
        self.book.tell(answered=well, pulled=whole, problem=self._delivering or self._pulling)

    def _fails(self, kind: str) -> None:
        self.failed = f"Its thread failed with {kind} and is begun again; the log says where."
        try:
            self.book.tell(tried=False, problem=Problem(DEFECT, self.failed))
        except Exception as error:
            # It is the database that fails: then nothing can be kept in it.
            _LOG.warning("sync.note_failed", target=self.target, error=type(error).__name__)


# --- made from the configuration --------------------------------------------------------------------------------------


def linked(engine: Engine, config: Config, target: Target, clock: Clock) -> Link:
    """The link to a target. Raises StationError for one that cannot work, whatever its connector raises."""
    ids = new_ids(clock)
    connector = connect(config, target, ids, clock)
    merger = Merger(target.name, config.station.merchant, config.station.site, ids)
    station = station_code(config.station.number)
    drain = Drain(engine, connector, target.name, station, clock, random.SystemRandom())
    book = NoteBook(engine, target.name, clock)
    return Link(drain, merger, timedelta(seconds=config.sync.pull_seconds), book)


def new_ids(clock: Clock) -> Callable[[], str]:
    """Fresh UUIDs of version 7."""
    chance = random.SystemRandom()
    return lambda: uuid7(clock(), chance)


def connect(config: Config, target: Target, ids: Callable[[], str], clock: Clock) -> Connector:
    """The target's connector. Raises StationError for one that cannot work."""
    given = settings(config, target)
    factory = _factory(target.connector)
    registry.check_options(target.connector, factory, given.options)
    try:
        return factory(given, now=clock, new_id=ids)
    except StationError:
        raise
    except Exception as error:
        sentence = f"The connector {target.connector} could not be made: {type(error).__name__}."
        raise StationError(
            "connector.broken", sentence, "Look at its url and [target.options], or report it to its maker."
        ) from error


def settings(config: Config, target: Target) -> Settings:
    """How to reach a target, its secrets looked up. Raises StationError `config.secret_missing`, `config.feed`."""
    return Settings(
        target.url,
        secret(config, target.secret_env) if target.secret_env else "",
        secret_env=target.secret_env,
        token=secret(config, target.token_env) if target.token_env else None,
        token_env=target.token_env,
        batch=target.batch or config.sync.batch,
        total_s=float(config.sync.timeout_seconds),
        ca_file=target.ca_file,
        feeds=_feeds(target),
        hosts=frozenset(host.lower() for host in (*target.hosts, *config.sync.allow_hosts)),
        options=dict(target.options),
        merchant=config.station.merchant,
        site=config.station.site,
    )


def _feeds(target: Target) -> frozenset[str]:
    unknown = sorted(set(target.feeds) - FEEDS)
    if unknown:
        sentence, known = f"There is no feed {printable(unknown[0])}.", ", ".join(sorted(FEEDS))
        raise StationError("config.feed", sentence, f"Feeds are {known}; correct `feeds`.")
    return frozenset(target.feeds) or FEEDS


def _factory(name: str) -> Factory:
    """The connector's factory; `http` comes with the product and works where no entry point names it."""
    from returns_station.connectors.http import HttpConnector

    return HttpConnector if name == "http" and name not in registry.available() else registry.load(name)


def broken(engine: Engine, target: str, clock: Clock, error: StationError) -> None:
    """Keeps for `sync status` that a target cannot be worked with as it is set."""
    book = NoteBook(engine, target, clock)
    book.tell(tried=False, problem=error.problem)
    _LOG.error("sync.target_broken", target=target, code=error.code)

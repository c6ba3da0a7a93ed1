"""`returns-station sync`: delivers the outbox of every target and pulls its feeds, once or until it is stopped."""

import random
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station import logs
from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    complain,
    configured,
    counted,
    database,
    emit,
    guarded,
    now,
    safe,
    say,
    usage,
)
from returns_station.commands.progress import bar
from returns_station.config import Config, Target, secret
from returns_station.errors import StationError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from returns_station.connectors.api import Connector, Factory, Settings
    from returns_station.sync.deliver import Drain
    from returns_station.sync.lanes import DrainReport
    from returns_station.sync.pull import PullReport

_LOOK_S = 0.2


def register(app: typer.Typer) -> None:
    """Adds `sync`."""
    app.command()(guarded(sync))


def sync(
    once: Annotated[bool, typer.Option("--once", help="Deliver and pull what is due, then end.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it is stopped.")] = False,
    parent: Annotated[int | None, typer.Option(help="With --watch: end when this process is gone.")] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Deliver what others must learn, pull what they know. Exits 1 when --once leaves anything undone."""
    if once == watch or (parent is not None and not watch):
        raise usage(
            "Say either --once or --watch; --parent goes with --watch.", "See `returns-station sync --help`."
        )
    found = configured(config)
    if not found.targets:
        hint = "Add a [[target]] with name, url and secret_env to the configuration."
        raise StationError("config.no_target", "No target is configured, so there is nobody to tell.", hint)
    kept = found.log
    logs.start(found.folders.log, "sync", level=kept.level, size=kept.bytes, keep=kept.keep)
    with database(found) as engine, _drainer(found), _links(engine, found) as (links, broken):
        if watch:
            return _watch(links, parent, found.sync.interval_seconds)
        done = [_once(link, json) for link in links]
    return Code.OK if all(done) and not broken else Code.FAILED


@contextmanager
def _drainer(config: Config) -> Iterator[None]:
    """The one drainer of this database."""
    from returns_station.store.engine import ProcessLock

    lock = ProcessLock(config.database.path, "drainer").acquire()
    try:
        yield
    finally:
        lock.release()


# --- one target -------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Link:
    """One target with its connector: what is delivered to it and pulled from it."""

    drain: "Drain"
    merge: "Merger"
    pull_every: timedelta
    pulled_next: datetime | None = None
    pulls: "tuple[PullReport, ...]" = ()

    @property
    def target(self) -> str:
        """The target's name."""
        return self.drain.target

    def pull(self) -> None:
        """Reads every feed to its end and notes when to do so again."""
        from returns_station.sync.pull import pull_feeds

        drain = self.drain
        self.pulls = pull_feeds(drain.engine, drain.connector, drain.target, self.merge, drain.clock)
        asked = max((report.after_s or 0.0 for report in self.pulls), default=0.0)
        self.pulled_next = drain.clock() + max(self.pull_every, timedelta(seconds=asked))
        for report in self.pulls:
            if report.problem is not None:
                log = logs.logger("sync")
                log.warning(
                    "sync.pull_failed", target=self.target, feed=report.feed, code=report.problem.code
                )

    def pull_when_due(self) -> None:
        """Pulls when its time has come."""
        if self.pulled_next is None or self.drain.clock() >= self.pulled_next:
            self.pull()


@dataclass(slots=True)
class Merger:
    """Merges pulled rows; one that is not as it should be is left out and named, the others are merged."""

    target: str
    merchant: str
    site: str
    uuid: Callable[[], str]
    problems: list[str] = field(default_factory=list)

    def __call__(
        self, connection: "Connection", feed: str, rows: Sequence[Mapping[str, object]], at: datetime
    ) -> int:
        """How many of the rows were merged."""
        from returns_station.store.imports import merge_rows

        report = merge_rows(connection, feed, rows, self.merchant, self.target, self.site, at, self.uuid)
        bad = len(report.problems) + report.more
        if bad:
            logs.logger("sync").warning("sync.rows_refused", target=self.target, feed=feed, count=bad)
            self.problems = [f"{feed}: {one.sentence}" for one in report.problems][:20]
        return report.inserted + report.updated + report.unchanged


@contextmanager
def _links(engine: "Engine", config: Config) -> Iterator[tuple[list[Link], int]]:
    """A link for every target that can be reached at all, and how many cannot; their reasons are told."""
    links: list[Link] = []
    broken = 0
    try:
        for target in config.targets:
            try:
                links.append(_link(engine, config, target))
            except StationError as error:
                broken += 1
                complain(f"{target.name}: {error}")
                logs.logger("sync").error("sync.target_broken", target=target.name, code=error.code)
                if broken == len(config.targets):
                    raise
        yield links, broken
    finally:
        for link in links:
            link.drain.connector.close()


def _link(engine: "Engine", config: Config, target: Target) -> Link:
    from returns_station.domain.scan import station_code
    from returns_station.sync.deliver import Drain

    ids = _ids()
    merger = Merger(target.name, config.station.merchant, config.station.site, ids)
    station = station_code(config.station.number)
    connector = connect(config, target, ids)
    drain = Drain(engine, connector, target.name, station, now, random.SystemRandom())
    return Link(drain, merger, timedelta(seconds=config.sync.pull_seconds))


def _ids() -> Callable[[], str]:
    from returns_station.store.identity import uuid7

    chance = random.SystemRandom()
    return lambda: uuid7(now(), chance)


def settings(config: Config, target: Target) -> "Settings":
    """How to reach a target, its secrets looked up. Raises StationError `config.secret_missing`."""
    from returns_station.connectors.api import Settings

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
    from returns_station.connectors.api import FEEDS

    unknown = sorted(set(target.feeds) - FEEDS)
    if unknown:
        known = ", ".join(sorted(FEEDS))
        raise StationError(
            "config.feed", f"There is no feed {safe(unknown[0])}.", f"Feeds are {known}; correct `feeds`."
        )
    return frozenset(target.feeds) or FEEDS


def connect(config: Config, target: Target, ids: Callable[[], str]) -> "Connector":
    """The target's connector. Raises StationError for one that cannot work."""
    return _factory(target.connector)(settings(config, target), now=now, new_id=ids)


def _factory(name: str) -> "Factory":
    """The connector's factory; `http` comes with the product and works where no entry point names it."""
    from returns_station.connectors import registry
    from returns_station.connectors.http import HttpConnector

    return HttpConnector if name == "http" and name not in registry.available() else registry.load(name)


# --- once -------------------------------------------------------------------------------------------------------------


def _once(link: Link, as_json: bool) -> bool:
    from returns_station.sync.job import log_drain

    with bar(f"Delivering to {link.target}") as told:
        link.drain = replace(link.drain, progress=lambda done, left: told(done, done + left))
        report = log_drain(link.target, link.drain.once())
        link.pull()
    failed = [f"{pull.feed}: {pull.problem}" for pull in link.pulls if pull.problem]
    problems = [*failed, *link.merge.problems]
    if as_json:
        emit(_as_json(link, report, problems))
    else:
        say(_summary(link, report))
        for problem in problems:
            complain(f"{link.target}: {problem}")
    return report.left == 0 and report.refused == 0 and not problems


def _as_json(link: Link, report: "DrainReport", problems: list[str]) -> dict[str, Any]:
    names = ("sent", "acknowledged", "retried", "refused", "unknown", "looked_up", "left")
    counts: dict[str, Any] = {name: getattr(report, name) for name in names}
    paused = report.paused_until.isoformat() if report.paused_until else None
    pulled = {pull.feed: pull.rows for pull in link.pulls}
    return {"target": link.target, **counts, "paused_until": paused, "pulled": pulled, "problems": problems}


def _summary(link: Link, report: "DrainReport") -> str:
    pulled = sum(pull.rows for pull in link.pulls)
    away = ""
    if report.paused_until is not None:
        away = f" It does not answer; next attempt at {report.paused_until:%H:%M:%S} UTC."
    return (
        f"{link.target}: {report.acknowledged:,} delivered, {report.refused:,} refused, {report.retried:,} put off, "
        f"{report.left:,} left; {counted(pulled, 'row')} pulled.{away}"
    )


# --- until stopped ----------------------------------------------------------------------------------------------------


def _watch(links: list[Link], parent: int | None, every: int) -> Code:
    """Every link in a thread of its own, so that a slow target keeps no other waiting."""
    stop = threading.Event()
    failed: list[str] = []
    threads = [
        threading.Thread(
            target=_watch_link, args=(link, stop, parent, float(every), failed), name=link.target
        )
        for link in links
    ]
    with _until_signal(stop) as caught:
        for thread in threads:
            thread.start()
        # A join without time-out would keep the signal from being noticed on some systems.
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(_LOOK_S)
    for sentence in failed:
        complain(sentence)
    if signal.SIGINT in caught:
        return Code.INTERRUPTED
    return Code.FAILED if failed else Code.OK


def _watch_link(
    link: Link, stop: threading.Event, parent: int | None, every: float, failed: list[str]
) -> None:
    from returns_station.sync.job import watch

    try:
        watch(link.drain, stop, parent=parent, every=every, between=link.pull_when_due)
    except Exception as error:  # the process ends loudly: `run` and service managers start it again
        logs.logger("sync").error("sync.link_failed", target=link.target, exc_info=error)
        failed.append(f"{link.target}: the sync job failed with {type(error).__name__}; see the log.")
        stop.set()


@contextmanager
def _until_signal(stop: threading.Event) -> Iterator[list[int]]:
    """SIGINT and SIGTERM end the watch after the batch on its way; which came is in the list."""
    caught: list[int] = []

    def ask(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        stop.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

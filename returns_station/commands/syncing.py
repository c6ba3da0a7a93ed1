"""`returns-station sync`: delivers the outbox of every target and pulls its feeds, once or until it is stopped."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
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
    say,
    usage,
)
from returns_station.commands.progress import bar
from returns_station.config import Config, Target
from returns_station.errors import Problem, StationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.connectors.api import Connector, Settings
    from returns_station.sync.lanes import DrainReport
    from returns_station.sync.links import Link

_LOOK_S = 0.2


def register(app: typer.Typer) -> None:
    """Adds `sync`, with what is asked about it."""
    from returns_station.commands import status

    group = typer.Typer(name="sync")
    group.callback(invoke_without_command=True)(sync)
    status.register(group)
    app.add_typer(group)


def sync(
    context: typer.Context,
    once: Annotated[bool, typer.Option("--once", help="Deliver and pull what is due, then end.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on until it is stopped.")] = False,
    parent: Annotated[int | None, typer.Option(help="With --watch: end when this process is gone.")] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """Deliver what others must learn, pull what they know. Exits 1 when --once leaves anything undone."""
    if context.invoked_subcommand is None:
        guarded(_sync)(once, watch, parent, json, config)


def _sync(once: bool, watch: bool, parent: int | None, json: bool, config: Path | None) -> Code:
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
            return _watch(engine, found, links, broken, parent)
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


@contextmanager
def _links(engine: "Engine", config: Config) -> Iterator[tuple[list["Link"], dict[str, Problem]]]:
    """A link for every target that can be reached at all, and why the others cannot; their reasons are told and kept."""
    from returns_station.sync import links as made

    links: list[Link] = []
    broken: dict[str, Problem] = {}
    with ExitStack() as closing:
        for target in config.targets:
            try:
                links.append(made.linked(engine, config, target, now))
                closing.callback(links[-1].drain.connector.close)
            except StationError as error:
                broken[target.name] = error.problem
                complain(f"{target.name}: {error}")
                made.broken(engine, target.name, now, error)
                if len(broken) == len(config.targets):
                    raise
        yield links, broken


def settings(config: Config, target: Target) -> "Settings":
    """How to reach a target, its secrets looked up. Raises StationError `config.secret_missing`."""
    from returns_station.sync import links

    return links.settings(config, target)


def connect(config: Config, target: Target, ids: Callable[[], str]) -> "Connector":
    """The target's connector. Raises StationError for one that cannot work."""
    from returns_station.sync import links

    return links.connect(config, target, ids, now)


# --- once -------------------------------------------------------------------------------------------------------------


def _once(link: "Link", as_json: bool) -> bool:
    with bar(f"Delivering to {link.target}") as told:
        link.drain = replace(link.drain, progress=lambda done, left: told(done, done + left))
        report = link.once()
    failed = [f"{pull.feed}: {pull.problem}" for pull in link.pulls if pull.problem]
    problems = [*failed, *link.merge.problems]
    if as_json:
        emit(_as_json(link, report, problems))
    else:
        say(_summary(link, report))
        for problem in problems:
            complain(f"{link.target}: {problem}")
    return report.left == 0 and report.refused == 0 and not problems


def _as_json(link: "Link", report: "DrainReport", problems: list[str]) -> dict[str, Any]:
    names = ("sent", "acknowledged", "retried", "refused", "unknown", "looked_up", "left")
    counts: dict[str, Any] = {name: getattr(report, name) for name in names}
    paused = report.paused_until.isoformat() if report.paused_until else None
    pulled = {pull.feed: pull.rows for pull in link.pulls}
    return {"target": link.target, **counts, "paused_until": paused, "pulled": pulled, "problems": problems}


def _summary(link: "Link", report: "DrainReport") -> str:
    pulled = sum(pull.rows for pull in link.pulls)
    away = ""
    if report.paused_until is not None:
        away = f" It does not answer; next attempt at {report.paused_until:%H:%M:%S} UTC."
    return (
        f"{link.target}: {report.acknowledged:,} delivered, {report.refused:,} refused, {report.retried:,} put off, "
        f"{report.left:,} left; {counted(pulled, 'row')} pulled.{away}"
    )


# --- until stopped ----------------------------------------------------------------------------------------------------


def _watch(
    engine: "Engine", config: Config, links: list["Link"], broken: dict[str, Problem], parent: int | None
) -> Code:
    """Every link in a thread of its own, so that a slow target keeps no other waiting."""
    from returns_station.sync.listen import listen
    from returns_station.sync.notify import ServiceManager
    from returns_station.sync.watched import Watched

    stop = threading.Event()
    every = float(config.sync.interval_seconds)
    watched = Watched(engine, config, tuple(links), broken, now)
    threads = [
        threading.Thread(target=link.watch, args=(stop, parent, every), name=link.target) for link in links
    ]
    with _until_signal(stop) as caught, listen(watched, complain), ServiceManager() as manager:
        for thread in threads:
            thread.start()
        manager.ready(watched.sentence())
        # A join without time-out would keep the signal from being noticed on some systems.
        while any(thread.is_alive() for thread in threads):
            for thread in threads:
                thread.join(_LOOK_S)
            if not watched.stuck():
                manager.alive()
    return Code.INTERRUPTED if signal.SIGINT in caught else Code.OK


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

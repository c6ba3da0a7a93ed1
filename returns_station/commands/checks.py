"""What `doctor` looks at: one function a part, each giving findings and never raising for what it finds."""

import functools
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

import returns_station
from returns_station.commands.common import counted, now
from returns_station.commands.locks import holder
from returns_station.commands.syncing import settings
from returns_station.config import Config, Printer, Scanner, Target
from returns_station.errors import StationError

Band = Literal["fine", "warning", "broken"]

FEW_BYTES: Final = 1_000_000_000
NO_BYTES: Final = 100_000_000
FIRST_YEAR, LAST_YEAR = 2026, 2099
# Standard Webhooks receivers refuse a signature whose time is more than five minutes off.
CLOCK_WARNS_S, CLOCK_BREAKS_S = 30.0, 300.0
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """How one part is, and what a person can do about it."""

    area: str
    band: Band
    sentence: str
    fix: str = ""


Check = Callable[[Config], list[Finding]]


def _part(area: str) -> Callable[[Callable[[Config], Iterator[Finding]]], Check]:
    """A check whose errors are findings too."""

    def made(check: Callable[[Config], Iterator[Finding]]) -> Check:
        @functools.wraps(check)
        def run(config: Config) -> list[Finding]:
            findings: list[Finding] = []
            try:
                findings.extend(check(config))
            except StationError as error:
                findings.append(Finding(area, "broken", error.sentence, error.hint))
            return findings

        return run

    return made


@_part("configuration")
def configuration(config: Config) -> Iterator[Finding]:
    """The file, its warnings, the policy, and whether the log can be written."""
    from returns_station.bootstrap import read_policy

    where = (
        f"The configuration is {config.file}." if config.file else "There is no configuration file: defaults."
    )
    yield Finding("configuration", "fine", where)
    for warning in config.warnings:
        yield Finding("configuration", "warning", warning.sentence, warning.hint)
    read_policy(config)
    yield Finding(
        "policy", "fine", f"The policy {config.policy.path or 'that ships with the product'} is readable."
    )


@_part("packages")
def packages(_config: Config) -> Iterator[Finding]:
    """`devices` and `labels` are common names: another distribution may have taken them."""
    ours = Path(returns_station.__file__).resolve().parents[1]
    for name in ("devices", "labels"):
        spec = find_spec(name)
        origin = Path(spec.origin).resolve() if spec and spec.origin else None
        if origin is not None and origin.parents[1] == ours:
            yield Finding("packages", "fine", f"The package {name} is ours.")
        else:
            yield Finding(
                "packages",
                "broken",
                f"The package {name} is {origin or 'missing'}; it should lie in {ours}.",
                "Install Returns Station into an environment of its own.",
            )


@_part("sqlite")
def sqlite(_config: Config) -> Iterator[Finding]:
    """The SQLite in use and the journal it allows."""
    from returns_station.store.engine import driver

    found = driver()
    version = ".".join(map(str, found.version))
    if found.journal == "WAL":
        yield Finding("sqlite", "fine", f"SQLite {version} by {found.module.__name__}, journal WAL.")
    else:
        yield Finding(
            "sqlite",
            "warning",
            f"SQLite {version} by {found.module.__name__} can corrupt a WAL database with two writers; "
            "the slower journal DELETE is used.",
            "Install pysqlite3 0.6.1 or newer, or a Python whose SQLite is 3.51.3 or newer.",
        )


@_part("database")
def database(config: Config) -> Iterator[Finding]:
    """Schema, epoch, size, integrity, journal."""
    from returns_station.store.engine import driver
    from returns_station.store.faults import explained
    from returns_station.store.migrate import require
    from returns_station.store.schema import connect, inspect

    path = config.database.path
    epoch = require(path)
    size = path.stat().st_size
    yield Finding(
        "database", "fine", f"{path}: schema {inspect(path).revision}, epoch {epoch}, {size:,} bytes."
    )
    with explained(path):
        connection = connect(path)
        try:
            wrong = [row[0] for row in connection.execute("PRAGMA quick_check(5)") if row[0] != "ok"]
            journal = str(connection.execute("PRAGMA journal_mode").fetchone()[0]).upper()
        finally:
            connection.close()
    yield _whole(path, wrong)
    if journal != driver().journal:
        fix = "It is set when the station opens the database; a program that holds it now prevents that."
        yield Finding(
            "database", "warning", f"Its journal is {journal}, {driver().journal} is expected.", fix
        )


def _whole(path: Path, wrong: list[str]) -> Finding:
    if not wrong:
        return Finding("database", "fine", "Its pages and indexes are whole (quick_check).")
    sentence = f"The database {path} is damaged: SQLite says '{wrong[0]}'."
    fix = "Keep the file; restore the newest backup with `returns-station migrate --restore BACKUP`."
    return Finding("database", "broken", sentence, fix)


@_part("outbox")
def outbox(config: Config) -> Iterator[Finding]:
    """What waits to be told, and what is parked with a person."""
    from returns_station.store.engine import open_engine
    from returns_station.store.faults import explained
    from returns_station.store.migrate import require
    from returns_station.store.outbox import counts

    path = config.database.path
    try:
        require(path)
    except StationError:
        return  # the check of the database has said so
    with explained(path):
        engine = open_engine(path)
        found = counts(engine)
        engine.dispose()
    waiting = f"{counted(found.local + found.sent, 'effect')} to be told, {found.held:,} not released."
    yield Finding("outbox", "fine", waiting)
    if found.refused:
        fix = "Look at them with `returns-station outbox list --state refused`."
        yield Finding("outbox", "warning", f"{counted(found.refused, 'effect')} parked with a person.", fix)


@_part("disk")
def disk(config: Config) -> Iterator[Finding]:
    """Room where the database and the log lie."""
    for area, folder in (("disk", config.database.path.parent), ("log", config.folders.log)):
        place = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(place).free
        band: Band = "broken" if free < NO_BYTES else "warning" if free < FEW_BYTES else "fine"
        fix = "Free some space: the station stops taking parcels in when the disk is full."
        yield Finding(area, band, f"{free:,} bytes are free for {folder}.", fix)


@_part("process")
def processes(config: Config) -> Iterator[Finding]:
    """Who works on the database right now."""
    for role in ("station", "drainer"):
        pid = holder(config.database.path, role)
        yield Finding(
            "process", "fine", f"The {role} runs as process {pid}." if pid else f"No {role} is running."
        )


# --- devices ----------------------------------------------------------------------------------------------------------


@_part("scanner")
def scanners(config: Config) -> Iterator[Finding]:
    """Every configured scanner: is it there, and may it be opened?"""
    if not config.scanners:
        fix = f"Add a [[scanner]] to the configuration. Serial ports here: {_ports()}."
        yield Finding("scanner", "warning", "No serial scanner is configured.", fix)
    for scanner in config.scanners:
        yield _scanner(scanner, holder(config.database.path, "station"))


def _scanner(scanner: Scanner, station: int | None) -> Finding:
    from returns_station.hardware import Scanners

    if station is not None:
        told = (
            f"Scanner {scanner.name} ({scanner.url}) was not opened: the station (process {station}) uses it."
        )
        return Finding("scanner", "fine", told)
    absent = _absent(scanner.url)
    if absent:
        fix = f"Plug it in: it is taken up by itself. Serial ports here: {_ports()}."
        return Finding("scanner", "warning", f"Scanner {scanner.name} ({scanner.url}) {absent}.", fix)
    opened = Scanners([scanner], lambda _arrived: None)
    try:
        opened.start()
    except StationError as error:
        return Finding("scanner", "broken", error.sentence, error.hint)
    opened.stop()
    return Finding("scanner", "fine", f"Scanner {scanner.name} ({scanner.url}) can be opened.")


def _absent(url: str) -> str:
    """Why nothing is there, in a word; the scanner's own start waits for what is absent and does not tell."""
    if "://" not in url:
        return "" if Path(url).exists() else "has nothing plugged in"
    parts = urlsplit(url)
    if parts.scheme not in ("socket", "rfc2217") or not parts.hostname or not parts.port:
        return ""
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=_PATIENCE_S).close()
    except OSError as error:
        return f"does not answer: {error.strerror or error}"
    return ""


def _ports() -> str:
    from serial.tools.list_ports import comports

    return ", ".join(sorted(port.device for port in comports())) or "none"


@_part("printer")
def printers(config: Config) -> Iterator[Finding]:
    """Every configured printer, asked now."""
    if not config.printers:
        fix = "Add a [[printer]] to the configuration; labels wait until there is one."
        yield Finding("printer", "warning", "No printer is configured.", fix)
    for printer in config.printers:
        yield _printer(printer)


def _printer(printer: Printer) -> Finding:
    from returns_station.hardware import LabelPrinter

    state, sentence = LabelPrinter(printer).status()
    band: Band = {"fine": "fine", "stopped": "broken"}.get(state, "warning")  # type: ignore[assignment]
    fix = "Labels stay asked for and the work goes on; repair the place or the printer."
    return Finding("printer", band, f"Printer {printer.name}: {sentence}", fix)


# --- upstream and time ------------------------------------------------------------------------------------------------


@_part("upstream")
def upstreams(config: Config) -> Iterator[Finding]:
    """Every target: is its secret set, does it answer, and is its clock ours?"""
    if not config.targets:
        fix = "Add a [[target]] to the configuration; `returns-station upstream` serves one to try."
        yield Finding("upstream", "warning", "No target is configured: nobody is told of anything.", fix)
    for target in config.targets:
        try:
            yield from _upstream(config, target)
        except StationError as error:
            yield Finding("upstream", "broken", f"{target.name}: {error.sentence}", error.hint)


def _upstream(config: Config, target: Target) -> Iterator[Finding]:
    from returns_station.commands.syncing import connect
    from returns_station.connectors.api import RetryLater
    from returns_station.connectors.wire import Wire

    connect(config, target, lambda: "doctor").close()
    yield Finding("upstream", "fine", f"{target.name}: connector {target.connector}, secrets are set.")
    if target.connector != "http":
        return
    wire = Wire(settings(config, target))
    try:
        began = now()
        reply = wire.send("GET", "/v1/health", {})
    finally:
        wire.close()
    if isinstance(reply, RetryLater):
        yield Finding("upstream", "broken", f"{target.name}: {reply.sentence}", reply.hint or _LATER)
    elif reply.status != 200:
        sentence = (
            f"{target.name}: {target.url} answered the health question with {reply.status}; 200 is expected."
        )
        yield Finding(
            "upstream", "broken", sentence, "Look whether the address is right and the upstream runs."
        )
    else:
        yield Finding("upstream", "fine", f"{target.name}: {target.url} answers.")
        yield from _difference(target, reply.headers.get("date"), began)


_LATER: Final = "Look at the network and the upstream. Until then everything is kept here and goes later."


def _difference(target: Target, date: str | None, began: datetime) -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(date or "")
    except (TypeError, ValueError):
        return
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    # The header has whole seconds and is written between our question and now.
    seconds = max(0.0, (began - theirs).total_seconds() - 1, (theirs - now()).total_seconds())
    band: Band = "broken" if seconds >= CLOCK_BREAKS_S else "warning" if seconds >= CLOCK_WARNS_S else "fine"
    told = f"{target.name}: its clock and ours differ by {seconds:.0f} s."
    yield Finding("clock", band, told, "Set the clock by NTP: signatures older than 5 minutes are refused.")


@_part("clock")
def clock(config: Config) -> Iterator[Finding]:
    """Whether the year can be true, the newest event is in the past, and the site's zone is known."""
    here = now()
    zone = here.astimezone().tzname()
    sane = FIRST_YEAR <= here.year <= LAST_YEAR
    fix = "Set the clock by NTP; return windows are counted by it."
    yield Finding(
        "clock", "fine" if sane else "broken", f"It is {here:%Y-%m-%d %H:%M} UTC; zone {zone}.", fix
    )
    newest, site = _stored(config)
    if newest is not None and newest > here:
        told = f"The newest event is of {newest:%Y-%m-%d %H:%M} UTC, after now: the clock was set back."
        yield Finding("clock", "warning", told, f"{fix} The order of events does not depend on it.")
    if site is not None:
        yield _zone(config.station.site, site)


def _stored(config: Config) -> tuple[datetime | None, str | None]:
    """The newest event's time and the site's zone, as far as there is a database that can be read."""
    from returns_station.store.faults import explained
    from returns_station.store.migrate import require
    from returns_station.store.schema import connect

    path = config.database.path
    try:
        require(path)
    except StationError:
        return None, None
    with explained(path):
        connection: Any = connect(path)
        try:
            event = connection.execute("SELECT at FROM event ORDER BY sequence DESC LIMIT 1").fetchone()
            site = connection.execute("SELECT zone FROM site WHERE id = ?", (config.station.site,)).fetchone()
        finally:
            connection.close()
    return (datetime.fromisoformat(event[0]) if event else None), (site[0] if site else None)


def _zone(site: str, name: str) -> Finding:
    from zoneinfo import ZoneInfo

    try:
        local = now().astimezone(ZoneInfo(name))
    except (KeyError, ValueError, OSError):
        fix = "Name an IANA zone, such as Europe/London, and see that the package tzdata is installed."
        return Finding("clock", "broken", f"The zone {name!r} of site {site} is not known.", fix)
    return Finding("clock", "fine", f"At site {site} ({name}) it is {local:%H:%M}.")


CHECKS: Final[tuple[Check, ...]] = (
    configuration, packages, sqlite, database, outbox, disk, processes, scanners, printers, upstreams, clock,
)  # fmt: skip

"""What `doctor` looks at on this machine, and the list of all checks; none raises for what it finds."""

import shutil
from collections.abc import Iterator
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import returns_station
from returns_station.commands.common import counted, now
from returns_station.commands.findings import Band, Check, Finding, part
from returns_station.commands.locks import holder
from returns_station.commands.reach import camera, printers, scale, scanners, sound, upstreams
from returns_station.config import Config
from returns_station.errors import StationError

FEW_BYTES: Final = 1_000_000_000
NO_BYTES: Final = 100_000_000
FIRST_YEAR, LAST_YEAR = 2026, 2099


@part("configuration")
def configuration(config: Config) -> Iterator[Finding]:
    """The file, its warnings, and the policy."""
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


@part("packages")
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


@part("sqlite")
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


@part("database")
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


@part("outbox")
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


@part("disk")
def disk(config: Config) -> Iterator[Finding]:
    """Room where the database and the log lie."""
    for area, folder in (("disk", config.database.path.parent), ("log", config.folders.log)):
        place = next(one for one in (folder, *folder.parents) if one.exists())
        free = shutil.disk_usage(place).free
        band: Band = "broken" if free < NO_BYTES else "warning" if free < FEW_BYTES else "fine"
        fix = "Free some space: the station stops taking parcels in when the disk is full."
        yield Finding(area, band, f"{free:,} bytes are free for {folder}.", fix)


@part("process")
def processes(config: Config) -> Iterator[Finding]:
    """Who works on the database right now."""
    for role in ("station", "drainer"):
        pid = holder(config.database.path, role)
        yield Finding(
            "process", "fine", f"The {role} runs as process {pid}." if pid else f"No {role} is running."
        )


@part("clock")
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
    configuration, packages, sqlite, database, outbox, disk, processes, scanners, printers, scale, camera, sound,
    upstreams, clock,
)  # fmt: skip

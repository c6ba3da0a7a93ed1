"""Bringing a database to this version's schema: a backup, one transaction, old or new and never between."""

import os
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from returns_station.errors import StationError
from returns_station.store.backup import Progress, RestoreReport, backup, restore
from returns_station.store.engine import ProcessLock, open_engine
from returns_station.store.epoch import epoch_file, read_epoch, write_epoch
from returns_station.store.faults import explained
from returns_station.store.schema import Found, inspect, require, revisions, scripts

__all__ = [
    "MigrationReport",
    "Progress",
    "RestoreReport",
    "backup",
    "migrate",
    "read_epoch",
    "require",
    "restore",
]

# File systems whose locks or shared memory SQLite cannot trust (sqlite.org/wal.html, sqlite.org/faq.html#q5).
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "ncpfs", "fuse.sshfs", "fuse.davfs"})


@dataclass(frozen=True, slots=True)
class MigrationReport:
    """Schema before (None: a new database) and after, and the backup that was made, if one was needed."""

    from_: str | None
    to: str
    backup: Path | None


def migrate(
    path: Path,
    *,
    backup_dir: Path | None = None,
    progress: Progress | None = None,
    folder: Path | None = None,
) -> MigrationReport:
    """Makes the database at `path`, or brings it to the newest schema in `folder` (the product's own).

    An existing one is copied first, into `backup_dir` (`backups` beside it). No station may be running. The
    first migration writes epoch 1. Raises StationError with cause and way out; all is then as it was.
    """
    folder = folder or scripts()
    newest = revisions(folder)[-1]
    _refuse_place(path)
    found = _inspected(path, folder)
    if found.revision == newest:
        return MigrationReport(newest, newest, None)
    lock = ProcessLock(path, "station").acquire()
    try:
        found = _inspected(path, folder)
        saved = _saved(path, found, backup_dir or path.parent / "backups", progress)
        _create(path)
        with explained(path):
            _upgrade(path, folder, newest, progress)
            _begin_epoch(path, found)
    finally:
        lock.release()
    return MigrationReport(found.revision, newest, saved)


def _inspected(path: Path, folder: Path) -> Found:
    """The schema of a database whose epoch is known; an epoch is written where nothing has happened yet."""
    found = inspect(path, folder)
    if found.has_events:
        read_epoch(path)
    elif found.revision is not None:
        _begin_epoch(path, found)
    return found


def _begin_epoch(path: Path, found: Found) -> None:
    if not found.has_events and not epoch_file(path).exists():
        write_epoch(path, 1)


def _refuse_place(path: Path) -> None:
    if not path.parent.is_dir():
        hint = "Make the folder, or name another one in the configuration."
        raise StationError("store.folder", f"The folder {path.parent} does not exist.", hint)
    if path.exists() and not path.is_file():
        hint = "Name a file, such as station.db inside of it."
        raise StationError("store.file", f"{path} is not a file.", hint)
    closed = [place for place in (path.parent, path) if place.exists() and not _writable(place)]
    if closed:
        hint = "Give this user write permission on the file and its folder, or mount the disk for writing."
        raise StationError("store.read_only", f"{closed[0]} cannot be written.", hint)
    _refuse_network(path, _mounts())


def _writable(place: Path) -> bool:
    return os.access(place, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _refuse_network(path: Path, mounts: str) -> None:
    place = path.parent.resolve()
    kinds = {}
    for line in mounts.splitlines():
        _device, point, kind = line.split(" ")[:3]
        kinds[Path(point.replace("\\040", " "))] = kind
    kind = next((kinds[folder] for folder in (place, *place.parents) if folder in kinds), "")
    if kind in _NETWORK:
        raise StationError(
            "store.network",
            f"{place} is a network share ({kind}), where SQLite's locks cannot be trusted.",
            "Put the database on a disk of this machine; backups may go to the share.",
        )


def _saved(path: Path, found: Found, into: Path, progress: Progress | None) -> Path | None:
    if found.revision is None:
        return None
    needed, free = 2 * path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < needed:
        raise StationError(
            "store.full",
            f"The disk of {path.parent} has {free:,} bytes free; backup and migration need {needed:,}.",
            "Free some space and try again; nothing was changed.",
        )
    number = 1
    while (target := into / f"{path.stem}-{found.revision}-{number}.db").exists():
        number += 1
    return backup(path, target, progress)


def _create(path: Path) -> None:
    """An empty file that only its owner may read: SQLite gives its journals the same mode."""
    if not path.exists():
        with explained(path):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _upgrade(path: Path, folder: Path, newest: str, progress: Progress | None) -> None:
    engine = open_engine(path, create=True)
    try:
        with engine.connect() as connection:
            # Recreating a table with foreign keys on would delete its CASCADE children; inside a transaction
            # the pragma does nothing, so it comes before.
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
            connection.commit()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            _run(connection, folder, progress)
            _refuse_dangling(connection, path)
            connection.commit()
    finally:
        engine.dispose()


def _run(connection: Connection, folder: Path, progress: Progress | None) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    if progress is not None:
        config.attributes["on_version_apply"] = partial(_applied, revisions(folder), progress)
    command.upgrade(config, "head")


def _applied(known: tuple[str, ...], progress: Progress, *, step: Any, **_rest: Any) -> None:
    progress("migrate", known.index(step.up_revision_id) + 1, len(known))


def _refuse_dangling(connection: Connection, path: Path) -> None:
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if dangling:
        raise StationError(
            "store.foreign_keys",
            f"The migration of {path} would orphan {len(dangling)} rows of '{dangling[0][0]}'.",
            "Nothing was changed. Please report this together with the schema numbers.",
        )

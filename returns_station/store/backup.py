"""Copies of the database: made while others work, and put back without losing what they replace."""

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from returns_station.errors import StationError
from returns_station.store.engine import ProcessLock
from returns_station.store.epoch import read_epoch, sync_folder, write_epoch
from returns_station.store.faults import explained
from returns_station.store.schema import Found, connect, inspect

# What is being done, how much of it is done, of how much: ("backup", 1024, 6000).
Progress = Callable[[str, int, int], None]

_PAGES = 1024
_BESIDE = ("-wal", "-journal", "-shm")


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """What a restore did: the epoch that begins, the schema that came back, where the replaced file lies."""

    epoch: int
    revision: str
    replaced: Path | None


def backup(path: Path, target: Path, progress: Progress | None = None) -> Path:
    """Copies the database at `path` to `target` by SQLite's backup API, checks the copy and makes it durable.

    `target` appears whole or not at all, and an existing one is never overwritten. Raises StationError.
    """
    if target.exists():
        raise StationError("store.backup", f"{target} already exists.", "Name another file for the backup.")
    partial = target.with_name(f"{target.name}.partial")
    with explained(target):
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with explained(path):
        _copy(path, partial, progress)
    with explained(target):
        os.replace(partial, target)
        sync_folder(target.parent)
    return target


def restore(source: Path, path: Path, progress: Progress | None = None) -> RestoreReport:
    """Puts the backup at `source` in the place of the database at `path` and begins a new epoch.

    The epoch rises before anything is moved. What was at `path` stays beside it as `<name>.replaced-<epoch>`.
    No station may be running. Raises StationError; then the database is as it was.
    """
    found = _refuse_unfit(source)
    lock = ProcessLock(path, "station").acquire()
    try:
        fresh = path.with_name(f"{path.name}.restoring")
        with explained(path):
            _copy(source, fresh, progress)
            epoch = 1 + max(_known_epochs(path, found))
            write_epoch(path, epoch)
            replaced = _put_aside(path, epoch)
            os.replace(fresh, path)
            sync_folder(path.parent)
    finally:
        lock.release()
    return RestoreReport(epoch, str(found.revision), replaced)


def _refuse_unfit(source: Path) -> Found:
    if not source.is_file():
        raise StationError("store.backup", f"There is no backup at {source}.", "Name the file of a backup.")
    found = inspect(source)
    if found.revision is None:
        raise StationError(
            "store.backup", f"{source} is not a backup of a station: it is empty.", "Name another file."
        )
    return found


def _known_epochs(path: Path, backup: Found) -> list[int]:
    """Every epoch that may have been used: the backup's, the epoch file's, the replaced database's.

    A damaged or missing one of them is the usual reason for a restore; the others then tell.
    """
    epochs = [backup.last_epoch or 0]
    with suppress(StationError):
        epochs.append(read_epoch(path))
    with suppress(StationError):
        epochs.append(inspect(path).last_epoch or 0)
    return epochs


def _put_aside(path: Path, epoch: int) -> Path | None:
    """Moves the old database away with its log: a log left behind would be played into the new one."""
    aside = path.with_name(f"{path.name}.replaced-{epoch}")
    existed = path.exists()
    for suffix in ("", *_BESIDE):
        old = path.with_name(f"{path.name}{suffix}")
        if old.exists():
            os.replace(old, aside.with_name(f"{aside.name}{suffix}"))
    sync_folder(path.parent)
    return aside if existed else None


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    """A checked, durable copy at `target`, which is overwritten; it is made readable for its owner alone."""
    for suffix in ("", *_BESIDE):
        target.with_name(f"{target.name}{suffix}").unlink(missing_ok=True)
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    reader, writer = connect(source), connect(target)
    try:
        reader.backup(writer, pages=_PAGES, progress=_counted(progress))
        writer.execute("PRAGMA journal_mode=DELETE")
        _refuse_damaged(writer, source)
    finally:
        writer.close()
        reader.close()
    with open(target, "rb") as stream:
        os.fsync(stream.fileno())


def _counted(progress: Progress | None) -> Callable[[int, int, int], None] | None:
    if progress is None:
        return None
    return lambda _status, left, total: progress("backup", total - left, total)


def _refuse_damaged(connection: object, source: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]  # type: ignore[attr-defined]
    if verdict != "ok":
        raise StationError(
            "store.corrupt",
            f"The database {source} is damaged: SQLite says '{verdict}'.",
            "Keep the file; restore a backup that was made before.",
        )

"""SQLite's and the disk's complaints as sentences with a cause and a way out."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sqlalchemy.exc import DBAPIError

from returns_station.errors import StationError
from returns_station.store.engine import driver

_KEEP: Final = "Keep the file; restore the newest backup with `returns-station migrate --restore BACKUP`."

# SQLite's words → code, sentence, hint; `{cause}` is SQLite's own sentence.
_COMPLAINTS: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "file is not a database",
        "store.not_database",
        "{path} is not a database.",
        "Name the right file, or restore a backup.",
    ),
    ("malformed", "store.corrupt", "The database {path} is damaged: SQLite says '{cause}'.", _KEEP),
    (
        "readonly",
        "store.read_only",
        "The database {path} cannot be written: SQLite says '{cause}'.",
        "Give this user write permission on the file and its folder, or mount the disk for writing.",
    ),
    (
        "disk is full",
        "store.full",
        "The disk that holds {folder} is full.",
        "Free some space and try again; what was being written has been taken back.",
    ),
    (
        "unable to open",
        "store.unopenable",
        "The database {path} cannot be opened: SQLite says '{cause}'.",
        "Give this user permission on the file and its folder.",
    ),
    (
        "locked",
        "store.busy",
        "Another process holds the database {path}.",
        "Wait for it or end it, then try again; nothing was changed.",
    ),
    (
        "disk I/O error",
        "store.io",
        "The disk failed while the database {path} was being used: SQLite says '{cause}'.",
        "Look at the disk and its free space before going on; what was being written has been taken back.",
    ),
)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turns what SQLite, SQLAlchemy or the file system raise about `path` into a StationError."""
    errors: tuple[type[Exception], ...] = (sqlite3.Error, driver().module.Error, DBAPIError, OSError)
    try:
        yield
    except errors as fault:
        raise explain(fault, path) from fault


def explain(fault: Exception, path: Path) -> StationError:
    """The StationError for `fault`."""
    if isinstance(fault, OSError):
        return _of_the_system(fault, path)
    cause = str(fault.orig) if isinstance(fault, DBAPIError) else str(fault)
    for words, code, sentence, hint in _COMPLAINTS:
        if words in cause:
            return StationError(code, sentence.format(path=path, folder=path.parent, cause=cause), hint)
    return StationError("store.fault", f"SQLite refuses to work on {path}: '{cause}'.", _KEEP)


def _of_the_system(fault: OSError, path: Path) -> StationError:
    if fault.errno in (errno.ENOSPC, errno.EDQUOT):
        _words, code, sentence, hint = next(one for one in _COMPLAINTS if one[1] == "store.full")
        return StationError(code, sentence.format(folder=path.parent), hint)
    name = fault.filename or path
    return StationError(
        "store.file",
        f"{name} cannot be used: {fault.strerror}.",
        "Check the path, its permissions and the disk.",
    )

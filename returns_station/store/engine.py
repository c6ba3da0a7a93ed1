"""Opening the database: a SQLite that does not corrupt, WAL with FULL, one station process by a kernel lock."""

import fcntl
import os
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO, Any

from sqlalchemy import Engine, create_engine, event

from returns_station.errors import StationError

# SQLite 3.7.0-3.51.2 can corrupt a WAL database that two processes write (sqlite.org/wal.html, "the WAL-reset bug").
_WAL_SAFE = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class Driver:
    """The SQLite in use: its DB-API module, its version and the journal mode that is safe with it."""

    module: ModuleType
    version: tuple[int, ...]

    @property
    def journal(self) -> str:
        """WAL where two writers are safe, DELETE otherwise."""
        return "WAL" if self.version >= _WAL_SAFE else "DELETE"


def driver() -> Driver:
    """pysqlite3 where there is a wheel, the interpreter's own sqlite3 otherwise."""
    try:
        from pysqlite3 import dbapi2 as module
    except ImportError:
        module = sqlite3
    return Driver(module, tuple(int(part) for part in module.sqlite_version.split(".")))


def _pragmas(journal: str) -> tuple[str, ...]:
    return (
        f"PRAGMA journal_mode={journal}",
        "PRAGMA synchronous=FULL",
        "PRAGMA foreign_keys=ON",
        "PRAGMA busy_timeout=30000",
        "PRAGMA cache_size=-65536",
        "PRAGMA temp_store=MEMORY",
    )


def open_engine(path: Path, *, create: bool = False) -> Engine:
    """An engine on the database file at `path`; transactions are explicit (`BEGIN IMMEDIATE` by the unit of work).

    Raises StationError `store.missing` when there is no file and `create` is false: a missing file is never silently made anew.
    """
    if not create and not path.exists():
        raise StationError(
            "store.missing",
            f"There is no database at {path}.",
            "Run `returns-station migrate` to make one, or restore a backup.",
        )
    if not path.parent.is_dir():
        raise StationError(
            "store.folder",
            f"The folder {path.parent} does not exist.",
            "Make the folder, or name another one in the configuration.",
        )
    found = driver()
    engine = create_engine(f"sqlite:///{path}", module=found.module)

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for pragma in _pragmas(found.journal):
            connection.execute(pragma)

    return engine


class ProcessLock:
    """A kernel lock beside the database: it goes when the process goes, however it went."""

    def __init__(self, database: Path, role: str) -> None:
        self._path = database.with_name(f"{database.name}.{role}.lock")
        self._role = role
        self._file: IO[str] | None = None

    def acquire(self) -> "ProcessLock":
        """Takes the lock or raises StationError `store.locked` naming the holder."""
        file = open(self._path, "a+", encoding="utf-8")  # noqa: SIM115 - the lock lives as long as the file is open
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            file.close()
            raise StationError(
                "store.locked",
                f"Another {self._role} process (pid {holder}) already works on this database.",
                "End that one first, or use its terminal. Reports may read beside it.",
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        self._file = file
        return self

    def release(self) -> None:
        """Gives the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None

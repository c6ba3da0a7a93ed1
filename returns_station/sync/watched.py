"""A running sync job as it is watched: who is stuck, whether the database takes writes, how every target stands."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine

from returns_station.config import Config
from returns_station.errors import Problem
from returns_station.store.engine import driver
from returns_station.sync.links import Link
from returns_station.sync.standing import Standing, standings

NO_BYTES: Final = 100_000_000
_ANSWERS: Final = 10.0
"""A thread that was silent for so many times the longest wait for an answer is stuck, at the least for five minutes."""
_STUCK_S: Final = 300.0
_LOCK_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Watched:
    """The links of one job, and why the other targets of its configuration have none."""

    engine: Engine
    config: Config
    links: tuple[Link, ...]
    broken: dict[str, Problem]
    clock: Callable[[], datetime]

    def stuck(self) -> tuple[str, ...]:
        """Targets whose thread has given no sign for longer than any call of an upstream may take."""
        patience = max(_STUCK_S, _ANSWERS * self.config.sync.timeout_seconds)
        now = time.monotonic()
        return tuple(link.target for link in self.links if now - link.beaten_at > patience)

    def standings(self) -> list[Standing]:
        """How every target stands now."""
        return standings(self.engine, self.config.targets, self.clock(), self.broken)

    def store_fault(self) -> str | None:
        """Why the database cannot be written; None when it can, or when somebody else is writing just now."""
        path = Path(str(self.engine.url.database))
        try:
            if shutil.disk_usage(path.parent).free < NO_BYTES:
                return "The disk of the database is full."
            path.stat()
            # Opening and closing the file here would drop the locks that SQLite holds on it in this process.
            if not os.access(path, os.W_OK, effective_ids=True):
                return "The database may not be written."
            return _try_lock(path)
        except OSError as fault:
            return f"The database is gone: {fault.strerror}."

    def sentence(self) -> str:
        """The job in a line, for a service manager."""
        names = ", ".join(link.target for link in self.links)
        without = f"; not with {', '.join(self.broken)}" if self.broken else ""
        return f"Working with {names}{without}."


def _try_lock(path: Path) -> str | None:
    # A connection of its own with little patience: the answer must not wait for an import that holds the lock.
    module: Any = driver().module
    connection = module.connect(f"file:{path}?mode=rw", uri=True, isolation_level=None)
    try:
        connection.execute(f"PRAGMA busy_timeout={_LOCK_MS}")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("ROLLBACK")
    except module.OperationalError as fault:
        return None if "locked" in str(fault) else f"The database cannot be written: {fault}."
    except module.DatabaseError as fault:
        return f"The database is damaged: {fault}."
    finally:
        connection.close()
    return None

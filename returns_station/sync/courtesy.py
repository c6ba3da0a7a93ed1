"""Keeps out of the worker's way: while somebody else writes, the drainer's share of the write lock is
under a hundredth."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Engine

SHARE: Final = 200.0
"""A commit is followed by a rest of so many times its length."""
AT_MOST_S: Final = 1.0
RECENT_S: Final = 0.25
"""How long after somebody else's commit the next one is expected."""


class Courtesy:
    """Sees other writers by SQLite's `data_version`, read by a connection of its own around each of our
    commits.

    `rest` waits so many seconds; `tick` is a monotonic clock in seconds.
    """

    def __init__(
        self, rest: Callable[[float], object] = time.sleep, tick: Callable[[], float] = time.monotonic
    ) -> None:
        self._rest = rest
        self._tick = tick
        self._cursor: Any = None
        self._seen: int | None = None
        self._busy_until = 0.0
        self._took = 0.0
        self._one = threading.Lock()

    @contextmanager
    def watching(self, engine: Engine) -> Iterator[None]:
        """Looks at this database for the length of a pass; what it saw is kept for the next."""
        raw = engine.raw_connection()
        self._cursor = raw.cursor()
        try:
            yield
        finally:
            # A version is only good for the connection that read it.
            self._cursor = self._seen = None
            raw.close()

    @contextmanager
    def committing(self) -> Iterator[None]:
        """Around one of our own commits, a reference's too; one waits for the other."""
        with self._one:
            version, began = self._version(), self._tick()
            if self._seen is not None and version != self._seen:
                self._busy_until = began + RECENT_S
            yield
            self._took = self._tick() - began
            self._seen = self._version()

    def rest(self) -> None:
        """After a commit, with no lock held: nothing when nobody else writes."""
        if self._tick() < self._busy_until:
            self._rest(min(self._took * SHARE, AT_MOST_S))

    def _version(self) -> int | None:
        if self._cursor is None:
            return None
        return int(self._cursor.execute("PRAGMA data_version").fetchone()[0])

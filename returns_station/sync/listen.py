"""Serves what `serving` has while the job runs, where the configuration says so: without it no web server is loaded."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from returns_station import logs
from returns_station.config import listening
from returns_station.sync.watched import Watched

if TYPE_CHECKING:
    from returns_station.sync.serving import Server


@contextmanager
def listen(watched: Watched, tell: Callable[[str], None]) -> Iterator["Server | None"]:
    """Serves health and metrics meanwhile where the configuration says so; a port in use is told and stops nothing."""
    where, _ = listening(watched.config.sync)
    if where is None:
        yield None
        return
    from returns_station.sync.serving import Server

    server = Server(watched)
    try:
        server.start(*where)
    except OSError as fault:
        host, port = where
        why = os.strerror(fault.errno) if fault.errno else str(fault)
        tell(f"Health and metrics cannot be served on {host}:{port}: {why}. Syncing goes on without.")
        logs.logger("sync").error("sync.listen_failed", port=port, error=why)
        yield None
        return
    try:
        yield server
    finally:
        server.stop()

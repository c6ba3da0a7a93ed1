"""Runs the reference upstream as a process: one socket, one ledger, a line of JSON when it is ready."""

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from returns_station.testing.upstream.app import Service, build
from returns_station.testing.upstream.faults import parse_faults
from returns_station.testing.upstream.ledger import Ledger
from returns_station.testing.upstream.seed import seed


class _Protocol(H11Protocol):
    """Hands each request its connection, so that an answer can be lost on purpose."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # asyncio does so only for sockets made with IPPROTO_TCP; without it an answer's body waits 40 ms for an ACK.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.app_state = {**self.app_state, "transport": transport}


def serve(
    db_path: Path,
    host: str = "127.0.0.1",
    port: int = 0,
    fault: str = "",
    secret: str = "",
    seed_dir: Path | None = None,
    *,
    token: str | None = None,
    ready_file: Path | None = None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> None:
    """Serve until SIGINT or SIGTERM; port 0 takes a free one.

    Once the port is open, prints `{"url": …, "pid": …}` and writes the same to `ready_file`, whole.
    Raises StationError for an unknown fault or a seed that cannot be read.
    """
    faults = parse_faults(fault)
    ledger = Ledger(db_path)
    if seed_dir is not None:
        seed(ledger, seed_dir)
    service = Service(ledger, faults, secret, token, now)
    listener = socket.create_server((host, port))
    _announce(f"http://{host}:{listener.getsockname()[1]}", ready_file)
    # uvicorn raises the signal again once it has answered what it held; the default would end us before the close.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        uvicorn.Server(_config(service)).run(sockets=[listener])
    finally:
        ledger.close()


def _config(service: Service) -> uvicorn.Config:
    return uvicorn.Config(
        build(service),
        http=_Protocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
    )


def _announce(url: str, ready_file: Path | None) -> None:
    line = json.dumps({"url": url, "pid": os.getpid()})
    print(line, flush=True)
    if ready_file is not None:
        draft = ready_file.with_name(ready_file.name + ".part")
        draft.write_text(line + "\n", encoding="utf-8")
        draft.replace(ready_file)

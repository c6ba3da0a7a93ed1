"""Starts, asks, kills and restarts the reference upstream as a process of its own, for tests and the demo."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from returns_station.errors import StationError

SECRET_ENV: Final = "RETURNS_STATION_UPSTREAM_SECRET"
TOKEN_ENV: Final = "RETURNS_STATION_UPSTREAM_TOKEN"
TEST_SECRET: Final = "whsec_cmV0dXJucy1zdGF0aW9uLXJlZmVyZW5jZS11cHN0cmVhbQ=="

Row = dict[str, object]


class Upstream:
    """A running reference upstream; `with Upstream(folder) as upstream:` ends it by its pid.

    Its database is `folder/upstream.db` and outlives restarts; the port stays the same over restarts.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fault: str = "",
        seed_dir: Path | None = None,
        secret: str = TEST_SECRET,
        token: str | None = None,
        port: int = 0,
        start_within_s: float = 30.0,
    ) -> None:
        self.folder = folder
        self.db_path = folder / "upstream.db"
        self.secret = secret
        self.token = token
        self.url = ""
        self._fault = fault
        self._seed_dir = seed_dir
        self._port = port
        self._patience_s = start_within_s
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it serves; raises StationError with its last words if it does not."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ready = self.folder / "upstream-ready.json"
        ready.unlink(missing_ok=True)
        environment = {**os.environ, SECRET_ENV: self.secret, TOKEN_ENV: self.token or ""}
        with (self.folder / "upstream.log").open("ab") as log:
            self._child = subprocess.Popen(
                self._command(ready), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        said = self._await(ready, self._child)
        self.url = str(said["url"])
        self._port = int(self.url.rsplit(":", 1)[1])

    def stop(self) -> None:
        """Ask it to end, and wait until it has."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def restart(self, fault: str | None = None, seed_dir: Path | None = None) -> None:
        """End it and start it again on the same database and port; a `fault` replaces the earlier one."""
        self.stop()
        self._fault = self._fault if fault is None else fault
        self._seed_dir = seed_dir or self._seed_dir
        self.start()

    @property
    def pid(self) -> int:
        """Its process id; raises StationError when it is not running."""
        if self._child is None:
            raise StationError(
                "upstream.stopped", "The reference upstream is not running.", "Start it first."
            )
        return self._child.pid

    def stock(self, **filters: str) -> list[Row]:
        """Quantities by merchant, location, SKU and disposition."""
        return _items(self.get("/v1/stock", filters))

    def refunds(self, **filters: str) -> list[Row]:
        """Every refund and reversal in the order they came; reversals are negative."""
        return self._all("/v1/refunds", filters)

    def receipts(self, **filters: str) -> list[Row]:
        return self._all("/v1/receipts", filters)

    def movements(self, **filters: str) -> list[Row]:
        return self._all("/v1/movements", filters)

    def completions(self, **filters: str) -> list[Row]:
        """Every completion and reversal in the order they came; `count` is -1 for a reversal."""
        return self._all("/v1/completions", filters)

    def available(self, **filters: str) -> list[Row]:
        return self._all("/v1/available", filters)

    def shorts(self, **filters: str) -> list[Row]:
        return self._all("/v1/shorts", filters)

    def events(self, **filters: str) -> list[Row]:
        """Every accepted event, of all types, in the order they came (`arrival`)."""
        return self._all("/v1/events", filters)

    def get(self, path: str, query: Mapping[str, str]) -> Row:
        """The JSON object of one read."""
        url = f"{self.url}{path}?{urllib.parse.urlencode(query)}"
        request = urllib.request.Request(url, headers={"Authorization": f"Bearer {self.token or ''}"})
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=30) as answer:
            found: Row = json.load(answer)
        return found

    def _all(self, path: str, filters: Mapping[str, str]) -> list[Row]:
        found: list[Row] = []
        after = "0"
        while True:
            page = self.get(path, {**filters, "after": after, "limit": "1000"})
            found += _items(page)
            if not page["more"]:
                return found
            after = str(found[-1]["arrival"])

    def _command(self, ready: Path) -> list[str]:
        seed = ["--seed", str(self._seed_dir)] if self._seed_dir else []
        return [
            *(sys.executable, "-m", "returns_station.testing.upstream", "--db", str(self.db_path)),
            *("--port", str(self._port), "--fault", self._fault, "--ready-file", str(ready), *seed),
        ]

    def _await(self, ready: Path, child: subprocess.Popen[bytes]) -> Row:
        until = time.monotonic() + self._patience_s
        while not ready.exists():
            if child.poll() is not None or time.monotonic() > until:
                self.kill()
                words = (
                    (self.folder / "upstream.log")
                    .read_text(encoding="utf-8", errors="replace")[-500:]
                    .strip()
                )
                raise StationError("upstream.start", f"The reference upstream did not start: {words}")
            time.sleep(0.01)
        said: Row = json.loads(ready.read_text(encoding="utf-8"))
        return said

    def _end(self, how: signal.Signals) -> None:
        if self._child is not None:
            if self._child.poll() is None:
                self._child.send_signal(how)
            self._child.wait(timeout=30)
            self._child = None


def _items(page: Row) -> list[Row]:
    items = page["items"]
    assert isinstance(items, list)
    return items


def free_port() -> int:
    """A port nobody listens on now: for a URL that must not answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])

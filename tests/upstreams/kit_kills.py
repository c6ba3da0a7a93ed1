"""A return delivered by drainer processes that are killed, and what station and upstream have of it in the end."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from returns_station.domain.axes import SyncState
from returns_station.store.engine import open_engine
from returns_station.store.migrate import migrate
from returns_station.store.outbox import listing, writing
from returns_station.store.outbox.rows import TABLE
from returns_station.testing.contract import Bench, Case, Counted
from returns_station.testing.contract_station import TARGET, outbox_values
from returns_station.testing.proxy import Call, FaultProxy
from tests.prove.children import Server

PASSES = 60


@dataclass(slots=True)
class Kills:
    """A bench behind a proxy, and processes that drain one return after another into it."""

    bench: Bench
    proxy: FaultProxy
    server: Server
    folder: Path
    calls: list[str] = field(default_factory=list)
    """What each death fell after."""

    def killed_after(self, number: int) -> tuple[bool, list[str]]:
        """A fresh return, its drainer killed as soon as the upstream has answered call `number`, then drained to the end.

        Whether it was killed at all, and every sentence that says what is missing or too much.
        """
        case, folder = self._begin(f"killed-{number}")
        forked, at = threading.Event(), [0]

        def kill(call: Call) -> None:
            forked.wait(60)
            os.kill(at[0], signal.SIGKILL)
            self.calls.append(f"{call.method} {call.path.split('?')[0]}")

        self.proxy.on_call(number, kill)
        killed = left = None
        # A pass that ends because the upstream asks to wait is no end of the return: the next one may be killed.
        for _ in range(PASSES):
            forked.clear()
            child = self.server.start("drainer", folder / "config.toml", once=True)
            at[0] = child.pid
            forked.set()
            said = child.line()
            killed = child.end() == -signal.SIGKILL
            left = json.loads(said)["left"] if said else None
            if killed or not left:
                break
            _back_off_over(folder)
        self.proxy.wait_for_upstream()
        self.proxy.reset()
        return bool(killed), self._finish(case, folder)

    def everywhere(self, most: int) -> tuple[int, list[str]]:
        """One kill a run, after call 1, 2, 3 … until a run ends without; how many kills, and what they broke."""
        wrong: list[str] = []
        for number in range(1, most + 1):
            killed, problems = self.killed_after(number)
            after = self.calls[-1] if killed else "nothing"
            wrong += [f"Killed after call {number} ({after}): {problem}" for problem in problems]
            if not killed:
                return number - 1, wrong
        return most, [*wrong, f"After {most} kills the return still makes more calls."]

    def losing_every(self, number: int) -> list[str]:
        """A fresh return, of whose calls every so many-th loses its answer; the sentences as above."""
        case, folder = self._begin(f"losing-{number}")
        self.proxy.drop_every(number)
        return self._finish(case, folder)

    def doubling(self) -> list[str]:
        """A fresh return, every write of which reaches the upstream twice, as from a connector that repeats itself."""
        case, folder = self._begin("doubling")
        self.proxy.twice(self.bench.writes)
        return self._finish(case, folder)

    def _begin(self, name: str) -> tuple[Case, Path]:
        self.proxy.reset()
        case, folder = self.bench.fresh(), self.folder / name
        folder.mkdir()
        shutil.copy(_empty(self.folder), folder / "station.db")
        (folder / "config.toml").write_text(
            _configuration(self.bench, self.proxy.url, folder), encoding="utf-8"
        )
        engine = open_engine(folder / "station.db")
        with writing(engine) as connection:
            rows = [outbox_values(effect, datetime.now(UTC)) for effect in case.effects]
            connection.execute(insert(TABLE), rows)
        engine.dispose()
        return case, folder

    def _finish(self, case: Case, folder: Path) -> list[str]:
        """Drains until nothing is open or nothing moves, each pass a process; then compares."""
        for _ in range(PASSES):
            child = self.server.start("drainer", folder / "config.toml", once=True)
            said = child.line()
            status = child.end()
            if status or said is None:
                return [f"The drainer ended with {status}: {self.server.errors.read_text()[-600:]}"]
            report = json.loads(said)
            if report["left"] == 0 or report["refused"]:
                # What waits for a person keeps the rest of its return waiting: no pass changes that.
                return [*_parked(folder), *self._differences(case)]
            _back_off_over(folder)
            time.sleep(0.05)
        return [f"After {PASSES} passes something is still open.", *_parked(folder), *self._differences(case)]

    def _differences(self, case: Case) -> list[str]:
        found = self.bench.count(case)
        return [
            f"{each.name}: expected {getattr(case.expected, each.name)}, found {getattr(found, each.name)}"
            for each in fields(Counted)
            if _plain(getattr(found, each.name)) != _plain(getattr(case.expected, each.name))
        ]


@contextmanager
def kills(bench: Bench, folder: Path) -> Iterator[Kills]:
    """The harness for a bench; the upstream's secrets stand in the environment of its processes."""
    assert bench.url is not None
    settings = bench.settings(bench.url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(settings.secret_env, settings.secret)
        patch.setenv(settings.token_env, settings.token or "")
        with FaultProxy(bench.url) as proxy, Server(folder / "server") as server:
            yield Kills(bench, proxy, server, folder)


def _configuration(bench: Bench, url: str, folder: Path) -> str:
    """The configuration file of a station whose one target is the bench's upstream, reached at `url`."""
    settings = bench.settings(url)
    target = {"name": TARGET, "connector": bench.connector, "url": settings.url}
    target |= {"secret_env": settings.secret_env} if settings.secret else {}
    target |= {"token_env": settings.token_env} if settings.token else {}
    tables: dict[str, Mapping[str, str]] = {
        "station": {"name": "Kills", "site": settings.site, "merchant": settings.merchant},
        "folders": {"data": str(folder), "log": str(folder / "log")},
        "database": {"path": str(folder / "station.db")},
        "[target]": target,
        "target.options": settings.options,
    }
    lines = []
    for name, table in tables.items():
        lines += [f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in table.items())]
    return "\n".join(lines) + "\n"


def _empty(folder: Path) -> Path:
    path = folder / "empty" / "station.db"
    if not path.exists():
        path.parent.mkdir()
        migrate(path)
    return path


def _back_off_over(folder: Path) -> None:
    """What was put off is due: the time is over that a station would have waited."""
    engine = open_engine(folder / "station.db")
    with writing(engine) as connection:
        connection.execute(update(TABLE).where(TABLE.c.state == SyncState.LOCAL.value).values(next_at=None))
    engine.dispose()


def _parked(folder: Path) -> list[str]:
    engine = open_engine(folder / "station.db")
    rows = listing(engine, tuple(SyncState))
    engine.dispose()
    return [
        f"{row.type} is {row.state.value}: {row.problem}"
        for row in rows
        if row.state is not SyncState.ACKNOWLEDGED
    ]


def _plain(value: object) -> object:
    return {name: count for name, count in value.items() if count} if hasattr(value, "items") else value

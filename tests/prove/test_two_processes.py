"""One station process a database, one drainer: the second refuses, whole and in words."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest

from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET, Upstream
from tests.prove.children import PATIENCE_S, Server
from tests.prove.shift import LPN, PLACE, Line
from tests.prove.world import BADGE, World, gtin, make_world, rma

Tell = Callable[..., None]
SAYS = (
    "Another {role} process (pid {pid}) already works on this database. "
    "End that one first, or use its terminal. Reports may read beside it.\n"
)
ENVIRON = os.environ | {SECRET_ENV: TEST_SECRET}


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path / "world", 1)


@contextmanager
def first(*command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of the product that is left alone until it is ended by its pid."""
    process = subprocess.Popen(
        [sys.executable, "-m", "returns_station", *command],
        env=ENVIRON, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=60)


def second(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "returns_station", *command],
        env=ENVIRON, input="", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_second_run_on_one_database_refuses_and_the_first_goes_on(world: World) -> None:
    run = ("run", "--plain", "--json", "--no-sync", "--config", str(world.config))
    with first(*run) as station:
        assert station.stdin is not None
        assert station.stdout is not None
        assert '"station.ready"' in station.stdout.readline()
        refused = second(*run)
        assert (refused.returncode, refused.stdout) == (4, "")
        assert refused.stderr == SAYS.format(role="station", pid=station.pid)
        station.stdin.write('{"id": "a", "scan": "RS-B-7001"}\n')
        station.stdin.flush()
        assert '"accepted"' in station.stdout.readline()


def test_a_second_drainer_on_one_database_refuses(world: World, server: Server) -> None:
    drainer = server.start("drainer", world.config)
    wait_for_lock(world.database.with_name("station.db.drainer.lock"), drainer.pid)
    refused = second("sync", "--watch", "--config", str(world.config))
    assert (refused.returncode, refused.stdout) == (4, "")
    assert refused.stderr == SAYS.format(role="drainer", pid=drainer.pid)
    assert drainer.kill() == -9


def test_a_lock_goes_with_its_process_however_that_ended(world: World, server: Server) -> None:
    """A killed station leaves its lock file, and no lock."""
    stations = []
    for _ in range(3):
        line = Line(lambda: server.start("station", world.config), lambda station: None)
        line.sign_in()
        assert line.station is not None
        stations.append(line.station)
        assert line.station.kill() == -9
    assert world.database.with_name("station.db.station.lock").read_text() == str(stations[-1].pid)


@pytest.mark.prove
def test_a_station_whose_drainer_ended_gets_another(world: World, tmp_path: Path, tell: Tell) -> None:
    """The real `run` is killed while its drainer waits for an answer and keeps the lock; then a drainer is killed."""
    run = ("run", "--plain", "--json", "--config", str(world.config))
    lock = world.database.with_name("station.db.drainer.lock")
    with Upstream(tmp_path / "upstream", seed_dir=world.seed, fault="delay=4") as upstream:
        world.configure(upstream.url)
        with first(*run) as station:
            place: Any = None
            for scan in (BADGE, rma(0), gtin(0), "RS-SEALED", LPN, PLACE):
                reply = ask(station, place if scan in (LPN, PLACE) else scan)
                place = reply["prompt"].get("place") or (reply["unit"] or {}).get("lpn")
            eventually(lambda: len(upstream.events()) == 1, "The first effect arrived.")
            before = lock.read_text()
        with first(*run) as station:
            assert station.stdout is not None
            station.stdout.readline()
            eventually(lambda: len(upstream.events()) > 1, "A drainer delivers after the restart.")
            after = lock.read_text()
            assert after != before
            os.kill(int(after), SIGKILL)
            eventually(lambda: lock.read_text() != after, "Another drainer took the lock.")
            eventually(lambda: len(upstream.events()) == 4, "Everything is delivered.")
        kinds = sorted(str(event["type"]) for event in upstream.events())
    tell("drainer comes again", events=kinds)
    assert kinds == ["returns.completed", "returns.receipt", "returns.refund", "returns.stock"]


def ask(station: "subprocess.Popen[str]", scan: str) -> dict[str, Any]:
    """One input to its reply."""
    assert station.stdin is not None
    assert station.stdout is not None
    station.stdin.write(json.dumps({"scan": scan}) + "\n")
    station.stdin.flush()
    while True:
        said: dict[str, Any] = json.loads(station.stdout.readline())
        if said["type"] == "reply":
            return said


def eventually(true: Callable[[], bool], what: str) -> None:
    """Waits for something that other processes do."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, f"This never came: {what}"
        time.sleep(0.05)


def wait_for_lock(path: Path, pid: int) -> None:
    """Until the process says in its lock file that it has the lock."""
    eventually(lambda: path.exists() and path.read_text() == str(pid), f"{path.name} held by {pid}.")

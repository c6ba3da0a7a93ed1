"""One station process a database, one drainer: the second refuses, whole and in words."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET
from tests.prove.children import PATIENCE_S, Server
from tests.prove.shift import Line
from tests.prove.world import World, make_world

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


def wait_for_lock(path: Path, pid: int) -> None:
    """Until the process says in its lock file that it has the lock."""
    until = time.monotonic() + PATIENCE_S
    while not (path.exists() and path.read_text() == str(pid)):
        assert time.monotonic() < until, f"Process {pid} never took {path.name}."
        time.sleep(0.005)

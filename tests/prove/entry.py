"""A process that has imported the station and forks a child for each request, so that a restart takes milliseconds.

`python -m tests.prove.entry FD`: requests come over the Unix socket FD, one JSON object each, with the child's
standard input, output and gate as descriptors; the answer is its pid. `{"wait": pid}` is answered with how it ended.
"""

import importlib
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from returns_station import bootstrap, logs, running
from returns_station import config as configuration
from returns_station.commands import exit_code
from returns_station.commands.syncing import connect
from returns_station.domain.label import LabelModel
from returns_station.domain.scan import station_code
from returns_station.errors import StationError
from returns_station.hardware.printing import label_pdf
from returns_station.store import engine
from returns_station.sync.job import Pace, run_sync
from tests.prove.divided import DividedUnitOfWork
from tests.prove.points import Points

Ask = dict[str, Any]
_PR_SET_PTRACER = 0x59616D61


def _station(ask: Ask, points: Points) -> int:
    if ask.get("divided"):
        setattr(bootstrap, "StationUnitOfWork", DividedUnitOfWork)  # noqa: B010 - a module exports no import of its own
    return running.work(
        Path(ask["config"]), as_json=True, scanners=(), seed=ask.get("seed"), sync=False, checkpoint=points
    )


def _drainer(ask: Ask, points: Points) -> int:
    config = configuration.load(Path(ask["config"]))
    logs.start(config.folders.log, "sync", level="info", size=5_000_000, keep=2)
    target = config.targets[0]
    chance = random.SystemRandom()
    connector = connect(config, target, lambda: f"{chance.getrandbits(128):032x}")
    report = run_sync(
        engine.open_engine(config.database.path),
        connector,
        target.name,
        station=station_code(config.station.number),
        clock=lambda: datetime.now(UTC),
        rng=random.Random(os.urandom(8)),
        watch_until=None if ask.get("once") else threading.Event(),
        pace=Pace(look_s=0.05),
        checkpoint=points,
    )
    print(json.dumps({"left": report.drain.left, "refused": report.drain.refused}), flush=True)
    return 0


_ROLES: dict[str, Callable[[Ask, Points], int]] = {"station": _station, "drainer": _drainer}


def _child(ask: Ask, gate: int) -> int:
    points = Points(ask.get("point", ""), ask.get("passes", 0))
    points.watch()
    usual = engine._pragmas
    engine._pragmas = lambda journal: (*usual(journal), *ask.get("pragmas", []))
    if ask.get("gated"):
        _let_anyone_trace()
        os.read(gate, 1)
    try:
        return _ROLES[ask["role"]](ask, points)
    except StationError as error:
        print(f"{error.sentence} {error.hint}", file=sys.stderr)
        return int(exit_code(error))


def _let_anyone_trace() -> None:
    """Where only parents may trace (Yama), the tracer that the test starts is no parent."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(-1 & (2**64 - 1)), 0, 0, 0)


def _fork(ask: Ask, fds: list[int], ours: list[socket.socket]) -> int:
    pid = os.fork()
    if pid:
        for fd in fds:
            os.close(fd)
        return pid
    code = 70
    try:
        for one in ours:
            one.close()
        os.dup2(fds[0], 0)
        os.dup2(fds[1], 1)
        os.close(fds[0])
        os.close(fds[1])
        # The server's own streams were made for other files.
        sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115
        code = _child(ask, fds[2])
        sys.stdout.flush()
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stderr.flush()
        os._exit(code)


def serve(fd: int) -> None:
    """Answers requests of one client until it hangs up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with socket.socket(fileno=fd) as here:
        while True:
            said, fds, _flags, _address = socket.recv_fds(here, 65536, 3)
            if not said:
                return
            ask = json.loads(said)
            if "wait" in ask:
                answer = os.waitstatus_to_exitcode(os.waitpid(ask["wait"], 0)[1])
            else:
                answer = _fork(ask, fds, [here])
            here.send(json.dumps(answer).encode())


def _warm() -> None:
    """What is imported late, imported now: no child has to do it again."""
    importlib.import_module("platformdirs")
    engine.driver()
    label_pdf(LabelModel("unit", "L051000001L", "SPOTTY TEAPOT"))


if __name__ == "__main__":
    _warm()
    serve(int(sys.argv[1]))

"""The screen: from the last byte of a scan to its painted answer, against bytes echoed over two ptys; start; memory."""

import re
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from bench.dock import BADGE, BIN, GTIN, announced
from bench.figures import figures
from returns_station.testing.scanner import PtyPair
from returns_station.testing.terminal import Terminal
from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET, Upstream

P50_GOAL: Final = 12.0
P99_GOAL: Final = 10.0
FRAME_MS: Final = 16.7
WEDGE_GOAL: Final = 3.0
START_GOAL: Final = 1.9
MEMORY_GOAL: Final = 3.0
BETWEEN_S: Final = 0.08

_CONFIG: Final = """\
[station]
number = 1
site = "leeds"
merchant = "candles"
[folders]
data = "{folder}"
log = "{folder}/log"
[database]
path = "{folder}/station.db"
[screen]
bell = false
[[scanner]]
name = "gun"
url = "{folder}/scanner"
[[target]]
name = "wms"
url = "{url}"
secret_env = "{secret}"
"""
# What the answer to each scan of a parcel is known by on the screen.
_TOLD: Final = (b"Parcel P", "× 1.".encode(), b"Grade A", b"goes to", b"Put. Parcel")
_LPN: Final = re.compile(rb"Stick on label (L01[0-9BCDFGHJKLNPRSTVX]{8})")

_ECHO: Final = """
import asyncio, os, sys
async def main():
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    scanner = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
    def echo():
        data = os.read(scanner, 4096)
        os.write(1, data)
    loop.add_reader(scanner, echo)
    os.write(1, b'READY')
    await done
asyncio.run(main())
"""
_MINIMAL: Final = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    def compose(self):
        yield Static('PAINTED')
Minimal().run()
"""


def _interpreter() -> list[str]:
    return [sys.executable]


class Stopwatch:
    """When a piece of output was first seen."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._wanted = b""
        self._seen = threading.Event()
        self.at = 0.0

    def hear(self, chunk: bytes) -> None:
        """A piece of output came, just now."""
        now = time.perf_counter()
        self._held += chunk
        if self._wanted and self._wanted in self._held and not self._seen.is_set():
            self.at = now
            self._seen.set()

    def time(self, wanted: bytes, act: Callable[[], None]) -> float:
        """Milliseconds from the end of `act` to `wanted`."""
        self._held.clear()
        self._wanted = wanted
        self._seen.clear()
        act()
        began = time.perf_counter()
        if not self._seen.wait(20):
            raise RuntimeError(f"{wanted!r} was never painted; last was {bytes(self._held[-300:])!r}")
        return (self.at - began) * 1000

    @property
    def held(self) -> bytes:
        """What came since the last `time`."""
        return bytes(self._held)


def _echoes(folder: Path, count: int) -> list[float]:
    """Round trips of 20 bytes over the scanner's pty and the terminal's, through asyncio."""
    watch = Stopwatch()
    found = []
    with (
        PtyPair(folder / "echo") as scanner,
        Terminal([*_interpreter(), "-c", _ECHO, str(scanner.link)], heard=watch.hear) as terminal,
    ):
        terminal.wait_for("READY")
        tty.setraw(terminal._master)
        for n in range(count + 20):
            code = b"1Z999AA1%011d\r" % n
            found.append(watch.time(code[:-1], partial(scanner.send, code)))
            time.sleep(0.002)
    return found[20:]


def _worked(folder: Path, returns: int, url: str, *, wedge: bool) -> tuple[list[float], int]:
    """Every scan of `returns` sealed one-unit parcels, to its painted answer; and the station's peak memory in kB."""
    announced(folder / "station.db", returns + 2).dispose()
    config = folder / "config.toml"
    config.write_text(_CONFIG.format(folder=folder, url=url, secret=SECRET_ENV), encoding="utf-8")
    watch = Stopwatch()
    spent: list[float] = []
    command = [*_interpreter(), "-m", "returns_station", "run", "--config", str(config)]
    with (
        PtyPair(folder / "scanner") as scanner,
        Terminal(command, environ={SECRET_ENV: TEST_SECRET}, heard=watch.hear) as terminal,
    ):
        terminal.wait_for("Ready.")

        def send(code: bytes) -> None:
            if wedge:
                terminal.scan(code, end=b"", pace_s=0.003)
                terminal.send(b"\r")
            else:
                scanner.send(code + b"\r")

        watch.time(b"Signed in", lambda: send(BADGE.encode()))
        for number in range(returns + 2):
            lpn = b""
            for step, told in enumerate(_TOLD):
                code = (b"RMA-%d" % number, GTIN.encode(), b"RS-SEALED", lpn, BIN.encode())[step]
                time.sleep(BETWEEN_S)
                spent.append(watch.time(told, partial(send, code)))
                if step == 2:
                    lpn = _asked(watch)
        memory = _peak(terminal.pid)
    return spent[10:], memory


def _asked(watch: Stopwatch) -> bytes:
    """The licence plate that the screen asks for, once it is painted."""
    for _ in range(400):
        if found := _LPN.findall(watch.held):
            return bytes(found[-1])
        time.sleep(0.01)
    raise RuntimeError("no label was asked for")


def _peak(pid: int) -> int:
    text = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+)", text)
    assert found is not None
    return int(found[1])


def _painted(command: list[str], wanted: str, environ: dict[str, str]) -> tuple[float, int]:
    """Milliseconds from the start of a program to `wanted` on its terminal, and its peak memory."""
    watch = Stopwatch()
    began = time.perf_counter()
    with Terminal(command, environ=environ, heard=watch.hear) as terminal:
        terminal.wait_for(wanted)
        spent = (time.perf_counter() - began) * 1000
        time.sleep(0.3)
        return spent, _peak(terminal.pid)


def run(returns: int, starts: int) -> dict[str, object]:
    """All of it: `returns` parcels by each kind of scanner, `starts` starts."""
    with tempfile.TemporaryDirectory() as made, Upstream(Path(made) / "upstream") as upstream:
        folder = Path(made)
        for name in ("serial", "wedge", "start"):
            (folder / name).mkdir()
        floor = _echoes(folder, 300)
        serial, memory = _worked(folder / "serial", returns, upstream.url, wedge=False)
        floor += _echoes(folder, 300)
        wedge, _ = _worked(folder / "wedge", returns, upstream.url, wedge=True)
        rows: dict[str, dict[str, object]] = {
            "serial scan to paint, p50": _ratio(serial, floor, 49, P50_GOAL),
            "serial scan to paint, p99": _ratio(serial, floor, 98, P99_GOAL),
            "wedge scan to paint": _ratio(wedge, serial, 49, WEDGE_GOAL),
        }
        rows |= _starts(folder / "start", starts, memory)
    return {"bench": "screen", "rows": rows, "met": all(row["met"] for row in rows.values())}


def _ratio(
    work: list[float], floor: list[float], cut: int, goal: float, unit: str = "ms"
) -> dict[str, object]:
    key = "p50" if cut == 49 else "p99"
    mine, base = figures(work), figures(floor)
    ratio = mine[key] / base[key]
    met = ratio <= goal and (key == "p50" or mine[key] <= FRAME_MS)
    return {"unit": unit, "subject": mine, "floor": base, "ratio": round(ratio, 2), "goal": goal, "met": met}


def _starts(folder: Path, count: int, memory: int) -> dict[str, dict[str, object]]:
    announced(folder / "station.db", 1).dispose()
    config = folder / "config.toml"
    text = _CONFIG.format(folder=folder, url="http://127.0.0.1:9", secret=SECRET_ENV)
    config.write_text(text.split("[[scanner]]")[0], encoding="utf-8")
    environ = {SECRET_ENV: TEST_SECRET}
    ours, minimal, small = [], [], []
    for n in range(count + 1):
        spent, kilobytes = _painted([*_interpreter(), "-c", _MINIMAL], "PAINTED", environ)
        mine, _ = _painted(
            [*_interpreter(), "-m", "returns_station", "run", "--config", str(config)],
            "Starting the station",
            environ,
        )
        if n:
            minimal.append(spent)
            ours.append(mine)
            small.append(float(kilobytes))
    kept = [float(memory)] * 2
    return {
        "start to first paint": _ratio(ours, minimal, 49, START_GOAL),
        "memory of a station at work, MB": _ratio(
            [k / 1024 for k in kept], [k / 1024 for k in small], 49, MEMORY_GOAL, "MB"
        ),
    }

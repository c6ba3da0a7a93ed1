"""The shift of forty parcels on the screen, by a serial scanner, makes the same history as the line mode, byte for byte."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from returns_station import config as configuration
from returns_station.bootstrap import Station
from returns_station.demo.scripts import read_script
from returns_station.plain import End, Line, LineMode
from returns_station.store.chain import verify_chain
from returns_station.store.engine import open_engine
from returns_station.store.unit_of_work import GENESIS, chain
from tests.commands.dock_kit import PRINTER, TARGET, Dock
from tests.tui.screen_kit import GUN, NOWHERE, Row, ScreenRun, reading

SEED = "7"
SCRIPT: list[dict[str, Any]] = [
    json.loads(line)
    for line in files("returns_station.samples").joinpath("shift.jsonl").read_text("utf-8").splitlines()
    if line.startswith("{")
]


def code_of(line: Mapping[str, Any]) -> str:
    """What a scanner reads for a line of a script: its scan, or the code that stands for its answer or command."""
    if "scan" in line:
        return str(line["scan"])
    if "command" in line:
        return "RS-" + str(line["command"]).upper().replace("_", "-")
    answer = str(line["answer"])
    return f"RS-A{answer}" if answer.isdigit() else "RS-G-" + answer.upper().replace("_", "-")


def filled(text: str, last: Mapping[str, Any]) -> str:
    """`${unit.lpn}` and the like, from a stored reply."""
    if not text.startswith("${"):
        return text
    found: Any = last
    for name in text[2:-1].split("."):
        found = found[name]
    return str(found)


def on_screen(dock: Dock) -> list[str]:
    """Plays the shift on the screen; the signal and step of each answer."""
    said = []
    with ScreenRun(dock, "--seed", SEED) as run:
        run.ready()
        last: dict[str, Any] = {}
        for line in SCRIPT:
            last = json.loads(run.scan(filled(code_of(line), last))["reply"])
            said.append(f"{last['signal']} {last['message']['code']}")
        run.is_clean()
        run.shows(last["prompt"]["text"])
    return said


def in_lines(dock: Dock) -> list[str]:
    """Plays the same scans in the line mode of the real program, by a serial scanner too."""
    dock.configure(PRINTER + TARGET + GUN.format(name="till"), url=NOWHERE)
    said = []
    with _Lines(dock) as lines:
        last: Mapping[str, Any] = {}
        for line in SCRIPT:
            lines.gun.send(filled(code_of(line), last).encode() + b"\r")
            last = next(lines)
            said.append(f"{last['signal']} {last['message']['code']}")
    return said


class _Lines:
    def __init__(self, dock: Dock) -> None:
        from returns_station.testing.scanner import PtyPair

        self.gun = PtyPair(dock.folder / "till")
        self._config = dock.config

    def __enter__(self) -> "_Lines":
        self.gun.plug()
        command = [sys.executable, "-m", "returns_station", "run", "--json", "--no-sync", "--seed", SEED]
        self._process = subprocess.Popen(
            [*command, "--config", str(self._config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._replies = self._read()
        assert self._process.stdout is not None
        assert json.loads(self._process.stdout.readline())["code"] == "station.ready"
        return self

    def _read(self) -> Iterator[Mapping[str, Any]]:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            found = json.loads(line)
            if found["type"] == "reply":
                yield found

    def __next__(self) -> Mapping[str, Any]:
        return next(self._replies)

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self.gun.unplug()


def by_script(dock: Dock) -> list[str]:
    """The script as the demo plays it: its lines through the line mode in this process."""
    script = read_script("shift")
    steps = script.steps()
    queue: SimpleQueue[Any] = SimpleQueue()

    def feed(reply: Mapping[str, Any]) -> None:
        if reply.get("type") == "reply":
            script.check(reply)
        line = None if script.problems else next(steps, None)
        queue.put(End() if line is None else Line(line, scripted=True))

    with Station(configuration.load(dock.config), seed=int(SEED)) as station:
        import io

        LineMode(station, queue, io.StringIO(), as_json=True, after=feed).run()
    return script.problems


COMPARED = (
    "sequence", "id", "station", "epoch", "type", "v", "at", "worker_id", "parcel_id", "unit_id", "body",
)  # fmt: skip


def history(dock: Dock) -> tuple[list[tuple[Any, ...]], list[bytes]]:
    """Every event without its device, and the hashes that the chain has when no device is named."""
    events = reading(dock, "select * from event order by epoch, sequence")
    hashes = [GENESIS]
    for event in events:
        hashes.append(chain(hashes[-1], event | {"device": "a device"}))
    return [tuple(event[name] for name in COMPARED) for event in events], hashes


@pytest.fixture(scope="module")
def played(stocked: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Dock, list[str]]]:
    """The shift on three stations that began alike: on the screen, in lines, by the script."""
    from tests.faults.fault_kit import copied

    def fresh(name: str) -> Dock:
        return copied(stocked, tmp_path_factory.mktemp(name) / "dock")

    ways: dict[str, Callable[[Dock], list[str]]] = {
        "screen": on_screen, "lines": in_lines, "script": by_script
    }  # fmt: skip
    docks = {name: fresh(name) for name in ways}
    return {name: (docks[name], way(docks[name])) for name, way in ways.items()}


Played = dict[str, tuple[Dock, list[str]]]


def test_the_screen_answers_every_scan_of_the_shift_as_the_script_expects_it(played: Played) -> None:
    assert played["script"][1] == []
    said = [one.split()[0] for one in played["screen"][1]]
    assert said == [line.get("signal", found) for line, found in zip(SCRIPT, said, strict=True)]
    assert len(played["screen"][0].rows("select id from parcel where work != 'voided'")) == 40


@pytest.mark.parametrize("other", ["lines", "script"])
def test_the_history_of_the_screen_equals_that_of_the_line_mode_byte_for_byte_but_for_devices(
    played: Played, other: str
) -> None:
    events, hashes = history(played["screen"][0])
    others, other_hashes = history(played[other][0])
    assert len(events) > 600
    assert events == others
    assert hashes == other_hashes


def test_the_devices_alone_differ_and_each_chain_holds_with_its_own(played: Played) -> None:
    devices = {
        name: {
            row["device"]
            for row in reading(dock, "select distinct device from event where device is not null")
        }
        for name, (dock, _) in played.items()
    }
    assert devices == {"screen": {"gun"}, "lines": {"till"}, "script": {"keyboard"}}
    for dock, _ in played.values():
        engine = open_engine(dock.database)
        assert verify_chain(engine) is None
        engine.dispose()


def inputs(dock: Dock) -> list[Row]:
    return reading(dock, "select sequence, kind, raw, at, parcel_id, signal from raw_input order by sequence")


def test_every_input_is_kept_alike_and_answered_alike(played: Played) -> None:
    assert inputs(played["screen"][0]) == inputs(played["lines"][0]) == inputs(played["script"][0])
    replies = [
        [
            json.loads(row["reply"]) | {"in": None}
            for row in reading(dock, "select reply from raw_input order by sequence")
        ]
        for dock, _ in played.values()
    ]
    assert replies[0] == replies[1] == replies[2]

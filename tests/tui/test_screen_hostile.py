"""Whatever a bar code holds: kept byte for byte, answered, painted as harmless text; nothing it could press is pressed."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from returns_station.workflow.state import At
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import HOSTILE, WAYS, copied
from tests.hostile_frames import frames
from tests.tui.hostile_kit import Expected, is_kept, poured, unanswered
from tests.tui.screen_kit import KEYS, ScreenRun
from tests.tui.terminal_grammar import within_sequences

MARKERS = (b"owned", b"31m", b"click", b"quit", b"2J")
COUNT = 4000
# What stands on the screen while each dialog is open.
DIALOGS = {"f1": "Codes that work here", "f2": "Details", "f9": "Search", "f10": "End the station?"}


def step_of(run: ScreenRun) -> str:
    row = run.rows("select reply from raw_input order by sequence desc limit 1")[0]
    return str(json.loads(row["reply"])["prompt"]["step"])


def to_step(run: ScreenRun, step: str) -> None:
    """Scans the way to a step from a fresh station."""
    last: dict[str, object] = {}
    for code in WAYS[step]:
        if code.startswith("${"):
            found: object = last
            for name in code[2:-1].split("."):
                found = found[name]  # type: ignore[index]
            code = str(found)
        last = json.loads(run.scan(code)["reply"])


def back_to(run: ScreenRun, step: str) -> int:
    """Takes back what a scan led to; how many scans that took."""
    for times in range(10):
        if step_of(run) == step:
            return times
        run.scan("RS-UNDO")
    pytest.fail(f"no way back to {step} from {step_of(run)}")


@pytest.mark.parametrize("step", [At.PARCEL, At.QUESTION, At.QUANTITY, At.DESTINATION], ids=str)
def test_a_hostile_code_through_either_way_is_kept_answered_and_presses_nothing(dock: Dock, step: At) -> None:
    with ScreenRun(dock) as run:
        run.ready()
        to_step(run, step)
        began = run.answered()
        expected = Expected()
        for number, raw in enumerate(HOSTILE.values()):
            opened = [*DIALOGS, None][number % 5]
            if opened:
                run.terminal.send(KEYS[opened])
                run.shows(DIALOGS[opened])
            expected.wedge(raw)
            run.burst(raw)
            run.waits_for(began + expected.count)
            expected.serial(raw)
            run.send(raw)
            run.waits_for(began + expected.count)
            for _ in range(back_to(run, step)):
                expected.serial(b"RS-UNDO")
        is_kept(run, expected, began)
        assert unanswered(run) == []
        run.is_alive()
        run.scan("RS-STATUS")
        for title in DIALOGS.values():
            run.hides(title)
        run.is_clean()
        for inside in within_sequences(run.terminal.output):
            assert not any(marker in inside for marker in MARKERS), inside


@pytest.fixture
def quick(_stocked: Path, tmp_path: Path) -> Iterator[Dock]:
    """A station in memory, where there is a folder of that kind."""
    memory = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else tmp_path))
    yield copied(_stocked, folder / "dock")
    shutil.rmtree(folder)


def test_thousands_of_generated_codes_are_kept_in_order_and_leave_the_terminal_alone(quick: Dock) -> None:
    unsafe = {"SCREEN_PRAGMAS": "synchronous=OFF"}
    with ScreenRun(quick, module="tests.tui.entry", environ=unsafe, keep_output=False) as run:
        run.terminal.wait_for("Ready.")
        run.scan("RS-B-1001")
        expected, began = poured(run, frames(20, COUNT))
        is_kept(run, expected, began, keys=True)
        assert unanswered(run) == []
        run.is_alive()
        run.is_clean()

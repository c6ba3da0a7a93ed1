"""Whatever a bar code holds: kept byte for byte, answered, painted as harmless text; nothing it could press is pressed."""

import json
from pathlib import Path

import pytest

from returns_station.workflow.state import At
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import HOSTILE, WAYS
from tests.tui.hostile_kit import DIALOGS, Expected, framed, is_kept, opened, unanswered
from tests.tui.screen_kit import KEYS, ScreenRun
from tests.tui.terminal_grammar import within_sequences

MARKERS = (b"owned", b"31m", b"click", b"quit", b"2J")
COUNT = 1500


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
            if number % 3 == 0:
                opened(run, [*DIALOGS][number // 3 % 4])
            if raw:  # an Enter alone is a person's key, and a dialog takes it
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
        run.fresh()
        for title in DIALOGS.values():
            run.hides(title)
        run.is_clean()
        for inside in within_sequences(run.terminal.output):
            assert not any(marker in inside for marker in MARKERS), inside


@pytest.mark.parametrize("dialog", DIALOGS)
def test_the_shortest_code_of_a_keyboard_scanner_presses_no_button_of_a_dialog(
    dock: Dock, dialog: str
) -> None:
    """Digits are keys of dialogs and may be codes; "1" ends the station where a person presses it."""
    codes = [b"1", b"2", b"q", b"12", b"-1", b"+", b"/"]
    with ScreenRun(dock, guns=()) as run:
        run.ready()
        for number, code in enumerate(codes, 1):
            run.terminal.send(KEYS[dialog])
            run.shows(DIALOGS[dialog])
            run.burst(code)
            assert run.waits_for(number)["device"] == "wedge"
            run.hides(DIALOGS[dialog])
        assert [row["raw"] for row in run.rows("select raw from raw_input order by sequence")] == codes
        run.is_alive()


def test_a_person_who_presses_the_same_key_in_the_dialog_ends_the_station(dock: Dock) -> None:
    """Or the test above could not fail."""
    with ScreenRun(dock, guns=()) as run:
        run.ready()
        run.terminal.send(KEYS["f10"])
        run.shows(DIALOGS["f10"])
        run.terminal.send(b"1")
        assert run.terminal.wait() == 0


def test_generated_codes_are_kept_in_order_and_leave_the_terminal_alone(
    stocked: Path, tmp_path: Path
) -> None:
    assert framed(stocked, tmp_path, seed=20, count=COUNT) > 0.9 * COUNT

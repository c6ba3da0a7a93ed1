"""A locked station takes a badge and nothing else; the work stays as it was."""

import pytest

from returns_station.workflow.ports import InputKind
from tests.workflow.kit import ANNA, BERT, BOSS, DUCK, GONE, Dock


def test_a_locked_station_takes_only_a_badge_and_goes_on_where_it_was(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK)
    state = dock.state
    locked = dock.scan("RS-LOCK")
    assert (locked.text, locked.asked, locked.at) == (
        "Locked. Scan your badge to go on.",
        "Scan your badge to go on.",
        "locked",
    )
    for code in (DUCK, "RS-SEALED", "RS-A1", "RS-UNDO", "RS-SIGN-OUT", "RS-PHOTO", "RS-LOCK", "RS-D-SCRAP"):
        said = dock.scan(code)
        assert (said.signal, said.text) == ("mismatch", f"Locked: {code} was not taken. Scan your badge.")
    assert dock.type("1").signal == "mismatch"
    opened = dock.scan(ANNA)
    assert (opened.text, opened.at, dock.state) == ("Going on: w-anna.", "question", state)
    types = [row["type"] for row in dock.rows("SELECT type FROM event ORDER BY sequence DESC LIMIT 2")]
    assert types == ["station.unlocked", "station.locked"]


def test_with_work_open_only_its_worker_or_a_supervisor_goes_on(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-LOCK")
    refused = dock.scan(BERT)
    assert (refused.signal, refused.text) == (
        "stop",
        "w-anna has work open here. Only that badge or a supervisor's goes on.",
    )
    assert dock.scan(GONE).signal == "stop"
    assert dock.state.locked
    assert dock.scan(BOSS).text == "Handed over to w-boss, supervisor. Earlier work stays with its worker."
    assert not dock.state.locked
    assert dock.state.parcel is not None


@pytest.mark.parametrize("codes", [("RS-RECEIVE", "CAGE-1"), ("TOTE-1",)], ids=" ".join)
def test_a_load_or_a_container_in_hand_is_work_open(dock: Dock, codes: tuple[str, ...]) -> None:
    dock.scans(*codes, "RS-LOCK")
    assert dock.scan(BERT).signal == "stop"
    assert dock.scan(ANNA).signal == "accepted"


def test_with_nothing_open_anybody_goes_on(dock: Dock) -> None:
    dock.scan("RS-LOCK")
    assert dock.scan(BERT).text == "Handed over to w-bert, worker. Earlier work stays with its worker."
    assert dock.state.worker is not None
    assert dock.state.worker.id == "w-bert"


def test_danger_is_written_down_even_then(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-LOCK")
    assert dock.scan("RS-STOP-LEAK").text == "Hands off. Call a supervisor. It is written down."
    assert dock.state.locked
    assert dock.scan("RS-HELP").text.startswith("The station is locked.")


def test_a_locked_station_is_locked_after_a_restart(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-LOCK")
    dock.restart()
    assert dock.scan(DUCK).at == "locked"


def test_without_a_worker_there_is_nothing_to_lock(dock: Dock) -> None:
    dock.scan("RS-SIGN-OUT")
    assert dock.scan("RS-LOCK").at == "badge"
    assert not dock.state.locked


def test_a_lock_by_the_clock_comes_as_a_command_and_is_no_step_back(dock: Dock) -> None:
    dock.scan("RMA-1")
    dock.scan("lock", kind=InputKind.COMMAND)
    assert dock.state.locked
    dock.scans(ANNA, "RS-UNDO")
    assert dock.state.parcel is None
    assert not dock.state.locked

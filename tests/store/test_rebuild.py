"""The history: any edit, deletion or cut of an event is revealed, and whole it says so."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from returns_station.errors import Problem
from returns_station.store.chain import verify_chain
from tests.workflow.kit import ANNA, DUCK, Dock, new_dock

HINT = "Somebody changed the history outside the station. Keep this file, restore a backup beside it, and compare."


@pytest.fixture
def worked(tmp_path: Path) -> Iterator[Dock]:
    """A dock that has worked one parcel to its end: nine events."""
    with closing(new_dock(tmp_path)) as dock:
        dock.scans(ANNA, "RMA-1", DUCK, "RS-SEALED", "LPN", "BIN-1")
        assert dock.one("SELECT MAX(sequence) FROM event") == 9
        yield dock


def broken(sentence: str) -> Problem:
    return Problem("chain.broken", sentence, HINT)


def test_a_history_nobody_touched_is_whole(worked: Dock) -> None:
    assert verify_chain(worked.engine) is None


def test_a_history_stays_whole_over_a_restart(worked: Dock) -> None:
    worked.restart()
    worked.scans("RMA-2", DUCK)
    assert verify_chain(worked.engine) is None


@pytest.mark.parametrize(
    "change",
    [
        "body = CAST(replace(CAST(body AS TEXT), 'BIN-1', 'BIN-2') AS BLOB)",
        "at = '2020-01-01T00:00:00.000000+00:00'",
        "worker_id = 'w-bert'",
        "device = 'keyboard'",
        "type = 'unit.held'",
        "parcel_id = NULL",
        "hash = randomblob(32)",
    ],
)
def test_an_edited_event_is_named(worked: Dock, change: str) -> None:
    worked.do(f"UPDATE event SET {change} WHERE sequence = 7")
    assert verify_chain(worked.engine) == broken("Event 7 of epoch 1 is not what was written.")


@pytest.mark.parametrize("sequence", [2, 5, 8])
def test_a_deleted_event_is_named(worked: Dock, sequence: int) -> None:
    worked.do("DELETE FROM event WHERE sequence = ?", sequence)
    assert verify_chain(worked.engine) == broken(f"Event {sequence} is missing from the history of epoch 1.")


def test_a_history_without_its_first_event_does_not_begin_where_it_should(worked: Dock) -> None:
    worked.do("DELETE FROM event WHERE sequence = 1")
    assert verify_chain(worked.engine) == broken("Event 2 of epoch 1 is not what was written.")


@pytest.mark.parametrize("left", [8, 1, 0])
def test_a_history_whose_end_was_cut_off_is_too_short(worked: Dock, left: int) -> None:
    worked.do("DELETE FROM event WHERE sequence > ?", left)
    assert verify_chain(worked.engine) == Problem(
        "chain.cut", f"The history of epoch 1 ends at event {left or 'none'}, event 9 was expected.", HINT
    )


def test_an_event_that_was_slipped_in_behind_the_end_is_found(worked: Dock) -> None:
    worked.do(
        "INSERT INTO event SELECT 10, 'forged', station, epoch, type, v, at, worker_id, parcel_id, unit_id, device, body, hash"
        " FROM event WHERE sequence = 9"
    )
    assert verify_chain(worked.engine) == broken("Event 10 of epoch 1 is not what was written.")

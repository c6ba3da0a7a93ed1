"""One transaction an input: the same key again does nothing again, and what did not commit never happened."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from returns_station.errors import StationError
from returns_station.workflow.ports import Input
from returns_station.workflow.state import State
from tests.workflow.kit import ANNA, DUCK, Dock, new_dock

TABLES = (
    "event",
    "raw_input",
    "outbox",
    "print_job",
    "parcel",
    "return_unit",
    "session_state",
    "meta",
    "scannable",
)


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    with closing(new_dock(tmp_path)) as dock:
        dock.scan(ANNA)
        yield dock


def content(dock: Dock) -> dict[str, list[str]]:
    return {name: list(map(str, dock.rows(f"SELECT * FROM {name}"))) for name in TABLES}


def test_the_same_key_again_gets_the_same_bytes_and_records_nothing(dock: Dock) -> None:
    given = Input(b"RMA-1", "script", key="first-of-the-day")
    first = dock.play(given)
    before, state = content(dock), dock.state
    again = dock.play(given)
    assert (again.reply, again.replayed, again.step) == (first.reply, True, None)
    assert (content(dock), dock.state) == (before, state)


def test_the_same_key_after_a_restart_still_gets_the_same_bytes(dock: Dock) -> None:
    given = Input(b"RMA-1", "script", key="k")
    first = dock.play(given)
    dock.restart()
    assert dock.play(given).reply == first.reply
    assert dock.one("SELECT COUNT(*) FROM parcel") == 1


def test_inputs_without_a_key_are_each_their_own(dock: Dock) -> None:
    for _ in range(2):
        dock.play(Input(b"RS-HELP", "gun"))
    assert dock.one("SELECT COUNT(*) FROM raw_input WHERE raw = CAST('RS-HELP' AS BLOB)") == 2


def test_raw_bytes_are_kept_byte_for_byte(dock: Dock) -> None:
    raw = bytes(range(256))
    dock.scan(raw)
    assert dock.rows("SELECT raw FROM raw_input ORDER BY sequence DESC LIMIT 1")[0]["raw"] == raw


def limit(dock: Dock, pragma: str) -> None:
    """A limit on the connection that the station works on."""
    dock.uow._open().exec_driver_sql(pragma)


def scan_until_refused(dock: Dock, seen: list[tuple[dict[str, list[str]], State]]) -> None:
    """Scans until the disk is full, noting what is stored and shown before each."""
    while True:
        dock.scan("A" * 2000)
        seen.append((content(dock), dock.state))


def test_a_full_disk_leaves_everything_as_it_was_and_says_so(dock: Dock) -> None:
    dock.scan("RMA-1")
    limit(dock, f"PRAGMA max_page_count = {dock.one('PRAGMA page_count')}")
    seen = [(content(dock), dock.state)]
    with pytest.raises(StationError) as caught:
        scan_until_refused(dock, seen)
    assert (caught.value.code, caught.value.sentence, caught.value.hint) == (
        "store.failed",
        "Nothing was saved: database or disk is full.",
        "Look at the disk and the database, then start the station again.",
    )
    assert (content(dock), dock.state) == seen[-1]
    limit(dock, "PRAGMA max_page_count = 1000000")
    assert dock.scan(DUCK).text == "Rubber duck, admiral × 1."


def test_a_database_that_may_only_be_read_takes_no_scan(dock: Dock) -> None:
    before, state = content(dock), dock.state
    limit(dock, "PRAGMA query_only = ON")
    with pytest.raises(StationError) as caught:
        dock.scan("RMA-1")
    assert str(caught.value) == (
        "Nothing was saved: attempt to write a readonly database. "
        "Look at the disk and the database, then start the station again."
    )
    assert (content(dock), dock.state) == (before, state)


def test_a_lost_table_is_an_error_of_the_store_with_its_name(dock: Dock) -> None:
    dock.do("ALTER TABLE scannable RENAME TO gone")
    with pytest.raises(StationError) as caught:
        dock.scan("RMA-1")
    assert caught.value.sentence == "Nothing was saved: no such table: scannable."


def test_a_commit_that_fails_is_an_unknown_outcome_and_publishes_nothing(dock: Dock) -> None:
    state = dock.state
    limit(dock, "CREATE TEMP TABLE parent (id INTEGER PRIMARY KEY)")
    limit(dock, "CREATE TEMP TABLE child (id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)")
    limit(
        dock,
        "CREATE TEMP TRIGGER spoil AFTER INSERT ON main.raw_input BEGIN INSERT INTO child VALUES (7); END",
    )
    with pytest.raises(StationError) as caught:
        dock.scan("RMA-1")
    assert (caught.value.code, caught.value.sentence, caught.value.hint) == (
        "store.unknown",
        "The database could not confirm the last scan: FOREIGN KEY constraint failed.",
        "Stop scanning, look at the disk, start the station again: it knows what was saved.",
    )
    assert dock.state is state
    assert dock.one("SELECT COUNT(*) FROM parcel") == 0


def test_a_restarted_station_stands_where_it_stood(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED")
    state = dock.state
    dock.restart()
    assert dock.state == state
    assert dock.scans("LPN", "BIN-1").text.startswith("Put. Parcel ")


def test_a_plate_from_the_roll_that_was_taken_before_its_turn_is_not_given_twice(dock: Dock) -> None:
    from returns_station.domain.scan import mint

    dock.scans("RMA-1", DUCK, "RS-SEALED", mint("L", "01", 1, 2), "BIN-1")
    dock.scans("RMA-2", DUCK, "1", "RS-SEALED")
    assert dock.state.unit is not None
    assert dock.state.unit.lpn == mint("L", "01", 1, 3)

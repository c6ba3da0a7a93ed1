"""What the screen shows beside the question, from the tables, by index, and nothing of a customer."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from returns_station.store.board import StationBoard
from returns_station.tui.widgets.known import all_known
from returns_station.workflow.board import Board, ExpectedLine
from tests.workflow.kit import ANNA, DUCK, MONDAY, Dock, copied_dock, new_dock

P1, LPN1 = "P011000001V", "L011000001S"


@pytest.fixture
def dock(tmp_path: Path) -> Iterator[Dock]:
    (tmp_path / "made").mkdir()
    new_dock(tmp_path / "made").close()
    with closing(copied_dock(tmp_path / "made" / "pond.db", tmp_path / "dock")) as found:
        found.scan(ANNA)
        yield found


def look(dock: Dock) -> Board:
    return StationBoard(dock.engine).look(dock.state)


def test_with_nothing_in_work_it_is_empty(dock: Dock) -> None:
    assert look(dock) == Board()


def test_a_parcel_shows_what_is_expected_and_what_came_so_far(dock: Dock) -> None:
    dock.scans("HOME-23", DUCK, "1", "RS-SEALED", "LPN", "BIN-1")
    card = look(dock).parcel
    assert card is not None
    assert (card.plate, card.returns, card.merchant, card.return_type) == (
        P1,
        ("RMA-2", "RMA-3"),
        "quack",
        "rma",
    )
    assert card.arrived_at is not None
    assert 0 < (card.arrived_at - MONDAY).total_seconds() < 60
    assert card.expected == (
        ExpectedLine("DUCK", "Rubber duck, admiral", 2, 1, 1, "unwanted"),
        ExpectedLine("SOCK", "One sock, left", 1, 0, 1, "unwanted"),
    )
    (unit,) = card.units
    assert (unit.lpn, unit.sku, unit.quantity, unit.grade, unit.disposition, unit.place, unit.state) == (
        LPN1,
        "DUCK",
        1,
        "grade_a",
        "return_to_stock",
        "BIN-1",
        "put",
    )


def test_a_received_parcel_shows_what_was_noted_at_the_truck(dock: Dock) -> None:
    dock.scans("RS-RECEIVE", "CAGE-1", "RMA-1", "RS-PIECE", "1/2", "RS-DAMAGE", "RS-A3", "RS-WEIGHT", "900")
    dock.scans("RS-DONE", P1)
    card = look(dock).parcel
    assert card is not None
    assert (card.piece, card.of, card.damage, card.weight_grams) == (1, 2, "wet", 900)


def test_a_unit_shows_its_details_its_hazard_and_the_reason_of_its_decision(dock: Dock) -> None:
    dock.do("UPDATE product SET hazard = 'lithium', components = '[\"Charger\"]' WHERE id = 'robot'")
    dock.scans("RMA-4", "9506000134352", "R2-D2", "RS-A2", "RS-A2")
    board = look(dock)
    assert board.unit is not None
    assert (board.unit.title, board.unit.serial, board.unit.hazard) == (
        "Robot that folds socks",
        "R2-D2",
        "lithium",
    )
    assert (board.unit.components, board.unit.disposition) == (("Charger",), None)
    assert board.parcel is not None
    assert board.parcel.hazards == ("lithium",)
    dock.scans("RS-A1", "RS-A1")
    unit = look(dock).unit
    assert unit is not None
    assert (unit.disposition, unit.findings, unit.reason) == ("repair", ("no_power",), "It may be mended.")


def test_a_unit_shows_the_link_to_its_picture_for_the_worker(dock: Dock) -> None:
    links = '["https://pictures.example/duck.jpg", "https://pictures.example/back.jpg"]'
    dock.do("UPDATE product SET images = ? WHERE id = 'duck'", links)
    dock.scans("RMA-1", DUCK)
    shown = "\n".join("".join(text for text, _ in row) for row in all_known(look(dock), 60))
    assert "picture https://pictures.example/duck.jpg" in shown


def test_pieces_that_a_split_left_for_later_are_counted(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "2", "RS-SPLIT", "1")
    unit = look(dock).unit
    assert unit is not None
    assert (unit.quantity, unit.waiting) == (1, 1)


def test_it_says_nothing_of_a_customer(dock: Dock) -> None:
    dock.do("UPDATE authorization SET customer_id = 'C-4711'")
    dock.do("UPDATE sales_order SET customer_id = 'C-4711'")
    dock.do(
        "INSERT INTO customer_history (customer_id, orders, pieces_returned, spent_minor, updated_at) "
        "VALUES ('C-4711', 4711, 4711, 4711, '')"
    )
    dock.scans("RMA-1", DUCK)
    assert "4711" not in str(asdict(look(dock)))


@pytest.mark.parametrize(
    "codes",
    [("RMA-1", DUCK), ("RS-RECEIVE", "CAGE-1", "RMA-1"), ("RS-RECEIVE", "RS-NO-LABEL", "RMA-1"), ("TOTE-1",)],
    ids=" ".join,
)
def test_every_read_goes_by_an_index_however_much_was_ever_worked(dock: Dock, codes: tuple[str, ...]) -> None:
    dock.scans(*codes)
    asked = _statements(dock, lambda: look(dock))
    assert asked
    for text, values in asked:
        with dock.engine.connect() as connection:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
        assert not [
            row for row in plan if str(row[3]).startswith("SCAN") and "json_each" not in str(row[3])
        ], text


def _statements(dock: Dock, act: Callable[[], object]) -> list[tuple[str, Any]]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        asked.append((text, values))

    event.listen(dock.engine, "before_cursor_execute", note)
    act()
    event.remove(dock.engine, "before_cursor_execute", note)
    return [(text, values) for text, values in asked if text.startswith("SELECT")]

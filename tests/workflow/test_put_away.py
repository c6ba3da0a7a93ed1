"""A container is closed, moved and put: what lies in it becomes available at its place, once, until that is taken back."""

import json
from pathlib import Path
from typing import Any

import pytest

from returns_station.store.board import StationBoard
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import connector, write_seed
from tests.sync.outbox_kit import Station
from tests.workflow.kit import DUCK, Dock
from tests.workflow.test_undo_walk import rebuilt, snapshot, told


def tote(dock: Dock) -> Dock:
    """Two units of two returns lie in TOTE-1."""
    dock.do("UPDATE container SET purposes = '[\"restock\"]' WHERE code = 'TOTE-1'")
    dock.scans("RMA-1", DUCK, "RS-SEALED", "LPN", "TOTE-1")
    dock.scans("RMA-2", DUCK, "2", "RS-SEALED", "LPN", "TOTE-1")
    return dock


def available(dock: Dock) -> list[dict[str, Any]]:
    rows = dock.rows("SELECT * FROM outbox WHERE type LIKE 'returns.available%' ORDER BY return_id, ordinal")
    return [row | {"body": json.loads(row["body"])} for row in rows]


def container(dock: Dock, code: str = "TOTE-1") -> tuple[str, str]:
    (row,) = dock.rows(f"SELECT state, location FROM container WHERE code = '{code}'")
    return row["state"], row["location"]


def places(dock: Dock) -> list[tuple[str, str | None]]:
    rows = dock.rows("SELECT location, container FROM return_unit ORDER BY id")
    return [(row["location"], row["container"]) for row in rows]


def test_a_tote_is_put_away_with_two_scans_and_its_units_become_available_there(dock: Dock) -> None:
    tote(dock)
    asked = dock.scan("TOTE-1")
    assert (asked.text, asked.at) == ("TOTE-1: units 2, pieces 3. Scan its place, or CLOSE.", "container")
    put = dock.scan("ROW-1")
    assert (put.text, put.at) == ("TOTE-1 is put away in ROW-1. Available: units 2, pieces 3.", "parcel")
    assert container(dock) == ("put_away", "ROW-1")
    assert places(dock) == [("ROW-1", "TOTE-1")] * 2
    rows = available(dock)
    assert [(row["type"], row["return_id"], row["state"]) for row in rows] == [
        ("returns.available", "a-RMA-1", "local"),
        ("returns.available", "a-RMA-2", "local"),
    ]
    assert {(row["body"]["location"], row["body"]["container"]) for row in rows} == {("ROW-1", "TOTE-1")}
    for row in rows:  # after the receipt, the stock movement and the money of its own return
        highest = dock.one(f"SELECT max(ordinal) AS n FROM outbox WHERE return_id = '{row['return_id']}'")
        assert row["ordinal"] == highest
        assert row["parcel_id"]


def test_a_unit_put_straight_into_a_bin_is_told_once_as_stock(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED", "LPN", "BIN-1")
    assert available(dock) == []


def test_a_received_worked_and_put_away_load_is_what_the_upstream_knows_in_the_end(
    dock: Dock, tmp_path: Path
) -> None:
    dock.scans("RS-RECEIVE", "CAGE-1", "RMA-1", "RMA-2", "RS-DONE")
    tote(dock).scans("TOTE-1", "ROW-1")
    dock.scans("TOTE-1", "RS-EMPTY", "RS-UNDO")
    orders = [
        {
            "merchant": "quack",
            "number": "536365",
            "currency": "GBP",
            "payments": [{"reference": "PAY-536365", "captured": "100.00", "refunded": "0.00"}],
            "lines": [],
        }
    ]
    with Upstream(tmp_path / "up", seed_dir=write_seed(tmp_path / "seed", orders=orders)) as upstream:
        http = connector(upstream.url)
        Station(dock.engine).drain(http)
        rows = upstream.available(container="TOTE-1")
        assert [(row["return_id"], row["quantity"], row["location"]) for row in rows] == [
            ("a-RMA-1", 1, "ROW-1"),
            ("a-RMA-2", 2, "ROW-1"),
        ]
        assert [row["count"] for row in upstream.receipts()] == [1, 1]
        dock.scans("RS-UNDO", "RS-UNDO")
        Station(dock.engine).drain(http)
        assert sum(int(str(row["quantity"])) for row in upstream.available()) == 0
        http.close()
    assert {row["state"] for row in dock.rows("SELECT state FROM outbox")} == {"acknowledged"}


def test_undo_reverses_what_upstreams_know_and_withdraws_what_they_do_not(dock: Dock) -> None:
    tote(dock).scans("TOTE-1")
    before = snapshot(dock)
    dock.scan("ROW-1")
    dock.do("UPDATE outbox SET state = 'acknowledged' WHERE return_id = 'a-RMA-1'")
    dock.scan("RS-UNDO")
    assert snapshot(dock) == before
    assert container(dock) == ("open", "AISLE-9")
    assert [(row["type"], row["state"]) for row in available(dock)] == [
        ("returns.available", "acknowledged"),
        ("returns.available.reversed", "local"),
        ("returns.available", "withdrawn"),
    ]
    dock.scan("ROW-1")
    assert len(available(dock)) == 5
    rebuilt(dock)


def test_a_unit_that_a_person_must_release_is_available_no_sooner(dock: Dock) -> None:
    """It was more than was sold: its stock waits for a person, and so does its availability."""
    dock.do("UPDATE container SET purposes = '[\"hold\", \"restock\"]' WHERE code = 'TOTE-1'")
    dock.scans("RMA-1", "SOCK", "1", "RS-SEALED", "RS-D-RETURN-TO-STOCK", "RS-A1", "LPN", "TOTE-1", "RS-DONE")
    dock.scans("TOTE-1", "ROW-1")
    assert [(row["state"], row["problem_code"]) for row in available(dock)] == [("held", "stock.needs_human")]


def test_what_is_set_aside_in_a_container_moves_along_and_is_not_available(dock: Dock) -> None:
    dock.do("UPDATE container SET purposes = '[\"hold\"]' WHERE code = 'TOTE-1'")
    dock.scans("RMA-1", DUCK, "RS-HOLD", "LPN", "TOTE-1", "RS-HOLD", "SHELF-H", "TOTE-1", "DOOR-1")
    assert places(dock) == [("DOOR-1", "TOTE-1")]
    assert available(dock) == []


def test_close_closes_only_and_a_closed_tote_takes_nothing_but_can_be_put_away(dock: Dock) -> None:
    tote(dock).scans("TOTE-1")
    assert dock.command("close").text == "TOTE-1 is closed."
    assert container(dock) == ("closed", "AISLE-9")
    assert available(dock) == []
    dock.scan("TOTE-1")
    assert dock.command("close").text == "TOTE-1 is closed already."
    dock.scan("ROW-1")
    assert container(dock) == ("put_away", "ROW-1")
    dock.scans("RMA-ONE", DUCK, "4", "RS-SEALED", "LPN")
    assert dock.scan("TOTE-1").text == "TOTE-1 is closed. Scan an open one."


def test_a_tote_is_put_away_once_and_empty_makes_it_free_while_its_units_stay(dock: Dock) -> None:
    tote(dock).scans("TOTE-1", "ROW-1")
    assert dock.scan("TOTE-1").text == "TOTE-1 is put away in ROW-1: units 2, pieces 3. EMPTY makes it free."
    again = dock.scan("BIN-1")
    assert (again.signal, again.text) == (
        "duplicate",
        "TOTE-1 is put away in ROW-1 already. EMPTY makes it free.",
    )
    assert dock.command("empty").text == "TOTE-1 is free again. Units that stay in ROW-1: 2."
    assert container(dock) == ("open", "ROW-1")
    assert places(dock) == [("ROW-1", None)] * 2
    assert len(available(dock)) == 2
    dock.scan("RS-UNDO")
    assert (container(dock), places(dock)) == (("put_away", "ROW-1"), [("ROW-1", "TOTE-1")] * 2)
    rebuilt(dock)


def test_a_tote_that_was_not_put_away_is_not_emptied_on_the_screen(dock: Dock) -> None:
    tote(dock).scans("TOTE-1")
    assert dock.command("empty").text == "TOTE-1 was not put away yet. Scan its place first."


def test_a_place_that_does_not_suit_asks_for_a_reason_and_the_right_place_needs_none(dock: Dock) -> None:
    tote(dock).scans("TOTE-1")
    asked = dock.scan("SKIP-1")
    assert (asked.signal, asked.text) == ("mismatch", "SKIP-1 is not a place for TOTE-1 (restock).")
    assert available(dock) == []
    dock.scan("RS-A1")
    assert container(dock) == ("put_away", "SKIP-1")
    body = dock.one("SELECT body FROM event WHERE type = 'container.put_away'")
    assert json.loads(body)["facts"] == {"reason": "full"}
    dock.scans("RS-UNDO")
    assert dock.scan("ROW-1").text.startswith("TOTE-1 is put away in ROW-1.")


def test_a_cage_of_received_parcels_only_moves(dock: Dock) -> None:
    dock.scans("RS-RECEIVE", "CAGE-1", "RMA-1", "RMA-2", "RS-DONE")
    assert dock.scan("CAGE-1").text == "CAGE-1: parcels to be opened: 2. Scan its place."
    assert dock.scan("DOOR-1").text == "CAGE-1 stands in DOOR-1 now."
    assert container(dock, "CAGE-1") == ("open", "DOOR-1")
    assert available(dock) == []
    dock.scans("CAGE-1", "BIN-1", "RS-UNDO", "RS-UNDO")
    assert container(dock, "CAGE-1") == ("open", "DOOR-1")


def test_with_a_parcel_open_a_container_is_no_item(dock: Dock) -> None:
    dock.scan("RMA-1")
    assert dock.scan("TOTE-1").text == "TOTE-1 is not an item. Scan the barcode on the product."


def test_another_container_is_simply_taken_and_the_one_in_hand_can_be_left(dock: Dock) -> None:
    dock.scans("TOTE-1")
    assert dock.scan("TOTE-1").signal == "duplicate"
    assert dock.scan("CAGE-1").at == "container"
    assert dock.scan(DUCK).text == f"{DUCK} is not a place. Scan the place, or CLOSE."
    assert dock.command("done").text == "CAGE-1 is left as it is."
    assert dock.command("put_away").text == "Scan the tote, cage or pallet that is to be put away."


def test_a_container_of_two_hundred_units_is_put_away_and_taken_back_in_one_input_each(dock: Dock) -> None:
    tote(dock)
    columns = [row["name"] for row in dock.rows("PRAGMA table_info(return_unit)")]
    copied = ", ".join({"id": "'u-' || n.value", "lpn": "NULL"}.get(name, f"u.{name}") for name in columns)
    numbers = json.dumps(list(range(198)))
    dock.do(
        f"INSERT INTO return_unit SELECT {copied} FROM return_unit u, json_each('{numbers}') n"
        " WHERE u.id = (SELECT min(id) FROM return_unit)"
    )
    assert dock.scan("TOTE-1").text.startswith("TOTE-1: units 200")
    dock.scan("ROW-1")
    assert len(available(dock)) == 200
    before = told(dock)
    dock.scan("RS-UNDO")
    assert told(dock) != before
    assert {row["state"] for row in available(dock)} == {"withdrawn"}
    assert set(places(dock)) == {("AISLE-9", "TOTE-1")}


def test_the_board_shows_what_lies_in_the_container_in_hand(dock: Dock) -> None:
    tote(dock).scans("TOTE-1")
    card = StationBoard(dock.engine).look(dock.state).container
    assert card is not None
    assert (card.code, card.state, card.units, card.pieces, card.parcels) == ("TOTE-1", "open", 2, 3, 0)


@pytest.mark.parametrize("code", ["TOTE-1", "CAGE-1"])
def test_after_a_restart_the_container_is_still_in_hand(dock: Dock, code: str) -> None:
    dock.scan(code)
    dock.restart()
    assert dock.scan("DOOR-1").text == f"{code} stands in DOOR-1 now."

"""What holds after every input: `returns.completed` against the parcels, released restock against what was sold."""

import json
from typing import Any

from tests.workflow.kit import Dock

Row = dict[str, Any]
COMPLETED, STOCK, REFUND = "returns.completed", "returns.stock", "returns.refund"
SALEABLE = ("return_to_stock", "return_to_stock_resale")


def standing(dock: Dock, kind: str) -> list[Row]:
    """Effects of a kind that were told and not taken back, in their order, each with its body as an object."""
    rows = dock.rows(
        f"SELECT * FROM outbox WHERE type IN ('{kind}', '{kind}.reversed') AND state != 'withdrawn' ORDER BY ordinal"
    )
    found = [row | {"body": json.loads(row["body"])} for row in rows]
    taken_back = [row["body"]["reverses"] for row in found if row["type"] != kind]
    assert len(taken_back) == len(set(taken_back)), "An effect is reversed once."
    return [row for row in found if row["type"] == kind and row["id"] not in taken_back]


def no_parcel_is_left_open(dock: Dock) -> None:
    """Only the parcel in work is open: any other would never be completed."""
    found = {row["id"] for row in dock.rows("SELECT id FROM parcel WHERE work = 'open'")}
    assert found <= ({dock.state.parcel.id} if dock.state.parcel else set())


def completions_are_true(dock: Dock) -> None:
    """Told once a closing for each return, never of a parcel that is not finished, and true of the parcel as it was closed."""
    told = standing(dock, COMPLETED)
    stock = standing(dock, STOCK)
    for parcel in dock.rows("SELECT * FROM parcel"):
        own = [row for row in told if row["parcel_id"] == parcel["id"]]
        closings = dock.one(
            f"SELECT COUNT(*) FROM event WHERE type = 'parcel.closed' AND parcel_id = '{parcel['id']}'"
        )
        if parcel["work"] == "voided" or parcel["arrival"] == "refused" or not closings:
            assert own == [], parcel
        for id in json.loads(parcel["returns"]) if parcel["work"] == "closed" else ():
            if parcel["arrival"] != "refused":
                _is_true(dock, [row for row in own if row["return_id"] == id], parcel["id"], id, stock)
    _each_closing_tells_once(dock)
    for money in standing(dock, REFUND):
        before = [
            r for r in told if (r["return_id"], r["parcel_id"]) == (money["return_id"], money["parcel_id"])
        ]
        assert money["ordinal"] - 1 in {row["ordinal"] for row in before}, "Money follows its completion."


def _each_closing_tells_once(dock: Dock) -> None:
    closed = dock.rows("SELECT parcel_id, body FROM event WHERE type = 'parcel.closed'")
    wanted = sum(len(json.loads(row["body"])["parcel"]["returns"]) for row in closed)
    assert dock.one(f"SELECT COUNT(*) FROM outbox WHERE type = '{COMPLETED}'") == wanted


def _is_true(dock: Dock, told: list[Row], parcel: str, return_id: str, stock: list[Row]) -> None:
    assert told, f"Nobody heard that {return_id} is finished in {parcel}."
    last = told[-1]
    units = dock.rows(
        f"SELECT * FROM return_unit WHERE parcel_id = '{parcel}' AND return_id = '{return_id}' AND reception = 'received'"
    )
    moves = {row["unit_id"]: row for row in stock}
    assert {row["unit_id"]: (row["quantity"], row["held"]) for row in last["body"]["units"]} == {
        unit["id"]: (
            unit["quantity"],
            unit["placement"] != "put" or moves[unit["id"]]["state"] == "held",
        )
        for unit in units
    }
    assert all(moves[unit["id"]]["ordinal"] < last["ordinal"] for unit in units if unit["placement"] == "put")


def restock_is_within_what_was_sold(dock: Dock) -> None:
    """Of no order line goes more back to stock without a person than was sold and had not come back before."""
    lines = {
        row["id"]: (row["order_line_id"], row["quantity"])
        for row in dock.rows("SELECT id, order_line_id, quantity FROM return_unit")
    }
    pieces: dict[str | None, int] = {}
    for row in standing(dock, STOCK):
        line, quantity = lines[row["unit_id"]]
        if row["state"] != "held" and row["body"]["disposition"] in SALEABLE:
            pieces[line] = pieces.get(line, 0) + quantity
    for line in dock.rows("SELECT id, quantity, returned_before FROM order_line"):
        assert pieces.get(line["id"], 0) <= max(0, line["quantity"] - line["returned_before"]), line

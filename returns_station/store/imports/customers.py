"""What an upstream knows of a customer's trade in all: kept beside the customer, for supervisors and rules."""

from collections.abc import Mapping
from typing import Final

from returns_station.store import tables
from returns_station.store.imports.upsert import Row, Target, upsert
from returns_station.store.outbox import stamp

AMOUNTS: Final = ("spent_minor", "returned_minor")
FACTS: Final = ("orders", "pieces_bought", "pieces_returned", *AMOUNTS, "currency", "first_order_at")
"""Columns of a customer's row that go here; blank clears one, a row with none of them leaves all as they are."""


def merge_history(target: Target, bodies: Mapping[str, Row]) -> set[str]:
    """Writes the facts of customers by id; returns the ids of those whose facts changed."""
    now = stamp(target.now)
    rows = [
        {name: row[name] for name in FACTS if name in row} | {"customer_id": id, "updated_at": now}
        for id, row in bodies.items()
        if any(name in row for name in FACTS)
    ]
    found = upsert(target, tables.CustomerHistory, rows, ("customer_id",), "customer_id", adjust=_adjusted)
    return {str(key[0]) for key in found.inserted | found.changed}


def _adjusted(before: Row, row: Row) -> None:
    """Amounts that are not said again do not survive a change of currency; what says nothing new is no change."""
    if "currency" in row and row["currency"] != before["currency"]:
        row.update({name: None for name in AMOUNTS if name not in row})
    if all(before[name] == value for name, value in row.items() if name != "updated_at"):
        row["updated_at"] = before["updated_at"]

"""Parcels of the sample shift worked on a dock by their script, and an old system's export written from rows."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from returns_station import config as configuration
from returns_station.bootstrap import Station
from returns_station.demo.scripts import read_script
from returns_station.plain import End, Line, LineMode, Queue
from tests.commands.dock_kit import Dock

SHADOW = '\n[[target]]\nname = "wms"\nurl = "{url}"\nsecret_env = "WMS_SECRET"\nshadow = true\n'
COLUMNS = (
    *("kind", "return_number", "order_number", "sku", "quantity", "disposition", "location"),
    *("amount", "currency", "reference", "occurred_at"),
)
Row = dict[str, Any]


def script_of(parcels: Sequence[int]) -> list[str]:
    """The lines of some parcels of the shift, with the badge before them."""
    text = files("returns_station.samples").joinpath("shift.jsonl").read_text("utf-8")
    badge, *parts = text.split("# Parcel ")
    by_number = {int(part.split(":", 1)[0]): part.splitlines()[1:] for part in parts}
    signed_in = [line for line in badge.splitlines() if not line.startswith("#")]
    return [*signed_in, *(line for number in parcels for line in by_number[number])]


def play(dock: Dock, lines: Iterable[str]) -> None:
    """Plays lines of a script; every reply is as the script says."""
    # The same name again would give its inputs the ids of those before.
    path = dock.folder / f"played-{len(list(dock.folder.glob('played-*')))}.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    script, queue = read_script(str(path)), Queue()
    steps = script.steps()

    def feed(reply: Mapping[str, Any]) -> None:
        if reply.get("type") == "reply":
            script.check(reply)
        line = None if script.problems else next(steps, None)
        queue.put(End() if line is None else Line(line, scripted=True))

    with Station(configuration.load(dock.config)) as station:
        LineMode(station, queue, io.StringIO(), as_json=True, after=feed).run()
    assert script.problems == []


def scan(*codes: str) -> list[str]:
    """Scans as lines of a script, each to be accepted."""
    return [json.dumps({"scan": code, "signal": "accepted"}) for code in codes]


def states(dock: Dock) -> dict[str, set[str]]:
    """The states of the outbox's rows by type, withdrawn ones left out."""
    found: dict[str, set[str]] = {}
    for row in dock.rows("select type, state from outbox where state != 'withdrawn'"):
        found.setdefault(row["type"].removeprefix("returns."), set()).add(row["state"])
    return found


def write_export(path: Path, rows: Iterable[Row]) -> Path:
    """An old system's export as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows({name: row.get(name, "") for name in COLUMNS} for row in rows)
    return path


def planted(rows: list[Row]) -> tuple[list[Row], list[tuple[str, str]]]:
    """An export with twelve differences planted in twelve returns, and what a report must say: code and return.

    Each return has a stock row; those of the money have a refund too.
    """
    rows = [dict(row) for row in rows]
    stock = {row["return_number"]: row for row in reversed(rows) if row["kind"] == "stock"}
    money = {row["return_number"]: row for row in rows if row["kind"] == "refund"}
    paid = [number for number in stock if number in money][:6]
    unpaid = [number for number in stock if number not in paid][:6]
    assert (len(paid), len(unpaid)) == (6, 6), "The shift is too short for twelve differences."
    expected = []

    def plant(code: str, number: str) -> None:
        expected.append((code, number))

    one, two, three, four, five, six = unpaid
    stock[one]["quantity"] += 2
    plant("unit.quantity", one)
    stock[two]["location"] = "ELSEWHERE-9"
    plant("unit.place", two)
    if stock[three].get("disposition"):
        stock[three]["disposition"] = "donate"
        plant("unit.disposition", three)
    else:
        stock[three]["location"] = "ELSEWHERE-8"
        plant("unit.place", three)
    rows.remove(stock[four])
    others = [row for row in rows if row["kind"] == "stock" and _same(row, stock[four])]
    plant("unit.quantity" if others else "unit.only_here", four)
    rows.append({**stock[five], "sku": "NOBODY", "reference": "planted-1"})
    plant("unit.only_there", five)
    rows.append({**stock[six], "reference": "planted-2"})
    plant("unit.quantity", six)
    _plant_money(rows, money, paid, plant)
    return rows, sorted(expected)


def _plant_money(rows: list[Row], money: dict[str, Row], paid: list[str], plant: Any) -> None:
    one, two, three, four, five, six = paid
    money[one]["amount"] = _plus(money[one]["amount"], 1)
    plant("money.amount", one)
    rows.remove(money[two])
    plant("money.only_here", two)
    rows.append({**money[three], "reference": "planted-3"})
    plant("money.amount", three)
    money[four]["currency"] = "CHF"
    plant("money.currency", four)
    rows.append({**money[five], "currency": "CHF", "reference": "planted-4"})
    plant("money.only_there", five)
    rows.append({**money[six], "amount": "0.50", "reference": "planted-5"})
    plant("money.amount", six)


def _same(row: Row, other: Row) -> bool:
    return (row["return_number"], row["sku"]) == (other["return_number"], other["sku"])


def _plus(amount: str, cents: int) -> str:
    return str(Decimal(amount) + Decimal(cents) / 100)

"""UNDO: after every step back the tables are what they were before the step; the history rebuilds them at any time."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from returns_station.store.chain import verify_chain
from returns_station.store.rebuild import STATE_TABLES, rebuild
from tests.workflow.kit import BOSS, CREAM, DUCK, DUCK_CASE, ROBOT, Dock

WALK = [
    *(
        "RMA-1",
        "RMA-2",
        "RMA-4",
        "RMA-5",
        "HOME-23",
        "536365",
        "RS-NO-LABEL",
        "OUT-OF-THE-DOOR",
        "RMA-ONE",
        "who knows",
    ),
    *(DUCK, DUCK, DUCK_CASE, ROBOT, CREAM, "SOCK", "KIT", "R2-D2", "LOT-7", "2031-01-31", "2", "3"),
    *(
        "RS-SEALED",
        "RS-A1",
        "RS-A2",
        "RS-A3",
        "RS-SPLIT",
        "RS-HOLD",
        "RS-DONE",
        "RS-YES",
        "RS-REFUSE",
        "RS-RTS",
        "RS-SHORT",
    ),
    *(
        "LPN",
        "LPN",
        "LPN",
        "BIN-1",
        "BIN-1",
        "SHELF-H",
        "FIREBOX",
        "USED-1",
        "RS-STOP-LEAK",
        "RS-STOP-PROPERTY",
        "RS-D-SCRAP",
    ),
    *("OLD-LPN", "OLD-PLATE"),
    *("RS-RECEIVE", "TOTE-1", "TOTE-1", "ROW-1", "RS-PRINTER", "RS-LATER", "RS-PHOTO"),
]
TRUCK = [
    *(
        "RS-RECEIVE",
        "RS-RECEIVE",
        "RS-WORK",
        "CAGE-1",
        "CAGE-2",
        "TOTE-1",
        "ROW-1",
        "DOOR-1",
        "BIN-1",
        "RS-CLOSE",
    ),
    *(
        "RMA-1",
        "RMA-2",
        "HOME-23",
        "SAME-7",
        "536365",
        "who knows",
        "RS-NO-LABEL",
        "OUT-OF-THE-DOOR",
        "RMA-4",
    ),
    *("RS-PIECE", "1/2", "RS-DAMAGE", "RS-WEIGHT", "1.5", "RS-CARRIER", "RS-SEAL", "RS-SKIP", "RS-REFUSE"),
    *("RS-YES", "RS-NO", "RS-A1", "RS-A2", "RS-EMPTY", "OLD-PLATE", "OLD-PLATE", "OLD-LPN", "RS-STOP-LEAK"),
    *(DUCK, "RS-SEALED", "LPN", "RS-LATER", "TOTE-1", "RS-DONE", "RS-HOLD", "SHELF-H", "RS-PHOTO"),
]
LIVING = {
    "parcel": "work != 'voided'",
    "return_unit": "reception = 'received'",
    "settlement": "state != 'withdrawn'",
    "authorization": "source != 'station'",
    "unit_finding": "unit_id IN (SELECT id FROM return_unit WHERE reception = 'received')",
    # A picture is no step: nothing takes it back.
    "evidence": "0",
    "scannable": "kind IN ('parcel', 'plate', 'lpn')",
}


def snapshot(dock: Dock) -> dict[str, Any]:
    """The living rows of the state tables; when a parcel was closed is history, not state."""
    tables = [*STATE_TABLES, "scannable"]
    return {
        name: sorted(
            str({k: v for k, v in row.items() if k != "closed_at"})
            for row in dock.rows(f"SELECT * FROM {name} WHERE {LIVING.get(name, '1')}")
        )
        for name in tables
    }


def told(dock: Dock) -> dict[str, int]:
    """What others will believe in the end: receipts of parcels, stock of units, money of returns, each as a sum."""
    sums: dict[str, int] = {}
    for row in dock.rows(
        "SELECT type, parcel_id, unit_id, return_id, body FROM outbox WHERE state != 'withdrawn'"
    ):
        kind, _, reverse = row["type"].removeprefix("returns.").partition(".")
        key = f"{kind} {row['unit_id'] if kind in ('stock', 'available') else row['return_id']} {row['parcel_id']}"
        sums[key] = sums.get(key, 0) + (-1 if reverse else 1)
    return {key: count for key, count in sums.items() if count}


def filled(dock: Dock, code: str, rng: random.Random) -> str | None:
    """The code to scan, None where there is none to fill in."""
    if code == "LPN":
        return dock.state.unit.lpn if dock.state.unit else None
    if code in ("OLD-LPN", "OLD-PLATE"):
        table, column = ("return_unit", "lpn") if code == "OLD-LPN" else ("parcel", "plate")
        found = dock.rows(f"SELECT {column} AS code FROM {table} WHERE {column} IS NOT NULL ORDER BY id")
        return str(rng.choice(found)["code"]) if found else None
    return code


LIKELY: dict[str, tuple[str, ...]] = {
    "label": ("LPN", "LPN", "LPN", "RS-LATER", "RS-PRINTER"),
    "hold_label": ("LPN",),
    "hold_shelf": ("SHELF-H",),
    "stop_shelf": ("FIREBOX",),
    "cage": ("CAGE-1", "CAGE-2", "RS-NO-LABEL"),
    "container": ("ROW-1", "ROW-1", "DOOR-1", "SKIP-1", "RS-CLOSE", "RS-EMPTY"),
    "piece": ("1/2",),
    "weight": ("1.5",),
    "seal": ("S-1",),
}
TRUCK_LIKELY = LIKELY | {
    "parcel": (
        "RS-RECEIVE",
        "OLD-PLATE",
        "OLD-PLATE",
        "RMA-1",
        "RMA-2",
        "SAME-7",
        "TOTE-1",
        "TOTE-1",
        "CAGE-1",
    ),
    "receive": tuple(TRUCK[10:]),
    "item": (DUCK, DUCK, DUCK, "RS-DONE", "RS-REFUSE"),
    "quantity": ("1", "2"),
    "question": ("RS-SEALED",),
    "destination": ("TOTE-1", "TOTE-1", "BIN-1"),
}


def sensible(dock: Dock, rng: random.Random, walk: list[str]) -> str | None:
    """Now and then what the prompt asks for, so that walks get far; at the truck most of the time."""
    at = str(dock.state.at)
    likely = (TRUCK_LIKELY if walk is TRUCK else LIKELY).get(at, ())
    if at == "destination" and walk is not TRUCK and dock.state.suggestion:
        likely = (dock.state.suggestion,)
    wanted = rng.choice(likely) if likely else None
    wanted = wanted or (rng.choice(dock.state.choices).scan if dock.state.choices else None)
    if rng.random() >= (0.9 if walk is TRUCK else 0.5):
        return None
    return filled(dock, wanted or rng.choice(walk), rng)


@pytest.mark.parametrize("sent", [False, True], ids=["nothing was sent", "stock and receipts were sent"])
@pytest.mark.parametrize("walk", [WALK, TRUCK], ids=["parcels", "truck"])
@pytest.mark.parametrize("seed", range(8))
def test_undo_takes_every_step_back_until_there_is_nothing(
    docks: Callable[[], Dock], seed: int, walk: list[str], sent: bool
) -> None:
    dock, rng = docks(), random.Random(f"walk {seed}")
    dock.scan(BOSS)
    steps: list[tuple[dict[str, Any], dict[str, int], str]] = []
    for _ in range(40):
        code = sensible(dock, rng, walk) or filled(dock, rng.choice(walk), rng)
        if code is None:
            continue
        before, depth = (snapshot(dock), told(dock), str(dock.state.at)), dock.state.back
        dock.scan(code)
        if dock.state.back != depth:
            steps.append(before)
    assert verify_chain(dock.engine) is None
    if sent:
        dock.do("UPDATE outbox SET state = 'acknowledged' WHERE state = 'local' AND type NOT LIKE '%refund%'")
    while dock.state.back:
        tables, effects, at = steps.pop()
        answer = dock.scan("RS-UNDO")
        if answer.text != "Undone.":
            assert sent
            assert answer.signal == "stop"
            break
        assert (snapshot(dock), told(dock), str(dock.state.at)) == (tables, effects, at)
    rebuilt(dock)


@pytest.mark.parametrize("walk", [WALK, TRUCK], ids=["parcels", "truck"])
@pytest.mark.parametrize("seed", range(6))
def test_the_history_alone_makes_the_same_tables_again(
    docks: Callable[[], Dock], seed: int, walk: list[str]
) -> None:
    dock, rng = docks(), random.Random(f"rebuild {seed}")
    dock.scan(BOSS)
    for _ in range(60):
        code = sensible(dock, rng, walk) or filled(dock, rng.choice([*walk, "RS-UNDO"]), rng)
        if code is not None:
            dock.scan(code)
    assert dock.rows("SELECT * FROM parcel")
    rebuilt(dock)


def rebuilt(dock: Dock) -> None:
    """Rebuilding changes nothing at all."""
    query = {name: f"SELECT * FROM {name}" for name in (*STATE_TABLES, "scannable", "return_line")}
    before = {name: sorted(map(str, dock.rows(text))) for name, text in query.items()}
    rebuild(dock.engine, dock.rules.site)
    assert {name: sorted(map(str, dock.rows(text))) for name, text in query.items()} == before

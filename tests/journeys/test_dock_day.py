"""A day at the dock at three sizes of terminal, by scans alone: what docs/ pictures is what the station does."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from docs.pictures import stage
from docs.scenes import CAGE, DAY, LOAD, SIZES, TOTE, play
from returns_station.store.engine import open_engine


def _rows(engine: Engine, query: str) -> list[dict[str, Any]]:
    with engine.connect() as connection:
        return [dict(row) for row in connection.exec_driver_sql(query).mappings()]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [pytest.param(*size, marks=[] if size == (80, 24) else pytest.mark.prove) for size in SIZES],
)
def test_the_whole_day_is_worked_by_scans_at_every_size(columns: int, rows: int) -> None:
    """Twelve received, six worked; one of each: held, stopped, undone, reprinted, out of paper, put away."""
    with stage(columns, rows) as found:
        play(found, DAY)
        engine = open_engine(found.folder / "station.db")
        try:
            _check(engine)
        finally:
            engine.dispose()
        assert found.camera.text.count("\x1b") == 0
        _upstream_has_it(found.folder)


def _check(engine: Engine) -> None:
    parcels = _rows(engine, "SELECT scanned, arrival, work, cage, damage FROM parcel")
    assert sorted(row["scanned"] for row in parcels) == sorted(LOAD)
    assert {row["arrival"] for row in parcels} == {"arrived"}
    assert {row["cage"] for row in parcels} == {CAGE}
    assert [row["scanned"] for row in parcels if row["damage"]] == [LOAD[2]]
    closed = {row["scanned"] for row in parcels if row["work"] == "closed"}
    assert closed >= {LOAD[n] for n in (0, 3, 4, 5, 10)}
    assert sum(row["work"] == "waiting" for row in parcels) == 6
    units = _rows(engine, "SELECT * FROM return_unit WHERE reception = 'received' ORDER BY id")
    assert [row["placement"] for row in units] == ["put", "put", "put", "held", "put", "stopped"]
    assert [row["location"] for row in units if row["container"] == TOTE] == ["RESTOCK-1"] * 3
    assert _rows(engine, f"SELECT state, location FROM container WHERE code = '{TOTE}'") == [
        {"state": "put_away", "location": "RESTOCK-1"}
    ]
    prints = _rows(engine, "SELECT printer, state, reprint FROM print_job ORDER BY id")
    assert [row["reprint"] for row in prints].count(1) >= 1
    assert "zebra" in {row["printer"] for row in prints}
    typed = _rows(engine, "SELECT device FROM raw_input WHERE kind = 'scan'")
    assert {row["device"] for row in typed} == {"wedge"}, "nothing was typed"
    types = [row["type"] for row in _rows(engine, "SELECT type FROM event ORDER BY sequence")]
    assert types.count("parcel.received") + types.count("parcel.arrived") == len(LOAD)
    assert "step.undone" in types


def _upstream_has_it(folder: Path) -> None:
    """What was released is on its way to the upstream, and its units are available after the put-away."""
    engine = open_engine(folder / "station.db")
    try:
        rows = _rows(engine, "SELECT type, state, body FROM outbox")
    finally:
        engine.dispose()
    available = [json.loads(row["body"]) for row in rows if row["type"] == "returns.available"]
    assert [one["location"] for one in available] == ["RESTOCK-1"] * 3
    receipts = [row for row in rows if row["type"] == "returns.receipt"]
    assert len(receipts) == len(LOAD)
    assert not [row for row in rows if row["state"] == "refused"]

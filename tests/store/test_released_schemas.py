"""A database that a released version left in the middle of a shift is brought here and worked on as if nothing had been."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from returns_station.domain.axes import SyncState
from returns_station.store import outbox
from returns_station.store.chain import verify_chain
from returns_station.store.engine import open_engine
from returns_station.store.migrate import migrate
from returns_station.store.schema import scripts
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import connector, write_seed
from tests.store.migration_kit import HEAD, ask, columns_of, contents, released
from tests.store.test_migrate import structure
from tests.sync.outbox_kit import Station
from tests.workflow.kit import ANNA, Dock
from tests.workflow.test_undo_walk import rebuilt

RELEASED = ["0001", "0002"]


@pytest.fixture(params=RELEASED)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return released(tmp_path / "station.db", request.param)


def opened(path: Path) -> Dock:
    dock = Dock(path, open_engine(path))
    dock.restart()
    return dock


def test_it_gets_this_schema_and_loses_nothing(old: Path, tmp_path: Path) -> None:
    names = [row[0] for row in ask(old, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    columns = {name: columns_of(old, name) for name in names if name != "alembic_version"}
    before = contents(old, columns)
    (found,) = ask(old, "SELECT version_num FROM alembic_version")
    report = migrate(old)
    assert (report.from_, report.to) == (*found, HEAD)
    assert contents(old, columns) == before
    migrate(tmp_path / "new.db")
    assert structure(old) == structure(tmp_path / "new.db")


def test_a_parcel_of_then_arrived_when_it_was_opened(old: Path) -> None:
    migrate(old)
    rows = ask(old, "SELECT arrived_at, opened_at FROM parcel")
    assert rows
    assert all(arrived == opened is not None for arrived, opened in rows)


def test_the_dialogue_goes_on_at_its_step_and_undo_goes_back_beyond_the_migration(old: Path) -> None:
    migrate(old)
    dock = opened(old)
    assert (str(dock.state.at), dock.state.suggestion) == ("destination", "BIN-1")
    assert dock.scan("BIN-1").text == "L011000006G lies in BIN-1."
    for _ in range(4):
        assert dock.scan("RS-UNDO").text == "Undone."
    assert str(dock.state.at) == "quantity"
    assert verify_chain(dock.engine) is None
    dock.close()


def test_its_history_makes_the_tables_of_today(old: Path) -> None:
    migrate(old)
    dock = opened(old)
    rebuilt(dock)
    dock.scans(ANNA, "BIN-1", "RS-HOLD", "SHELF-H", "RS-RECEIVE", "CAGE-9")
    rebuilt(dock)
    dock.close()


def test_its_outbox_is_drained_and_every_effect_arrives_once(old: Path, tmp_path: Path) -> None:
    migrate(old)
    rows = ask(old, "SELECT id FROM outbox WHERE state = 'local'")
    assert len(rows) > 10
    orders: list[dict[str, Any]] = [
        {
            "merchant": "quack",
            "number": number,
            "currency": "GBP",
            "payments": [{"reference": f"PAY-{number}", "captured": "100.00", "refunded": "0.00"}],
            "lines": [],
        }
        for number in ("536365", "700001", "700002")
    ]
    engine = open_engine(old)
    with Upstream(tmp_path / "up", seed_dir=write_seed(tmp_path / "seed", orders=orders)) as upstream:
        Station(engine).drain(connector(upstream.url))
        assert sorted(str(event["id"]) for event in upstream.events()) == sorted(id for (id,) in rows)
    assert outbox.listing(engine, (SyncState.LOCAL, SyncState.SENT, SyncState.REFUSED)) == []
    engine.dispose()


@pytest.mark.prove
def test_killed_before_any_of_its_statements_the_migration_leaves_the_old_database(
    old: Path, tmp_path: Path
) -> None:
    (tmp_path / "work").mkdir()
    command = [sys.executable, "-m", "tests.store.migration_kit", "statements", str(old)]
    command += [str(tmp_path / "work" / "station.db"), str(scripts())]
    run = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert run.returncode == 0, run.stderr
    verdicts = json.loads(run.stdout)
    assert len(verdicts) > 10
    assert set(verdicts[:-1]) == {"old"}
    assert verdicts[-1] == "new"

"""The ids an upstream gave are on disk when `put` returns, and apart for every return and target."""

import os
import sys
from pathlib import Path

from returns_station.store.engine import open_engine
from returns_station.store.references import StoredReferences
from tests.sync.outbox_kit import Clock, new_database

_PUT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from returns_station.store.engine import open_engine
from returns_station.store.references import StoredReferences
from tests.sync.outbox_kit import Clock
StoredReferences(open_engine(Path(sys.argv[1])), "erp", "R1", Clock()).put("sale:P1", "12")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_id_that_was_put_outlives_the_process(tmp_path: Path) -> None:
    path = tmp_path / "station.db"
    new_database(path).dispose()
    ended = os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", _PUT_AND_DIE, str(path)])
    assert ended == -9
    assert StoredReferences(open_engine(path), "erp", "R1", Clock()).get("sale:P1") == "12"


def test_the_last_value_of_a_name_stands_and_names_of_others_are_apart(tmp_path: Path) -> None:
    engine = new_database(tmp_path / "station.db")
    mine = StoredReferences(engine, "erp", "R1", Clock())
    others = [StoredReferences(engine, *of, Clock()) for of in (("erp", "R2"), ("shop", "R1"))]
    mine.put("sale", "1")
    mine.put("sale", "2")
    assert mine.get("sale") == "2"
    assert mine.get("credit") is None
    assert [other.get("sale") for other in others] == [None, None]
    engine.dispose()

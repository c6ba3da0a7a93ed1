"""How long it takes to know what a scan names, by every kind of name, with a million returns behind the station."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from bench.commit import old_database
from bench.figures import met, row
from bench.history import SCANNED, code
from returns_station.store.answers import answer
from returns_station.store.engine import open_engine
from returns_station.workflow.ports import Identify

GOAL_MS: Final = 1.0
_RAW: Final = "SELECT value, kind, ref, merchant, factor FROM scannable WHERE value = ?"


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    found = work()
    return (time.perf_counter() - start) * 1_000_000, found


def measure(path: Path, size: int, n: int, seed: int = 1) -> dict[str, dict[str, object]]:
    """`n` look-ups by each kind of name, each beside the driver's own on the same index; microseconds."""
    numbers = random.Random(seed)
    engine = open_engine(path)
    rows: dict[str, dict[str, object]] = {}
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        for kind in SCANNED:
            spent: dict[str, list[float]] = {"floor": [], "subject": []}
            for number in (numbers.randint(1, size) for _ in range(n)):
                value = code(kind, number)
                need = Identify((value,))
                took, raw = _timed(lambda value=value: driver.execute(_RAW, (value,)).fetchall())  # type: ignore[misc]
                spent["floor"].append(took)
                took, found = _timed(lambda need=need: answer(connection, need))  # type: ignore[misc]
                spent["subject"].append(took)
                if [match.ref for match in found] != [one[2] for one in raw] or not raw:
                    raise RuntimeError(f"{value} was found as {found}, the table says {raw}")
            rows[kind] = _judged(row("µs", spent["subject"], spent["floor"], None))
    engine.dispose()
    return rows


def _judged(found: dict[str, object]) -> dict[str, object]:
    p99 = found["subject"]["p99"]  # type: ignore[index]
    return found | {"goal": f"p99 ≤ {GOAL_MS:g} ms", "met": p99 <= GOAL_MS * 1000}


def run(n: int = 2_000, size: int = 1_000_000, old: Path | None = None) -> dict[str, object]:
    """`n` look-ups a kind at `size` returns; `old` is a database made by `commit.old_database`, else one is made here."""
    with tempfile.TemporaryDirectory() as made:
        rows = measure(old or old_database(Path(made), size, 1), size, n)
    return {"bench": "identify", "returns": size, "rows": rows, "met": met(rows)}

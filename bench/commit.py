"""What one return costs to commit: five scans through session and transaction, against the raw driver writing the same rows."""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import Engine, event

from bench.dock import BADGE, SCANS, Dock, announced
from bench.figures import met, row
from bench.history import fill
from returns_station.store.engine import open_engine

GOAL: Final = 2.0
AGE_GOAL: Final = 1.2
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")
_WARM: Final = 20

Write = tuple[str, Any, bool]


@dataclass(slots=True)
class Tape:
    """The writes of one dock, a list for each of its transactions: statement, values, whether for many rows."""

    inputs: list[list[Write]] = field(default_factory=list)

    def listen(self, engine: Engine) -> None:
        """Takes down every statement that changes a row, as the driver gets it."""

        @event.listens_for(engine, "before_cursor_execute")
        def _note(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
            if statement == "BEGIN IMMEDIATE":
                self.inputs.append([])
            elif statement.lstrip().upper().startswith(_WRITES):
                self.inputs[-1].append((statement, values, many))


class Floor:
    """The raw driver on a connection with the station's own pragmas, writing what the tape holds."""

    def __init__(self, engine: Engine) -> None:
        self._held = engine.raw_connection()
        connection = self._held.driver_connection
        assert connection is not None
        self._cursor = connection.cursor()

    def write(self, writes: Sequence[Write]) -> None:
        """One transaction of plain prepared statements."""
        cursor = self._cursor
        cursor.execute("BEGIN IMMEDIATE")
        for statement, values, many in writes:
            (cursor.executemany if many else cursor.execute)(statement, values)
        cursor.execute("COMMIT")

    def close(self) -> None:
        """Gives the connection back."""
        self._held.close()


def recorded(path: Path, returns: int) -> Tape:
    """What the real path writes for these returns, the sign-in first, on a database that is thrown away."""
    engine = announced(path, returns)
    tape, dock = Tape(), Dock(engine)
    tape.listen(engine)
    dock.scan(BADGE)
    for number in range(returns):
        for step in range(SCANS):
            dock.scan(dock.next_scan(number, step))
    dock.close()
    return tape


@dataclass(slots=True)
class Spent:
    """Milliseconds of each input of one subject, return by return."""

    inputs: list[float] = field(default_factory=list)

    def add(self, work: Callable[[], object]) -> None:
        """Takes the time of one piece of work."""
        start = time.perf_counter()
        work()
        self.inputs.append((time.perf_counter() - start) * 1000)

    @property
    def returns(self) -> list[float]:
        """Milliseconds of each whole return."""
        return [sum(self.inputs[at : at + SCANS]) for at in range(0, len(self.inputs), SCANS)]


def compare(folder: Path, returns: int, old: Path | None) -> dict[str, Spent]:
    """Every input of every return: the station on an empty database, the floor on another, the station on an old one."""
    tape = recorded(folder / "tape.db", returns)
    floor_engine = announced(folder / "floor.db", returns)
    floor = Floor(floor_engine)
    floor.write(tape.inputs[0])
    docks = {"subject": Dock(announced(folder / "subject.db", returns))}
    if old is not None:
        docks["old"] = Dock(open_engine(old))
    spent = {name: Spent() for name in ("floor", *docks)}
    for dock in docks.values():
        dock.scan(BADGE)
    for number in range(returns):
        for step in range(SCANS):
            writes = tape.inputs[1 + number * SCANS + step]
            spent["floor"].add(lambda writes=writes: floor.write(writes))  # type: ignore[misc]
            for name, dock in docks.items():
                text = dock.next_scan(number, step)
                spent[name].add(lambda dock=dock, text=text: dock.scan(text))  # type: ignore[misc]
    _same_rows(docks["subject"].engine, floor_engine)
    floor.close()
    floor_engine.dispose()
    for dock in docks.values():
        dock.close()
    for one in spent.values():
        del one.inputs[: _WARM * SCANS]
    return spent


def _same_rows(one: Engine, other: Engine) -> None:
    """RuntimeError unless the floor wrote exactly the rows that the station wrote."""
    with one.connect() as left, other.connect() as right:
        names = [
            name for (name,) in left.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        for name in names:
            query = f'SELECT * FROM "{name}"'
            found = (sorted(map(repr, side.exec_driver_sql(query))) for side in (left, right))
            if next(found) != next(found):
                raise RuntimeError(f"the floor did not write the rows of {name}")


def old_database(folder: Path, size: int, announced_returns: int) -> Path:
    """A database with `size` finished returns behind the announced ones."""
    path = folder / "old.db"
    announced(path, announced_returns).dispose()
    took = fill(path, size)
    print(
        f"  {size:,} returns behind a station: {path.stat().st_size / 1e9:.2f} GB, made in {took:.0f} s",
        flush=True,
    )
    return path


def run(returns: int = 220, size: int = 1_000_000, old: Path | None = None) -> dict[str, object]:
    """`returns` committed on an empty database and, unless `size` is 0, on one with `size` returns; milliseconds.

    `old` is a database made by `old_database`; without it one is made here.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if old is None and size:
            old = old_database(folder, size, returns)
        spent = compare(folder, returns, old)
    floor, subject = spent["floor"], spent["subject"]
    rows = {
        "return": row("ms a return", subject.returns, floor.returns, GOAL),
        "input": row("ms an input", subject.inputs, floor.inputs, GOAL),
    }
    for step, name in enumerate(("rma", "goods", "sealed", "label", "bin")):
        rows[name] = row("ms an input", subject.inputs[step::SCANS], floor.inputs[step::SCANS], None)
    if "old" in spent:
        rows[f"at {size:,}"] = row("ms a return", spent["old"].returns, subject.returns, AGE_GOAL)
    return {"bench": "commit", "rows": rows, "met": met(rows), "floor_share": _share(floor, subject)}


def _share(floor: Spent, subject: Spent) -> float:
    return round(median(floor.returns) / median(subject.returns), 3)

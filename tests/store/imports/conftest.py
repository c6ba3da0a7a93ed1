"""A real database file, counted ids and a fixed clock for imports."""

import itertools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlmodel import SQLModel

from returns_station.store import tables
from returns_station.store.engine import open_engine
from returns_station.store.imports import ImportReport, SalesReport, import_sales, run_import

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


@dataclass
class Desk:
    """Imports files and looks at what is stored."""

    engine: Engine
    folder: Path
    uuid: Callable[[], str]
    steps: list[tuple[int, int]] = field(default_factory=list)

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def run(self, kind: str, content: str | bytes | Path, name: str = "file", **more: Any) -> ImportReport:
        path = content if isinstance(content, Path) else self.write(name, content)
        given = {
            "merchant": "m",
            "source": "shop",
            "site": "s",
            "progress": lambda *step: self.steps.append(step),
        }
        return run_import(self.engine, kind, path, now=NOW, uuid=self.uuid, **(given | more))

    def sales(self, content: str | Path, **more: Any) -> SalesReport:
        path = content if isinstance(content, Path) else self.write("sales.csv", content)
        given = {"merchant": "m", "site": "s"} | more
        return import_sales(self.engine, path, now=NOW, uuid=self.uuid, **given)

    def rows(self, model: type[SQLModel], *columns: str) -> list[Any]:
        """Stored rows, in the order they came: dictionaries, or tuples of the columns asked for."""
        with self.engine.connect() as connection:
            found = [dict(row) for row in connection.execute(tables.table(model).select()).mappings()]
        return [tuple(row[name] for name in columns) for row in found] if columns else found

    def sql(self, statement: str, *values: Any) -> list[Any]:
        with self.engine.connect() as connection:
            result = connection.exec_driver_sql(statement, values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables but the record of imports."""
        names = sorted(set(SQLModel.metadata.tables) - {"import_run"})
        return {name: self.sql(f'SELECT * FROM "{name}"') for name in names}


@pytest.fixture(scope="session")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with every table, made once and copied for each test."""
    path = tmp_path_factory.mktemp("empty") / "station.db"
    engine = open_engine(path, create=True)
    SQLModel.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    engine.dispose()
    return path


@pytest.fixture
def desk(tmp_path: Path, empty: Path) -> Iterator[Desk]:
    shutil.copy(empty, tmp_path / "station.db")
    engine = open_engine(tmp_path / "station.db")
    numbers = itertools.count(1)
    yield Desk(engine, tmp_path, lambda: f"id-{next(numbers):06}")
    engine.dispose()

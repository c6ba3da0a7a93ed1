"""Insert or change many rows at once: existing rows are read, compared, and only what differs is written."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select
from sqlmodel import SQLModel

from returns_station.store import tables

Row = dict[str, Any]
Key = tuple[Any, ...]

CHUNK = 5000
"""Values in one IN list; SQLite takes 32,766 parameters."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where rows go: an open transaction, whose goods, from which system, at which site, and the sources of
    time, ids and salt."""

    connection: Connection
    merchant: str
    source: str
    site: str
    now: datetime
    uuid: Callable[[], str]
    salt: Callable[[], bytes]


@dataclass(slots=True)
class Outcome:
    """What became of rows, by their key: the id, and which of them were new or changed."""

    ids: dict[Key, str] = field(default_factory=dict)
    inserted: set[Key] = field(default_factory=set)
    changed: set[Key] = field(default_factory=set)


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """The distinct values in lists that fit a statement."""
    distinct = list(dict.fromkeys(values))
    for start in range(0, len(distinct), CHUNK):
        yield distinct[start : start + CHUNK]


def stored(
    connection: Connection, model: type[SQLModel], by: str, values: Iterable[Any], fixed: Row | None = None
) -> Iterator[Row]:
    """The stored rows whose `by` is among `values` and whose other columns are as in `fixed`."""
    held = tables.table(model)
    query = select(held).where(*(held.c[name] == value for name, value in (fixed or {}).items()))
    for part in chunks(values):
        yield from (dict(row) for row in connection.execute(query.where(held.c[by].in_(part))).mappings())


def upsert(
    target: Target,
    model: type[SQLModel],
    rows: Sequence[Row],
    keys: tuple[str, ...],
    by: str,
    fixed: Row | None = None,
    adjust: Callable[[Row, Row], None] | None = None,
    fill: Callable[[Row], None] | None = None,
) -> Outcome:
    """Writes `rows`, each holding its `keys` and whatever else was given; columns not given stay as they are.

    Existing rows are looked up by the indexed column `by` with `fixed` columns; `adjust(stored, row)` may
    change what is
    written over a stored row, `fill(row)` what is written as a new one.
    """
    outcome = Outcome()
    wanted: dict[Key, Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        wanted[key] = wanted.get(key, {}) | row
    held = {
        tuple(row[name] for name in keys): row
        for row in stored(target.connection, model, by, (row[by] for row in wanted.values()), fixed)
    }
    new, changed = [], []
    for key, row in wanted.items():
        before = held.get(key)
        if before is None:
            full = _fresh(model, row, target.uuid)
            if fill:
                fill(full)
            new.append(full)
            outcome.inserted.add(key)
        else:
            if adjust:
                adjust(before, row)
            full = before | row
            if full != before:
                changed.append(full)
                outcome.changed.add(key)
        if "id" in full:
            outcome.ids[key] = full["id"]
    insert(target.connection, model, new)
    change(target.connection, model, changed)
    return outcome


def _fresh(model: type[SQLModel], row: Row, uuid: Callable[[], str]) -> Row:
    full = dict(defaults(model)) | {name: value for name, value in row.items() if value is not None}
    if "id" in full and full["id"] is None:
        full["id"] = uuid()
    return full


_DEFAULTS: dict[type[SQLModel], Row] = {}


def defaults(model: type[SQLModel]) -> Row:
    """Every column of a model with its default, None where it has none."""
    if model not in _DEFAULTS:
        columns = tables.table(model).columns
        _DEFAULTS[model] = {c.name: getattr(c.default, "arg", None) for c in columns}
    return _DEFAULTS[model]


def insert(connection: Connection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Inserts full rows, many in one go."""
    if not rows:
        return
    names = list(defaults(model))
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    statement = f'INSERT INTO "{model.__tablename__}" ({columns}) VALUES ({marks})'
    # Straight to the driver: 300,000 order lines spend a third of their merge in the parameters of Core otherwise.
    connection.exec_driver_sql(statement, [tuple(row[name] for name in names) for row in rows])


def change(connection: Connection, model: type[SQLModel], rows: Sequence[Row]) -> None:
    """Writes full rows over those with the same primary key."""
    if not rows:
        return
    held = tables.table(model)
    names = [column.name for column in held.primary_key]
    others = [column.name for column in held.columns if column.name not in names]
    statement = (
        held.update()
        .where(*(held.c[name] == bindparam(f"key_{name}") for name in names))
        .values({name: bindparam(f"new_{name}") for name in others})
    )
    connection.execute(
        statement,
        [{f"key_{n}": row[n] for n in names} | {f"new_{n}": row[n] for n in others} for row in rows],
    )


def scannables(
    target: Target, rows: Iterable[tuple[str, str, str]], factors: Mapping[str, int] | None = None
) -> Outcome:
    """Makes (value, kind, ref) scannable; `factors` are pack factors by value."""
    found: list[Row] = [
        {
            "value": value,
            "kind": kind,
            "ref": ref,
            "merchant": target.merchant,
            "factor": (factors or {}).get(value, 1),
        }
        for value, kind, ref in rows
        if value
    ]
    return upsert(target, tables.Scannable, found, ("value", "kind", "ref"), "value")


def refs(target: Target, kind: str, values: Iterable[str]) -> dict[str, list[str]]:
    """What the merchant's values of a kind name, by value."""
    found: dict[str, list[str]] = {}
    for row in stored(
        target.connection, tables.Scannable, "value", values, {"kind": kind, "merchant": target.merchant}
    ):
        found.setdefault(row["value"], []).append(row["ref"])
    return found


def one_of_source(target: Target, model: type[SQLModel], found: Mapping[str, list[str]]) -> dict[str, str]:
    """One id for each value: the only one, or the only one from this source; a value that stays doubtful is
    left out."""
    doubtful = [ref for several in found.values() if len(several) > 1 for ref in several]
    ours = {row["id"] for row in stored(target.connection, model, "id", doubtful, {"source": target.source})}
    chosen = {}
    for value, several in found.items():
        left = several if len(several) == 1 else [ref for ref in several if ref in ours]
        if len(left) == 1:
            chosen[value] = left[0]
    return chosen

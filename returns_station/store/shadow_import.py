"""The old system's export, row by row into `legacy_effect`: all of a file or nothing, the same file twice the same."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.sqlite import insert

from returns_station.errors import StationError
from returns_station.store import tables as t
from returns_station.store.imports import fields, layouts, source
from returns_station.store.imports.problems import ImportReport, Problems
from returns_station.store.imports.run import MERGE, Progress, importing, transaction
from returns_station.store.imports.shapes import Checked, Field, Raw, Shape, check, raw_of
from returns_station.store.outbox.rows import stamp

KINDS: Final = ("receipt", "stock", "refund")
_legacy = t.table(t.LegacyEffect)
_NAMES: Final = ("kind", "return_number", "order_number", "sku", "reference", "occurred_at")
"""What names a row: the rest of it may change with a newer export."""
_FACTS: Final = ("quantity", "disposition", "location", "amount_minor", "currency")


def _kind(value: object, _currency: str | None) -> str:
    if value not in KINDS:
        raise fields.Unfit("one of " + ", ".join(KINDS) + "; one of these")
    return str(value)


def _field(name: str, parse: fields.Parse) -> dict[str, Field]:
    return {name: Field(name, parse)}


SHAPE: Final = Shape(
    "",
    {"kind": Field("kind", _kind, True), "amount": Field("amount_minor", fields.money)}
    | _field("return_number", fields.text)
    | _field("order_number", fields.text)
    | _field("sku", fields.text)
    | _field("quantity", fields.whole(1, "pieces"))
    | _field("disposition", fields.word)
    | _field("location", fields.text)
    | _field("currency", fields.currency)
    | _field("reference", fields.text)
    | _field("occurred_at", fields.instant),
)
_NEEDS: Final[Mapping[str, tuple[str, ...]]] = {
    "receipt": (),
    "stock": ("sku", "quantity"),
    "refund": ("amount", "currency"),
}


def import_legacy(
    engine: Engine,
    target: str,
    path: Path,
    *,
    merchant: str,
    now: datetime,
    progress: Progress = lambda _done, _all: None,
) -> ImportReport:
    """Imports a CSV or JSON Lines file of what the old system did; with any problem nothing is kept.

    Raises StationError `import.missing`, `import.empty`, `import.unreadable`, `import.columns`, or `store.locked` while
    another import runs.
    """
    problems = Problems()
    found = source.examine(path)
    raws, notices = _opened(found, problems)
    rows = []
    for raw in raws:
        rows.append(_checked(raw, problems))
        progress(min(raw.line, found.lines), 2 * found.lines)
    if problems.count:
        return problems.report(len(rows), notices)
    fixed = {"target": target, "merchant": merchant, "file": path.name, "imported_at": stamp(now)}
    named = list(_named(rows, fixed))
    with importing(engine), transaction(engine) as connection:
        new, changed = _merge(connection, named, lambda done: progress(len(rows) + done, 2 * len(rows)))
    return ImportReport(len(rows), new, changed, len(rows) - new - changed, notices=notices)


def _opened(found: source.Source, problems: Problems) -> tuple[Iterator[Raw], tuple[str, ...]]:
    if found.is_json:
        items = (raw_of(item, line, SHAPE, problems) for line, item in source.objects(found, problems))
        return (raw for raw in items if raw is not None), found.notices
    header, separator = source.header(found)
    known = {name.lower(): name for name in header}
    if "kind" not in known:
        raise StationError(
            "import.columns",
            f"The old system's export has no column kind; it has {', '.join(header)[:200]}.",
            "The columns are in docs/cutover.md.",
        )
    unknown = [name for name in header if name and name.lower() not in SHAPE.columns]
    more = (f"Columns not known and not read: {', '.join(unknown)}.",) if unknown else ()
    layout = layouts.Layout({name: known[name] for name in SHAPE.columns if name in known})
    return layouts.read(found, layout, SHAPE, header, separator, problems), (*found.notices, *more)


def _checked(raw: Raw, problems: Problems) -> Checked:
    """The row, with what its kind cannot lack."""
    row = check(raw, SHAPE, problems)
    for name in _NEEDS.get(str(row.get("kind")), ()):
        if fields.trimmed(raw.values.get(name)) is None:
            problems.add(raw.line, raw.name(name), None, f"a value, which every {row['kind']} has,")
    if row.get("return_number") is None and row.get("order_number") is None:
        problems.add(raw.line, raw.name("return_number"), None, "the number of the return or of the order")
    return row | {"line": raw.line}


def _named(rows: Iterable[Checked], fixed: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Rows with the id that the same row has in every export of the same system."""
    seen: Counter[str] = Counter()
    for row in rows:
        name = json.dumps([fixed["target"], fixed["merchant"], *(row.get(one) for one in _NAMES)])
        seen[name] += 1
        id = hashlib.sha256(f"{name}/{seen[name]}".encode()).hexdigest()[:32]
        yield {"id": id, **{one: row.get(one) for one in (*_NAMES, *_FACTS)}, "line": row["line"], **fixed}


def _merge(
    connection: Connection, rows: list[dict[str, Any]], told: Callable[[int], None]
) -> tuple[int, int]:
    new = changed = done = 0
    put = insert(_legacy)
    facts = {name: put.excluded[name] for name in (*_FACTS, "file", "line", "imported_at")}
    for start in range(0, len(rows), MERGE):
        part = rows[start : start + MERGE]
        held = {
            row.id: tuple(getattr(row, name) for name in _FACTS)
            for row in connection.execute(
                select(_legacy).where(_legacy.c.id.in_([one["id"] for one in part]))
            )
        }
        fresh = [one for one in part if one["id"] not in held]
        other = [
            one for one in part if one["id"] in held and held[one["id"]] != tuple(one[n] for n in _FACTS)
        ]
        if fresh or other:
            connection.execute(put.on_conflict_do_update(index_elements=["id"], set_=facts), [*fresh, *other])
        new, changed, done = new + len(fresh), changed + len(other), done + len(part)
        told(done)
    return new, changed

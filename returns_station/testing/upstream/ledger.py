"""The reference upstream's database: events by id, stock as movements, money by order, feeds by cursor."""

import importlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, object]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    arrival INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, subject TEXT NOT NULL,
    sequence INTEGER NOT NULL, source TEXT NOT NULL, time TEXT NOT NULL, data TEXT NOT NULL,
    reverses TEXT, reference TEXT NOT NULL, received_at TEXT NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS events_reverses ON events (reverses) WHERE reverses IS NOT NULL;
CREATE INDEX IF NOT EXISTS events_subject ON events (subject);
CREATE TABLE IF NOT EXISTS refusals (
    id TEXT PRIMARY KEY, code TEXT NOT NULL, sentence TEXT NOT NULL, received_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS receipts (
    arrival INTEGER PRIMARY KEY, merchant TEXT NOT NULL, site TEXT NOT NULL, return_id TEXT NOT NULL,
    return_number TEXT, order_number TEXT, parcel_id TEXT NOT NULL, plate TEXT NOT NULL, tracking TEXT,
    carrier TEXT, return_type TEXT NOT NULL, count INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS receipts_return ON receipts (return_id);
CREATE TABLE IF NOT EXISTS movements (
    arrival INTEGER PRIMARY KEY, merchant TEXT NOT NULL, site TEXT NOT NULL, return_id TEXT NOT NULL,
    unit_id TEXT NOT NULL, lpn TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL, lot TEXT,
    expiry TEXT, serial TEXT, grade TEXT NOT NULL, disposition TEXT NOT NULL, location TEXT NOT NULL,
    container TEXT, order_number TEXT, order_line TEXT);
CREATE INDEX IF NOT EXISTS movements_return ON movements (return_id);
CREATE TABLE IF NOT EXISTS completions (
    arrival INTEGER PRIMARY KEY, merchant TEXT NOT NULL, site TEXT NOT NULL, return_id TEXT NOT NULL,
    return_number TEXT, order_number TEXT, parcel_id TEXT NOT NULL, plate TEXT NOT NULL, return_type TEXT NOT NULL,
    units TEXT NOT NULL, lines TEXT NOT NULL, count INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS completions_return ON completions (return_id);
CREATE TABLE IF NOT EXISTS refunds (
    arrival INTEGER PRIMARY KEY, merchant TEXT NOT NULL, return_id TEXT NOT NULL, settlement_id TEXT NOT NULL,
    order_number TEXT NOT NULL, currency TEXT NOT NULL, amount_minor INTEGER NOT NULL, payment_reference TEXT,
    outcome TEXT NOT NULL, shipping_minor INTEGER NOT NULL, fee_minor INTEGER NOT NULL, lines TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS refunds_order ON refunds (merchant, order_number);
CREATE INDEX IF NOT EXISTS refunds_return ON refunds (return_id);
CREATE TABLE IF NOT EXISTS shorts (
    arrival INTEGER PRIMARY KEY, return_id TEXT NOT NULL, lines TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS available (
    arrival INTEGER PRIMARY KEY, merchant TEXT NOT NULL, site TEXT NOT NULL, return_id TEXT NOT NULL,
    unit_id TEXT NOT NULL, lpn TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL,
    disposition TEXT NOT NULL, location TEXT NOT NULL, container TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS available_return ON available (return_id);
CREATE TABLE IF NOT EXISTS orders (
    merchant TEXT NOT NULL, number TEXT NOT NULL, currency TEXT NOT NULL, captured_minor INTEGER NOT NULL,
    refunded_minor INTEGER NOT NULL, payments TEXT NOT NULL, PRIMARY KEY (merchant, number)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS feed (
    change INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, merchant TEXT NOT NULL, key TEXT NOT NULL,
    body TEXT NOT NULL, UNIQUE (name, merchant, key));
CREATE INDEX IF NOT EXISTS feed_changes ON feed (name, change);
"""


@dataclass(frozen=True, slots=True)
class Question:
    """A list asked of one table: equality filters, and a page after an arrival ordinal."""

    table: str
    filters: Mapping[str, str]
    after: int = 0
    limit: int = 1000


LISTS: dict[str, tuple[str, frozenset[str]]] = {
    "receipts": ("t.*", frozenset({"return_id", "merchant", "order_number"})),
    "movements": ("t.*", frozenset({"return_id", "merchant", "sku", "location"})),
    "completions": ("t.*", frozenset({"return_id", "merchant", "order_number"})),
    "refunds": ("t.*", frozenset({"return_id", "merchant", "order_number"})),
    "shorts": ("t.*", frozenset({"return_id"})),
    "available": ("t.*", frozenset({"return_id", "merchant", "sku", "location", "container"})),
    "events": (
        "t.arrival, t.id, t.type, t.subject, t.sequence, t.reference, t.received_at",
        frozenset({"subject"}),
    ),
}
"""What may be listed: the columns shown and the filters known. The names are ours, never a caller's."""


class Ledger:
    """One connection to the upstream's SQLite file: WAL and FULL, so what is answered is on the disk."""

    def __init__(self, path: Path) -> None:
        self.db = _connect(path)
        self.db.executescript(_SCHEMA)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One write transaction, begun at once so that two writers never deadlock."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield self.db
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """The rows of a query as name → value."""
        cursor = self.db.execute(sql, parameters)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def listed(self, question: Question) -> tuple[list[Row], bool]:
        """A page in arrival order, and whether more follow."""
        columns, known = LISTS[question.table]
        filters = {name: value for name, value in question.filters.items() if name in known}
        event = (
            ""
            if question.table == "events"
            else ", e.id AS event_id, e.type, e.sequence, e.reference, e.received_at"
        )
        join = "" if question.table == "events" else " JOIN events e ON e.arrival = t.arrival"
        where = "".join(f" AND t.{name} = ?" for name in filters)
        found = self.rows(
            f"SELECT {columns}{event} FROM {question.table} t{join}"
            f" WHERE t.arrival > ?{where} ORDER BY t.arrival LIMIT ?",
            (question.after, *filters.values(), question.limit + 1),
        )
        for row in found:
            row.update({name: json.loads(str(row[name])) for name in ("units", "lines") if name in row})
        return found[: question.limit], len(found) > question.limit

    def event(self, key: str) -> Row | None:
        """What became of the event with this id, or None if it never came or was only put off."""
        for row in self.rows("SELECT id, reference, received_at FROM events WHERE id = ?", (key,)):
            return {**row, "status": "accepted", "code": None, "sentence": None}
        for row in self.rows("SELECT id, code, sentence, received_at FROM refusals WHERE id = ?", (key,)):
            return {**row, "status": "refused", "reference": None}
        return None

    def stock(self, filters: Mapping[str, str]) -> list[Row]:
        """Quantities by merchant, location, SKU and disposition; what sums to nothing is left out."""
        where = "".join(f" AND {name} = ?" for name in filters)
        return self.rows(
            "SELECT merchant, location, sku, disposition, SUM(quantity) AS quantity FROM movements"
            f" WHERE 1{where} GROUP BY 1, 2, 3, 4 HAVING SUM(quantity) <> 0 ORDER BY 1, 2, 3, 4",
            tuple(filters.values()),
        )

    def page(self, feed: str, after: int, limit: int) -> tuple[list[str], int, bool]:
        """Feed rows changed after `after` as JSON texts, the next cursor, and whether more follow."""
        found = self.rows(
            "SELECT change, body FROM feed WHERE name = ? AND change > ? ORDER BY change LIMIT ?",
            (feed, after, limit + 1),
        )
        shown = found[:limit]
        last = shown[-1]["change"] if shown else after
        assert isinstance(last, int)
        return [str(row["body"]) for row in shown], last, len(found) > limit

    def close(self) -> None:
        self.db.close()


def insert(db: sqlite3.Connection, table: str, rows: Iterable[Mapping[str, object]]) -> None:
    """Insert rows of one shape; table and column names come from this package alone."""
    held = list(rows)
    if held:
        names = list(held[0])
        marks = ", ".join("?" * len(names))
        sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
        db.executemany(sql, [tuple(row[name] for name in names) for row in held])


def _connect(path: Path) -> sqlite3.Connection:
    try:
        # Stock Pythons link SQLite versions that can corrupt a WAL database with two writers.
        module = importlib.import_module("pysqlite3.dbapi2")
    except ImportError:
        module = sqlite3
    db: sqlite3.Connection = module.connect(path, isolation_level=None, timeout=10)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    return db

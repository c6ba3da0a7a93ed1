"""Rows of the outbox as values, and the short write transaction that everything here uses."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, Row, Select, select

from returns_station.domain.axes import SyncState
from returns_station.store import tables

TABLE: Final = tables.table(tables.Outbox)
DONE: Final = (SyncState.ACKNOWLEDGED.value, SyncState.WITHDRAWN.value, SyncState.SHADOW.value)
"""States of a row that nothing has to wait for any more."""


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One effect for one target. Times are UTC text in ISO 8601 with microseconds; `body` is JSON text.

    `sent_at` is when the key was first used upstream, as far as is known; None when it certainly was not.
    """

    id: str
    target: str
    type: str
    merchant: str
    site: str
    return_id: str
    ordinal: int
    parcel_id: str | None
    unit_id: str | None
    settlement_id: str | None
    after: str | None
    state: SyncState
    body: str
    created_at: str
    attempts: int
    next_at: str | None
    unknown: bool
    sent_at: str | None
    settled_at: str | None
    reference: str | None
    problem_code: str | None
    problem: str | None
    hint: str | None
    owner: str | None

    @property
    def money(self) -> bool:
        """Whether doing it twice would cost money."""
        return self.type.startswith("returns.refund")


_NAMES: Final = tuple(field.name for field in fields(OutboxRow))
_STATE, _ATTEMPTS, _NEXT, _SENT = (_NAMES.index(name) for name in ("state", "attempts", "next_at", "sent_at"))


def selecting(table: Any = TABLE) -> Select[Any]:
    """A select of exactly the columns of `OutboxRow`, in its order."""
    return select(*(table.c[name] for name in _NAMES))


def as_row(found: Row[Any]) -> OutboxRow:
    """A result of `selecting` as a value."""
    values = list(found)
    values[_STATE] = SyncState(values[_STATE])
    return OutboxRow(*values)


def as_sent(found: Row[Any], at: str) -> OutboxRow:
    """A result of `selecting` as it is once it was marked as sent at `at`."""
    values = list(found)
    values[_STATE] = SyncState.SENT
    values[_ATTEMPTS] += 1
    values[_NEXT] = None
    values[_SENT] = values[_SENT] or at
    return OutboxRow(*values)


def stamp(at: datetime) -> str:
    """An instant as it is stored: UTC, always with microseconds, so that texts sort as times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction, begun at once: two writers wait for each other and never deadlock."""
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        yield connection
        connection.commit()

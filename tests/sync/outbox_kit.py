"""A database with an outbox to fill, a clock that is moved by hand, and passes until nothing is left."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import Engine, insert, select, update
from sqlmodel import SQLModel

from returns_station.connectors.api import (
    Capabilities,
    Connector,
    NotFound,
    Outcome,
    Outgoing,
    Page,
    References,
)
from returns_station.domain.axes import SyncState
from returns_station.store.engine import open_engine
from returns_station.store.outbox import OutboxRow, listing, stamp, writing
from returns_station.store.outbox.rows import TABLE
from returns_station.sync.deliver import drain_once
from returns_station.sync.lanes import DrainReport

WORD = "wms"
ALL = tuple(SyncState)
ABLE = Capabilities(batch=100, look_up=True, feeds=frozenset())


@dataclass(slots=True)
class Clock:
    """Time that stands still until it is moved."""

    now: datetime = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


def new_database(path: Path) -> Engine:
    engine = open_engine(path, create=True)
    with writing(engine) as connection:
        SQLModel.metadata.create_all(connection)
    return engine


@dataclass(slots=True)
class Station:
    """The outbox of one station, and a drainer for it that can be stopped and started."""

    engine: Engine
    clock: Clock = field(default_factory=Clock)
    rng: Random = field(default_factory=lambda: Random(7))

    def put(self, *effects: Outgoing, **change: Any) -> list[str]:
        """Effects as the worker's transaction leaves them, in the order given."""
        rows = [self._values(effect) | change for effect in effects]
        with writing(self.engine) as connection:
            connection.execute(insert(TABLE), rows)
        return [row["id"] for row in rows]

    def set(self, key: str, **values: Any) -> None:
        with writing(self.engine) as connection:
            connection.execute(update(TABLE).where(TABLE.c.id == key).values(**values))

    def row(self, key: str) -> OutboxRow:
        return next(row for row in listing(self.engine, ALL, limit=10**6) if row.id == key)

    def states(self) -> list[str]:
        with self.engine.connect() as connection:
            return [str(state) for state in connection.execute(select(TABLE.c.state)).scalars()]

    def pass_once(self, connector: Connector, **more: Any) -> DrainReport:
        return drain_once(self.engine, connector, WORD, self.clock, self.rng, station="DOCK-1", **more)

    def drain(self, connector: Connector, passes: int = 200) -> list[DrainReport]:
        """Passes, six minutes apart, until nothing is left."""
        reports = []
        for _ in range(passes):
            reports.append(self.pass_once(connector))
            if reports[-1].left == 0:
                return reports
            self.clock.forward(minutes=6)
        raise AssertionError(f"still open after {passes} passes: {reports[-1]}")

    def _values(self, effect: Outgoing) -> dict[str, Any]:
        return {
            "id": effect.key,
            "target": effect.target,
            "type": effect.type,
            "merchant": "candles",
            "site": "leeds",
            "return_id": effect.return_id,
            "ordinal": effect.sequence,
            "state": SyncState.LOCAL.value,
            "body": json.dumps(effect.data),
            "created_at": stamp(self.clock()),
        }


@dataclass(slots=True)
class Told:
    """A connector in memory that answers as it is told and keeps what it was given."""

    answer: Callable[[Outgoing], Outcome]
    found: Callable[[Outgoing], Any] = lambda effect: NotFound()
    batches: list[list[str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    capabilities: Capabilities = ABLE

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        return self.deliver_batch([effect])[effect.key]

    def deliver_batch(self, batch: Sequence[Outgoing]) -> Mapping[str, Outcome]:
        self.batches.append([effect.key for effect in batch])
        return {effect.key: self.answer(effect) for effect in batch}

    def look_up(self, effect: Outgoing, refs: References) -> Any:
        self.asked.append(effect.key)
        return self.found(effect)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        raise AssertionError("nothing is pulled here")

    def close(self) -> None:
        pass

"""The station's side of the contract suite: a real outbox in a database of its own, a drainer whose life can end."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import Connection, Engine, insert

from returns_station.connectors.api import (
    Capabilities,
    Connector,
    Found,
    Outcome,
    Outgoing,
    Page,
    References,
    RetryLater,
)
from returns_station.domain.axes import SyncState
from returns_station.store.engine import open_engine
from returns_station.store.imports import ImportProblem, merge_rows
from returns_station.store.migrate import migrate
from returns_station.store.outbox import OutboxRow, listing, stamp, writing
from returns_station.store.outbox.rows import TABLE
from returns_station.store.references import StoredReferences
from returns_station.sync.deliver import drain_once
from returns_station.sync.pull import PullReport, pull_feeds

TARGET: Final = "upstream"
STATION: Final = "DOCK-1"


class Died(BaseException):
    """The drainer's process has ended, as far as its database and the upstream can tell."""


@dataclass(slots=True)
class Merged:
    """What merging of pulled rows came to, over all pages."""

    rows: int = 0
    changed: int = 0
    """Rows that were new or different."""
    problems: list[ImportProblem] = field(default_factory=list)


@dataclass(slots=True)
class ContractStation:
    """A station's database with an outbox for one target. Its clock is moved by hand: no back-off is waited for."""

    engine: Engine
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    rng: Random = field(default_factory=lambda: Random(4))

    def clock(self) -> datetime:
        return self.now

    def put(self, effects: Iterable[Outgoing]) -> None:
        """Effects as a worker's transaction leaves them."""
        rows = [outbox_values(effect, self.now) for effect in effects]
        with writing(self.engine) as connection:
            for row in rows:
                connection.execute(insert(TABLE), row)

    def once(self, connector: Connector) -> int:
        """One pass of the drainer; how many rows are still open. Then it is six minutes later."""
        report = drain_once(self.engine, connector, TARGET, self.clock, self.rng, station=STATION)
        self.now += timedelta(minutes=6)
        return report.left

    def drain(self, connector: Connector, passes: int) -> int:
        """Passes until nothing is open; how many rows still are."""
        left = 1
        while left and passes:
            left, passes = self.once(connector), passes - 1
        return left

    def rows(self) -> list[OutboxRow]:
        """Every row of the outbox."""
        return listing(self.engine, tuple(SyncState), limit=100_000)

    def references(self, return_id: str) -> References:
        """The references kept for a return."""
        return StoredReferences(self.engine, TARGET, return_id, self.clock)

    def pull(
        self, connector: Connector, merchant: str, site: str, limit: int
    ) -> tuple[dict[str, PullReport], Merged]:
        """Every feed from its cursor to its end, merged as `returns-station sync` merges."""
        merged = Merged()

        def merge(
            connection: Connection, feed: str, rows: Sequence[Mapping[str, object]], at: datetime
        ) -> int:
            report = merge_rows(connection, feed, rows, merchant, TARGET, site, at, lambda: str(uuid4()))
            merged.rows += len(rows)
            merged.changed += report.inserted + report.updated
            merged.problems += report.problems
            return report.inserted + report.updated + report.unchanged

        reports = pull_feeds(self.engine, connector, TARGET, merge, self.clock, limit=limit)
        return {report.feed: report for report in reports}, merged


def new_station(folder: Path) -> ContractStation:
    """A station with an empty, migrated database in the folder."""
    path = folder / "station.db"
    migrate(path)
    return ContractStation(open_engine(path))


def outbox_values(effect: Outgoing, at: datetime, target: str = TARGET) -> dict[str, Any]:
    """The outbox row of a released effect."""
    ids = {name: effect.data.get(name) for name in ("parcel_id", "unit_id", "settlement_id")}
    return ids | {
        "id": effect.key,
        "target": target,
        "type": effect.type,
        "merchant": str(effect.data.get("merchant", "main")),
        "site": str(effect.data.get("site", "main")),
        "return_id": effect.return_id,
        "ordinal": effect.sequence,
        "state": SyncState.LOCAL.value,
        "body": json.dumps(dict(effect.data)),
        "created_at": stamp(at),
    }


class Mortal:
    """A connector in a process that ends when `ended` says so, or with `last_put`: the n-th reference it wants to keep.

    It ends before the station learns what came of the call, and before a reference of that call is kept.
    """

    def __init__(
        self, inner: Connector, ended: Callable[[], bool] = lambda: False, last_put: int | None = None
    ) -> None:
        self._inner = inner
        self._ended = ended
        self._puts_left = last_put

    @property
    def capabilities(self) -> Capabilities:
        return self._inner.capabilities

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = self._inner.deliver(effect, _MortalReferences(refs, self))
        # What was heard of the last call that was answered may be kept; nothing after it.
        if self._ended() and isinstance(outcome, RetryLater):
            raise Died
        return outcome

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        found = self._inner.look_up(effect, _MortalReferences(refs, self))
        if self._ended() and isinstance(found, RetryLater):
            raise Died
        return found

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        return self._inner.pull(feed, cursor, limit)

    def close(self) -> None:
        self._inner.close()

    def count_put(self) -> None:
        if self._puts_left is not None:
            self._puts_left -= 1
            if self._puts_left <= 0:
                raise Died


@dataclass(frozen=True, slots=True)
class _MortalReferences:
    inner: References
    process: Mortal

    def get(self, name: str) -> str | None:
        return self.inner.get(name)

    def put(self, name: str, value: str) -> None:
        if self.inner.get(name) != value:
            self.process.count_put()
        self.inner.put(name, value)

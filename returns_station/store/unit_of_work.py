"""The station's transaction: everything that one input changes becomes durable together, or none of it does."""

import hashlib
import json
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.exc import DBAPIError

from returns_station.domain.axes import PrintState, SyncState
from returns_station.domain.effects import Effect
from returns_station.errors import StationError
from returns_station.store import projection
from returns_station.store import tables as t
from returns_station.store.answers import answer
from returns_station.store.identity import uuid7
from returns_station.store.shadow import Cutover, shadow_values
from returns_station.store.snapshots import record_bytes
from returns_station.workflow.ports import Ids, Input, Need, PrintDraft, Record, Rules, Step
from returns_station.workflow.state import VERSION, State, dump

_outbox = t.table(t.Outbox)
_event = t.table(t.Event)
_input = t.table(t.RawInput)
_INPUT = projection.ready(insert(_input))
_EVENT = projection.ready(insert(_event))
_META = upsert(t.table(t.Meta))
_SET_META = projection.ready(
    _META.on_conflict_do_update(index_elements=["key"], set_={"value": _META.excluded.value})
)
_STATE = upsert(t.table(t.SessionState))
_SET_STATE = projection.ready(
    _STATE.on_conflict_do_update(
        index_elements=["station"],
        set_={name: _STATE.excluded[name] for name in ("v", "body", "input_sequence")},
    )
)
_ORDINAL = select(func.coalesce(func.max(_outbox.c.ordinal), 0)).where(
    _outbox.c.return_id == bindparam("return_id"), _outbox.c.target == bindparam("target")
)
_WITHDRAW = (
    update(_outbox)
    .where(
        _outbox.c.id == bindparam("effect"),
        _outbox.c.state.in_([SyncState.HELD, SyncState.LOCAL, SyncState.REFUSED, SyncState.SHADOW]),
    )
    .values(state=SyncState.WITHDRAWN.value, settled_at=bindparam("at"))
)
_REPLY = select(_input.c.reply).where(_input.c.key == bindparam("key"))
GENESIS = b"\x00" * 32


class CountingIds:
    """Identifiers of one input: fresh UUIDs, and series that go on from what is stored."""

    def __init__(self, stored: dict[str, int], now: datetime, seeded: Callable[[], random.Random]) -> None:
        self._stored = stored
        self._now = now
        self._seeded = seeded
        self._rng: random.Random | None = None
        self.used: dict[str, int] = {}

    def uuid(self) -> str:
        """A UUIDv7 of this moment."""
        if self._rng is None:
            self._rng = self._seeded()
        return uuid7(self._now, self._rng)

    def number(self, series: str) -> int:
        """The next number of a series."""
        self.used[series] = self.used.get(series, self._stored.get(series, 0)) + 1
        return self.used[series]


_SEALED = (
    "sequence",
    "id",
    "station",
    "epoch",
    "type",
    "v",
    "at",
    "worker_id",
    "parcel_id",
    "unit_id",
    "device",
)


def chain(previous: bytes, row: Mapping[str, Any]) -> bytes:
    """The hash of an event: sha256 over the previous hash, its columns as a JSON list, and the exact bytes of its body."""
    header = json.dumps([row[name] for name in _SEALED], separators=(",", ":")).encode()
    return hashlib.sha256(previous + header + row["body"]).digest()


def head_key(epoch: int) -> str:
    """The Meta key that says where the chain of an epoch ends: its last sequence and hash, so that a cut end is seen."""
    return f"event.head.{epoch}"


class StationUnitOfWork:
    """One transaction at a time on one connection that stays open; `BEGIN IMMEDIATE` to `COMMIT`."""

    def __init__(
        self,
        engine: Engine,
        rules: Rules,
        clock: Callable[[], datetime],
        seeded: Callable[[int], random.Random],
        shadow: frozenset[str] = frozenset(),
    ) -> None:
        """`shadow` are the targets that run beside the old system."""
        self._engine = engine
        self._cutover = Cutover(shadow)
        self._rules = rules
        self._clock = clock
        self._seeded = seeded
        self._connection: Connection | None = None
        self._load_tail()

    def _load_tail(self) -> None:
        """Where history ends, read once and kept: this process is the only one that adds to it."""
        connection = self._open()
        last = connection.execute(
            select(_event.c.sequence, _event.c.hash)
            .where(_event.c.epoch == self._rules.epoch)
            .order_by(_event.c.sequence.desc())
            .limit(1)
        ).first()
        top = connection.execute(select(func.coalesce(func.max(_event.c.sequence), 0))).scalar_one()
        self._sequence, self._hash = int(top), bytes(last.hash) if last else GENESIS
        self._input_sequence = int(
            connection.execute(select(func.coalesce(func.max(_input.c.sequence), 0))).scalar_one()
        )
        meta = connection.execute(select(t.table(t.Meta)).where(t.table(t.Meta).c.key.like("counter.%")))
        self._counters = {row.key.removeprefix("counter."): int(row.value) for row in meta}
        self._cutover.load(connection)
        connection.rollback()

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def __enter__(self) -> "StationUnitOfWork":
        self._now = self._clock()
        self._used: CountingIds | None = None
        try:
            self._open().exec_driver_sql("BEGIN IMMEDIATE")
        except DBAPIError as error:
            raise (_busy(error) if "locked" in str(error.orig) else _failed(error)) from error
        self._done = False
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._done and self._connection is not None:
            try:
                self._connection.rollback()
            except DBAPIError:
                self._connection.invalidate()
                self._connection = None

    def replayed(self, key: str) -> str | None:
        """The reply that an input with this key got before."""
        try:
            found: str | None = self._open().execute(_REPLY, {"key": key}).scalar()
        except DBAPIError as error:
            raise _failed(error) from error
        return found

    def answer(self, need: Need) -> Any:
        """What a need asks for."""
        try:
            return answer(self._open(), need)
        except DBAPIError as error:
            raise _failed(error) from error

    def ids(self) -> Ids:
        """Identifiers that start from what is stored, so that asking the session twice gives the same numbers."""
        number = self.sequence()
        self._used = CountingIds(self._counters, self._now, lambda: self._seeded(number))
        return self._used

    def sequence(self) -> int:
        """The number of this input."""
        return self._input_sequence + 1

    def record(self, state: State, step: Step, given: Input, now: datetime, reply: str) -> None:
        """Writes everything that came of one input."""
        at = stamp(now)
        try:
            self._write(state, step, given, at, reply)
        except DBAPIError as error:
            raise _failed(error) from error

    def _write(self, state: State, step: Step, given: Input, at: str, reply: str) -> None:
        connection = self._open()
        parcel = state.parcel or next((r.parcel for r in reversed(step.records) if r.parcel), None)
        connection.exec_driver_sql(
            _INPUT,
            {
                "sequence": self.sequence(),
                "key": given.key,
                "device": given.device,
                "kind": given.kind.value,
                "raw": given.raw,
                "at": at,
                "parcel_id": parcel.id if parcel else None,
                "signal": step.signal.value,
                "reply": reply,
            },
        )
        self._events(connection, state, step.records, given.device, at)
        projection.apply_step(connection, step.records, self._rules.site, at)
        self._effects(connection, step.effects, at)
        for effect in step.withdraw:
            connection.execute(_WITHDRAW, {"effect": effect, "at": at})
        self._print_jobs(connection, step.prints, at)
        for record in step.records:
            if record.type == "unit.unlabelled" and record.facts.get("why") == "later":
                connection.execute(_ASK_AGAIN, {"unit": record.units[0].id})
        connection.exec_driver_sql(
            _SET_STATE,
            {
                "station": self._rules.station,
                "v": VERSION,
                "body": dump(state),
                "input_sequence": self.sequence(),
            },
        )
        for series, number in (self._used.used if self._used else {}).items():
            connection.exec_driver_sql(_SET_META, {"key": f"counter.{series}", "value": str(number)})

    def _events(
        self, connection: Connection, state: State, records: tuple[Record, ...], device: str, at: str
    ) -> None:
        rows, self._tail = [], (self._sequence, self._hash)
        rng = self._seeded(-self.sequence())
        for record in records:
            sequence, previous = self._tail
            worker = str(record.facts.get("worker") or (state.worker.id if state.worker else "")) or None
            row = {
                "sequence": sequence + 1,
                "id": uuid7(self._now, rng),
                "station": self._rules.station,
                "epoch": self._rules.epoch,
                "type": record.type,
                "v": 1,
                "at": at,
                "worker_id": worker,
                "parcel_id": _parcel_of(record),
                "unit_id": _unit_of(record),
                "device": device,
                "body": record_bytes(record),
            }
            self._tail = (sequence + 1, chain(previous, row))
            rows.append(row | {"hash": self._tail[1]})
        if rows:
            connection.exec_driver_sql(_EVENT, rows)
            head = f"{self._tail[0]}:{self._tail[1].hex()}"
            connection.exec_driver_sql(_SET_META, {"key": head_key(self._rules.epoch), "value": head})

    def _effects(self, connection: Connection, effects: tuple[Effect, ...], at: str) -> None:
        tops: dict[tuple[str, str], int] = {}
        rows = []
        for effect, shadow in self._cutover.judged(connection, effects, at):
            lane = (effect.return_id, effect.target)
            if lane not in tops:
                of_lane = {"return_id": effect.return_id, "target": effect.target}
                tops[lane] = int(connection.execute(_ORDINAL, of_lane).scalar_one())
            tops[lane] += 1
            values = outbox_values(effect, tops[lane], self._rules.site, at)
            rows.append(shadow_values(values) if shadow else values)
        if rows:
            connection.exec_driver_sql(_OUTBOX, rows)

    def _print_jobs(self, connection: Connection, prints: tuple[PrintDraft, ...], at: str) -> None:
        rows = [
            {
                "id": draft.id,
                "kind": draft.model.kind,
                "unit_id": draft.unit_id,
                "parcel_id": draft.parcel_id,
                "site": self._rules.site,
                "model": json.dumps({name: getattr(draft.model, name) for name in draft.model.__slots__}),
                "state": PrintState.ASKED.value,
                "reprint": draft.model.reprint,
                "asked_at": at,
                "printer": draft.printer,
            }
            for draft in prints
        ]
        if rows:
            connection.exec_driver_sql(_PRINT, rows)

    def commit(self) -> None:
        """Makes it durable. An I/O error here leaves the outcome unknown: StationError `store.unknown`."""
        try:
            self._open().exec_driver_sql("COMMIT")
        except DBAPIError as error:
            raise StationError(
                "store.unknown",
                f"The database could not confirm the last scan: {error.orig}.",
                "Stop scanning, look at the disk, start the station again: it knows what was saved.",
            ) from error
        self._done = True
        self._open().rollback()
        self._input_sequence += 1
        self._sequence, self._hash = self._tail
        self._counters |= self._used.used if self._used else {}

    def close(self) -> None:
        """Gives the connection back."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def outbox_values(effect: Effect, ordinal: int, site: str, at: str) -> dict[str, Any]:
    """The outbox row of an effect."""
    return {
        "id": effect.id,
        "target": effect.target,
        "type": effect.type.value,
        "merchant": effect.merchant,
        "site": site,
        "return_id": effect.return_id,
        "ordinal": ordinal,
        "parcel_id": effect.parcel_id,
        "unit_id": effect.unit_id,
        "settlement_id": effect.settlement_id,
        "after": None,
        "state": (SyncState.LOCAL if effect.released else SyncState.HELD).value,
        "body": json.dumps(effect.body, separators=(",", ":")),
        "created_at": at,
        "attempts": 0,
        "unknown": False,
        "problem_code": effect.reason,
        "owner": None if effect.released else "supervisor",
    }


_OUTBOX = projection.ready(
    insert(_outbox),
    *(
        "id",
        "target",
        "type",
        "merchant",
        "site",
        "return_id",
        "ordinal",
        "parcel_id",
        "unit_id",
        "settlement_id",
    ),
    *("after", "state", "body", "created_at", "attempts", "unknown", "problem_code", "owner"),
)
_PRINT = projection.ready(
    insert(t.table(t.PrintJob)),
    *("id", "kind", "unit_id", "parcel_id", "site", "model", "state", "reprint", "asked_at", "printer"),
)

# A label that is put off until later is not given up: a printer that is well again finds it asked for.
_job = t.table(t.PrintJob)
_ASK_AGAIN = (
    update(_job)
    .where(_job.c.unit_id == bindparam("unit"), _job.c.state == PrintState.FAILED.value)
    .values(state=PrintState.ASKED.value)
)


def _parcel_of(record: Record) -> str | None:
    if record.parcel is not None:
        return record.parcel.id
    if record.evidence is not None:
        return record.evidence.parcel_id
    return record.units[0].parcel_id if record.units else None


def _unit_of(record: Record) -> str | None:
    if record.units:
        return record.units[0].id
    return record.evidence.unit_id if record.evidence is not None else None


def stamp(moment: datetime) -> str:
    """A UTC instant as text with microseconds, so that text order is time order."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _busy(error: DBAPIError) -> StationError:
    """Nothing had begun: whoever can wait may try the same input again."""
    return StationError(
        "store.busy",
        f"Nothing was saved: {error.orig}.",
        "Another program holds the database: wait for it or end it, then start the station again.",
    )


def _failed(error: DBAPIError) -> StationError:
    return StationError(
        "store.failed",
        f"Nothing was saved: {error.orig}.",
        "Look at the disk and the database, then start the station again.",
    )

"""A row on its way: claimed before it is sent, settled by what the upstream said, back in line when that
is not known."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Select,
    Update,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from returns_station.domain.axes import SyncState
from returns_station.store.outbox.rows import DONE, TABLE, OutboxRow, as_row, selecting, stamp, writing

BASE_S: Final = 1.0
CAP_S: Final = 300.0
WAIT_AT_MOST_S: Final = 86_400.0
"""No Retry-After is obeyed for longer: a wrong header must not silence a row for ever."""
DOWN: Final = "sync.down"
"""The problem code of rows that came back because the whole target did not answer."""
INTERRUPTED: Final = "sync.interrupted"
OWNER: Final = "supervisor"


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The upstream has it, under this reference."""

    reference: str | None


@dataclass(frozen=True, slots=True)
class Postponed:
    """To be tried again, not before `after_s` seconds; `unknown` says that it may have arrived all the
    same."""

    sentence: str
    after_s: float | None = None
    unknown: bool = False
    code: str = "sync.retry"
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Parked:
    """A person is needed; only this return waits."""

    code: str
    sentence: str
    hint: str
    unknown: bool = False
    """It may have arrived all the same; asked of the upstream before it is ever sent again."""


@dataclass(frozen=True, slots=True)
class Absent:
    """The upstream was asked and certainly does not have it: it may be sent again."""


Verdict = Acknowledged | Postponed | Parked | Absent


def claim(engine: Engine, target: str, now: datetime, limit: int) -> list[OutboxRow]:
    """At most `limit` rows that may go now, one a return, marked `sent` on disk before anybody sends them.

    A row may go when it is due, every earlier row of its return and target is acknowledged or withdrawn,
    and so is the row named by its `after`. Half of the batch is for rows that were put off, so neither
    kind starves the other. The search holds no lock: rows of a return are only ever added behind, and the
    mark checks the state again.
    """
    at = stamp(now)
    with engine.connect() as connection:
        found = _free(connection, target, at, limit)
        if not found:
            return []
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        marked = set(
            connection.execute(_mark(), {"ids": [row.id for row in found], "at": at}).scalars().all()
        )
        connection.commit()
    return [
        replace(row, state=SyncState.SENT, attempts=row.attempts + 1, sent_at=row.sent_at or at, next_at=None)
        for row in found
        if row.id in marked
    ]


def settle(
    engine: Engine, verdicts: Mapping[str, Verdict], now: datetime, rng: Random, *, down: bool = False
) -> None:
    """Keep what became of claimed rows, in one transaction; rows that are not `sent` any more are left alone.

    Back-off is full jitter over 1 s doubled at each attempt, at most 5 min, never under the upstream's
    Retry-After; one draw for all, so that rows which went together stay a batch. `down` notes that the
    target as a whole is away.
    """
    at = stamp(now)
    with writing(engine) as connection:
        _run(connection, _acknowledge(), _acknowledgements(verdicts, at))
        _run(connection, _refuse(), _refusals(verdicts, at))
        postponed = {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Postponed)}
        _run(connection, _postpone(), _delays(connection, postponed, now, rng, down=down))
        absent = [{"key": key} for key, verdict in verdicts.items() if isinstance(verdict, Absent)]
        _run(connection, _return_to_line(), absent)


def give_back(engine: Engine, keys: Sequence[str]) -> None:
    """Claimed rows that were not sent after all are as they were before, and due."""
    with writing(engine) as connection:
        _run(connection, _unclaim(), [{"key": key} for key in keys])


def recover(engine: Engine, target: str) -> int:
    """Rows still `sent` when a sync job starts: their outcome is unknown. Returns how many; they are due
    at once."""
    sent = and_(TABLE.c.target == target, TABLE.c.state == SyncState.SENT.value)
    with engine.connect() as connection:
        if connection.execute(select(TABLE.c.id).where(sent).limit(1)).first() is None:
            return 0
    back = update(TABLE).where(sent).values(
        state=SyncState.LOCAL.value, unknown=True, next_at=None, problem_code=INTERRUPTED,
        problem="The sync job ended before the answer was kept.", hint=None,
    )  # fmt: skip
    with writing(engine) as connection:
        return int(connection.execute(back).rowcount)


def paused_until(engine: Engine, target: str, now: datetime) -> datetime | None:
    """When a target that was found away may be tried again; None when it may be tried now."""
    with engine.connect() as connection:
        found = connection.execute(select(func.min(TABLE.c.next_at)).where(_away(target, now))).scalar()
    return None if found is None else datetime.fromisoformat(found)


def next_due(engine: Engine, target: str) -> datetime | None:
    """The earliest time at which a row that was put off may go; None when none was put off."""
    waiting = select(func.min(TABLE.c.next_at)).where(_local(TABLE, target), TABLE.c.next_at.is_not(None))
    with engine.connect() as connection:
        found = connection.execute(waiting).scalar()
    return None if found is None else datetime.fromisoformat(found)


def left(engine: Engine, target: str) -> int:
    """How many released rows the target has not acknowledged or refused."""
    open_states = (SyncState.LOCAL.value, SyncState.SENT.value)
    counting = select(func.count()).where(TABLE.c.target == target, TABLE.c.state.in_(open_states))
    with engine.connect() as connection:
        return int(connection.execute(counting).scalar_one())


def _local(table: Any, target: str) -> Any:
    return and_(table.c.target == target, table.c.state == SyncState.LOCAL.value)


def _away(target: str, now: datetime) -> Any:
    return and_(_local(TABLE, target), TABLE.c.next_at > stamp(now), TABLE.c.problem_code == DOWN)


def _free(connection: Connection, target: str, at: str, limit: int) -> list[OutboxRow]:
    asked = {"target": target, "at": at, "limit": limit}
    again = [as_row(row) for row in connection.execute(put_off(), asked).all()]
    fresh = [as_row(row) for row in connection.execute(never_sent(), asked).all()]
    room = max(limit - len(fresh), limit // 2)
    return (again[:room] + fresh)[:limit]


@cache
def put_off() -> Select[Any]:
    """Rows whose time to be tried again has come: a range of the index `outbox_open`, in its order."""
    row = TABLE.alias("o")
    return _walk(row).where(row.c.next_at <= bindparam("at")).order_by(row.c.next_at)


@cache
def never_sent() -> Select[Any]:
    """Rows that wait for nothing but their turn: a range of the index `outbox_open`, oldest first."""
    row = TABLE.alias("o")
    return _walk(row).where(row.c.next_at.is_(None)).order_by(literal_column("o.rowid"))


def _walk(row: Any) -> Select[Any]:
    other = TABLE.alias("a")
    kept = exists().where(other.c.id == row.c.after, other.c.state.in_(DONE))
    return (
        selecting(row)
        .where(row.c.target == bindparam("target"), row.c.state == SyncState.LOCAL.value)
        .where(func.coalesce(_before(row), SyncState.ACKNOWLEDGED.value) == SyncState.ACKNOWLEDGED.value)
        .where(or_(row.c.after.is_(None), kept))
        .limit(bindparam("limit"))
    )


def _before(row: Any) -> Any:
    # The nearest earlier row that was not withdrawn stands for all: it was only sent when they were done.
    earlier = TABLE.alias("p")
    return (
        select(earlier.c.state)
        .where(earlier.c.return_id == row.c.return_id, earlier.c.target == row.c.target)
        .where(earlier.c.ordinal < row.c.ordinal, earlier.c.state != SyncState.WITHDRAWN.value)
        .order_by(earlier.c.ordinal.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )


@cache
def _mark() -> Any:
    return (
        update(TABLE)
        .where(TABLE.c.id.in_(bindparam("ids", expanding=True)), TABLE.c.state == SyncState.LOCAL.value)
        .values(
            state=SyncState.SENT.value,
            attempts=TABLE.c.attempts + 1,
            next_at=None,
            sent_at=func.coalesce(TABLE.c.sent_at, bindparam("at")),
        )
        .returning(TABLE.c.id)
    )


def _sent() -> Update:
    return update(TABLE).where(TABLE.c.id == bindparam("key"), TABLE.c.state == SyncState.SENT.value)


@cache
def _acknowledge() -> Update:
    return _sent().values(
        state=SyncState.ACKNOWLEDGED.value, reference=bindparam("is_known_as"), settled_at=bindparam("at"),
        unknown=False, problem_code=None, problem=None, hint=None, owner=None,
    )  # fmt: skip


@cache
def _refuse() -> Update:
    return _sent().values(
        state=SyncState.REFUSED.value, settled_at=bindparam("at"), problem_code=bindparam("code"),
        problem=bindparam("sentence"), hint=bindparam("advice"), unknown=bindparam("doubt"), owner=OWNER,
    )  # fmt: skip


@cache
def _postpone() -> Update:
    return _sent().values(
        state=SyncState.LOCAL.value, next_at=bindparam("due"), unknown=bindparam("doubt"),
        sent_at=bindparam("since"), problem_code=bindparam("code"), problem=bindparam("sentence"),
        hint=bindparam("advice"),
    )  # fmt: skip


@cache
def _return_to_line() -> Update:
    return _sent().values(
        state=SyncState.LOCAL.value, unknown=False, sent_at=None, problem_code=None, problem=None, hint=None
    )


@cache
def _unclaim() -> Update:
    known = case((TABLE.c.unknown, TABLE.c.sent_at), else_=None)
    return _sent().values(state=SyncState.LOCAL.value, attempts=TABLE.c.attempts - 1, sent_at=known)


def _acknowledgements(verdicts: Mapping[str, Verdict], at: str) -> list[dict[str, Any]]:
    return [
        {"key": key, "is_known_as": verdict.reference, "at": at}
        for key, verdict in verdicts.items()
        if isinstance(verdict, Acknowledged)
    ]


def _refusals(verdicts: Mapping[str, Verdict], at: str) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "at": at,
            "code": verdict.code,
            "sentence": verdict.sentence,
            "advice": verdict.hint,
            "doubt": verdict.unknown,
        }
        for key, verdict in verdicts.items()
        if isinstance(verdict, Parked)
    ]


def _delays(
    connection: Connection, postponed: Mapping[str, Postponed], now: datetime, rng: Random, *, down: bool
) -> list[dict[str, Any]]:
    if not postponed:
        return []
    known = select(TABLE.c.id, TABLE.c.attempts, TABLE.c.unknown, TABLE.c.sent_at).where(
        TABLE.c.id.in_(list(postponed))
    )
    rows = connection.execute(known).all()
    share = rng.random()
    most = max((row.attempts for row in rows), default=1)
    return [
        _delay(row, postponed[row.id], most if down else row.attempts, share, now, down=down) for row in rows
    ]


def _delay(
    row: Any, verdict: Postponed, attempts: int, share: float, now: datetime, *, down: bool
) -> dict[str, Any]:
    doubt = bool(row.unknown or verdict.unknown)
    wait = back_off(attempts, share, verdict.after_s)
    return {
        "key": row.id,
        "due": stamp(now + timedelta(seconds=wait)),
        "doubt": doubt,
        # Where the upstream certainly did nothing, the life of the key has not begun.
        "since": row.sent_at if doubt else None,
        "code": DOWN if down else verdict.code,
        "sentence": verdict.sentence,
        "advice": verdict.hint or None,
    }


def back_off(attempts: int, share: float, after_s: float | None) -> float:
    """Seconds until the next attempt after `attempts` of them; `share` is the random part, 0 to 1."""
    full = min(CAP_S, BASE_S * 2.0 ** min(attempts - 1, 60))
    asked = min(after_s or 0.0, WAIT_AT_MOST_S)
    return max(0.001, share * full, asked)


def _run(
    connection: Connection, statement: Update, parameters: Sequence[dict[str, Any]] | Iterable[Any]
) -> None:
    rows = list(parameters)
    if rows:
        connection.execute(statement, rows)

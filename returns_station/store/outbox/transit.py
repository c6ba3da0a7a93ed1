"""A row on its way: claimed before it is sent, settled by what the upstream said, back in line when that
is not known."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Engine,
    Row,
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
from returns_station.store.outbox.rows import DONE, TABLE, OutboxRow, as_sent, selecting, stamp, writing
from returns_station.store.outbox.verdicts import DOWN, WAIT_AT_MOST_S, Verdict, given, keep, run, sent

INTERRUPTED: Final = "sync.interrupted"
_NO_DRAW: Final = Random(0)


def claim(engine: Engine, target: str, now: datetime, limit: int) -> list[OutboxRow]:
    """At most `limit` rows that may go now, one a return, marked `sent` on disk before anybody sends them.

    A row may go when it is due, every earlier row of its return and target is acknowledged or withdrawn,
    and so is the row named by its `after`. Half of the batch is for rows that were put off, so neither
    kind starves the other; a batch of one is what has been due for longer. The search holds no lock: rows
    of a return are only ever added behind, and the mark checks the state again.
    """
    return exchange(engine, target, now, limit, {}, _NO_DRAW)


def settle(
    engine: Engine, verdicts: Mapping[str, Verdict], now: datetime, rng: Random, *, down: bool = False
) -> None:
    """Keep what became of claimed rows, in one transaction (see `verdicts.keep`)."""
    with writing(engine) as connection:
        keep(connection, verdicts, now, rng, down=down)


def exchange(
    engine: Engine, target: str, now: datetime, limit: int, verdicts: Mapping[str, Verdict], rng: Random
) -> list[OutboxRow]:
    """`settle` these and `claim` the next, in one transaction: one wait for the disk a batch.

    What only these verdicts set free is found by the next claim.
    """
    at = stamp(now)
    with engine.connect() as connection:
        found = _free(connection, target, at, limit)
        if not found and not verdicts:
            return []
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        keep(connection, verdicts, now, rng, down=False)
        marked = _marked(connection, found, at)
        connection.commit()
    return [as_sent(row, at) for row in found if row.id in marked]


def _marked(connection: Connection, found: Sequence[Row[Any]], at: str) -> set[str]:
    if not found:
        return set()
    keys = json.dumps([row.id for row in found])
    return set(connection.execute(_mark(), {"keys": keys, "at": at}).scalars().all())


def give_back(engine: Engine, keys: Sequence[str]) -> None:
    """Claimed rows that were not sent after all are as they were before, and due."""
    with writing(engine) as connection:
        run(connection, _unclaim(), [{"key": key} for key in keys])


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


def bring_back(engine: Engine, target: str, now: datetime) -> int:
    """Rows put off for longer than any may be are due at once: the clock was ahead when it was worked out. Returns how
    many."""
    latest = stamp(now + timedelta(seconds=WAIT_AT_MOST_S))
    far = and_(_local(TABLE, target), TABLE.c.next_at > latest)
    with engine.connect() as connection:
        if connection.execute(select(TABLE.c.id).where(far).limit(1)).first() is None:
            return 0
    with writing(engine) as connection:
        return int(connection.execute(update(TABLE).where(far).values(next_at=stamp(now))).rowcount)


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


def _free(connection: Connection, target: str, at: str, limit: int) -> list[Row[Any]]:
    asked = {"target": target, "at": at, "limit": limit}
    again = list(connection.execute(put_off(), asked).all())
    fresh = list(connection.execute(never_sent(), asked).all())
    if limit == 1:
        # Half of one is none: whichever has been due for longer goes, or a backlog keeps what was put off for ever.
        return sorted([*again, *fresh], key=lambda row: str(row.next_at or row.created_at))[:1]
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


UNRELEASED = (SyncState.WITHDRAWN.value, SyncState.HELD.value, SyncState.SHADOW.value)


def _before(row: Any) -> Any:
    # The nearest earlier row that was not withdrawn stands for all: it was only sent when they were done.
    # A shadow row is sent by nobody, so nobody waits for it.
    # A held row is not deliverable yet and takes its place when it is released: money that waits for a
    # person keeps nobody's stock waiting.
    earlier = TABLE.alias("p")
    return (
        select(earlier.c.state)
        .where(earlier.c.return_id == row.c.return_id, earlier.c.target == row.c.target)
        .where(earlier.c.ordinal < row.c.ordinal, earlier.c.state.not_in(UNRELEASED))
        .order_by(earlier.c.ordinal.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )


@cache
def _mark() -> Any:
    return (
        update(TABLE)
        .where(TABLE.c.id.in_(select(given("keys").c.value)), TABLE.c.state == SyncState.LOCAL.value)
        .values(
            state=SyncState.SENT.value,
            attempts=TABLE.c.attempts + 1,
            next_at=None,
            sent_at=func.coalesce(TABLE.c.sent_at, bindparam("at")),
        )
        .returning(TABLE.c.id)
    )


@cache
def _unclaim() -> Update:
    known = case((TABLE.c.unknown, TABLE.c.sent_at), else_=None)
    return sent().values(state=SyncState.LOCAL.value, attempts=TABLE.c.attempts - 1, sent_at=known)

"""The outbox as a person meets it: lists and counts, why a row has not gone, and what may be done about
it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Engine, Integer, func, literal_column, select, text, update

from returns_station.domain.axes import SyncState
from returns_station.errors import StationError
from returns_station.store.outbox.rows import DONE, TABLE, OutboxRow, as_row, selecting, writing
from returns_station.store.outbox.verdicts import DOWN

BY_HAND: Final = "sync.parked"
_OPEN: Final = (SyncState.HELD, SyncState.LOCAL, SyncState.SENT, SyncState.REFUSED)

# SQLite has no loose index scan of its own; without one, DISTINCT reads every row ever written.
_EACH_TARGET: Final = (
    "WITH RECURSIVE t(x) AS (SELECT min(target) FROM outbox UNION ALL"
    " SELECT (SELECT min(target) FROM outbox WHERE target > x) FROM t WHERE x IS NOT NULL)"
)
_TARGETS: Final = text(f"{_EACH_TARGET} SELECT x FROM t WHERE x IS NOT NULL")
_COUNTS: Final = text(
    f"{_EACH_TARGET} SELECT state, count(*) FROM t CROSS JOIN outbox ON target = x"
    f" WHERE state IN ({', '.join(repr(state.value) for state in _OPEN)}) GROUP BY state"
)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of all targets are open, by state."""

    local: int = 0
    sent: int = 0
    refused: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Why:
    """Why a row is where it is: `waits_for` is the row at the root of the wait, `upstream` are the
    upstream's words."""

    id: str
    state: SyncState
    sentence: str
    advice: str
    waits_for: str | None = None
    next_at: str | None = None
    upstream: str | None = None
    owner: str | None = None


def counts(engine: Engine) -> Counts:
    """Open rows by state, from the index alone."""
    found = {state.value: 0 for state in _OPEN}
    with engine.connect() as connection:
        found.update((state, number) for state, number in connection.execute(_COUNTS))
    return Counts(**found)


def shadowed(engine: Engine) -> int:
    """Rows of all targets that were worked out beside the old system and are never sent."""
    with engine.connect() as connection:
        targets = TABLE.c.target.in_(_targets(connection))
        counting = select(func.count()).where(targets, TABLE.c.state == SyncState.SHADOW.value)
        return int(connection.execute(counting).scalar_one())


def listing(
    engine: Engine, states: Iterable[SyncState] = _OPEN, *, limit: int = 1000, after: str | None = None
) -> list[OutboxRow]:
    """Rows in these states, oldest first, at most `limit`; `after` is the id of the last row of the page
    before."""
    rowid: ColumnElement[int] = literal_column("outbox.rowid", Integer)
    with engine.connect() as connection:
        floor = 0
        if after is not None:
            found = connection.execute(select(rowid).select_from(TABLE).where(TABLE.c.id == after)).scalar()
            floor = int(found or 0)
        asked = (
            selecting()
            .where(TABLE.c.target.in_(_targets(connection)))
            .where(TABLE.c.state.in_([state.value for state in states]), rowid > floor)
            .order_by(rowid)
            .limit(limit)
        )
        return [as_row(row) for row in connection.execute(asked)]


def retry(engine: Engine, key: str, *, checked: bool = False) -> OutboxRow:
    """A refused row, or one that was put off, is due at once. Raises StationError for any other.

    `checked` is the word of a person who looked upstream and knows that it never arrived: only then may a
    money effect whose outcome is unknown be sent without asking the upstream first.
    """
    with writing(engine) as connection:
        row = _get(connection, key)
        if row.state not in (SyncState.REFUSED, SyncState.LOCAL):
            raise _not_possible(
                row, "retried", "Only a refused row, or one that was put off, can be retried."
            )
        values: dict[str, Any] = {"state": SyncState.LOCAL.value, "next_at": None, "settled_at": None}
        values |= {"problem_code": None, "problem": None, "hint": None, "owner": None}
        if checked:
            values |= {"unknown": False, "sent_at": None}
        connection.execute(update(TABLE).where(TABLE.c.id == key).values(values))
        if row.problem_code == DOWN:
            _try_target(connection, row.target)
        return _get(connection, key)


def park(engine: Engine, key: str, reason: str, owner: str) -> OutboxRow:
    """A row that has not gone waits with a person until it is retried. Raises StationError for one that
    is on its way."""
    with writing(engine) as connection:
        row = _get(connection, key)
        if row.state not in (SyncState.REFUSED, SyncState.LOCAL):
            raise _not_possible(row, "parked", "Only a row that still waits to be sent can be parked.")
        values = {"state": SyncState.REFUSED.value, "next_at": None, "problem_code": BY_HAND}
        values |= {"problem": reason, "owner": owner, "hint": _AGAIN.format(key)}
        connection.execute(update(TABLE).where(TABLE.c.id == key).values(values))
        return _get(connection, key)


def why(engine: Engine, key: str) -> Why:
    """Why this row is where it is, in plain words. Raises StationError `outbox.unknown`."""
    with engine.connect() as connection:
        row = _get(connection, key)
        root = _root(connection, row)
        if root is None:
            return _missing(row) if _names_nothing(connection, row) else _alone(row)
    own = _alone(root)
    return Why(
        id=row.id,
        state=row.state,
        sentence=f"It waits for {root.type} {root.id} of return {root.return_id}, "
        f"which is {root.state.value}. {own.sentence}",
        advice=own.advice,
        waits_for=root.id,
        next_at=own.next_at,
        upstream=own.upstream,
        owner=own.owner,
    )


_AGAIN: Final = "Run `returns-station outbox retry {}` when the cause is gone."
_RELEASE: Final = (
    "Finish the unit, close the parcel, or let a person decide; it is released with that, or withdrawn."
)


def _missing(row: OutboxRow) -> Why:
    sentence = f"It waits for the row {row.after}, which is not in this database."
    return Why(row.id, row.state, sentence, "This is a defect: please report it. Nothing is lost.")


def _names_nothing(connection: Connection, row: OutboxRow) -> bool:
    if row.state is not SyncState.LOCAL or row.after is None:
        return False
    return connection.execute(select(TABLE.c.id).where(TABLE.c.id == row.after)).first() is None


def _alone(row: OutboxRow) -> Why:
    sentence, advice = _SAYS[row.state](row)
    refused_here = row.problem_code in (BY_HAND, None)
    upstream = None if refused_here or row.state not in (SyncState.LOCAL, SyncState.REFUSED) else row.problem
    return Why(row.id, row.state, sentence, advice, next_at=row.next_at, upstream=upstream, owner=row.owner)


def _held(row: OutboxRow) -> tuple[str, str]:
    reason = f"; the reason is {row.problem_code}" if row.problem_code else ""
    return f"It is not released yet{reason}.", _RELEASE


def _local(row: OutboxRow) -> tuple[str, str]:
    doubt = " Whether it arrived is not known." if row.unknown else ""
    if row.next_at is None:
        return f"It is due.{doubt}", "Nothing: the sync job takes it with its next batch."
    tries = "1 attempt" if row.attempts == 1 else f"{row.attempts} attempts"
    sentence = (
        f"It was put off after {tries}; the next is not before {row.next_at}.{doubt} {row.problem or ''}"
    )
    return (
        sentence.strip(),
        f"Nothing, or `returns-station outbox retry {row.id}` to try it now.",
    )


def _refused(row: OutboxRow) -> tuple[str, str]:
    said = f"It is parked with {row.owner or 'nobody'}: {row.problem or 'no reason was given.'}"
    return said, row.hint or _AGAIN.format(row.id)


_SAYS: Final[dict[SyncState, Callable[[OutboxRow], tuple[str, str]]]] = {
    SyncState.HELD: _held,
    SyncState.LOCAL: _local,
    SyncState.SENT: lambda row: (
        f"It is being sent; attempt {row.attempts}.",
        "Nothing: its answer is awaited. If no sync job runs, start one with `returns-station sync --watch`.",
    ),
    SyncState.ACKNOWLEDGED: lambda row: (
        f"{row.target} has it as {row.reference or 'an unnamed document'} since {row.settled_at}.",
        "Nothing.",
    ),
    SyncState.REFUSED: _refused,
    SyncState.WITHDRAWN: lambda row: ("It was withdrawn before it was sent.", "Nothing."),
    SyncState.SHADOW: lambda row: (
        f"{row.target} runs in the shadow for it: it was worked out and kept, and is never sent"
        + (f"; for a person it waits because of {row.problem_code}." if row.owner else "."),
        "Nothing: the old system does this one. `returns-station shadow report` compares the two.",
    ),
}


def _root(connection: Connection, row: OutboxRow) -> OutboxRow | None:
    """The row at which a chain of waits begins; None when this row waits for no other."""
    seen = {row.id}
    here, root = row, None
    while here.state is SyncState.LOCAL and (found := _waits_for(connection, here)):
        if found.id in seen:
            break
        seen.add(found.id)
        here = root = found
    return root


def _waits_for(connection: Connection, row: OutboxRow) -> OutboxRow | None:
    earlier = (
        selecting()
        .where(TABLE.c.return_id == row.return_id, TABLE.c.target == row.target)
        .where(TABLE.c.ordinal < row.ordinal, TABLE.c.state.not_in((*DONE, SyncState.HELD.value)))
        .order_by(TABLE.c.ordinal)
        .limit(1)
    )
    found = connection.execute(earlier).first()
    if found is None and row.after is not None:
        found = connection.execute(
            selecting().where(TABLE.c.id == row.after, TABLE.c.state.not_in(DONE))
        ).first()
    return None if found is None else as_row(found)


def _try_target(connection: Connection, target: str) -> None:
    # A person who says "now" about one row of a target that was away means the target.
    away = (
        TABLE.c.target == target, TABLE.c.state == SyncState.LOCAL.value, TABLE.c.problem_code == DOWN
    )  # fmt: skip
    connection.execute(update(TABLE).where(*away).values(next_at=None))


def _get(connection: Connection, key: str) -> OutboxRow:
    found = connection.execute(selecting().where(TABLE.c.id == key)).first()
    if found is None:
        raise StationError(
            "outbox.unknown",
            f"There is no outbox row {key!r}.",
            "`returns-station outbox list` shows those that are open.",
        )
    return as_row(found)


def _not_possible(row: OutboxRow, what: str, rule: str) -> StationError:
    return StationError(
        "outbox.state",
        f"The row {row.id} is {row.state.value} and cannot be {what}. {rule}",
        why_hint(row.id),
    )


def why_hint(key: str) -> str:
    """The command that explains a row."""
    return f"`returns-station outbox why {key}` says where it stands."


def _targets(connection: Connection) -> list[str]:
    return list(connection.execute(_TARGETS).scalars())

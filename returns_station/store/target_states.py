"""How every upstream stands, as the sync job last knew it, and what of the outbox is open for it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine, select, text
from sqlalchemy.dialects.sqlite import insert

from returns_station.domain.axes import SyncState
from returns_station.errors import Problem
from returns_station.store import tables
from returns_station.store.outbox import stamp, writing
from returns_station.store.outbox.rows import DONE

QUIET: Final = timedelta(seconds=15)
"""Times alone are not written more often; what an upstream says is written when it changes."""
RECENT_ROWS: Final = 200_000
"""What was acknowledged since an instant is counted among so many of the newest rows: no day has more."""
_STATES: Final = tables.table(tables.TargetState)
_CURSORS: Final = tables.table(tables.PullCursor)
_OPEN: Final = tuple(state.value for state in SyncState if state.value not in DONE)


@dataclass(frozen=True, slots=True)
class TargetNote:
    """When an upstream was tried, answered, and read to the end of its feeds; and its problem, None when it is well."""

    tried_at: datetime | None = None
    answered_at: datetime | None = None
    pulled_at: datetime | None = None
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class OpenRow:
    """The oldest of some rows: what it is and since when it stands there."""

    id: str
    type: str
    return_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ParkedRow:
    """A row that waits with a person; `number` is the return's, as people know it."""

    id: str
    type: str
    return_id: str
    number: str | None
    created_at: str
    code: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is open for one upstream: rows by state, the oldest that is released and not delivered, the oldest that is
    not settled, parked ones among them."""

    counts: dict[str, int]
    due: OpenRow | None
    oldest: OpenRow | None
    next_at: datetime | None
    """When the first row that was put off may go."""


class NoteBook:
    """Keeps the note of one upstream: one small write when its problem changed, else at most one in 15 s."""

    def __init__(self, engine: Engine, target: str, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._target = target
        self._clock = clock
        self._kept = note_of(engine, target)
        self._kept_at: datetime | None = None
        self.note = self._kept

    def tell(
        self, *, answered: bool = False, pulled: bool = False, problem: Problem | None, tried: bool = True
    ) -> None:
        """What a pass found. Nothing is written when nothing was tried and the problem is the same."""
        now = self._clock()
        note = replace(self.note, problem=problem)
        note = replace(note, tried_at=now) if tried or answered or pulled else note
        note = replace(note, answered_at=now) if answered or pulled else note
        self.note = replace(note, pulled_at=now) if pulled else note
        changed = _code(self.note) != _code(self._kept)
        late = self._kept_at is None or not timedelta(0) <= now - self._kept_at < QUIET
        if changed or (late and self.note != self._kept):
            self._keep(now)

    def close(self) -> None:
        """Writes what was not written yet."""
        if self.note != self._kept:
            self._keep(self._clock())

    def _keep(self, now: datetime) -> None:
        note = self.note
        values: dict[str, Any] = {
            "tried_at": _text(note.tried_at),
            "answered_at": _text(note.answered_at),
            "pulled_at": _text(note.pulled_at),
            "problem_code": note.problem.code if note.problem else None,
            "problem": note.problem.sentence if note.problem else None,
        }
        row = insert(_STATES).values(target=self._target, **values)
        with writing(self._engine) as connection:
            connection.execute(row.on_conflict_do_update(index_elements=["target"], set_=values))
        self._kept, self._kept_at = note, now


def note_of(engine: Engine, target: str) -> TargetNote:
    """The note of one upstream; an empty one before its first pass."""
    with engine.connect() as connection:
        found = connection.execute(select(_STATES).where(_STATES.c.target == target)).first()
    if found is None:
        return TargetNote()
    problem = Problem(found.problem_code, found.problem or "", "") if found.problem_code else None
    return TargetNote(_time(found.tried_at), _time(found.answered_at), _time(found.pulled_at), problem)


def feed_times(engine: Engine, target: str) -> dict[str, datetime]:
    """When each feed last brought something new."""
    asked = select(_CURSORS.c.feed, _CURSORS.c.pulled_at).where(_CURSORS.c.target == target)
    with engine.connect() as connection:
        found = connection.execute(asked.order_by(_CURSORS.c.feed)).all()
    return {row.feed: at for row in found if (at := _time(row.pulled_at)) is not None}


def backlog(engine: Engine, target: str, now: datetime) -> Backlog:
    """What is open for an upstream, by the index of open rows."""
    with engine.connect() as connection:
        return _backlog(connection, target, now)


def open_targets(engine: Engine) -> list[str]:
    """Names of upstreams for which rows are open, whether or not the configuration still has them."""
    with engine.connect() as connection:
        return [str(name) for name in connection.execute(_OPEN_TARGETS).scalars()]


def _backlog(connection: Connection, target: str, now: datetime) -> Backlog:
    found = connection.execute(_COUNTS, {"target": target})
    counts = dict.fromkeys(_OPEN, 0) | {SyncState.SHADOW.value: 0} | {row[0]: row[1] for row in found}
    asked = {"target": target, "at": stamp(now)}
    due, oldest = (_row(connection, one, asked) for one in (_DUE, _OLDEST))
    next_at = connection.execute(_NEXT, asked).scalar()
    return Backlog(counts, due, oldest, _time(next_at))


def acknowledged_since(engine: Engine, target: str, since: datetime) -> int:
    """How many rows an upstream has acknowledged since an instant, among the newest `RECENT_ROWS`."""
    asked = {"target": target, "since": stamp(since), "window": RECENT_ROWS}
    with engine.connect() as connection:
        return int(connection.execute(_ACKNOWLEDGED, asked).scalar_one())


def parked_rows(engine: Engine, target: str, limit: int) -> list[ParkedRow]:
    """Rows of an upstream that wait with a person, the oldest first."""
    with engine.connect() as connection:
        return [ParkedRow(*row) for row in connection.execute(_PARKED, {"target": target, "limit": limit})]


def last_problem(engine: Engine, target: str) -> Problem | None:
    """What an upstream said of the row that it put off last."""
    with engine.connect() as connection:
        found = connection.execute(_PUT_OFF, {"target": target}).first()
    return Problem(found[0], found[1] or "", found[2] or "") if found else None


def _row(connection: Connection, statement: Any, asked: dict[str, str]) -> OpenRow | None:
    found = connection.execute(statement, asked).first()
    if found is None:
        return None
    return OpenRow(found.id, found.type, found.return_id, datetime.fromisoformat(found.created_at))


def _code(note: TargetNote) -> str | None:
    return note.problem.code if note.problem else None


def _text(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)


def _time(at: str | None) -> datetime | None:
    return None if at is None else datetime.fromisoformat(at)


_COUNTED: Final = ", ".join(repr(state) for state in (*_OPEN, SyncState.SHADOW.value))
_COUNTS: Final = text(
    f"SELECT state, count(*) FROM outbox WHERE target = :target AND state IN ({_COUNTED}) GROUP BY state"
)
_OPENED: Final = ", ".join(repr(state) for state in _OPEN)
_OPEN_TARGETS: Final = text(
    "WITH RECURSIVE t(x) AS (SELECT min(target) FROM outbox UNION ALL"
    " SELECT (SELECT min(target) FROM outbox WHERE target > x) FROM t WHERE x IS NOT NULL)"
    f" SELECT x FROM t WHERE EXISTS (SELECT 1 FROM outbox WHERE target = x AND state IN ({_OPENED}))"
)
_FIRST: Final = "SELECT id, type, return_id, created_at FROM outbox WHERE target = :target"
_DUE: Final = text(f"{_FIRST} AND state IN ('local', 'sent') ORDER BY created_at LIMIT 1")
_OLDEST: Final = text(f"{_FIRST} AND state IN ('local', 'sent', 'refused') ORDER BY created_at LIMIT 1")
_PARKED: Final = text(
    "SELECT o.id, o.type, o.return_id, a.number, o.created_at, o.problem_code, o.problem FROM outbox o"
    " LEFT JOIN authorization a ON a.id = o.return_id WHERE o.target = :target AND o.state = 'refused'"
    " ORDER BY o.created_at LIMIT :limit"
)
_NEXT: Final = text(
    "SELECT min(next_at) FROM outbox WHERE target = :target AND state = 'local' AND next_at > :at"
)
_PUT_OFF: Final = text(
    "SELECT problem_code, problem, hint FROM outbox WHERE target = :target AND state = 'local'"
    " AND next_at IS NOT NULL AND problem_code IS NOT NULL ORDER BY next_at DESC LIMIT 1"
)
# The plus signs keep SQLite from the index of open rows: all that was ever acknowledged stands in it.
_ACKNOWLEDGED: Final = text(
    "SELECT count(*) FROM outbox WHERE rowid > (SELECT max(rowid) FROM outbox) - :window"
    " AND +target = :target AND +state = 'acknowledged' AND settled_at >= :since"
)

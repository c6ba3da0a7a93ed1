"""What became of a row that was sent, and how each of the four answers is kept."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from random import Random
from typing import Any, Final

from sqlalchemy import Connection, Update, bindparam, func, select, update

from returns_station.domain.axes import SyncState
from returns_station.store.outbox.rows import TABLE, stamp

BASE_S: Final = 1.0
CAP_S: Final = 300.0
WAIT_AT_MOST_S: Final = 86_400.0
"""No Retry-After is obeyed for longer: a wrong header must not silence a row for ever."""
DOWN: Final = "sync.down"
"""The problem code of rows that came back because the whole target did not answer."""
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
    alone: bool = False
    """Only this row waits; the target as a whole is well."""


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


def keep(
    connection: Connection, verdicts: Mapping[str, Verdict], now: datetime, rng: Random, *, down: bool
) -> None:
    """Writes the verdicts into an open transaction; rows that are not `sent` any more are left alone.

    Back-off is full jitter over 1 s doubled at each attempt, at most 5 min, never under the upstream's
    Retry-After; one draw for all, so that rows which went together stay a batch. `down` notes that the
    target as a whole is away.
    """
    at = stamp(now)
    taken = {key: verdict.reference for key, verdict in verdicts.items() if isinstance(verdict, Acknowledged)}
    if taken:
        connection.execute(_acknowledge(), {"taken": json.dumps(taken), "at": at})
    run(connection, _refuse(), _refusals(verdicts, at))
    postponed = {key: verdict for key, verdict in verdicts.items() if isinstance(verdict, Postponed)}
    run(connection, _postpone(), _delays(connection, postponed, now, rng, down=down))
    absent = [{"key": key} for key, verdict in verdicts.items() if isinstance(verdict, Absent)]
    run(connection, _return_to_line(), absent)


def given(parameter: str) -> Any:
    """The entries of a JSON parameter as a table: one statement for a whole batch."""
    return func.json_each(bindparam(parameter)).table_valued("key", "value", name="given")


@cache
def _acknowledge() -> Update:
    taken = given("taken")
    return (
        update(TABLE)
        .where(TABLE.c.id == taken.c.key, TABLE.c.state == SyncState.SENT.value)
        .values(
            state=SyncState.ACKNOWLEDGED.value, reference=taken.c.value, settled_at=bindparam("at"),
            unknown=False, problem_code=None, problem=None, hint=None, owner=None,
        )
    )  # fmt: skip


def sent() -> Update:
    """An update of the one row `key`, if it is on its way."""
    return update(TABLE).where(TABLE.c.id == bindparam("key"), TABLE.c.state == SyncState.SENT.value)


@cache
def _refuse() -> Update:
    return sent().values(
        state=SyncState.REFUSED.value, settled_at=bindparam("at"), problem_code=bindparam("code"),
        problem=bindparam("sentence"), hint=bindparam("advice"), unknown=bindparam("doubt"), owner=OWNER,
    )  # fmt: skip


@cache
def _postpone() -> Update:
    return sent().values(
        state=SyncState.LOCAL.value, next_at=bindparam("due"), unknown=bindparam("doubt"),
        sent_at=bindparam("since"), problem_code=bindparam("code"), problem=bindparam("sentence"),
        hint=bindparam("advice"),
    )  # fmt: skip


@cache
def _return_to_line() -> Update:
    return sent().values(
        state=SyncState.LOCAL.value, unknown=False, sent_at=None, problem_code=None, problem=None, hint=None
    )


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


def run(connection: Connection, statement: Update, parameters: Sequence[dict[str, Any]]) -> None:
    """One statement for every set of parameters; none for none."""
    if parameters:
        connection.execute(statement, parameters)

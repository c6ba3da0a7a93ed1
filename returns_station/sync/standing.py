"""How a target stands, in a word and a sentence, with the figures behind them: for `sync status`, health and metrics."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from returns_station.config import Target
from returns_station.errors import Problem
from returns_station.store import worklist
from returns_station.store.target_states import (
    Backlog,
    OpenRow,
    TargetNote,
    acknowledged_since,
    backlog,
    feed_times,
    note_of,
    open_targets,
)

LATE_S: Final = 900.0
"""When the oldest row that is released and not delivered is older, somebody should look, even if the cause may pass by itself."""
_UNUSABLE: Final = ("config.", "connector.", "upstream.address", "upstream.ca_file", "sync.defect")
_AWAY: Final = frozenset(
    {
        "sync.down", "upstream.unreachable", "upstream.timeout", "upstream.lost", "upstream.tls", "upstream.busy",
        "upstream.failed", "upstream.answer", "upstream.answer_size", "upstream.redirect", "upstream.credentials",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Standing:
    """One target. `state` is one of well, new, shadow, waiting, away, feeds, refusing, late, broken; times are UTC."""

    target: str
    connector: str
    url: str
    shadow: bool
    state: str
    sentence: str
    person: bool
    """Whether somebody has to do something."""
    note: TargetNote
    backlog: Backlog
    acknowledged_today: int
    feeds: dict[str, datetime]
    tasks: tuple[worklist.OpenMoney, ...]
    """Money that a person has to move by hand there."""
    lag_s: float
    """Age of the oldest row that is released and not delivered, put off or not; 0 for none."""
    oldest_s: float
    """How old the oldest row is that is not settled, parked ones among them; 0 when there is none."""


def standing(engine: Engine, target: Target, now: datetime, broken: Problem | None = None) -> Standing:
    """How one target stands at `now`; `broken` says why this process cannot work with it at all."""
    note, open_rows = note_of(engine, target.name), backlog(engine, target.name, now)
    lag, oldest = (_age(row, now) for row in (open_rows.due, open_rows.oldest))
    problem = broken or note.problem
    state = _state(target, note, problem, open_rows, lag)
    return Standing(
        target.name,
        target.connector,
        target.url,
        target.shadow,
        state,
        _SENTENCES[state] + (f" {problem.sentence}" if problem and state in _EXPLAINED else ""),
        state in ("refusing", "broken", "late") or (problem is not None and problem.code == "sync.rows"),
        note,
        open_rows,
        acknowledged_since(engine, target.name, _midnight(now)),
        feed_times(engine, target.name),
        _by_hand(engine, target),
        lag,
        oldest,
    )


def standings(
    engine: Engine, targets: Iterable[Target], now: datetime, broken: Mapping[str, Problem]
) -> list[Standing]:
    """How every target stands; behind them what was taken out of the configuration, or renamed, with rows still open."""
    told = [standing(engine, target, now, broken.get(target.name)) for target in targets]
    known = {one.target for one in told}
    gone = [name for name in open_targets(engine) if name not in known]
    return told + [standing(engine, Target(name, "", "-"), now, _gone(name)) for name in gone]


def _gone(name: str) -> Problem:
    sentence = (
        f"Rows are open for {name}, and no target of the configuration is called so: nobody sends them."
    )
    return Problem("config.target_gone", f"{sentence} {_BACK}", _BACK)


_BACK: Final = "Put it back under this name until they are settled."


def _by_hand(engine: Engine, target: Target) -> tuple[worklist.OpenMoney, ...]:
    if target.connector != "manual":
        return ()
    return tuple(one for one in worklist.open_money(engine) if one.target == target.name)


def _age(row: OpenRow | None, now: datetime) -> float:
    return max(0.0, (now - row.created_at).total_seconds()) if row else 0.0


def _state(target: Target, note: TargetNote, problem: Problem | None, open_rows: Backlog, lag: float) -> str:
    code = problem.code if problem else ""
    if code.startswith(_UNUSABLE):
        return "broken"
    if open_rows.counts["refused"]:
        return "refusing"
    if lag > LATE_S:
        return "late"
    if code in _AWAY:
        return "away"
    if code:
        return "feeds" if code in ("sync.feed", "sync.rows") else "waiting"
    if note.tried_at is None and not target.shadow:
        return "new"
    return "shadow" if target.shadow else "well"


def _midnight(now: datetime) -> datetime:
    return now.astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


_EXPLAINED: Final = frozenset({"waiting", "away", "feeds", "late", "broken"})
_SENTENCES: Final = {
    "well": "It answers and takes everything.",
    "new": "It has not been tried yet.",
    "shadow": "It runs in the shadow: effects are kept and not sent.",
    "waiting": "It puts effects off.",
    "away": "It does not answer as it should; everything is kept and goes later.",
    "feeds": "It takes effects, and a feed of it could not be read whole.",
    "refusing": "It did not take everything: rows are parked with a person.",
    "late": "Rows have been waiting for more than a quarter of an hour.",
    "broken": "It cannot be worked with as it is set.",
}

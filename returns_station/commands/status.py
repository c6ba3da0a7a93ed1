"""`returns-station sync status` and `sync targets`: how every upstream stands, what is parked there and what to do."""

import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    ago,
    columns,
    configured,
    counted,
    database,
    emit,
    guarded,
    now,
    safe,
    say,
)
from returns_station.commands.locks import holder
from returns_station.config import Config, Target
from returns_station.errors import Problem, StationError
from returns_station.printable import wrapped

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.sync.standing import Standing

PARKED: Final = 5
"""Parked rows of a target that are shown in sentences; `outbox list` has all."""
_TABLE: Final = 72
_HEAD: Final = ("target", "state", "to send", "parked", "today", "oldest", "last answer")


def register(app: typer.Typer) -> None:
    """Adds `status` and `targets`."""
    app.command()(guarded(status))
    app.command()(guarded(targets))


def status(json: AsJson = False, config: ConfigFile = None) -> Code:
    """Say how every target stands; exits 1 when something needs a person."""
    found = configured(config)
    with database(found) as engine:
        report = _report(engine, found)
    if json:
        emit(_as_json(report))
    else:
        say(*_lines(report, shutil.get_terminal_size().columns))
    return Code.FAILED if report.person else Code.OK


def targets(json: AsJson = False, config: ConfigFile = None) -> Code:
    """List the targets: connector, address, what goes there; and the connectors that are installed."""
    from returns_station.connectors import registry

    found = configured(config)
    installed = sorted({*registry.available(), "http"})
    if json:
        rows = [_target_row(found, one, installed) for one in found.targets]
        emit({"targets": rows, "connectors": installed})
    else:
        head = ("target", "connector", "url", "effects", "state")
        told = [
            (one.name, one.connector, one.url, ", ".join(one.types) or "all", _state_of(found, one) or "-")
            for one in found.targets
        ]
        listed = columns([head, *told]) if told else ["No target is configured: nobody is told of anything."]
        say(*listed, f"Installed connectors: {', '.join(installed)}.")
    missing = [one.connector for one in found.targets if one.connector not in installed]
    if missing:
        raise StationError(
            "config.connector",
            f"No connector is called {safe(missing[0])!r}; there are: {', '.join(installed)}.",
            "Install its package or correct `connector` of the target.",
        )
    return Code.OK


def _target_row(config: Config, target: Target, installed: list[str]) -> dict[str, Any]:
    return {
        "target": target.name,
        "connector": target.connector,
        "installed": target.connector in installed,
        "url": target.url,
        "types": list(target.types),
        "feeds": list(target.feeds),
        "hosts": sorted({*target.hosts, *config.sync.allow_hosts}),
        "shadow": target.shadow,
        "state": _state_of(config, target),
    }


def _state_of(config: Config, target: Target) -> str | None:
    """The state as `sync status` says it, None without a database."""
    try:
        with database(config) as engine:
            return _standing(engine, target).state
    except StationError:
        return None


# --- what is known ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parked:
    """A row that waits with a person: the sentence, the upstream's own words, and what to do."""

    id: str
    type: str
    code: str | None
    return_number: str
    since: str
    owner: str | None
    sentence: str
    said: str | None
    advice: str


@dataclass(frozen=True, slots=True)
class Report:
    """All targets, their parked rows, and who drains."""

    at: datetime
    drainer: int | None
    drainer_since: datetime | None
    standings: "tuple[Standing, ...]"
    parked: dict[str, tuple[Parked, ...]]

    @property
    def unattended(self) -> bool:
        """Whether rows may go and nobody sends them."""
        return self.drainer is None and any(one.backlog.due for one in self.standings)

    @property
    def person(self) -> bool:
        """Whether something waits for a person."""
        return self.unattended or any(one.person for one in self.standings)


def _standing(engine: "Engine", target: Target) -> "Standing":
    from returns_station.sync.standing import standing

    return standing(engine, target, now(), _not_installed(target))


def _not_installed(target: Target) -> Problem | None:
    from returns_station.connectors import registry

    if target.connector == "http" or target.connector in registry.available():
        return None
    sentence = f"No connector is called {safe(target.connector)!r}; `sync targets` lists those there are."
    return StationError("connector.unknown", sentence).problem


def _report(engine: "Engine", config: Config) -> Report:
    if not config.targets:
        hint = "Add a [[target]] with name, url and secret_env to the configuration."
        raise StationError("config.no_target", "No target is configured, so there is nobody to tell.", hint)
    from returns_station.sync.standing import standings

    pid, since = _drainer(config.database.path)
    broken = {one.name: problem for one in config.targets if (problem := _not_installed(one)) is not None}
    found = tuple(standings(engine, config.targets, now(), broken))
    parked = {one.target: _parked(engine, one.target) for one in found}
    return Report(now(), pid, since, found, parked)


def _drainer(path: Path) -> tuple[int | None, datetime | None]:
    pid = holder(path, "drainer")
    if pid is None:
        return None, None
    # The lock's file is written when it is taken.
    written = path.with_name(f"{path.name}.drainer.lock").stat().st_mtime
    return pid, datetime.fromtimestamp(written, UTC)


def _parked(engine: "Engine", target: str) -> tuple[Parked, ...]:
    from returns_station.store import outbox
    from returns_station.store.target_states import parked_rows

    found = parked_rows(engine, target, PARKED)
    told = [(row, outbox.why(engine, row.id)) for row in found]
    return tuple(
        Parked(
            row.id, row.type, row.code, row.number or row.return_id, row.created_at,
            why.owner, row.problem or "No reason was given.", _words(row.problem), why.advice,
        )
        for row, why in told
    )  # fmt: skip


def _words(problem: str | None) -> str | None:
    """The upstream's own words in a sentence of ours, which stand in quotes at its end."""
    start = (problem or "").find('"')
    end = (problem or "").rfind('"')
    return problem[start + 1 : end] if problem and 0 <= start < end else None


# --- told as JSON -----------------------------------------------------------------------------------------------------


def _as_json(report: Report) -> dict[str, Any]:
    drainer = {"pid": report.drainer, "since": _iso(report.drainer_since)}
    told = [_target_json(report, one) for one in report.standings]
    return {"person": report.person, "drainer": drainer, "targets": told}


def _target_json(report: Report, one: "Standing") -> dict[str, Any]:
    oldest = one.backlog.oldest
    problem = one.note.problem
    return {
        "target": one.target,
        "connector": one.connector,
        "url": one.url,
        "shadow": one.shadow,
        "state": one.state,
        "sentence": one.sentence,
        "person": one.person,
        "rows": one.backlog.counts,
        "acknowledged_today": one.acknowledged_today,
        "lag_seconds": round(one.lag_s, 1),
        "oldest": {**asdict(oldest), "created_at": _iso(oldest.created_at)} if oldest else None,
        "next_attempt": _iso(one.backlog.next_at),
        "last_try": _iso(one.note.tried_at),
        "last_answer": _iso(one.note.answered_at),
        "last_pull": _iso(one.note.pulled_at),
        "feeds": {feed: _iso(at) for feed, at in one.feeds.items()},
        "problem": {"code": problem.code, "sentence": problem.sentence} if problem else None,
        "money_by_hand": [asdict(task) for task in one.tasks],
        "parked": [asdict(row) for row in report.parked[one.target]],
    }


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


# --- told in lines ----------------------------------------------------------------------------------------------------


def _lines(report: Report, width: int) -> Iterator[str]:
    if width >= _TABLE:
        yield from columns([_HEAD, *(_cells(report, one) for one in report.standings)])
    else:
        for one in report.standings:
            cells = zip(_HEAD[1:], _cells(report, one)[1:], strict=True)
            told = ", ".join(f"{name} {cell}" for name, cell in cells)
            yield from wrapped(f"{one.target}: {told}", width, "  ")
    for one in report.standings:
        yield ""
        yield from wrapped(f"{safe(one.target)}: {safe(one.sentence)}", width, "  ")
        for line in _details(report, one):
            yield from _indented(line, width, 2)
        for row in report.parked[one.target]:
            yield from _parked_lines(report, row, width)
    yield ""
    yield from wrapped(_about_drainer(report), width)


def _cells(report: Report, one: "Standing") -> tuple[str, ...]:
    counts = one.backlog.counts
    oldest = one.backlog.oldest
    return (
        one.target if len(one.target) <= 18 else f"{one.target[:17]}…",
        one.state,
        f"{counts['local'] + counts['sent']:,}",
        f"{counts['refused']:,}",
        f"{one.acknowledged_today:,}",
        ago(_iso(oldest.created_at), report.at) if oldest else "-",
        _past(one.note.answered_at, report.at),
    )


def _details(report: Report, one: "Standing") -> Iterator[str]:
    counts = one.backlog.counts
    more = [f"{counts[state]:,} {word}" for state, word in (("held", "not released"), ("sent", "on the way"))]
    shadow = [f"{counts['shadow']:,} kept in the shadow"] if counts["shadow"] else []
    yield f"{one.connector}, {one.url}; {', '.join(more + shadow)}."
    if one.lag_s:
        yield f"The oldest that is released and not delivered has waited {_span(one.lag_s)}."
    if one.backlog.next_at:
        yield f"Next attempt of what was put off: {one.backlog.next_at:%H:%M:%S} UTC."
    if one.note.pulled_at:
        news = ", ".join(f"{feed} {_past(at, report.at)}" for feed, at in one.feeds.items())
        yield f"Feeds read to their end {_past(one.note.pulled_at, report.at)}; news: {news or 'none yet'}."
    problem = one.note.problem
    if problem and one.state != "broken" and problem.sentence not in one.sentence:
        yield problem.sentence
    for money in one.tasks:
        amount = f"{counted(money.tasks, 'task')} of money by hand ({money.currency})"
        yield f"{amount}: `returns-station worklist`."


def _parked_lines(report: Report, row: Parked, width: int) -> Iterator[str]:
    age = ago(row.since, report.at)
    yield from _indented(f"PARKED {row.type} of {row.return_number}, {age}, {row.code}", width, 2)
    yield from _indented(row.sentence, width, 4)
    yield from _indented(f"→ {row.advice}", width, 4)
    yield from _indented(f"row {row.id}", width, 4)


def _indented(text: str, width: int, by: int) -> Iterator[str]:
    for line in wrapped(safe(text), max(width - by, 20), "  "):
        yield " " * by + line


def _about_drainer(report: Report) -> str:
    if report.drainer is None:
        told = "No sync job is running"
        return (
            f"{told}, and rows wait: start `returns-station sync --watch`."
            if report.unattended
            else f"{told}."
        )
    return (
        f"The sync job runs as process {report.drainer} since {report.drainer_since:%Y-%m-%d %H:%M:%S} UTC."
    )


def _past(at: datetime | None, now_: datetime) -> str:
    return "never" if at is None else f"{ago(_iso(at), now_)} ago"


def _span(seconds: float) -> str:
    return ago(datetime.fromtimestamp(0, UTC).isoformat(), datetime.fromtimestamp(seconds, UTC))

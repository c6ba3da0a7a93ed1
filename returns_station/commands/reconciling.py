"""`returns-station reconcile`: what was sent compared with what the upstreams say now; it changes nothing anywhere."""

import random
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    complain,
    configured,
    counted,
    database,
    emit,
    guarded,
    now,
    say,
    usage,
)
from returns_station.commands.exports import check_export, export
from returns_station.commands.progress import bar
from returns_station.config import Config, Target
from returns_station.errors import StationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.sync.reconcile_run import Reconciliation

DAYS: Final = 7
_COLUMNS: Final = (
    "target", "code", "return_number", "order_number", "subject", "sku", "ours", "theirs", "reference", "sentence",
    "act",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Adds `reconcile`."""
    app.command()(guarded(reconcile))


def reconcile(
    target: Annotated[str | None, typer.Option(help="One target alone.")] = None,
    since: Annotated[
        str | None,
        typer.Option(help=f"A date: returns acknowledged since; the last {DAYS} days otherwise."),
    ] = None,
    number: Annotated[str | None, typer.Option("--return", help="One return, by its number.")] = None,
    to: Annotated[
        Path | None, typer.Option("--export", help="Write the differences to a .csv or .jsonl file.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Compare what was sent with what the upstreams say now. Exits 0 clean, 1 with differences; fixes nothing."""
    check_export(to)
    if number is not None and since is not None:
        raise usage("--return and --since do not go together.", "Name the return alone.")
    start = None if number else moment(since) if since else now() - timedelta(days=DAYS)
    found = configured(config)
    done: list[Reconciliation] = []
    with database(found) as engine:
        silent = 0
        for one in asked_targets(found, target):
            try:
                done.append(_one(engine, found, one, start, number))
            except StationError as error:
                if target is not None:
                    raise
                silent += 1
                complain(f"{one.name}: {error}")
    if number is not None and not any(report.returns for report in done):
        raise StationError(
            "show.unknown",
            f"Nothing of a return {number!r} was acknowledged by a target.",
            "`returns-station outbox list` shows what has not gone yet.",
        )
    rows = [{"target": report.target, **asdict(one)} for report in done for one in report.differences]
    if to is not None:
        export(to, _COLUMNS, rows)
    _tell(done, to, json)
    return Code.OK if done and all(report.clean for report in done) else Code.FAILED


def asked_targets(config: Config, name: str | None) -> tuple[Target, ...]:
    """The targets to work on. Raises StationError for none, or for a name that none has."""
    if not config.targets:
        hint = "Add a [[target]] with name and url to the configuration."
        raise StationError("config.no_target", "No target is configured.", hint)
    chosen = tuple(one for one in config.targets if name is None or one.name == name)
    if not chosen:
        known = ", ".join(one.name for one in config.targets)
        raise usage(f"There is no target {name!r}.", f"Targets are {known}.")
    return chosen


def moment(since: str) -> datetime:
    """A date or an instant as a person writes it, in UTC without a zone. Raises StationError `usage.wrong`."""
    try:
        found = datetime.fromisoformat(since)
    except ValueError:
        raise usage(f"{since!r} is no date.", "Write it as 2026-01-31.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _one(
    engine: "Engine", config: Config, target: Target, since: datetime | None, number: str | None
) -> "Reconciliation":
    from returns_station.commands.syncing import connect
    from returns_station.domain.scan import station_code
    from returns_station.store.identity import uuid7
    from returns_station.sync.reconcile_run import Reconciler

    chance = random.SystemRandom()
    connector = connect(config, target, lambda: uuid7(now(), chance))
    try:
        station = station_code(config.station.number)
        with bar(f"Comparing with {target.name}") as told:
            work = Reconciler(engine, connector, target.name, station, now)
            return work.run(since=since, number=number, progress=told)
    finally:
        connector.close()


# --- telling ----------------------------------------------------------------------------------------------------------


def _tell(done: list["Reconciliation"], to: Path | None, as_json: bool) -> None:
    for report in done:
        if as_json:
            emit(_as_json(report))
            continue
        for one in report.differences:
            say(f"{report.target}: {one.code}: {one.sentence}", f"  What to do: {one.act}")
        for number, sentence in report.unanswered:
            complain(f"{report.target}: return {number} was not compared: {sentence}")
        say(_summary(report))
    if to is not None and not as_json:
        total = sum(len(report.differences) for report in done)
        say(f"{counted(total, 'difference')} written to {to}.")


def _as_json(report: "Reconciliation") -> dict[str, Any]:
    return {
        "target": report.target,
        "returns": report.returns,
        "units": report.units,
        "refunds": report.refunds,
        "clean": report.clean,
        "differences": [asdict(one) for one in report.differences],
        "unanswered": [{"return_number": number, "sentence": said} for number, said in report.unanswered],
    }


def _summary(report: "Reconciliation") -> str:
    what = ", ".join(
        (
            counted(report.returns, "return"),
            counted(report.units, "unit"),
            counted(report.refunds, "refund"),
        )
    )
    if report.clean:
        return f"{report.target}: {what} compared, no difference."
    found = counted(len(report.differences), "difference")
    left = f", {counted(len(report.unanswered), 'return')} not compared" if report.unanswered else ""
    return f"{report.target}: {what} compared, {found}{left}. Nothing was changed."

"""`returns-station shadow`: the cut-over beside an old system: its export, the comparison, families switched one by one."""

from collections.abc import Mapping
from dataclasses import asdict
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    columns,
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
from returns_station.commands.importing import tell_import
from returns_station.commands.progress import bar
from returns_station.commands.reconciling import asked_targets, moment
from returns_station.config import Config, Target

if TYPE_CHECKING:
    from returns_station.store.shadow_books import Family
    from returns_station.sync.shadow_report import Score, ShadowReport, Thresholds

app = typer.Typer(
    name="shadow", help="Work beside an old system, compare the two, switch over.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="TARGET", help="A target with `shadow = true`.")]
_COLUMNS: Final = ("code", "group", "sku", "families", "pieces", "ours", "theirs", "reference", "sentence")
_HEAD: Final = ("family", "products", "goes to", "since", "switched by")


class Turn(StrEnum):
    """Which way a family is switched."""

    ON = "on"
    OFF = "off"


@app.command()
@guarded
def switch(
    target: Name,
    family: Annotated[str, typer.Argument(help="A product family.")],
    turn: Annotated[Turn, typer.Argument(help="on: the target is told. off: the old system goes on.")],
    by: Annotated[str, typer.Option(help="The badge of the supervisor who says so.")],
    config: ConfigFile = None,
) -> Code:
    """Switch a product family over to the target, or back; parcels received from now on go by it."""
    from returns_station.store import shadow

    found = configured(config)
    one = _shadowed(found, target)
    with database(found) as engine:
        worker = shadow.switch(engine, one.name, family, live=turn is Turn.ON, badge=by, now=now())
    where = f"go to {one.name}" if turn is Turn.ON else f"stay in the shadow: {one.name} is not told"
    say(
        f"Units of {family} in parcels received from now on {where} (switched by {worker}).",
        "A parcel that was received before ends where it began.",
    )
    return Code.OK


@app.command("families")
@guarded
def families_(target: Name, json: AsJson = False, config: ConfigFile = None) -> Code:
    """List the product families and which way each is switched."""
    from returns_station.store.shadow_books import families

    found = configured(config)
    one = _shadowed(found, target)
    with database(found) as engine:
        told = families(engine, one.name)
    if json:
        emit({"target": one.name, "families": [asdict(family) for family in told]})
    else:
        say(*columns([_HEAD, *(_family_cells(family, one.name) for family in told)]))
    return Code.OK


def _family_cells(family: "Family", target: str) -> tuple[object, ...]:
    where = target if family.live else "the old system"
    return (
        family.name,
        family.products,
        where,
        (family.at or "")[:16].replace("T", " "),
        family.by or "",
    )


@app.command("import")
@guarded
def import_(
    target: Name,
    file: Annotated[Path, typer.Argument(help="The old system's export: CSV or JSON Lines, gzip or not.")],
    merchant: Annotated[
        str | None, typer.Option(help="Whose rows these are; the station's merchant otherwise.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Import what the old system did; with anything wrong in the file nothing is kept."""
    from returns_station.store.shadow_import import import_legacy

    found = configured(config)
    one = _shadowed(found, target)
    whose = merchant or found.station.merchant
    with database(found) as engine, bar("Importing the old system's export") as told:
        report = import_legacy(engine, one.name, file, merchant=whose, now=now(), progress=told)
    tell_import("legacy", report, as_json=json)
    return Code.OK if report.ok else Code.BAD_INPUT


@app.command()
@guarded
def report(
    target: Name,
    since: Annotated[
        str | None, typer.Option(help="A date: what was done since; everything otherwise.")
    ] = None,
    family: Annotated[str | None, typer.Option(help="One product family alone.")] = None,
    units: Annotated[
        float, typer.Option(help="Percent of the pieces that must match to switch.", min=0, max=100)
    ] = 99.5,
    money: Annotated[
        float, typer.Option(help="Percent of the money that must match to switch.", min=0, max=100)
    ] = 99.9,
    pieces: Annotated[int, typer.Option(help="Pieces that must have been compared to switch.", min=0)] = 50,
    to: Annotated[
        Path | None, typer.Option("--export", help="Write the differences to a .csv or .jsonl file.")
    ] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Compare the station with the old system, piece by piece. Exits 0 when it is ready to switch, 1 when not."""
    from returns_station.store.shadow_books import our_books, their_books
    from returns_station.sync.shadow_report import Score, Thresholds, compare_books

    check_export(to)
    start = moment(since) if since else None
    found = configured(config)
    one = _shadowed(found, target)
    with database(found) as engine:
        compared = compare_books(our_books(engine, one.name, start), their_books(engine, one.name, start))
    least = Thresholds(_share(units), _share(money), pieces)
    kept = [each for each in compared.differences if family is None or family in each.families]
    score = compared.score if family is None else compared.families.get(family, Score())
    reasons = score.reasons(least)
    rows = [{**asdict(each), "families": "|".join(sorted(each.families))} for each in kept]
    if to is not None:
        export(to, _COLUMNS, rows)
    if json:
        emit(_as_json(one.name, compared, rows, score, reasons, least))
    else:
        say(*(f"{each.code}: {each.sentence}" for each in kept))
        say(*_told(compared, score, reasons, family, least))
    return Code.FAILED if reasons else Code.OK


def _share(percent: float) -> Fraction:
    return Fraction(str(percent)) / 100


def _shadowed(config: Config, name: str) -> Target:
    (one,) = asked_targets(config, name)
    if not one.shadow:
        raise usage(
            f"{name} does not run in the shadow.",
            "Set `shadow = true` in its [[target]] of the configuration.",
        )
    return one


# --- telling ----------------------------------------------------------------------------------------------------------


def _as_json(
    target: str, compared: "ShadowReport", rows: list[dict[str, Any]], score: "Score",
    reasons: tuple[str, ...], least: "Thresholds",
) -> dict[str, Any]:  # fmt: skip
    families = {name: _score(each, each.reasons(least)) for name, each in compared.families.items()}
    return {
        "target": target,
        **_score(score, reasons),
        "waiting": compared.waiting,
        "families": families,
        "differences": rows,
    }


def _score(score: "Score", reasons: tuple[str, ...]) -> dict[str, Any]:
    from returns_station.sync.shadow_report import percent

    return {
        "ready": not reasons,
        "reasons": list(reasons),
        "pieces": score.pieces,
        "matched": score.matched,
        "units": percent(score.units_share),
        "money": percent(score.money_share),
        "amounts": {name: {"matched_minor": m, "of_minor": a} for name, (m, a) in score.money.items()},
    }


def _told(
    compared: "ShadowReport",
    score: "Score",
    reasons: tuple[str, ...],
    family: str | None,
    least: "Thresholds",
) -> list[str]:
    lines = []
    if family is None and compared.families:
        lines += columns(
            [("family", "pieces", "match", "money", "ready"), *_family_rows(compared.families, least)]
        )
    if compared.waiting:
        lines.append(f"{counted(compared.waiting, 'effect')} of ours waits for a person and is not compared.")
    what = f"Family {family}" if family else "All"
    lines.append(f"{what}: {_words(score)}")
    verdict = "Ready to switch." if not reasons else f"Not ready: {'; '.join(reasons)}."
    return [*lines, verdict]


def _words(score: "Score") -> str:
    from returns_station.domain.money import decimal
    from returns_station.sync.shadow_report import percent

    amounts = [
        f"{decimal(part, name)} of {decimal(all_, name)} {name}"
        for name, (part, all_) in sorted(score.money.items())
    ]
    money = f"; money {percent(score.money_share)} ({', '.join(amounts)})" if amounts else ""
    return (
        f"{score.matched:,} of {counted(score.pieces, 'piece')} match, {percent(score.units_share)}{money}."
    )


def _family_rows(families: "Mapping[str, Score]", least: "Thresholds") -> list[tuple[object, ...]]:
    from returns_station.sync.shadow_report import percent

    return [
        (
            name,
            each.pieces,
            percent(each.units_share),
            percent(each.money_share),
            "no" if each.reasons(least) else "yes",
        )
        for name, each in families.items()
    ]

"""`returns-station import`: products, orders and all the rest from a file, all of it or nothing."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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
from returns_station.commands.progress import bar

if TYPE_CHECKING:
    from returns_station.store.imports import ImportReport, SalesReport

_OUTCOMES = ("lines", "orders", "products", "full", "partial", "ambiguous", "none")
_CHARGES = ("cancelled_fees", "fees", "adjustments")


def register(app: typer.Typer) -> None:
    """Adds `import`."""
    app.command("import")(guarded(import_))


def import_(
    kind: Annotated[
        str | None,
        typer.Argument(help="products, orders, authorizations, customers, locations, containers or badges."),
    ] = None,
    file: Annotated[Path | None, typer.Argument(help="CSV or JSON Lines, gzip or not.")] = None,
    sales: Annotated[
        Path | None, typer.Option("--sales", help="Past sales in the Online Retail layout instead.")
    ] = None,
    merchant: Annotated[
        str | None, typer.Option(help="Whose rows these are; the station's merchant otherwise.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="The system they come from: numbers are its own.")
    ] = None,
    site: Annotated[str | None, typer.Option(help="The warehouse; the station's site otherwise.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and count, change nothing.")] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Import a file; with anything wrong in it nothing is changed, and every fault is named with its line."""
    if (sales is None) == (kind is None or file is None) or (sales and kind):
        raise usage(
            "An import needs a kind and a file, or --sales and a file.",
            "Such as `returns-station import products products.csv`.",
        )
    found = configured(config)
    shared: dict[str, Any] = {
        "merchant": merchant or found.station.merchant,
        "site": site or found.station.site,
        "now": now(),
        "uuid": _ids(),
        "dry_run": dry_run,
    }
    with database(found) as engine:
        if sales:
            return _sales(engine, sales, {**shared, "source": source or "sales"}, json)
        return _rows(engine, str(kind), file, {**shared, "source": source or "import"}, json)


def _ids() -> Callable[[], str]:
    from returns_station.store.identity import uuid7

    chance = random.SystemRandom()
    return lambda: uuid7(now(), chance)


def _rows(engine: Any, kind: str, file: Path | None, shared: dict[str, Any], as_json: bool) -> Code:
    from returns_station.store.imports import run_import

    assert file is not None
    with bar(f"Importing {kind}") as told:
        report = run_import(engine, kind, file, progress=told, **shared)
    if as_json:
        emit({"kind": kind, "dry_run": shared["dry_run"], **_as_json(report)})
    else:
        _tell(kind, report, dry_run=shared["dry_run"])
    return Code.OK if report.ok else Code.BAD_INPUT


def _sales(engine: Any, file: Path, shared: dict[str, Any], as_json: bool) -> Code:
    from returns_station.store.imports import import_sales

    with bar("Importing sales") as told:
        sales = import_sales(engine, file, progress=told, **shared)
    if as_json:
        counts = {name: getattr(sales, name) for name in (*_OUTCOMES, *_CHARGES)}
        emit({"kind": "sales", "dry_run": shared["dry_run"], **_as_json(sales.report), **counts})
    else:
        _tell("sales", sales.report, dry_run=shared["dry_run"])
        if sales.report.ok:
            say(*_matched(sales))
    return Code.OK if sales.report.ok else Code.BAD_INPUT


def _as_json(report: "ImportReport") -> dict[str, Any]:
    problems = [
        {
            "line": one.line,
            "column": one.column,
            "value": one.value,
            "expected": one.expected,
            "sentence": one.sentence,
        }
        for one in report.problems
    ]
    counts = {name: getattr(report, name) for name in ("rows", "inserted", "updated", "unchanged")}
    return {**counts, "problems": problems, "more": report.more, "notices": list(report.notices)}


def tell_import(kind: str, report: "ImportReport", *, as_json: bool) -> None:
    """Says what came of an import."""
    if as_json:
        emit({"kind": kind, "dry_run": False, **_as_json(report)})
    else:
        _tell(kind, report, dry_run=False)


def _tell(kind: str, report: "ImportReport", *, dry_run: bool) -> None:
    for notice in report.notices:
        complain(notice)
    for problem in report.problems:
        complain(problem.sentence)
    if not report.ok:
        total = len(report.problems) + report.more
        more = f", of which the first {len(report.problems)} are shown" if report.more else ""
        complain(f"Nothing was imported: {counted(total, 'value')} not as expected{more}.")
        return
    would = "Would import" if dry_run else "Imported"
    say(
        f"{would} {counted(report.rows, 'row')} of {kind}: {report.inserted:,} new, {report.updated:,} changed, "
        f"{report.unchanged:,} as before."
    )


def _matched(sales: "SalesReport") -> list[str]:
    matched = sales.full + sales.partial
    lines = [
        f"{sales.lines:,} lines: {sales.orders:,} orders, {sales.products:,} products.",
        f"Returned lines matched: {matched:,} ({sales.full:,} in full, {sales.partial:,} in part).",
        f"Returned lines ambiguous: {sales.ambiguous:,}.",
        f"Returned lines with no sale: {sales.none:,}.",
    ]
    charges = f"Fees are no goods: {sales.fees:,} charged, {sales.cancelled_fees:,} cancelled"
    return [*lines, f"{charges}; {sales.adjustments:,} stock adjustments left out."]

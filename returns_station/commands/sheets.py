"""`returns-station sheets`: badges, places, containers, commands and plates in numbers, for the office or the label printer."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    ConfigFile,
    columns,
    complain,
    configured,
    counted,
    database,
    guarded,
    now,
    say,
    usage,
)
from returns_station.commands.progress import bar
from returns_station.commands.sheet_items import command_groups, places, worded
from returns_station.commands.sheet_items import dispositions as dispositions_

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.config import Config
    from returns_station.hardware.sheets import Document, Item, Printing

app = typer.Typer(
    name="sheets",
    help="Labels in numbers: badges, locations, containers, commands, dispositions, a roll of plates.",
    no_args_is_help=True,
)

Out: TypeAlias = Annotated[
    Path | None, typer.Option(help="The file to write; `KIND.pdf` here otherwise, - is standard output.")
]
SheetName: TypeAlias = Annotated[
    str | None, typer.Option("--sheet", help="Fill sheets of labels; `sheets list` names them.")
]
StartCell: TypeAlias = Annotated[
    int, typer.Option("--start-cell", help="The first free label of the first sheet, counted from 1.")
]
Size: TypeAlias = Annotated[
    Literal["large", "compact", "sign"],
    typer.Option(help="100 × 50 mm, 57 × 32 mm, or a sign of 210 × 148 mm, one a page."),
]
Zpl: TypeAlias = Annotated[bool, typer.Option("--zpl", help="ZPL for a label printer instead of PDF.")]
Dpi: TypeAlias = Annotated[int, typer.Option(help="The label printer's resolution: 203, 300 or 600.")]
Codes: TypeAlias = Annotated[list[str] | None, typer.Argument(help="These alone; all of them otherwise.")]


@app.command("list")
@guarded
def list_() -> Code:
    """List the sheets of labels that --sheet knows."""
    from returns_station.hardware.sheets import sheets

    say(*columns([("sheet", "labels"), *((one.name, one.geometry) for one in sheets())]))
    return Code.OK


@app.command("commands")
@guarded
def commands_(
    out: Out = None,
    page: Annotated[Literal["a4", "letter"], typer.Option(help="The paper of the page.")] = "a4",
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    size: Annotated[
        Literal["large", "compact", "sign"] | None, typer.Option(help="A label for each command instead.")
    ] = None,
    zpl: Zpl = False,
    dpi: Dpi = 203,
    config: ConfigFile = None,
) -> Code:
    """Every command, answer, quantity and disposition as codes to scan: on pages, or a label for each."""
    from returns_station.hardware.sheets import Item, command_document

    found = configured(config)
    groups = command_groups()
    if sheet is None and size is None and not zpl:
        note = f"Returns Station · {found.station.name}"
        return _written(command_document("Scan what you want to say", groups, page, note), "commands", out)
    items = [Item("command", code, said) for _, rows in groups for code, said in rows]
    return _printed(items, "commands", out, _printing(size or "large", sheet, start_cell, zpl, dpi))


@app.command()
@guarded
def dispositions(
    codes: Codes = None,
    out: Out = None,
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    size: Size = "large",
    zpl: Zpl = False,
    dpi: Dpi = 203,
) -> Code:
    """A tag for each disposition: the code that chooses it, with its words."""
    from returns_station.hardware.sheets import Item

    items = [Item("disposition", code, said) for code, said in dispositions_()]
    chosen = _chosen(items, codes, "disposition")
    return _printed(chosen, "dispositions", out, _printing(size, sheet, start_cell, zpl, dpi))


@app.command()
@guarded
def badges(
    codes: Codes = None,
    out: Out = None,
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    zpl: Zpl = False,
    dpi: Dpi = 203,
    config: ConfigFile = None,
) -> Code:
    """Badges of the workers, the size of a bank card; --sheet cards puts ten on a page. They show no name."""
    from sqlalchemy import select

    from returns_station.hardware.sheets import Item
    from returns_station.store import tables

    found = configured(config)
    badge, worker = tables.table(tables.Badge), tables.table(tables.Worker)
    wanted = (
        select(badge.c.code, worker.c.id, worker.c.role)
        .join(worker, worker.c.id == badge.c.worker_id)
        .where(badge.c.revoked_at.is_(None), worker.c.active)
        .order_by(badge.c.code)
    )
    with database(found) as engine, engine.connect() as connection:
        rows = connection.execute(wanted).all()
    items = [Item("badge", row.code, row.id, (worded(row.role),), found.station.name) for row in rows]
    chosen = _chosen(items, codes, "badge")
    return _printed(chosen, "badges", out, _printing("large", sheet, start_cell, zpl, dpi))


@app.command()
@guarded
def locations(
    codes: Codes = None,
    out: Out = None,
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    size: Size = "large",
    zpl: Zpl = False,
    dpi: Dpi = 203,
    config: ConfigFile = None,
) -> Code:
    """Labels or signs of bins, shelves and areas, with what belongs there."""
    from returns_station.store import tables

    found = configured(config)
    with database(found) as engine:
        items = places(engine, tables.Location, "location", found.station.site)
    chosen = _chosen(items, codes, "location")
    return _printed(chosen, "locations", out, _printing(size, sheet, start_cell, zpl, dpi))


@app.command()
@guarded
def containers(
    codes: Codes = None,
    new: Annotated[
        int | None,
        typer.Option(
            "--new", help="Make this many new containers and print theirs alone.", min=1, max=10_000
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="With --new: tote, cage or pallet.")] = "tote",
    purpose: Annotated[
        list[str] | None, typer.Option(help="With --new: what may be put into it, such as restock.")
    ] = None,
    capacity: Annotated[int | None, typer.Option(help="With --new: pieces that fit.", min=1)] = None,
    out: Out = None,
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    size: Size = "large",
    zpl: Zpl = False,
    dpi: Dpi = 203,
    config: ConfigFile = None,
) -> Code:
    """Plates of totes, cages and pallets; --new makes containers that can be scanned at once."""
    from returns_station.store import tables

    found = configured(config)
    printing = _printing(size, sheet, start_cell, zpl, dpi)
    if codes and new:
        raise usage("Containers are printed by their codes, or made by --new.", "Use the one or the other.")
    with database(found) as engine:
        made = _new_containers(engine, found, new, kind, purpose or [], capacity) if new else codes
        items = places(engine, tables.Container, "container", found.station.site)
    return _printed(_chosen(items, made, "container"), "containers", out, printing)


@app.command()
@guarded
def roll(
    count: Annotated[int, typer.Option(help="How many plates.", min=1, max=100_000)] = 100,
    out: Out = None,
    sheet: SheetName = None,
    start_cell: StartCell = 1,
    size: Size = "large",
    zpl: Zpl = False,
    dpi: Dpi = 203,
    config: ConfigFile = None,
) -> Code:
    """Plates for units, printed ahead for the roll beside the station; each number is given once, whatever fails."""
    from returns_station.domain.scan.plates import station_code
    from returns_station.hardware.sheets import Item
    from returns_station.store.epoch import read_epoch
    from returns_station.store.numbers import take_plates

    found = configured(config)
    printing = _printing(size, sheet, start_cell, zpl, dpi)
    with database(found) as engine:
        epoch = read_epoch(found.database.path)
        plates = take_plates(engine, station_code(found.station.number), epoch, count)
    return _printed([Item("blank", plate) for plate in plates], "roll", out, printing)


# --- what is printed --------------------------------------------------------------------------------------------------


def _new_containers(
    engine: "Engine", found: "Config", count: int, kind: str, purposes: list[str], capacity: int | None
) -> list[str]:
    from returns_station.domain.scan.plates import station_code
    from returns_station.store.epoch import read_epoch
    from returns_station.store.numbers import add_containers

    own = found.station
    row: dict[str, object] = {"kind": kind, "purposes": purposes}
    if capacity is not None:
        row["capacity"] = capacity
    epoch = read_epoch(found.database.path)
    return add_containers(engine, station_code(own.number), epoch, count, row, own.merchant, own.site, now())


def _chosen(items: list["Item"], codes: Sequence[str] | None, what: str) -> list["Item"]:
    """Those that were named, in the order they were named; a code that nothing has is a mistake."""
    if not items:
        raise usage(f"There is no {what} to print.", f"Import some: `returns-station import {what}s FILE`.")
    if not codes:
        return items
    known = {item.code.upper(): item for item in items}
    missing = [code for code in codes if code.upper() not in known]
    if missing:
        raise usage(f"There is no {what} {missing[0]!r}.", "Check the code; without codes all are printed.")
    return [known[code.upper()] for code in codes]


# --- onto paper -------------------------------------------------------------------------------------------------------


def _printing(size: str, sheet: str | None, start_cell: int, zpl: bool, dpi: int) -> "Printing":
    """How to print; a mistake is told before any number is taken or row made."""
    from returns_station.hardware.sheets import RESOLUTIONS, Printing, sheets

    if dpi not in RESOLUTIONS:
        raise usage(f"--dpi is 203, 300 or 600, not {dpi}.", "Take what stands on the printer's type plate.")
    if sheet is None:
        if start_cell != 1:
            raise usage("--start-cell needs a sheet.", "Name it with --sheet; `sheets list` names them.")
        return Printing(size, None, 1, zpl, dpi)
    known = {one.name: one for one in sheets()}
    if zpl:
        raise usage(
            "A sheet of labels is for an office printer, which takes no ZPL.", "Leave out --sheet or --zpl."
        )
    if sheet not in known:
        raise usage(f"There is no sheet {sheet!r}.", f"There are {', '.join(known)}.")
    if not 1 <= start_cell <= known[sheet].cells:
        raise usage(
            f"The sheet {sheet} has labels 1 to {known[sheet].cells}, and --start-cell is {start_cell}.",
            "Count its labels row by row, from the left.",
        )
    return Printing(size, sheet, start_cell, zpl, dpi)


def _printed(items: Sequence["Item"], name: str, out: Path | None, printing: "Printing") -> Code:
    from returns_station.hardware.sheets import label_document

    with bar(f"Drawing {name}") as told:
        document = label_document(items, printing, told)
    ends = f" from {items[0].code} to {items[-1].code}" if len(items) > 1 else f" {items[0].code}"
    what = f"{counted(len(items), 'label')}{ends}"
    return _written(document, name, out, what, "zpl" if printing.zpl else "pdf")


def _written(document: "Document", name: str, out: Path | None, what: str = "", ending: str = "pdf") -> Code:
    if document.missing:
        named = ", ".join(_named(char) for char in document.missing[:20])
        complain(f"No font here has {named}: printed as ?. docs/labels.md tells which fonts are looked for.")
    if str(out) == "-":
        sys.stdout.buffer.write(document.content)
        sys.stdout.buffer.flush()
        return Code.OK
    path = out or Path(f"{name}.{ending}")
    try:
        path.write_bytes(document.content)
    except OSError as error:
        raise usage(
            f"{path} cannot be written: {error.strerror}.", "Name another file with --out."
        ) from error
    say(f"{what or f'The {name}'}: {path}")
    return Code.OK


def _named(char: str) -> str:
    return f"{char if char.isprintable() else ascii(char)[1:-1]} (U+{ord(char):04X})"

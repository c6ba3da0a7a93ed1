"""`returns-station devices`: what is plugged in and configured, tried out, and taught."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station import config as configuration
from returns_station.commands.codes import Code
from returns_station.commands.common import AsJson, ConfigFile, columns, configured, emit, guarded, say, usage
from returns_station.commands.locks import holder
from returns_station.commands.setup import Baud, Page, Scanner

if TYPE_CHECKING:
    from returns_station.config import Config

app = typer.Typer(name="devices", help="Scanners, printers and scale: listed, tried out, taught.")

WEDGE = "wedge"


@app.callback(invoke_without_command=True)
def devices(context: typer.Context, config: ConfigFile = None, json: AsJson = False) -> None:
    """List serial ports, scanners, printers and the scale, each with how it is."""
    if context.invoked_subcommand is None:
        guarded(list_)(config, json)


@app.command("list")
@guarded
def _list(config: ConfigFile = None, json: AsJson = False) -> Code:
    """The same list."""
    return list_(config, json)


def list_(config: Path | None, json: bool) -> Code:
    """Everything there is; a device that does not work is told, and is no failure of the list."""
    from returns_station.commands.device_list import listed

    found = listed(configured(config))
    if json:
        emit(found)
        return Code.OK
    for title, rows in found.items():
        say(f"{title.capitalize()}:")
        say(
            *(f"  {line}" for line in columns([tuple(row.values()) for row in rows])) if rows else ("  none",)
        )
    return Code.OK


@app.command("test")
@guarded
def try_(
    name: Annotated[
        str | None, typer.Argument(help="A scanner, `wedge`, a printer or the scale; all scanners otherwise.")
    ] = None,
    config: ConfigFile = None,
    seconds: Annotated[int, typer.Option(help="How long to wait for a scan.", min=1, max=600)] = 30,
    scans: Annotated[int, typer.Option(help="How many scans to wait for.", min=1, max=1000)] = 1,
    json: AsJson = False,
) -> Code:
    """Wait for a scan and show it whole; or ask a printer, print a test label; or read the scale."""
    from returns_station.commands import device_tests

    found = configured(config)
    if name in {one.name for one in found.printers}:
        result = device_tests.printer(found, str(name))
    elif name is not None and found.scale.url and name == found.scale.name:
        result = device_tests.scale(found)
    else:
        return _scans(found, name, seconds, scans, json)
    _tell([result], json)
    return Code.OK if result["ok"] else Code.FAILED


def _scans(config: "Config", name: str | None, seconds: int, scans: int, json: bool) -> Code:
    from returns_station.commands import device_tests

    known = {one.name: one for one in config.scanners}
    if name is not None and name not in (*known, WEDGE):
        names = (*known, WEDGE, *(one.name for one in config.printers))
        raise usage(f"There is no device {name!r}.", f"There are {', '.join(names)}.")
    station = holder(config.database.path, "station")
    wanted = [one for one in known.values() if name in (None, one.name)]
    if station is not None and wanted:
        raise usage(f"The station (process {station}) uses the scanners.", "End it, or test `wedge`.")
    keyboard = sys.stdin.isatty() and name in (None, WEDGE)
    if not json:
        say("Scan something.")
    rows = device_tests.scans(config, wanted, keyboard=keyboard, seconds=seconds)
    for number, row in enumerate(rows, 1):
        _tell([row], json)
        if number == scans:
            return Code.OK
    if not json:
        say(f"Nothing more came within {seconds} s.")
    return Code.FAILED


def _tell(rows: list[dict[str, Any]], json: bool) -> None:
    for row in rows:
        if json:
            emit(row)
        else:
            say(
                *(
                    f"{key + ':':<10} {value}"
                    for key, value in row.items()
                    if key != "ok" and value not in (None, "")
                )
            )


@app.command()
@guarded
def teach(
    config: ConfigFile = None,
    scanner: Scanner = None,
    baud: Baud = 9600,
    codes: Page = Path("setup-codes.pdf"),
    yes: Annotated[bool, typer.Option("--yes", help="Change the configuration without asking.")] = False,
) -> Code:
    """Learn how one scanner talks from the page of codes, and write it into the configuration."""
    from returns_station.commands.lesson import hold, listening
    from returns_station.commands.setup import written
    from returns_station.commands.talk import Talk

    talk, path = Talk(defaults=yes), (config or configuration.default_file()).expanduser().absolute()
    known = configuration.load(path).scanners if path.exists() else ()
    learned = hold(talk, codes, listening(scanner or (), baud), known)
    return Code.OK if learned is not None and written(talk, path, [learned]) else Code.FAILED

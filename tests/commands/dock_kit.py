"""The real commands on a real database: migrated, filled from the sample, and worked on through the session."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from sqlalchemy import text
from typer.testing import CliRunner, Result

from returns_station import commands
from returns_station import config as configuration
from returns_station.bootstrap import Station
from returns_station.store.engine import open_engine
from returns_station.testing.upstream.process import TEST_SECRET
from returns_station.workflow.ports import Input

MERCHANT = "online-retail"
BADGE, TRACKING, RMA, SKU = "RS-B-1001", "1Z999AA10300079196", "RMA-100001", "22960"
KINDS = ("products", "orders", "authorizations", "locations", "containers", "badges")
_TOML = """\
[station]
name = "Dock 7"
number = 7
merchant = "online-retail"

[folders]
data = "{folder}"
log = "{folder}/log"

[database]
path = "{folder}/station.db"
{more}
"""
PRINTER = '\n[[printer]]\nname = "zebra"\nfolder = "{folder}/labels"\n'
TARGET = '\n[[target]]\nname = "wms"\nurl = "{url}"\nsecret_env = "WMS_SECRET"\n'


@dataclass(slots=True)
class Dock:
    """A station's folder with its configuration, and the commands called on it."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def database(self) -> Path:
        return self.folder / "station.db"

    def configure(self, more: str = "", **values: str) -> None:
        text = _TOML.format(folder=self.folder, more=more.format(folder=self.folder, **values))
        self.config.write_text(text, encoding="utf-8")

    def __call__(self, *args: str, given: str | bytes | None = None, **environ: str) -> Result:
        """`returns-station ARGS` in this process, by the configuration of this folder."""
        app = typer.Typer(pretty_exceptions_enable=False)
        commands.register(app)
        known = {configuration.FILE_VARIABLE: str(self.config), "WMS_SECRET": TEST_SECRET}
        return CliRunner().invoke(app, list(args), input=given, env=known | environ, catch_exceptions=False)

    def json(self, *args: str, **environ: str) -> Any:
        """The one JSON object that a command prints, whatever its exit code."""
        return json.loads(self(*args, "--json", **environ).stdout)

    def rows(self, query: str) -> list[dict[str, Any]]:
        engine = open_engine(self.database)
        with engine.begin() as connection:
            result = connection.execute(text(query))
            found = [dict(row) for row in result.mappings()] if result.returns_rows else []
        engine.dispose()
        return found


@dataclass(slots=True)
class Worked:
    """One parcel worked to its end: what was scanned at which step, and the unit's label."""

    dock: Dock
    scans: list[tuple[str, str]]
    lpn: str
    plate: str


@contextmanager
def working(dock: Dock) -> Iterator[Station]:
    with Station(configuration.load(dock.config), seed=7) as station:
        yield station


def scan(station: Station, code: str) -> None:
    station.play(Input(code.encode(), "gun"), lambda _number, _state, _step: "{}")


def work_a_parcel(dock: Dock) -> Worked:
    """Badge, parcel, item, sealed, label, place: five scans after the sign-in."""
    scans: list[tuple[str, str]] = []
    lpn = plate = ""
    with working(dock) as station:
        for code in (BADGE, TRACKING, SKU, "RS-SEALED", "LPN", "PLACE"):
            unit = station.state.unit
            lpn = (unit.lpn if unit else None) or lpn
            plate = station.state.parcel.plate if station.state.parcel else plate
            code = {"LPN": lpn, "PLACE": str(station.state.suggestion)}.get(code, code)
            scans.append((str(station.prompt().step), code))
            scan(station, code)
        assert station.state.parcel is None, "the parcel closes by itself"
        station.print_asked()
    return Worked(dock, scans, lpn, plate)

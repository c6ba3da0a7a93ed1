"""What is loaded when: no screen in the dialogue and the line mode, nothing heavy before the screen's first paint."""

import json
import subprocess
import sys
from collections.abc import Iterable

import pytest

from tests.commands.dock_kit import PRINTER, TARGET, Dock
from tests.tui.screen_kit import NOWHERE, ScreenRun

HEAVY = {
    "sqlmodel",
    "sqlalchemy",
    "reportlab",
    "httpcore2",
    "httpx2",
    "alembic",
    "pysqlite3",
    "sqlite3",
    "serial",
    "pydantic",
    "typer",
}


def tops(names: Iterable[str]) -> set[str]:
    """The packages among names of modules."""
    return {name.partition(".")[0] for name in names}


def loaded_by(code: str, *args: str, given: str = "") -> set[str]:
    """The packages that a fresh interpreter has loaded at the end of `code`."""
    wrapped = f"import atexit, json, sys\natexit.register(lambda: print('\\n' + json.dumps(sorted(sys.modules))))\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", wrapped, *args],
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return tops(json.loads(done.stdout.splitlines()[-1]))


def test_the_dialogue_and_the_rules_load_no_screen() -> None:
    code = """
import importlib, pkgutil, returns_station.domain, returns_station.workflow
for package in (returns_station.workflow, returns_station.domain):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(found.name)
assert "returns_station.workflow.session" in sys.modules
"""
    assert not loaded_by(code) & {"textual", "rich", "sqlalchemy", "sqlmodel", "pydantic"}


@pytest.mark.parametrize("mode", ["--plain", "--json"])
def test_the_line_mode_loads_no_screen_though_it_works_a_parcel(dock: Dock, mode: str) -> None:
    dock.configure(PRINTER + TARGET, url=NOWHERE)
    code = "from returns_station.cli import main\ntry:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code"
    found = loaded_by(
        code, "run", mode, "--no-sync", "--config", str(dock.config), given="RS-B-1001\nRS-STATUS\n"
    )
    assert "sqlalchemy" in found
    assert "textual" not in found
    assert len(dock.rows("select 1 from raw_input")) == 2


def test_the_first_paint_has_loaded_no_database_no_paper_and_no_wire(dock: Dock) -> None:
    file = dock.folder / "loaded.json"
    with ScreenRun(dock, module="tests.tui.entry", environ={"SCREEN_LOADED": str(file)}) as run:
        run.ready()
        run.scan("RS-B-1001")
        found = json.loads(file.read_text("utf-8"))
    assert "textual" in tops(found)
    assert tops(found) & HEAVY == set()
    assert "returns_station.bootstrap" not in found

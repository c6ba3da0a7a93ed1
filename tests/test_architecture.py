"""The house keeps its shape: the contracts hold, they would see a breach, and the dialogue runs without screen or database."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

OURS = ("returns_station", "devices", "labels")

# One breach for each contract: a file, and the line that breaks it.
BREACHES = {
    "returns_station/domain/upward.py": "import returns_station.workflow",
    "returns_station/stray.py": "",
    "returns_station/sync/screen.py": "import textual",
    "returns_station/sync/direct.py": "import devices",
    "returns_station/workflow/shortcut.py": "import sqlalchemy",
    "returns_station/connectors/table.py": "import sqlmodel",
    "devices/homesick.py": "import returns_station",
    "labels/feed.py": "import devices",
}


def contracts(folder: Path) -> dict[str, str]:
    """What import-linter says of the tree in `folder`: contract → KEPT or BROKEN; and its whole text under ""."""
    program = "import sys; sys.path.insert(0, '.'); from importlinter.cli import lint_imports_command; lint_imports_command()"
    run = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False
    )
    found = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", run.stdout, re.MULTILINE))
    assert found, run.stdout + run.stderr
    return {**found, "": run.stdout}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """The tree as it stands, to be broken."""
    folder = tmp_path_factory.mktemp("house")
    for name in OURS:
        shutil.copytree(checkout / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(checkout / "pyproject.toml", folder)
    return folder


def test_every_contract_holds_and_sees_its_breach(copy: Path) -> None:
    whole = contracts(copy)
    whole.pop("")
    assert set(whole.values()) == {"KEPT"}
    assert len(whole) == 7
    for name, line in BREACHES.items():
        (copy / name).write_text(f"{line}\n")
    broken = contracts(copy)
    text = broken.pop("")
    assert set(broken.values()) == {"BROKEN"}
    assert "- returns_station.stray" in text


def loaded(statement: str) -> set[str]:
    """The top-level modules that a fresh Python has loaded after `statement`."""
    program = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_importing_every_module_of_workflow_and_domain_loads_no_screen_and_no_database() -> None:
    walk = (
        "import pkgutil, importlib, returns_station.workflow as w, returns_station.domain as d; "
        "[importlib.import_module(m.name) for p in (w, d) for m in pkgutil.walk_packages(p.__path__, p.__name__ + '.')]"
    )
    heavy = {
        "textual",
        "rich",
        "sqlalchemy",
        "sqlmodel",
        "alembic",
        "pysqlite3",
        "serial",
        "reportlab",
        "httpx2",
        "typer",
    }
    found = loaded(walk)
    assert "returns_station" in found
    assert heavy.isdisjoint(found)


def test_devices_and_labels_load_without_anything_of_ours() -> None:
    walk = (
        "import pkgutil, importlib, devices as d, labels as l; "
        "[importlib.import_module(m.name) for p in (d, l) for m in pkgutil.iter_modules(p.__path__, p.__name__ + '.')]"
    )
    assert "returns_station" not in loaded(walk)

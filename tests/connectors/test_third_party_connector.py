"""A connector of another package: installed beside the station, found by its entry point, held to the same contract."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent / "third_party"
MODULE = "example_connector"
ENOUGH = 30


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder outside the project into which pip has built and installed the package; no index is asked."""
    folder = tmp_path_factory.mktemp("third-party")
    source = shutil.copytree(SOURCE, folder / "source")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--no-compile"]
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", *options]
    done = subprocess.run(
        [*pip, "--target", folder / "site", source], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return folder


def run(installed: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """A Python outside the project's folder that sees the package because it is on its path, and for no other reason."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments], cwd=installed / "source", capture_output=True, text=True, check=False, timeout=200,
        env=environment | {"PYTHONPATH": str(installed / "site")},
    )  # fmt: skip


def test_it_is_shorter_than_eighty_lines_and_knows_no_test_of_ours() -> None:
    text = (SOURCE / f"{MODULE}.py").read_text("utf-8")
    assert len(text.splitlines()) < 80
    assert "from tests" not in text + (SOURCE / "suite_of_example.py").read_text("utf-8")


def test_the_page_on_connectors_shows_it_as_it_is(checkout: Path) -> None:
    page = (checkout / "docs" / "connectors.md").read_text("utf-8")
    shown = re.findall(r"<!-- from: (\S+) -->\n```\w+\n(.*?)```", page, re.DOTALL)
    assert len(shown) == 2
    for path, text in shown:
        assert bare(text) in bare((checkout / path).read_text("utf-8")), path


def bare(text: str) -> str:
    """Its lines without indentation and gaps: a page shows a method as a function."""
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


LISTS = """
import json, sys
from datetime import UTC, datetime
from returns_station.connectors import registry
from returns_station.connectors.api import Settings
names = registry.available()
listed = "example_connector" in sys.modules
factory = registry.load("example")
settings = Settings(url="http://127.0.0.1:9", secret="whsec_AAAA")
made = [factory(settings, now=lambda: datetime.now(UTC), new_id=str) for _ in range(2)]
print(json.dumps([list(names), listed, made[0] is made[1], type(made[0]).__name__]))
"""


def test_it_is_listed_without_being_imported_and_each_target_has_its_own(installed: Path) -> None:
    done = run(installed, "-c", LISTS)
    assert done.returncode == 0, done.stderr
    names, listed, shared, kind = json.loads(done.stdout)
    assert {"example", "http"} <= set(names)
    assert (listed, shared, kind) == (False, False, "ExampleConnector")


@pytest.mark.prove
def test_it_passes_the_contract_suite(installed: Path) -> None:
    suite = installed / "source" / "suite_of_example.py"
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", suite)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    passed = int(done.stdout.strip().splitlines()[-1].split(" passed")[0].split()[-1])
    assert passed >= ENOUGH

"""Stations to call commands on: bare, filled from the sample, worked on, and with an upstream that serves."""

import shutil
from collections.abc import Iterator
from importlib.resources import as_file, files
from pathlib import Path

import pytest

from returns_station.testing.upstream.process import Upstream
from tests.commands.dock_kit import KINDS, PRINTER, TARGET, Dock, Worked, work_a_parcel


@pytest.fixture
def bare(tmp_path: Path) -> Dock:
    """A configured station without a database."""
    dock = Dock(tmp_path)
    dock.configure()
    return dock


@pytest.fixture(scope="session")
def sample() -> Iterator[Path]:
    with as_file(files("returns_station.samples")) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def _filled(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Path:
    dock = Dock(tmp_path_factory.mktemp("filled"))
    dock.configure()
    assert dock("migrate").exit_code == 0
    for kind in KINDS:
        file = next(sample.glob(f"{kind}.*"))
        assert dock("import", kind, str(file), "--source", "sample").exit_code == 0
    return dock.folder


def _copied(source: Path, folder: Path) -> Dock:
    for file in source.glob("station.db*"):
        shutil.copy(file, folder / file.name)
    (folder / "labels").mkdir()
    dock = Dock(folder)
    dock.configure(PRINTER + TARGET, url="http://127.0.0.1:9")
    return dock


@pytest.fixture
def dock(_filled: Path, tmp_path: Path) -> Dock:
    """A station with the sample imported, a printer, and a target that does not answer."""
    return _copied(_filled, tmp_path)


@pytest.fixture(scope="session")
def _worked(_filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    return work_a_parcel(_copied(_filled, tmp_path_factory.mktemp("worked")))


@pytest.fixture
def worked(_worked: Worked, tmp_path: Path) -> Worked:
    """A station on which one parcel was worked to its end; nothing of it is delivered yet."""
    dock = _copied(_worked.dock.folder, tmp_path)
    return Worked(dock, _worked.scans, _worked.lpn, _worked.plate)


@pytest.fixture(scope="session")
def _serving(tmp_path_factory: pytest.TempPathFactory, sample: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path_factory.mktemp("upstream"), seed_dir=sample) as upstream:
        yield upstream


@pytest.fixture
def served(worked: Worked, _serving: Upstream) -> tuple[Worked, Upstream]:
    """The worked station, with the reference upstream as its target."""
    worked.dock.configure(PRINTER + TARGET, url=_serving.url)
    return worked, _serving

"""Stations filled from the sample, with a few rows more that make every step reachable."""

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import pytest

from tests.commands.dock_kit import KINDS, Dock
from tests.faults.fault_kit import copied

_ORDER = "number,merchant,line_id,sku,quantity,currency,unit_price\nTWICE-1,{},1,{},1,GBP,2.00\n"
MORE = (
    ("products", "sku,title,gtins\nSALT,Salt,4006381333931\nPEPPER,Pepper,4006381333931\n"),
    ("orders", _ORDER.format("online-retail", "SALT")),
    ("orders", _ORDER.format("rival", "GOOSE")),
)
"""One GTIN of two products, one order number of two merchants."""


@pytest.fixture(scope="session")
def _stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("faults")
    dock = Dock(folder)
    dock.configure()
    assert dock("migrate").exit_code == 0
    sample = Path(str(files("returns_station.samples")))
    for kind in KINDS:
        assert dock("import", kind, str(next(sample.glob(f"{kind}.*"))), "--source", "wms").exit_code == 0
    for kind, text in MORE:
        (folder / f"{kind}.csv").write_text(text, encoding="utf-8")
        done = dock("import", kind, str(folder / f"{kind}.csv"), "--source", "wms")
        assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def docks(_stocked: Path, tmp_path: Path) -> Callable[[], Dock]:
    """Makes stations, each on a database of its own."""
    count = iter(range(1_000_000))
    return lambda: copied(_stocked, tmp_path / f"dock-{next(count)}")


@pytest.fixture
def dock(docks: Callable[[], Dock]) -> Dock:
    """A station with the sample, a printer, and an upstream that does not answer."""
    return docks()

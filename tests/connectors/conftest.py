"""One healthy reference upstream for all tests of this folder that do not restart it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from returns_station.connectors.http import HttpConnector
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import connector, order, write_seed

ORDERS = [
    order("CEIL-1", "GBP", ("12.50", "2.50")),
    order("CEIL-2", "GBP", ("10.00", "0.00"), ("5.00", "0")),
    order("YEN", "JPY", ("1200", "0")),
    order("FILS", "KWD", ("1.005", "0.000")),
    order("RACE", "GBP", ("8.00", "0.00")),
    order("BACK", "GBP", ("8.00", "0.00")),
    order("SUM", "GBP", ("8.00", "0.00")),
    order("LOST", "GBP", ("8.00", "0.00")),
    order("SPEC", "GBP", ("8.00", "0.00")),
    order("UNPAID", "GBP"),
]
PRODUCTS = [{"merchant": "candles", "sku": f"SKU-{number}", "name": "Candle"} for number in range(7)]


@pytest.fixture(scope="session")
def seed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_seed(tmp_path_factory.mktemp("seed"), orders=ORDERS, products=PRODUCTS)


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory, seed_dir: Path) -> Iterator[Upstream]:
    with Upstream(tmp_path_factory.mktemp("upstream"), seed_dir=seed_dir) as running:
        yield running


@pytest.fixture
def http(upstream: Upstream) -> Iterator[HttpConnector]:
    made = connector(upstream.url)
    yield made
    made.close()

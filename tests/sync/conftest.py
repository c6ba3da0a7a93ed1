"""A fresh database for every test, and upstreams that are real processes."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from returns_station.connectors.http import HttpConnector
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import connector, order, write_seed
from tests.sync.outbox_kit import Station, new_database

Start = Callable[..., tuple[Upstream, HttpConnector]]


@pytest.fixture(scope="session")
def seed_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    orders = [order(f"ORDER-{number}", "GBP", ("50.00", "0.00")) for number in range(60)]
    products = [{"merchant": "candles", "sku": f"SKU-{number}", "name": "Candle"} for number in range(7)]
    return write_seed(tmp_path_factory.mktemp("seed"), orders=orders, products=products)


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    engine = new_database(tmp_path / "station.db")
    yield Station(engine)
    engine.dispose()


@pytest.fixture
def start(tmp_path: Path, seed_dir: Path) -> Iterator[Start]:
    """Starts an upstream with faults, and a connector to it."""
    with ExitStack() as running:

        def begin(fault: str = "") -> tuple[Upstream, HttpConnector]:
            upstream = running.enter_context(Upstream(tmp_path / "up", fault=fault, seed_dir=seed_dir))
            http = connector(upstream.url)
            running.callback(http.close)
            return upstream, http

        yield begin

"""The HTTP connector holds the contract of all connectors, on the reference upstream."""

from collections.abc import Iterator

import pytest

from returns_station.testing.contract import Bench, ConnectorContract
from returns_station.testing.upstream.process import Upstream
from tests.connectors.reference_bench import ReferenceBench, write_seed


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("contract")
    with Upstream(folder / "upstream", seed_dir=write_seed(folder / "seed")) as upstream:
        yield ReferenceBench(upstream)


class TestHttpConnector(ConnectorContract):
    """The suite as it is shipped."""

"""The contract suite on a real Medusa."""

import pytest

from returns_station.testing.contract import Bench, ConnectorContract
from tests.upstreams.medusa.bench import MedusaBench
from tests.upstreams.medusa.server import MedusaServer


class TestMedusa(ConnectorContract):
    @pytest.fixture(scope="class")
    @classmethod
    def bench(cls, medusa: MedusaServer) -> Bench:
        return MedusaBench(medusa)

"""The Tryton connector against a real Tryton: every law of the contract suite."""

from typing import Any

import pytest

from returns_station.testing.contract import Bench, ConnectorContract
from tests.upstreams.tryton.bench import TrytonBench


class TestTryton(ConnectorContract):
    """Return sales, goods at their places, credit notes."""

    @pytest.fixture(scope="class")
    @classmethod
    def bench(cls, tryton: Any) -> Bench:
        """One bench for all of them."""
        return TrytonBench(tryton)

"""The contract suite for connectors: subclass `ConnectorContract`, give pytest a fixture `bench`, run it.

    class TestMine(ConnectorContract):
        @pytest.fixture(scope="class")
        @classmethod
        def bench(cls) -> Bench: ...

docs/connectors.md goes through it with a connector of its own.
"""

from returns_station.testing.contract_bench import Bench, Case, Counted
from returns_station.testing.contract_clean import CleanLaws
from returns_station.testing.contract_faults import FaultLaws

__all__ = ["Bench", "Case", "ConnectorContract", "Counted"]


class ConnectorContract(CleanLaws, FaultLaws):
    """Every law that a connector has to hold, against its real upstream behind a proxy that makes the faults.

    The fixture `bench` (of class, module or session scope) gives a `Bench`. A law that does not apply is skipped and
    says why.
    """

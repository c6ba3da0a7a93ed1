"""A day of returns delivered to a bench's upstream, and what the reconciliation says of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from returns_station.connectors.api import Connector, Outgoing
from returns_station.sync.reconcile import Difference
from returns_station.sync.reconcile_run import Reconciler, Reconciliation
from returns_station.testing.contract import Bench, Case
from returns_station.testing.contract_station import STATION, TARGET, ContractStation, new_station


@dataclass(slots=True)
class Day:
    """Returns of one day, all delivered and acknowledged."""

    bench: Bench
    station: ContractStation
    connector: Connector
    cases: list[Case] = field(default_factory=list)

    def work(self, returns: int) -> list[Case]:
        """Fresh returns, delivered to their end."""
        fresh = [self.bench.fresh() for _ in range(returns)]
        self.deliver(*(effect for case in fresh for effect in case.effects))
        self.cases += fresh
        return fresh

    def deliver(self, *effects: Outgoing) -> None:
        """Effects of this moment delivered and acknowledged; every pass moves the station's clock on."""
        self.station.now = datetime.now(UTC)
        self.station.put(effects)
        left = self.station.drain(self.connector, 20)
        parked = [f"{row.type}: {row.problem}" for row in self.station.rows() if row.problem]
        assert left == 0, parked
        assert not parked

    def reconciled(self) -> Reconciliation:
        """What the upstream says of every return of the day."""
        clock = self.station.clock
        return Reconciler(self.station.engine, self.connector, TARGET, STATION, clock).run()

    def found(self) -> list[tuple[str, str]]:
        """Every difference as its return and its code, in order."""
        report = self.reconciled()
        assert not report.unanswered
        return sorted((one.return_number, one.code) for one in report.differences)


def number_of(case: Case) -> str:
    """The return's number."""
    return str(case.effects[0].data["return_number"])


def by_return(differences: tuple[Difference, ...]) -> dict[str, list[Difference]]:
    """Differences of each return."""
    found: dict[str, list[Difference]] = {}
    for one in differences:
        found.setdefault(one.return_number, []).append(one)
    return found


@contextmanager
def day(bench: Bench, folder: Path) -> Iterator[Day]:
    """An empty day at a bench."""
    assert bench.url is not None
    station, connector = new_station(folder), bench.connect(bench.url)
    try:
        yield Day(bench, station, connector)
    finally:
        connector.close()
        station.engine.dispose()

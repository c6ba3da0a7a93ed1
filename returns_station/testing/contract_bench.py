"""What a connector brings to the contract suite: a real upstream, returns it can take, and a count of what is there."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from returns_station.connectors import registry
from returns_station.connectors.api import Connector, Outgoing, Settings
from returns_station.testing.proxy import Call


@dataclass(frozen=True, slots=True)
class Counted:
    """What the upstream has of one return, read through its own API and never through the connector."""

    returns: int = 0
    """Documents that stand for the return itself (a return sale, a return of an order); 0 where there is none."""
    receipts: int = 0
    """Parcels recorded as received; 0 where the upstream has nothing for it."""
    units: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Quantity by (sku, place): the station's location code, or `sellable` and `damaged` where there are no places.
    Only what moved for this return; no zeros."""
    refunds: int = 0
    """Credit notes posted or payments refunded."""
    refunded_minor: int = 0
    """Their sum in minor units, positive for money that goes back to the customer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One return that the upstream can take, not used before."""

    return_id: str
    effects: tuple[Outgoing, ...]
    """All effects of the return in order: a receipt, two or more units of stock (several places, as far as the upstream
    knows places), completed, a refund. Keys are new."""
    expected: Counted
    """What the upstream must say once they are delivered."""
    over: Callable[[int], tuple[Outgoing, ...]] | None = None
    """Further effects of this return for so many pieces more than were sold; None where nothing is sold there."""


class Bench(ABC):
    """A real upstream that stands, as the suite sees it. One bench serves many tests; each takes a fresh case."""

    connector: str
    """The connector's entry point in the group `returns_station.connectors`."""
    url: str | None
    """Where the upstream answers over plain HTTP on this machine; None for one that is not reached over HTTP (files, a
    database): what needs the fault proxy is then left out."""

    patience_s: float = 1.0
    """Longer than the upstream takes for nearly every call: what the connector is given where answers come late."""

    @abstractmethod
    def settings(self, url: str) -> Settings:
        """How the connector reaches the upstream at `url`: the upstream itself or the proxy before it."""

    @abstractmethod
    def fresh(self) -> Case:
        """A new return of an order that the upstream has; cheap, for the suite takes dozens."""

    @abstractmethod
    def count(self, case: Case) -> Counted:
        """What the upstream has of the case now."""

    def writes(self, call: Call) -> bool:
        """Whether a call may change the upstream; to be replaced where reading is a POST as well."""
        return call.method not in ("GET", "HEAD", "OPTIONS")

    def connect(self, url: str, **change: Any) -> Connector:
        """A new connector, as after a start of the station; `change` replaces fields of the settings, as `total_s=1.0`."""
        settings = replace(self.settings(url), **change)
        return registry.load(self.connector)(settings, now=_now, new_id=_new_id)


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid4())

"""Asks an upstream about every return it was told of and gathers the differences."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from returns_station.connectors.api import Asked, Connector, Outgoing, RetryLater, Stated, Stating
from returns_station.errors import StationError
from returns_station.store.references import StoredReferences
from returns_station.store.statements import SentReturn, sent_return, sent_returns
from returns_station.sync.deliver import outgoing
from returns_station.sync.reconcile import Difference, compare

Progress = Callable[[int, int], None]
"""Takes returns compared, of how many."""
_SILENT_AT_MOST: Final = 3
"""Returns in a row without an answer, after which the upstream is taken to be away."""


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What came of it: `unanswered` are the returns the upstream said nothing of, with its words."""

    target: str
    returns: int
    units: int
    refunds: int
    differences: tuple[Difference, ...]
    unanswered: tuple[tuple[str, str], ...] = ()

    @property
    def clean(self) -> bool:
        """Whether all was compared and nothing differs."""
        return not self.differences and not self.unanswered


@dataclass(frozen=True, slots=True)
class Reconciler:
    """One target with its connector; reads alone, so it may work beside the drainer."""

    engine: Engine
    connector: Connector
    target: str
    station: str
    clock: Callable[[], datetime]

    def run(
        self,
        *,
        since: datetime | None = None,
        number: str | None = None,
        progress: Progress = lambda _done, _all: None,
    ) -> Reconciliation:
        """Compares every return of which the target acknowledged something. Raises StationError `reconcile.cannot`."""
        if not isinstance(self.connector, Stating) or not self.connector.capabilities.statement:
            raise cannot(self.target)
        ids = sent_returns(self.engine, self.target, since=since, number=number)
        found: list[Difference] = []
        unanswered: list[tuple[str, str]] = []
        units = refunds = silent = 0
        for done, return_id in enumerate(ids, 1):
            sent = sent_return(self.engine, self.target, return_id)
            units, refunds = units + len(sent.units), refunds + len(sent.refunds)
            said = self._asked(self.connector, sent) if silent < _SILENT_AT_MOST else unanswered[-1][1]
            if isinstance(said, str):
                silent += 1
                unanswered.append((sent.number, said))
            else:
                silent = 0
                found += compare(sent, said)
            progress(done, len(ids))
        return Reconciliation(self.target, len(ids), units, refunds, tuple(found), tuple(unanswered))

    def _asked(self, connector: Stating, sent: SentReturn) -> tuple[Stated, ...] | str:
        """What the upstream states, or its sentence where it does not."""
        effects = tuple(_read(sent, self.station))
        asked = Asked(sent.return_id, sent.number, sent.order_number, effects)
        refs = StoredReferences(self.engine, self.target, sent.return_id, self.clock)
        said = connector.statement(asked, refs)
        return said.sentence if isinstance(said, RetryLater) else said


def _read(sent: SentReturn, station: str) -> Iterator[Outgoing]:
    for row in sent.effects:
        effect = outgoing(row, station)
        if isinstance(effect, Outgoing):
            yield effect


def cannot(target: str) -> StationError:
    """A target whose connector has no statement of what is there."""
    return StationError(
        "reconcile.cannot",
        f"{target} cannot state what it has of a return, so nothing was compared.",
        "Compare it by hand, or use a connector that can; `returns-station outbox list --all` has what was sent.",
    )

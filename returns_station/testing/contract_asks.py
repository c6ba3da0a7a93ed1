"""How the contract suite asks a connector, and what it says to the connector's author when something is not held."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Final, NoReturn

import pytest

from returns_station.connectors.api import (
    Connector,
    Delivered,
    Found,
    Outcome,
    Outgoing,
    References,
    Refused,
    RetryLater,
)
from returns_station.testing.contract_bench import Bench, Case, Counted
from returns_station.testing.contract_station import ContractStation, Died, Mortal
from returns_station.testing.proxy import Call, FaultProxy
from returns_station.testing.references import MemoryReferences

TRIES: Final = 20
_REST_S: Final = 0.1
_REST_AT_MOST_S: Final = 2.0


@dataclass(slots=True)
class Delivery:
    """A case that was delivered without faults, and what the connector said of each effect."""

    case: Case
    refs: MemoryReferences
    outcomes: dict[str, Outcome]
    writes: int
    """Calls that could change the upstream; 0 where they are not seen."""

    def known(self, effect: Outgoing) -> bool:
        """Whether the upstream has something for this effect, so that it must be found again."""
        outcome = self.outcomes[effect.key]
        return isinstance(outcome, Delivered) and outcome.reference is not None


def broken(law: str, what: str) -> NoReturn:
    """Ends the test with what is wrong and what to do."""
    pytest.fail(f"{what}\n  The law: {law}", pytrace=False)


def said(outcome: object) -> str:
    """An outcome as a person reads it."""
    if isinstance(outcome, RetryLater | Refused):
        return f'{type(outcome).__name__} {outcome.code}: "{outcome.sentence}"'
    return repr(outcome)


def deliver(connector: Connector, effect: Outgoing, refs: References) -> Outcome:
    """One call of `deliver`; it must not raise."""
    try:
        outcome = connector.deliver(effect, refs)
    except Exception as error:
        broken(_NO_RAISE, f"deliver({effect.type}) raised {type(error).__name__}: {error}")
    if not isinstance(outcome, Delivered | RetryLater | Refused):
        broken(_NO_RAISE, f"deliver({effect.type}) returned {outcome!r}")
    if isinstance(outcome, RetryLater | Refused) and not (outcome.sentence and outcome.code):
        broken(_WORDS, f"deliver({effect.type}) answered {outcome!r}")
    return outcome


def look_up(connector: Connector, effect: Outgoing, refs: References) -> Found:
    """One call of `look_up`; it must not raise."""
    try:
        return connector.look_up(effect, refs)
    except Exception as error:
        broken(_NO_RAISE, f"look_up({effect.type}) raised {type(error).__name__}: {error}")


def bring(connector: Connector, effect: Outgoing, refs: References) -> Outcome:
    """Delivers on an upstream that is well, again while it says RetryLater, as the drainer does."""
    for _ in range(TRIES):
        outcome = deliver(connector, effect, refs)
        if not isinstance(outcome, RetryLater):
            return outcome
        time.sleep(min(outcome.after_s or _REST_S, _REST_AT_MOST_S))
    broken(_ENDS, f"After {TRIES} calls deliver({effect.type}) still answers {said(outcome)}")


def bring_all(connector: Connector, effects: Iterable[Outgoing], refs: References) -> dict[str, Outcome]:
    """Delivers effects one after another; each must arrive."""
    outcomes: dict[str, Outcome] = {}
    for effect in effects:
        outcome = outcomes[effect.key] = bring(connector, effect, refs)
        if not isinstance(outcome, Delivered):
            broken(_TAKES, f"deliver({effect.type}) answered {said(outcome)}")
    return outcomes


def agree(bench: Bench, case: Case, law: str, expected: Counted | None = None) -> None:
    """The upstream has exactly what it should have."""
    wanted, found = expected or case.expected, bench.count(case)
    parts = [
        f"{each.name}: expected {getattr(wanted, each.name)}, found {getattr(found, each.name)}"
        for each in fields(Counted)
        if _plain(getattr(wanted, each.name)) != _plain(getattr(found, each.name))
    ]
    if parts:
        broken(law, f"Of return {case.return_id} the upstream has something else: " + "; ".join(parts))


def nothing_there(bench: Bench, case: Case, law: str) -> None:
    """The upstream has not taken anything of this return since it was made."""
    found = bench.count(case)
    if found.receipts or found.refunds or found.refunded_minor or any(found.units.values()):
        broken(law, f"Of return {case.return_id}, of which nothing was sent, the upstream has {found}")


def all_taken(station: ContractStation, left: int, law: str) -> None:
    """Every row of the outbox is acknowledged."""
    bad = [row for row in station.rows() if row.state.value != "acknowledged"]
    if left or bad:
        told = "; ".join(f"{row.type} is {row.state.value}: {row.problem}" for row in bad)
        broken(law, f"Not everything was delivered in the end: {told}")


def lives(
    bench: Bench, station: ContractStation, case: Case, life: Callable[[int], Mortal], most: int, law: str
) -> int:
    """Drains the case by processes that die, each with a new connector and the references kept; how many lived.

    `life(n)` makes the n-th; the last is the one that reaches the end.
    """
    station.put(case.effects)
    for number in range(1, most + 1):
        connector = life(number)
        try:
            all_taken(station, station.drain(connector, TRIES * len(case.effects)), law)
        except Died:
            continue
        finally:
            connector.close()
        return number
    rows = [f"{row.type} {row.state.value}" for row in station.rows()]
    broken(law, f"{most} processes died one after another and the return is not done ({', '.join(rows)})")


def through(bench: Bench, proxy: FaultProxy, *, answered: bool) -> Callable[[int], Mortal]:
    """Processes that die at their first write: right after its answer, or before it comes.

    The very same write as the one the process before died of does not kill again: where the upstream knows our key it
    is right to send it once more.
    """
    fatal: list[Call] = []

    def dies(call: Call) -> bool:
        if not bench.writes(call) or (fatal and fatal[-1].sent == call.sent):
            return False
        fatal.append(call)
        return True

    def life(_number: int) -> Mortal:
        proxy.reset()
        proxy.cut_when(dies, answered=answered)
        return Mortal(bench.connect(proxy.url), lambda: proxy.is_cut)

    return life


def reached(bench: Bench) -> str:
    """The bench's url, for a test that needs the proxy."""
    if bench.url is None:
        pytest.skip("by design: this upstream is not reached over HTTP, so no proxy can stand before it")
    return bench.url


def _plain(value: object) -> object:
    if isinstance(value, int):
        return value
    assert hasattr(value, "items")
    return {name: quantity for name, quantity in value.items() if quantity}


_NO_RAISE: Final = (
    "deliver and look_up never raise for what an upstream does or an effect holds; they answer Delivered, RetryLater or "
    "Refused (look_up also NotFound). Catch it, and say RetryLater(unknown=True) where a call may have been carried out."
)
_WORDS: Final = (
    "RetryLater and Refused carry a code and a sentence: a person reads it and has to know what to do."
)
_ENDS: Final = "On an upstream that is well every effect ends as Delivered or Refused after a few calls."
_TAKES: Final = (
    "The effects of a fresh case can be taken by the upstream. Read the sentence: either the connector sends something "
    "that the upstream does not take, or Bench.fresh() gives a return that cannot be done."
)

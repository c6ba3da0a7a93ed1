"""The contract suite sees what it is there for: connectors with one defect each, and the law that finds it."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors.api import (
    Capabilities,
    Connector,
    Delivered,
    Found,
    NotFound,
    Outcome,
    Outgoing,
    Page,
    References,
    Refused,
    RetryLater,
)
from returns_station.testing.contract import Bench, ConnectorContract
from returns_station.testing.contract_clean import delivery
from returns_station.testing.contract_faults import SICK
from returns_station.testing.contract_station import new_station
from returns_station.testing.proxy import FaultProxy
from returns_station.testing.upstream.process import Upstream
from tests.connectors.reference_bench import ReferenceBench, write_seed

LAWS = ConnectorContract()
_FIRST = count(1, 4)


class Good:
    """The HTTP connector effect by effect; what a defect does not replace is right."""

    def __init__(self, inner: Connector) -> None:
        self.inner = inner

    @property
    def capabilities(self) -> Capabilities:
        return replace(self.inner.capabilities, batch=1)

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        return self.inner.deliver(effect, refs)

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        return self.inner.look_up(effect, refs)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        return self.inner.pull(feed, cursor, limit)

    def close(self) -> None:
        self.inner.close()


class Blind(Good):
    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        return self.inner.deliver(replace(effect, key=str(uuid.uuid4())), refs)


class TrustsReferences(Blind):
    """Remembers what it did and never asks the upstream: good until it dies."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        if known := refs.get(effect.key):
            return Delivered(known, duplicate=True)
        outcome = super().deliver(effect, refs)
        if isinstance(outcome, Delivered):
            refs.put(effect.key, str(outcome.reference))
        return outcome


class Hopeful(Good):
    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        return Delivered("surely", duplicate=False) if isinstance(outcome, RetryLater) else outcome


class Raising(Good):
    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        if isinstance(outcome, RetryLater):
            raise ConnectionError(outcome.sentence)
        return outcome


class Impatient(Good):
    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        return replace(outcome, after_s=None) if isinstance(outcome, RetryLater) else outcome


class Sure(Good):
    """Takes every answer that is no find for "not there"."""

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        found = super().look_up(effect, refs)
        return NotFound() if isinstance(found, RetryLater) else found


class Forgetful(Good):
    def look_up(self, effect: Outgoing, refs: References) -> Found:
        return NotFound()


class Sending(Good):
    """Looks by sending."""

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        return self.inner.deliver(effect, refs)


class Cutting(Good):
    """Sends at most what was sold."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        quantity = effect.data.get("quantity")
        data = {**effect.data, "quantity": min(quantity, 7)} if isinstance(quantity, int) else effect.data
        return self.inner.deliver(replace(effect, data=data), refs)


class Restless(Good):
    """Gives its products anew whenever it is asked, and never the same."""

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        page = super().pull(feed, cursor, limit)
        row = {"merchant": "candles", "sku": "85123A", "title": str(uuid.uuid4())}
        return replace(page, items=(*page.items, row)) if feed == "products" else page


class Doubling(Good):
    """Sends what was not answered again at once, as if it were new."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        doubtful = isinstance(outcome, RetryLater) and outcome.unknown
        return super().deliver(replace(effect, key=str(uuid.uuid4())), refs) if doubtful else outcome


class Mixing(Good):
    """Keeps one return in mind, not one for each: what comes in between goes to the wrong one."""

    def __init__(self, inner: Connector) -> None:
        super().__init__(inner)
        self.first: str | None = None

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        self.first = self.first or effect.return_id
        data = {**effect.data, "return_id": self.first}
        return super().deliver(replace(effect, return_id=self.first, data=data), refs)


class Overtaking(Good):
    """Says that a receipt is there and sends it behind the next effect."""

    def __init__(self, inner: Connector) -> None:
        super().__init__(inner)
        self.held: list[Outgoing] = []

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        if effect.type == "returns.receipt":
            self.held.append(effect)
            return Delivered("soon", duplicate=False)
        outcome = super().deliver(effect, refs)
        while self.held:
            super().deliver(self.held.pop(), refs)
        return outcome


class Eager(Good):
    """Takes a page for people for a yes, as one does who looks at the status alone."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        page = isinstance(outcome, RetryLater) and "200 with text/html" in outcome.sentence
        return Delivered("200", duplicate=False) if page else outcome


class Busy(Good):
    """Takes "not so fast" for a no."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        outcome = super().deliver(effect, refs)
        busy = isinstance(outcome, RetryLater) and outcome.code == "upstream.busy"
        return Refused("upstream.busy", "It wants fewer requests.", "Retry it.") if busy else outcome


class DefectBench(ReferenceBench):
    """The reference upstream, reached by a connector with a defect."""

    def __init__(self, upstream: Upstream, defect: Callable[[Connector], Connector]) -> None:
        super().__init__(upstream, first=next(_FIRST))
        self.defect = defect

    def connect(self, url: str, **change: Any) -> Connector:
        return self.defect(super().connect(url, **change))


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("defects")
    with Upstream(folder / "upstream", seed_dir=write_seed(folder / "seed")) as upstream:
        yield upstream


def lost_references(bench: Bench, rest: ExitStack, path: Path) -> None:
    made = rest.enter_context(_closing(bench))
    LAWS.test_everything_delivered_twice_more_changes_nothing(bench, delivery(bench), made, kept=False)


def kept_references(bench: Bench, rest: ExitStack, path: Path) -> None:
    made = rest.enter_context(_closing(bench))
    LAWS.test_everything_delivered_twice_more_changes_nothing(bench, delivery(bench), made, kept=True)


def dies(bench: Bench, rest: ExitStack, path: Path) -> None:
    proxy, station = rest.enter_context(FaultProxy(bench.url or "")), new_station(path)
    rest.callback(station.engine.dispose)
    LAWS.test_a_process_that_dies_at_each_write_in_turn_leaves_one_effect_each(
        bench, proxy, station, delivery(bench), answered=False
    )


def sick(name: str) -> Callable[[Bench, ExitStack, Path], None]:
    def law(bench: Bench, rest: ExitStack, path: Path) -> None:
        proxy = rest.enter_context(FaultProxy(bench.url or ""))
        away = rest.enter_context(_closing(bench, proxy.url))
        one = next(one for one in SICK if one.name == name)
        LAWS.test_no_answer_of_a_sick_upstream_is_taken_for_done(bench, proxy, away, bench.fresh(), one)

    return law


def lost(bench: Bench, rest: ExitStack, path: Path) -> None:
    proxy, station = rest.enter_context(FaultProxy(bench.url or "")), new_station(path)
    rest.callback(station.engine.dispose)
    away = rest.enter_context(_closing(bench, proxy.url))
    LAWS.test_every_second_answer_is_lost_and_two_returns_arrive_once(bench, proxy, away, station)


def spoilt(bench: Bench, rest: ExitStack, path: Path) -> None:
    proxy = rest.enter_context(FaultProxy(bench.url or ""))
    away = rest.enter_context(_closing(bench, proxy.url))
    LAWS.test_writes_answered_badly_or_done_behind_a_bad_gateway_are_done_once(bench, proxy, away)


def found(bench: Bench, rest: ExitStack, path: Path) -> None:
    LAWS.test_what_was_sent_is_found_again_and_looking_changes_nothing(bench, delivery(bench))


def over(bench: Bench, rest: ExitStack, path: Path) -> None:
    LAWS.test_more_than_was_sold_is_refused_or_there_and_never_half(
        bench, rest.enter_context(_closing(bench))
    )


def feeds(bench: Bench, rest: ExitStack, path: Path) -> None:
    station = new_station(path)
    rest.callback(station.engine.dispose)
    LAWS.test_feeds_are_read_to_their_end_and_once(bench, rest.enter_context(_closing(bench)), station)


LAWS_AND_DEFECTS: list[tuple[Callable[[Connector], Connector], Any, str]] = [
    (Blind, kept_references, "returns.refund, which was delivered, is answered Refused refund.ceiling"),
    (
        TrustsReferences,
        lost_references,
        "returns.refund, which was delivered, is answered Refused refund.ceiling",
    ),
    (Blind, dies, "the return is not done"),
    (Hopeful, sick("a page with 200"), "deliver(returns.receipt) answers Delivered("),
    (Raising, sick("503"), "deliver(returns.receipt) raised ConnectionError"),
    (Impatient, sick("429"), "429 with Retry-After: 7 is answered RetryLater("),
    (Sure, sick("a page with 404"), "look_up(returns.receipt) answers NotFound, though it cannot know"),
    (Doubling, lost, "Not everything was delivered in the end: returns.refund is refused"),
    (Mixing, lost, "receipts: expected 1, found 2"),
    (Overtaking, dies, "receipts: expected 1, found 0"),
    (Eager, sick("a page with 200"), "deliver(returns.receipt) answers Delivered(reference='200'"),
    (Eager, spoilt, "a page with 200 to a write: deliver(returns.receipt) answers Delivered("),
    (Busy, sick("429"), "429 with Retry-After: 7 is answered Refused("),
    (Forgetful, found, "look_up(returns.receipt) of a delivered effect says NotFound()"),
    (Sending, found, "look_up sent POST /v1/events"),
    (Cutting, over, "Pieces, refunds and their sum: expected (106, 1, 1275), found (14, 1, 1275)"),
    (Restless, feeds, "rows were new or different"),
]


@pytest.mark.parametrize(
    ("defect", "law", "words"),
    LAWS_AND_DEFECTS,
    ids=[f"{one[0].__name__}-{n}" for n, one in enumerate(LAWS_AND_DEFECTS)],
)
def test_a_defect_is_seen_and_its_author_told_what_to_do(
    upstream: Upstream, tmp_path: Path, defect: Callable[[Connector], Connector], law: Any, words: str
) -> None:
    with ExitStack() as rest, pytest.raises(pytest.fail.Exception) as failed:
        law(DefectBench(upstream, defect), rest, tmp_path)
    assert words in str(failed.value)
    assert "\n  The law: " in str(failed.value)


@pytest.mark.parametrize(
    "law", [kept_references, lost_references, dies, lost, spoilt, sick("429"), found, over, feeds]
)
def test_without_a_defect_the_same_laws_are_held(upstream: Upstream, tmp_path: Path, law: Any) -> None:
    with ExitStack() as rest:
        law(DefectBench(upstream, Good), rest, tmp_path)


def _closing(bench: Bench, url: str = "") -> Any:
    return closing(bench.connect(url or bench.url or ""))

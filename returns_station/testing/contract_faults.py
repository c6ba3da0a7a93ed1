"""Laws of a connector whose process dies, whose answers get lost, come late or are not what was asked for."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

import pytest

from returns_station.connectors.api import (
    Connector,
    ConnectorError,
    Delivered,
    NotFound,
    RetryLater,
)
from returns_station.testing.contract_asks import (
    TRIES,
    Delivery,
    agree,
    all_taken,
    bring,
    bring_all,
    broken,
    deliver,
    lives,
    look_up,
    nothing_there,
    reached,
    said,
    through,
)
from returns_station.testing.contract_bench import Bench, Case
from returns_station.testing.contract_station import ContractStation, Mortal
from returns_station.testing.proxy import FaultProxy
from returns_station.testing.references import MemoryReferences

WAIT_S: Final = 7
LATE_S: Final = 0.5
PAGE: Final = b"<!doctype html><html><title>Sign in</title><body><form>Please sign in.</form></body></html>"


@dataclass(frozen=True, slots=True)
class Sick:
    """An answer that no healthy upstream gives."""

    name: str
    status: int
    body: bytes = b'{"message": "no"}'
    kind: str = "application/json"


SICK: Final = (
    Sick("a page with 200", 200, PAGE, "text/html"),
    Sick("a page with 404", 404, PAGE, "text/html"),
    Sick("a proxy without a backend", 404, b"404 page not found\n", "text/plain"),
    Sick("401", 401),
    Sick("403", 403),
    Sick("409", 409),
    Sick("422", 422),
    Sick("429", 429),
    Sick("500", 500),
    Sick("503", 503),
    Sick("a redirect", 302, b""),
    Sick("nothing with 200", 200, b""),
    Sick("broken JSON", 200, b'{"id": '),
    Sick("another shape", 200, b'{"unheard_of": [{"deep": null}]}'),
    Sick("a bare list", 200, b"[]"),
    Sick("null", 200, b"null"),
    Sick("a text", 200, b'"ok"'),
)


class FaultLaws:
    """Everything here needs the proxy, but for the deaths at a reference."""

    @pytest.fixture
    def proxy(self, bench: Bench) -> Iterator[FaultProxy]:
        """The fault proxy before the upstream."""
        with FaultProxy(reached(bench)) as proxy:
            yield proxy

    @pytest.fixture
    def away(self, bench: Bench, proxy: FaultProxy) -> Iterator[Connector]:
        """A connector through the proxy."""
        connector = bench.connect(proxy.url)
        yield connector
        connector.close()

    @pytest.fixture(scope="class")
    @classmethod
    def unsent(cls, bench: Bench) -> Case:
        """A case of which nothing may ever reach the upstream."""
        return bench.fresh()

    # --- a process that dies ------------------------------------------------------------------------------------------

    @pytest.mark.parametrize("answered", [True, False], ids=["after its answer", "before its answer came"])
    def test_a_process_that_dies_at_each_write_in_turn_leaves_one_effect_each(
        self, bench: Bench, proxy: FaultProxy, station: ContractStation, delivered: Delivery, answered: bool
    ) -> None:
        case = bench.fresh()
        most = 3 * delivered.writes + 5
        lived = lives(bench, station, case, through(bench, proxy, answered=answered), most, _DIES)
        agree(bench, case, _DIES)
        if delivered.writes and lived < 2:
            broken(
                _DIES, "No call was seen as a write; Bench.writes must know which calls change the upstream"
            )

    def test_a_process_that_dies_before_it_keeps_a_reference_finds_its_own_again(
        self, bench: Bench, station: ContractStation, delivered: Delivery
    ) -> None:
        case = bench.fresh()
        made: list[Mortal] = []

        def life(number: int) -> Mortal:
            # Every other process dies at its first reference; those between keep one and die at the second.
            made.append(Mortal(bench.connect(bench.url or ""), last_put=1 + (number - 1) % 2))
            return made[-1]

        lives(bench, station, case, life, 4 * len(delivered.refs.puts) + 5, _KEEPS)
        agree(bench, case, _KEEPS)

    # --- answers that get lost or come late ---------------------------------------------------------------------------

    def test_every_second_answer_is_lost_and_two_returns_arrive_once(
        self, bench: Bench, proxy: FaultProxy, away: Connector, station: ContractStation
    ) -> None:
        cases = [bench.fresh(), bench.fresh()]
        for pair in zip(*(case.effects for case in cases), strict=False):
            station.put(pair)
        for case in cases:
            station.put(case.effects[min(len(each.effects) for each in cases) :])
        proxy.drop_every(2)
        left = station.drain(away, TRIES * sum(len(case.effects) for case in cases))
        all_taken(station, left, _LOST)
        for case in cases:
            agree(bench, case, _LOST)

    def test_an_answer_that_comes_too_late_is_unknown_and_then_found(
        self, bench: Bench, proxy: FaultProxy
    ) -> None:
        case, refs = bench.fresh(), MemoryReferences()
        hasty, patient = bench.connect(proxy.url, total_s=bench.patience_s), bench.connect(proxy.url)
        for effect in case.effects:
            proxy.reset()
            proxy.slow(bench.patience_s + LATE_S, 1, when=bench.writes)
            first = deliver(hasty, effect, refs)
            wrote = any(bench.writes(call) for call in proxy.calls)
            if wrote and not (isinstance(first, RetryLater) and first.unknown):
                broken(_LATE, f"{effect.type}, whose write was answered too late, is answered {said(first)}")
            # Whether an act that is still going on there is seen is the upstream's affair, not the connector's.
            proxy.wait_for_upstream()
            again = bring(patient, effect, refs)
            if not isinstance(again, Delivered):
                broken(_LATE, f"{effect.type} is then answered {said(again)}")
        hasty.close()
        patient.close()
        agree(bench, case, _LATE)

    # --- answers that are none ----------------------------------------------------------------------------------------

    @pytest.mark.parametrize("sick", SICK, ids=[sick.name for sick in SICK])
    def test_no_answer_of_a_sick_upstream_is_taken_for_done(
        self, bench: Bench, proxy: FaultProxy, away: Connector, unsent: Case, sick: Sick
    ) -> None:
        _answer(proxy, sick)
        for effect in unsent.effects:
            before = len(proxy.calls)
            outcome = deliver(away, effect, MemoryReferences())
            if isinstance(outcome, Delivered) and len(proxy.calls) > before:
                broken(_SICK, f"{sick.name}: deliver({effect.type}) answers {said(outcome)}")
            if sick.status == 429 and len(proxy.calls) > before:
                _waits(outcome)
            found = look_up(away, effect, MemoryReferences())
            doubtful = sick.status not in (200, 409, 422) or "html" in sick.kind
            if isinstance(found, NotFound) and doubtful:
                broken(_SICK, f"{sick.name}: look_up({effect.type}) answers NotFound, though it cannot know")

    def test_nothing_of_it_reached_the_upstream(self, bench: Bench, unsent: Case) -> None:
        nothing_there(bench, unsent, "Nothing was forwarded, so nothing is there.")

    def test_writes_answered_badly_or_done_behind_a_bad_gateway_are_done_once(
        self, bench: Bench, proxy: FaultProxy, away: Connector
    ) -> None:
        case, refs = bench.fresh(), MemoryReferences()
        for effect in case.effects:
            for sick in SICK:
                proxy.reset()
                _answer(proxy, sick, at_write=bench)
                outcome = deliver(away, effect, refs)
                spoiled = any(bench.writes(call) and call.status is None for call in proxy.calls)
                if spoiled and isinstance(outcome, Delivered):
                    broken(_SICK, f"{sick.name} to a write: deliver({effect.type}) answers {said(outcome)}")
                if spoiled and sick.status == 429:
                    _waits(outcome)
            proxy.reset()
            proxy.answer(504, PAGE, "text/html", count=1, forward=True, when=bench.writes)
            deliver(away, effect, refs)
            proxy.reset()
            last = bring(away, effect, refs)
            if not isinstance(last, Delivered):
                broken(_HEALED, f"{effect.type} is answered {said(last)}")
        agree(bench, case, _HEALED)

    def test_an_upstream_that_is_away_is_waited_for(self, bench: Bench, unsent: Case) -> None:
        with FaultProxy(reached(bench)) as gone:
            pass
        connector = bench.connect(gone.url)
        for effect in unsent.effects[:1]:
            outcome = deliver(connector, effect, MemoryReferences())
            if not isinstance(outcome, RetryLater) or outcome.unknown:
                broken(_AWAY, f"Nobody listens, and deliver({effect.type}) answers {said(outcome)}")
        connector.close()

    def test_a_feed_that_is_answered_badly_says_so(self, proxy: FaultProxy, away: Connector) -> None:
        for sick in (sick for sick in SICK if sick.status != 200 or "html" in sick.kind):
            proxy.reset()
            _answer(proxy, sick)
            for feed in sorted(away.capabilities.feeds):
                try:
                    page = away.pull(feed, None, 10)
                except ConnectorError:
                    continue
                except Exception as error:
                    broken(_PULL, f"{sick.name}: pull({feed}) raised {type(error).__name__}: {error}")
                broken(_PULL, f"{sick.name}: pull({feed}) gave {page}")

    # --- effects that are odd -----------------------------------------------------------------------------------------

    def test_an_effect_of_a_type_that_nobody_knows_moves_nothing(
        self, bench: Bench, connector: Connector, unsent: Case
    ) -> None:
        odd = replace(unsent.effects[0], key=str(uuid4()), type="returns.unheard_of")
        outcome = deliver(connector, odd, MemoryReferences())
        if isinstance(outcome, RetryLater):
            broken(_ODD, f"It is answered {said(outcome)}, and will be for ever")
        nothing_there(bench, unsent, _ODD)

    def test_an_effect_without_its_facts_is_refused_and_moves_nothing(
        self, bench: Bench, connector: Connector, unsent: Case
    ) -> None:
        for effect in unsent.effects:
            for data in ({}, {"return_id": effect.return_id}, dict.fromkeys(effect.data)):
                bare = replace(effect, key=str(uuid4()), data=data)
                outcome = deliver(connector, bare, MemoryReferences())
                if isinstance(outcome, Delivered) and outcome.reference is not None:
                    broken(_BARE, f"{effect.type} with {json.dumps(data)} is answered {said(outcome)}")
        nothing_there(bench, unsent, _BARE)

    def test_facts_that_a_later_station_adds_do_no_harm(self, bench: Bench, connector: Connector) -> None:
        case = bench.fresh()
        more = {"unheard_of": {"deep": [None, {"x": "y"}]}, "another": "fact"}
        effects = [replace(effect, data={**effect.data, **more}) for effect in case.effects]
        bring_all(connector, effects, MemoryReferences())
        agree(bench, case, "What a connector does not know in an effect's data it leaves alone.")


def _answer(proxy: FaultProxy, sick: Sick, at_write: Bench | None = None) -> None:
    headers = {"Retry-After": str(WAIT_S)} if sick.status in (429, 503) else {}
    headers |= {"Location": "/elsewhere"} if sick.status == 302 else {}
    if at_write is None:
        proxy.answer(sick.status, sick.body, sick.kind, headers)
    else:
        proxy.answer(sick.status, sick.body, sick.kind, headers, 1, when=at_write.writes)


def _waits(outcome: object) -> None:
    if not isinstance(outcome, RetryLater) or outcome.after_s != WAIT_S:
        broken(_WAITS, f"429 with Retry-After: {WAIT_S} is answered {outcome!r}")


_DIES: Final = (
    "A process may die after any call. The next one reads what is there by our reference, compares, and goes on from it: "
    "put each upstream id as soon as it is known, and write our reference in the call that creates."
)
_KEEPS: Final = (
    "A process may die after the upstream made something and before its id was put. The next one finds it by our "
    "reference in the upstream, and only if it is not there makes it."
)
_LOST: Final = (
    "After a lost answer the connector says RetryLater(unknown=True), and when it is called again it reads before it "
    "acts. Every effect is there once, of each return its own."
)
_LATE: Final = "A write that was not answered in time is RetryLater(unknown=True), and is found when it is asked for again."
_SICK: Final = (
    "Only an answer that was read and understood means Delivered, and only the upstream's own words mean NotFound: a page "
    "for people, a status of a gateway or another shape is RetryLater or Refused."
)
_HEALED: Final = (
    "When the upstream is well again, the effect is delivered once, whatever was answered before."
)
_WAITS: Final = "429 is RetryLater with after_s as Retry-After says."
_AWAY: Final = "Where no connection is made nothing was done: RetryLater with unknown=False."
_PULL: Final = (
    "pull raises ConnectorError for an answer that is not a page of the feed; the cursor then stays."
)
_ODD: Final = (
    "An effect of an unknown type is Refused, or Delivered(None) where the upstream has nothing for it."
)
_BARE: Final = "An effect whose facts are missing is Refused with a sentence that names what is missing; nothing is sent."

"""Laws of a connector whose upstream is well: each effect once, found again, stated as sent; feeds read to their end."""

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from returns_station.connectors.api import (
    Asked,
    Batching,
    Connector,
    ConnectorError,
    Delivered,
    NotFound,
    Outgoing,
    Refused,
    RetryLater,
    Settings,
    Stated,
    Stating,
)
from returns_station.testing.contract_asks import (
    Delivery,
    agree,
    bring,
    bring_all,
    broken,
    deliver,
    look_up,
    said,
)
from returns_station.testing.contract_bench import Bench, Case, Counted
from returns_station.testing.contract_station import ContractStation, new_station
from returns_station.testing.proxy import FaultProxy
from returns_station.testing.references import MemoryReferences

OVER: Final = 99
SMALL_PAGE: Final = 50


class CleanLaws:
    """One return is delivered once for the whole class; what only reads or must change nothing is asked of it."""

    @pytest.fixture(scope="class")
    @classmethod
    def delivered(cls, bench: Bench) -> Delivery:
        """A case that was delivered without faults."""
        return delivery(bench)

    @pytest.fixture
    def connector(self, bench: Bench) -> Iterator[Connector]:
        """A new connector to the upstream itself."""
        with _connected(bench) as connector:
            yield connector

    @pytest.fixture
    def station(self, tmp_path: Path) -> Iterator[ContractStation]:
        """A station with an empty outbox for this upstream."""
        station = new_station(tmp_path)
        yield station
        station.engine.dispose()

    def test_a_return_arrives_whole(self, bench: Bench, delivered: Delivery) -> None:
        agree(bench, delivered.case, "What was delivered stands in the upstream, to the piece and the cent.")

    @pytest.mark.parametrize("kept", [True, False], ids=["references kept", "references lost"])
    def test_everything_delivered_twice_more_changes_nothing(
        self, bench: Bench, delivered: Delivery, connector: Connector, kept: bool
    ) -> None:
        refs = delivered.refs if kept else MemoryReferences()
        for effect in delivered.case.effects:
            for _ in range(2):
                again = bring(connector, effect, refs)
                if not isinstance(again, Delivered):
                    broken(_AGAIN, f"{effect.type}, which was delivered, is answered {said(again)}")
        agree(bench, delivered.case, _AGAIN)

    def test_what_was_sent_is_found_again_and_looking_changes_nothing(
        self, bench: Bench, delivered: Delivery
    ) -> None:
        _needs_look_up(bench)
        url = bench.url
        with (
            FaultProxy(url or "http://127.0.0.1:1") as proxy,
            _connected(bench, url and proxy.url) as connector,
        ):
            for refs in (delivered.refs, MemoryReferences()):
                for effect in delivered.case.effects:
                    found = look_up(connector, effect, refs)
                    if delivered.known(effect) and not isinstance(found, Delivered):
                        broken(_FIND, f"look_up({effect.type}) of a delivered effect says {said(found)}")
            writes = [call for call in proxy.calls if bench.writes(call)]
        if writes:
            broken(_FIND, f"look_up sent {writes[0].method} {writes[0].path}")
        agree(bench, delivered.case, "look_up changes nothing.")

    def test_what_was_never_sent_is_not_found(
        self, bench: Bench, delivered: Delivery, connector: Connector
    ) -> None:
        _needs_look_up(bench)
        for effect in delivered.case.effects:
            if delivered.known(effect):
                found = look_up(connector, _never_sent(effect), MemoryReferences())
                if not isinstance(found, NotFound):
                    broken(_NEVER, f"look_up of a {effect.type} that was never sent says {said(found)}")

    def test_more_than_was_sold_is_refused_or_there_and_never_half(
        self, bench: Bench, connector: Connector
    ) -> None:
        case, refs = bench.fresh(), MemoryReferences()
        if case.over is None:
            pytest.skip("by design: nothing is sold in this upstream")
        bring_all(connector, case.effects, refs)
        taken = []
        for effect in case.over(OVER):
            first, second = bring(connector, effect, refs), bring(connector, effect, refs)
            if type(first) is not type(second):
                broken(_OVER, f"{effect.type} of {OVER} pieces: first {said(first)}, then {said(second)}")
            taken += [effect] if isinstance(first, Delivered) else []
        wanted, found = _with(case.expected, taken), _totals(bench.count(case))
        if wanted != found:
            broken(_OVER, f"Pieces, refunds and their sum: expected {wanted}, found {found}")

    def test_an_effect_before_its_turn_waits_or_is_done_once(
        self, bench: Bench, connector: Connector
    ) -> None:
        case, refs = bench.fresh(), MemoryReferences()
        for effect in reversed(case.effects):
            deliver(connector, effect, refs)
        bring_all(connector, case.effects, refs)
        agree(bench, case, "Effects out of their order never leave more or less than those in order.")

    def test_every_effect_of_a_batch_is_answered(self, bench: Bench, connector: Connector) -> None:
        if not isinstance(connector, Batching):
            pytest.skip("by design: this connector takes one effect at a time")
        cases = [bench.fresh(), bench.fresh()]
        odd = replace(cases[0].effects[0], key=str(uuid4()), type="returns.nonsense", return_id=str(uuid4()))
        batch = [cases[0].effects[0], odd, cases[1].effects[0]]
        for _ in range(2):
            answers = connector.deliver_batch(batch)
            if set(answers) != {effect.key for effect in batch}:
                broken(_BATCH, f"Of {len(batch)} effects {len(answers)} are answered")
            verdicts = [type(answers[effect.key]) for effect in batch]
            if verdicts != [Delivered, Refused, Delivered]:
                broken(_BATCH, f"A good, an impossible and a good effect: {verdicts}")
        for case in cases:
            bring_all(connector, case.effects, MemoryReferences())
            agree(bench, case, _BATCH)

    def test_feeds_are_read_to_their_end_and_once(
        self, bench: Bench, connector: Connector, station: ContractStation
    ) -> None:
        feeds, settings = connector.capabilities.feeds, _settings(bench)
        reports, merged = station.pull(connector, settings.merchant, settings.site, SMALL_PAGE)
        if set(reports) != feeds or any(report.problem for report in reports.values()):
            broken(_FEEDS, f"Feeds {sorted(feeds)} were read so: {list(reports.values())}")
        if merged.problems:
            broken(
                _ROWS,
                f"{len(merged.problems)} rows are not as docs/import.md has them: {merged.problems[:3]}",
            )
        again, later = station.pull(connector, settings.merchant, settings.site, SMALL_PAGE)
        if later.changed or any(report.problem for report in again.values()):
            broken(_FEEDS, f"Read again at once, {later.changed} of {later.rows} rows were new or different")

    def test_a_feed_that_is_not_there_is_said(self, connector: Connector) -> None:
        with pytest.raises(ConnectorError):
            connector.pull("badges", None, 10)

    def test_its_statement_is_what_was_sent(
        self, bench: Bench, delivered: Delivery, connector: Connector
    ) -> None:
        if not isinstance(connector, Stating) or not connector.capabilities.statement:
            pytest.skip("by design: this upstream states nothing")
        for refs in (delivered.refs, MemoryReferences()):
            stated = connector.statement(_asked(delivered.case), refs)
            if isinstance(stated, RetryLater):
                broken(_STATED, f"An upstream that is well is stated as {said(stated)}")
            _same(stated, delivered.case.effects, bench.count(delivered.case))


def delivery(bench: Bench) -> Delivery:
    """A fresh case delivered effect by effect; the calls go through a proxy without faults, to be counted."""
    case, refs = bench.fresh(), MemoryReferences()
    if bench.url is None:
        with _connected(bench) as connector:
            return Delivery(case, refs, bring_all(connector, case.effects, refs), 0)
    with FaultProxy(bench.url) as proxy, _connected(bench, proxy.url) as connector:
        outcomes = bring_all(connector, case.effects, refs)
        return Delivery(case, refs, outcomes, sum(map(bench.writes, proxy.calls)))


def _same(stated: tuple[Stated, ...], effects: tuple[Outgoing, ...], found: Counted) -> None:
    """Compares what the upstream states with what was sent; what it does not tell is left out."""
    if unfinished := [one for one in stated if not one.done or one.subject is None]:
        broken(_STATED, f"Unfinished or nobody's: {unfinished[:3]}")
    sent = Counter(
        (str(effect.data["unit_id"]), str(effect.data["sku"]), effect.data["quantity"])
        for effect in effects
        if effect.type == "returns.stock"
    )
    units = Counter((str(one.subject), str(one.sku), one.quantity) for one in stated if one.kind == "stock")
    if units and units != sent:
        broken(_STATED, f"Units stated {dict(units)}, sent {dict(sent)}")
    refunds = {
        str(effect.data["settlement_id"]): effect.data["amount_minor"]
        for effect in effects
        if effect.type == "returns.refund"
    }
    told = {str(one.subject): one.amount_minor for one in stated if one.kind == "refund"}
    if found.refunds and told != refunds:
        broken(_STATED, f"Refunds stated {told}, sent {refunds}")


def _asked(case: Case) -> Asked:
    data = {name: value for effect in case.effects for name, value in effect.data.items()}
    number, order = data.get("return_number"), data.get("order_number")
    return Asked(
        case.return_id,
        number if isinstance(number, str) else None,
        order if isinstance(order, str) else None,
        case.effects,
    )


def _totals(found: Counted) -> tuple[int, int, int]:
    return sum(found.units.values()), found.refunds, found.refunded_minor


def _with(found: Counted, taken: list[Outgoing]) -> tuple[int, int, int]:
    """What the totals must be when these effects were taken as well."""
    pieces, refunds, minor = _totals(found)
    money = [_whole(effect, "amount_minor") for effect in taken if effect.type == "returns.refund"]
    stock = [_whole(effect, "quantity") for effect in taken if effect.type == "returns.stock"]
    return pieces + sum(stock), refunds + len(money), minor + sum(money)


def _whole(effect: Outgoing, name: str) -> int:
    value = effect.data[name]
    assert isinstance(value, int)
    return value


def _never_sent(effect: Outgoing) -> Outgoing:
    """The like of an effect for a return, a parcel, a unit and a settlement that nobody has heard of."""
    names = ("return_id", "parcel_id", "unit_id", "settlement_id")
    own = {name: str(uuid4()) for name in names if name in effect.data}
    own |= {name: f"NEVER-{uuid4().hex[:8]}" for name in ("plate", "return_number") if name in effect.data}
    return replace(effect, key=str(uuid4()), return_id=own["return_id"], data={**effect.data, **own})


def _connected(bench: Bench, url: str | None = None) -> "closing[Connector]":
    return closing(bench.connect(url or bench.url or ""))


def _settings(bench: Bench) -> Settings:
    return bench.settings(bench.url or "")


def _needs_look_up(bench: Bench) -> None:
    with _connected(bench) as connector:
        if not connector.capabilities.look_up:
            pytest.skip("by design: this upstream cannot be asked what became of an effect")


_AGAIN: Final = (
    "The same effect again is Delivered and leaves one effect, with the references and without them. Before you create "
    "something, look for it in the upstream by our reference, which you wrote into it in the very call that made it."
)
_FIND: Final = (
    "look_up finds a delivered effect, with the references and without them, and sends nothing but reads."
)
_NEVER: Final = (
    "look_up answers NotFound for an effect that was never sent, even where others of the same order were. Compare our "
    "reference exactly; a search that finds something similar has found nothing."
)
_OVER: Final = (
    "What is beyond the order is either refused, and then nothing of it is there, or delivered whole. The ceilings are the "
    "station's; a connector never cuts a quantity or an amount to what fits."
)
_BATCH: Final = "deliver_batch answers every key; one effect that cannot be taken never keeps the others from being taken."
_FEEDS: Final = (
    "pull gives pages until `more` is False and a cursor that moves; from the last cursor nothing new comes, and rows of an "
    "overlap are the same to the letter."
)
_ROWS: Final = "A feed's rows are the JSON Lines of docs/import.md, money as decimal text."
_STATED: Final = (
    "statement tells every parcel, unit and settlement of the return as the upstream has it now, found with and without "
    "references: subjects are our ids, quantities and amounts are read from its lines."
)

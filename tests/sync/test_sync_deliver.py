"""Laws of delivery against the reference upstream in a process of its own."""

from datetime import timedelta
from itertools import groupby
from pathlib import Path

import pytest

from returns_station.connectors.api import Outgoing
from returns_station.domain.axes import SyncState
from returns_station.store import outbox
from returns_station.store.engine import open_engine
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import key, receipt, refund, short, stock
from tests.sync.conftest import Start
from tests.sync.outbox_kit import Station


def one_return(order: str, pence: int = 250) -> list[Outgoing]:
    """Receipt, two units, the money and a missing piece, in this order."""
    name = key()
    return [
        receipt(name, 1),
        stock(name, 2),
        stock(name, 3),
        refund(order, pence, name, 4),
        short(name, 5),
    ]


def shift(station: Station, returns: int) -> list[Outgoing]:
    effects = [effect for number in range(returns) for effect in one_return(f"ORDER-{number}")]
    station.put(*effects)
    return effects


def arrived_once_in_order(upstream: Upstream, effects: list[Outgoing]) -> None:
    events = upstream.events()
    assert sorted(str(event["id"]) for event in events) == sorted(effect.key for effect in effects)
    by_return = sorted(events, key=lambda event: (str(event["subject"]), event["arrival"]))
    for _, group in groupby(by_return, key=lambda event: event["subject"]):
        sequences = [event["sequence"] for event in group]
        assert sequences == sorted(sequences)


def paid(upstream: Upstream) -> list[tuple[object, object]]:
    return sorted((row["order_number"], row["amount_minor"]) for row in upstream.refunds())


def test_every_released_effect_arrives_once_and_its_row_names_what_it_is_there(
    station: Station, start: Start
) -> None:
    upstream, http = start()
    effects = shift(station, 5)
    report = station.pass_once(http)
    assert (report.sent, report.acknowledged, report.left) == (25, 25, 0)
    arrived_once_in_order(upstream, effects)
    references = {str(event["id"]): event["reference"] for event in upstream.events()}
    assert {effect.key: station.row(effect.key).reference for effect in effects} == references
    assert paid(upstream) == [(f"ORDER-{number}", 250) for number in range(5)]


def test_an_upstream_that_is_down_for_the_shift_gets_all_of_it_in_order_when_it_is_back(
    station: Station, start: Start
) -> None:
    upstream, http = start()
    upstream.stop()
    effects = shift(station, 40)
    first = station.pass_once(http)
    assert (first.sent, first.acknowledged, first.left) == (40, 0, 200)
    assert station.states() == ["local"] * 200
    upstream.start()
    station.drain(http)
    arrived_once_in_order(upstream, effects)
    assert set(station.states()) == {"acknowledged"}


@pytest.mark.parametrize(
    "fault",
    [
        "drop-every=2",
        "429-every=2",
        "503-every=2",
        "html-every=2",
        "partial-every=3",
        "partial-every=1,drop-every=3",
    ],
)
def test_whatever_the_upstream_does_wrong_every_effect_arrives_once_and_in_order(
    station: Station, start: Start, fault: str
) -> None:
    upstream, http = start(fault)
    effects = shift(station, 12)
    if "partial-every=1," in fault:
        station.pass_once(http)
        assert upstream.events() == []
        upstream.restart(fault="drop-every=3")
    station.drain(http)
    arrived_once_in_order(upstream, effects)
    assert paid(upstream) == sorted((f"ORDER-{number}", 250) for number in range(12))


def test_a_refund_whose_answer_was_lost_is_looked_up_and_not_sent_again(
    station: Station, start: Start
) -> None:
    upstream, http = start("drop-every=1")
    (name,) = station.put(refund("ORDER-1", 999))
    first = station.pass_once(http)
    assert (first.sent, first.unknown, first.left) == (1, 1, 1)
    assert station.row(name).unknown
    station.clock.forward(minutes=1)
    second = station.pass_once(http)
    assert (second.sent, second.looked_up, second.acknowledged) == (0, 1, 1)
    assert paid(upstream) == [("ORDER-1", 999)]


@pytest.mark.parametrize("point", ["before-send", "after-send", "after-mark"])
def test_a_drainer_that_dies_at_any_point_leaves_one_effect_upstream(
    station: Station, start: Start, point: str
) -> None:
    class Death(BaseException):
        pass

    def die(at: str) -> None:
        if at == point:
            raise Death

    upstream, http = start()
    money, goods = station.put(refund("ORDER-2", 100), stock())
    with pytest.raises(Death):
        station.pass_once(http, checkpoint=die)
    assert len(upstream.events()) == (0 if point == "before-send" else 2)
    report = station.drain(http)[-1]
    assert report.looked_up == (0 if point == "after-mark" else 1)
    assert paid(upstream) == [("ORDER-2", 100)]
    assert {str(event["id"]) for event in upstream.events()} == {money, goods}
    assert station.states() == ["acknowledged", "acknowledged"]


def test_a_refused_effect_waits_with_a_person_and_only_its_return_waits_with_it(
    station: Station, start: Start
) -> None:
    upstream, http = start("unknown-rma=RMA-13")
    name = key()
    bad, blocked = station.put(receipt(name, 1, return_number="RMA-13"), stock(name, 2))
    good = one_return("ORDER-3")
    station.put(*good)
    report = station.pass_once(http)
    assert (report.refused, report.acknowledged, report.left) == (1, 5, 1)
    row = station.row(bad)
    assert (row.state, row.problem_code, row.owner) == (
        SyncState.REFUSED,
        "authorization.unknown",
        "supervisor",
    )
    assert row.problem == 'The return "RMA-13" is not known here.'
    assert station.row(blocked).state is SyncState.LOCAL
    arrived_once_in_order(upstream, good)

    upstream.restart(fault="")
    outbox.retry(station.engine, bad)
    assert station.pass_once(http).left == 0
    assert [event["sequence"] for event in upstream.events(subject=name)] == [1, 2]


def test_past_the_life_of_its_key_an_unknown_refund_goes_to_a_person_and_never_out_blindly(
    station: Station, start: Start
) -> None:
    upstream, http = start()
    (name,) = station.put(refund("ORDER-4", 400))
    station.set(name, state="sent", attempts=1, sent_at=outbox.stamp(station.clock()))
    station.clock.forward(hours=24)
    report = station.pass_once(http)
    assert (report.sent, report.looked_up, report.refused) == (0, 1, 1)
    row = station.row(name)
    assert (row.problem_code, row.owner, row.unknown) == ("sync.key_expired", "supervisor", True)
    assert row.problem == (
        "Whether wms has it is not known: it was first sent at 2026-11-23T10:00:00.000000+00:00, "
        "and wms may have forgotten its key since."
    )
    assert row.hint == (
        "Look it up there. If it is there, leave it; if not, "
        f"run `returns-station outbox retry {name} --checked`."
    )
    outbox.retry(station.engine, name)
    assert station.pass_once(http).refused == 1
    assert upstream.refunds() == []

    outbox.retry(station.engine, name, checked=True)
    assert station.pass_once(http).acknowledged == 1
    assert paid(upstream) == [("ORDER-4", 400)]


def test_past_the_life_of_its_key_a_refund_that_did_arrive_is_found_and_kept(
    station: Station, start: Start
) -> None:
    upstream, http = start("drop-every=1")
    station.put(refund("ORDER-5", 500))
    station.pass_once(http)
    station.clock.forward(hours=72)
    assert station.pass_once(http).acknowledged == 1
    assert paid(upstream) == [("ORDER-5", 500)]


def test_days_without_the_upstream_use_up_no_life_of_a_key(station: Station, start: Start) -> None:
    upstream, http = start()
    upstream.stop()
    (name,) = station.put(refund("ORDER-6", 600))
    for _ in range(4):
        station.pass_once(http)
        station.clock.forward(hours=24)
    assert station.row(name).attempts == 4
    upstream.start()
    assert station.pass_once(http).acknowledged == 1
    assert paid(upstream) == [("ORDER-6", 600)]


def test_back_off_and_retry_after_outlive_the_process(station: Station, start: Start) -> None:
    upstream, http = start("429-every=1")
    (name,) = station.put(stock())
    station.pass_once(http)
    row = station.row(name)
    assert row.next_at is not None
    assert row.next_at >= outbox.stamp(station.clock() + timedelta(seconds=1)), "Retry-After says one second"
    assert row.problem == f"{upstream.url} answered 429: it wants fewer requests."

    station.engine.dispose()
    again = Station(open_engine(Path(str(station.engine.url.database))), station.clock)
    again.clock.forward(seconds=0.9)
    assert again.pass_once(http).sent == 0
    again.clock.forward(seconds=1)
    assert again.pass_once(http).sent == 1
    assert again.row(name).attempts == 2

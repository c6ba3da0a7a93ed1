"""Laws of claiming and settling, on a real SQLite file."""

from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, event

from returns_station.connectors.api import Capabilities, Delivered, NotFound, Outgoing, Refused, RetryLater
from returns_station.domain.axes import SyncState
from returns_station.store import outbox
from returns_station.store.engine import open_engine
from returns_station.store.outbox import Absent, Acknowledged, Parked, Postponed, stamp
from returns_station.store.outbox.verdicts import back_off
from returns_station.sync.lanes import BROKEN
from tests.connectors.upstream_kit import key, receipt, refund, stock
from tests.sync.outbox_kit import WORD, Station, Told, new_database

YES = Delivered("DOC-1", duplicate=False)


def claimed(station: Station, limit: int = 100) -> list[str]:
    return [row.id for row in outbox.claim(station.engine, WORD, station.clock(), limit)]


def test_a_claimed_row_is_on_disk_as_sent_before_anybody_sends_it(station: Station) -> None:
    (name,) = station.put(stock())
    (row,) = outbox.claim(station.engine, WORD, station.clock(), 10)
    assert row == station.row(name)
    assert (row.state, row.attempts, row.sent_at) == (SyncState.SENT, 1, outbox.stamp(station.clock()))
    assert claimed(station) == []


def test_one_row_of_a_return_travels_at_a_time_and_the_next_waits_for_its_answer(station: Station) -> None:
    name = key()
    first, second = station.put(stock(name, 1), stock(name, 2))
    (other,) = station.put(stock())
    assert claimed(station) == [first, other]
    assert claimed(station) == []
    outbox.settle(station.engine, {first: Acknowledged("A")}, station.clock(), station.rng)
    assert claimed(station) == [second]


@pytest.mark.parametrize(("before", "goes"), [("held", True), ("refused", False), ("withdrawn", True)])
def test_a_row_waits_behind_what_is_refused_and_not_behind_what_is_held_for_a_person_or_withdrawn(
    station: Station, before: str, goes: bool
) -> None:
    name = key()
    station.put(receipt(name, 1), state="acknowledged")
    station.put(stock(name, 2), state=before)
    (last,) = station.put(stock(name, 3))
    assert claimed(station) == ([last] if goes else [])


def test_a_withdrawn_row_does_not_hide_an_earlier_one_that_is_still_open(station: Station) -> None:
    name = key()
    station.put(receipt(name, 1), state="refused")
    station.put(stock(name, 2), state="withdrawn")
    station.put(stock(name, 3))
    assert claimed(station) == []


def test_the_same_return_at_another_target_waits_for_nothing(station: Station) -> None:
    name = key()
    station.put(receipt(name, 1), state="held", target="erp")
    (goes,) = station.put(stock(name, 1))
    assert claimed(station) == [goes]


def test_a_row_waits_for_the_row_it_names_and_for_one_that_does_not_exist(station: Station) -> None:
    (goods,) = station.put(stock())
    (money,) = station.put(refund("O", 1), after=goods)
    station.put(refund("O", 1), after="nowhere")
    assert claimed(station) == [goods]
    outbox.settle(station.engine, {goods: Acknowledged("A")}, station.clock(), station.rng)
    assert claimed(station) == [money]


def test_a_row_withdrawn_while_the_batch_was_chosen_is_not_sent(station: Station) -> None:
    kept, undone = station.put(stock(), stock())
    worker = Station(open_engine(Path(str(station.engine.url.database))))

    @event.listens_for(station.engine, "before_cursor_execute")
    def _undo(connection: Connection, cursor: object, statement: str, *rest: object) -> None:
        if statement == "BEGIN IMMEDIATE" and worker.row(undone).state is SyncState.LOCAL:
            worker.set(undone, state="withdrawn")

    assert claimed(station) == [kept]
    assert station.row(undone).state is SyncState.WITHDRAWN
    worker.engine.dispose()


def test_rows_put_off_and_fresh_rows_share_a_batch_so_neither_starves(station: Station) -> None:
    late = station.put(*(stock() for _ in range(10)), next_at=outbox.stamp(station.clock()), attempts=3)
    fresh = station.put(*(stock() for _ in range(10)))
    assert claimed(station, 4) == [*late[:2], *fresh[:2]]
    assert claimed(station, 14) == [*late[2:9], *fresh[2:9]]
    assert claimed(station, 100) == [late[9], fresh[9]]


def test_a_verdict_on_a_row_that_is_not_on_its_way_changes_nothing(station: Station) -> None:
    (name,) = station.put(stock())
    before = station.row(name)
    verdicts = (Acknowledged("A"), Postponed("p"), Parked("c", "s", "h"), Absent())
    for verdict in verdicts:
        outbox.settle(station.engine, {name: verdict}, station.clock(), station.rng)
    assert station.row(name) == before


def test_doubt_stays_with_a_row_until_the_upstream_was_asked(station: Station) -> None:
    (name,) = station.put(refund("O", 1))
    claimed(station)
    outbox.settle(station.engine, {name: Postponed("lost", unknown=True)}, station.clock(), station.rng)
    station.clock.forward(hours=1)
    claimed(station)
    outbox.settle(station.engine, {name: Postponed("busy")}, station.clock(), station.rng)
    assert station.row(name).unknown
    station.clock.forward(hours=1)
    claimed(station)
    outbox.settle(station.engine, {name: Absent()}, station.clock(), station.rng)
    row = station.row(name)
    assert (row.unknown, row.sent_at, row.next_at, row.state) == (False, None, None, SyncState.LOCAL)


def test_what_a_dead_drainer_left_on_its_way_is_unknown_and_due_at_once(station: Station) -> None:
    (name,) = station.put(refund("O", 1))
    claimed(station)
    assert outbox.recover(station.engine, WORD) == 1
    row = station.row(name)
    assert (row.state, row.unknown, row.next_at) == (SyncState.LOCAL, True, None)
    assert outbox.recover(station.engine, WORD) == 0


@given(
    attempts=st.integers(1, 10_000),
    share=st.floats(0, 1, exclude_max=True),
    after=st.none() | st.floats(0, 1e12),
)
def test_back_off_is_at_most_five_minutes_and_never_under_retry_after_of_up_to_a_day(
    attempts: int, share: float, after: float | None
) -> None:
    wait = back_off(attempts, share, after)
    asked = min(after or 0.0, 86_400.0)
    assert asked <= wait <= max(300.0, asked)
    assert wait > 0
    assert back_off(attempts, 1.0, None) == min(300.0, 2.0 ** min(attempts - 1, 9))


def test_two_batches_that_come_back_whole_pause_the_target_and_leave_the_rest_untouched(
    station: Station,
) -> None:
    away = Told(lambda effect: RetryLater("No route to wms."))
    station.put(*(stock() for _ in range(350)))
    report = station.pass_once(away)
    assert (report.sent, report.left, len(away.batches)) == (200, 350, 2)
    assert report.paused_until is not None
    assert station.pass_once(away).sent == 0
    station.clock.forward(seconds=1)
    assert station.pass_once(Told(lambda effect: YES)).acknowledged == 350


def test_a_batch_that_is_told_to_wait_is_not_followed_by_another(station: Station) -> None:
    busy = Told(lambda effect: RetryLater("Slow down.", after_s=30.0))
    station.put(*(stock() for _ in range(300)))
    report = station.pass_once(busy)
    assert len(busy.batches) == 1
    assert report.paused_until == station.clock() + timedelta(seconds=30)


def test_a_single_row_that_is_put_off_again_and_again_does_not_pause_its_target(station: Station) -> None:
    (bad,) = station.put(stock())
    picky = Told(lambda effect: RetryLater("Not this one.", after_s=3600) if effect.key == bad else YES)
    assert station.pass_once(picky).paused_until is None
    (good,) = station.put(stock())
    assert station.pass_once(picky).acknowledged == 1
    assert station.row(good).reference == "DOC-1"


def test_a_row_that_cannot_be_read_waits_with_a_person_and_its_batch_goes(station: Station) -> None:
    broken, fine = station.put(stock(), stock())
    station.set(broken, body='{"half":')
    report = station.pass_once(Told(lambda effect: YES))
    assert (report.acknowledged, report.refused) == (1, 1)
    assert station.row(fine).state is SyncState.ACKNOWLEDGED
    row = station.row(broken)
    assert row.problem == f"The outbox row {broken} cannot be read: its body is no JSON object."
    assert row.hint == "This is a defect: please report it. Nothing is lost."


def test_a_connector_that_breaks_on_one_row_gets_the_others_without_it(station: Station) -> None:
    names = station.put(*(stock() for _ in range(5)))

    def answer(effect: Outgoing) -> Delivered:
        if effect.key == names[2]:
            raise ZeroDivisionError
        return YES

    fragile = Told(answer)
    assert station.pass_once(fragile).unknown == 5
    station.clock.forward(minutes=6)
    assert station.pass_once(fragile).acknowledged == 4
    row = station.row(names[2])
    assert (row.state, row.problem_code, row.unknown) == (SyncState.LOCAL, BROKEN, True)
    assert row.problem == "The connector failed with ZeroDivisionError."


def test_a_key_without_an_answer_is_unknown(station: Station) -> None:
    class Silent(Told):
        def deliver_batch(self, batch: object) -> dict[str, Delivered]:
            return {}

    (name,) = station.put(refund("O", 1))
    assert station.pass_once(Silent(lambda effect: YES)).unknown == 1
    assert station.row(name).problem == "The connector gave no answer for this effect."


def test_an_unknown_refund_at_an_upstream_that_cannot_be_asked_goes_to_a_person(station: Station) -> None:
    (name,) = station.put(refund("O", 1), unknown=True, sent_at=outbox.stamp(station.clock()))
    mute = Told(lambda effect: YES, capabilities=Capabilities(100, look_up=False, feeds=frozenset()))
    assert station.pass_once(mute).refused == 1
    assert mute.batches == []
    assert station.row(name).problem == "Whether wms has it is not known, and wms cannot be asked."


def test_when_a_look_up_is_not_answered_the_others_are_not_asked_and_nothing_is_sent(
    station: Station,
) -> None:
    station.put(*(refund("O", 1) for _ in range(20)), unknown=True, sent_at=outbox.stamp(station.clock()))
    away = Told(lambda effect: YES, found=lambda effect: RetryLater("No route to wms."))
    report = station.pass_once(away)
    assert (len(away.asked), away.batches, report.left) == (1, [], 20)
    assert all(row.unknown for row in outbox.listing(station.engine))


def test_unknown_goods_are_sent_again_with_their_key_and_asked_for_once_the_key_may_be_forgotten(
    station: Station,
) -> None:
    (name,) = station.put(stock(), unknown=True, sent_at=outbox.stamp(station.clock()))
    lost = Told(lambda effect: RetryLater("Lost.", unknown=True))
    station.pass_once(lost)
    assert (lost.batches, lost.asked) == ([[name]], [])
    station.clock.forward(hours=25)
    assert station.pass_once(lost).refused == 1
    assert (lost.batches, lost.asked) == ([[name]], [name])


def test_a_claim_walks_the_index_of_open_rows_and_sorts_nothing(station: Station) -> None:
    asked: list[tuple[str, Any]] = []

    @event.listens_for(station.engine, "before_cursor_execute")
    def _keep(connection: Connection, cursor: object, statement: str, parameters: Any, *rest: object) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, parameters))

    claimed(station)
    assert len(asked) == 2
    with station.engine.connect() as connection:
        for statement, parameters in list(asked):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
            steps = [str(step[3]) for step in plan]
            walk = "SEARCH o USING INDEX outbox_open (target=? AND state=? AND next_at"
            assert any(step.startswith(walk) for step in steps), steps
            assert not any(step.startswith("SCAN") or "TEMP B-TREE" in step for step in steps), steps


VERDICTS = st.sampled_from(["yes", "later", "unknown", "no", "die"])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shape=st.lists(st.integers(1, 5), min_size=1, max_size=5), fates=st.lists(VERDICTS, max_size=60))
def test_whatever_happens_rows_arrive_in_order_per_return_and_none_is_lost(
    shape: list[int], fates: list[str]
) -> None:
    with TemporaryDirectory() as made:
        station = Station(new_database(Path(made) / "s.db"))
        returns = [key() for _ in shape]
        station.put(
            *(stock(name, n) for name, size in zip(returns, shape, strict=True) for n in range(1, size + 1))
        )
        arrived: defaultdict[str, list[int]] = defaultdict(list)
        fate = iter([*fates, *["yes"] * 200])
        rng = Random(3)
        while rows := outbox.claim(station.engine, WORD, station.clock(), 3):
            assert len({row.return_id for row in rows}) == len(rows), "one row a return"
            verdicts: dict[str, outbox.Verdict] = {}
            for row in rows:
                match next(fate):
                    case "yes":
                        verdicts[row.id] = Acknowledged("A")
                        arrived[row.return_id].append(row.ordinal)
                    case "later":
                        verdicts[row.id] = Postponed("later")
                    case "unknown":
                        verdicts[row.id] = Postponed("lost", unknown=True)
                    case "no":
                        verdicts[row.id] = Parked("no", "No.", "Ask.")
                    case _:
                        pass
            outbox.settle(station.engine, verdicts, station.clock(), rng)
            outbox.recover(station.engine, WORD)
            station.clock.forward(minutes=6)
        for name, size in zip(returns, shape, strict=True):
            assert arrived[name] == list(range(1, len(arrived[name]) + 1))
            held_back = [row for row in outbox.listing(station.engine) if row.return_id == name]
            assert len(arrived[name]) + len(held_back) == size
            assert not held_back or held_back[0].state is SyncState.REFUSED
        station.engine.dispose()


def test_refused_by_the_connector_is_refused_in_the_row_word_for_word(station: Station) -> None:
    (name,) = station.put(stock())
    station.pass_once(Told(lambda effect: Refused("sku.unknown", "No SKU 85123A here.", "Add it.")))
    row = station.row(name)
    assert (row.problem_code, row.problem, row.hint) == ("sku.unknown", "No SKU 85123A here.", "Add it.")


def test_of_batches_of_one_what_was_put_off_gets_its_turn_within_a_backlog(station: Station) -> None:
    (late,) = station.put(stock(), next_at=stamp(station.clock()), attempts=1)
    station.clock.forward(seconds=1)
    fresh = station.put(*(stock() for _ in range(3)))
    station.clock.forward(seconds=1)
    assert [claimed(station, 1) for _ in range(4)] == [[late], [fresh[0]], [fresh[1]], [fresh[2]]]


def test_rows_put_off_while_the_clock_was_years_ahead_are_due_once_it_is_right(station: Station) -> None:
    told = Told(lambda effect: YES)
    (behind,) = station.put(
        stock(), next_at=stamp(station.clock() + timedelta(days=900)), problem_code="sync.down"
    )
    station.put(stock())
    assert station.pass_once(told).acknowledged == 2
    (asked,) = station.put(stock(), next_at=stamp(station.clock() + timedelta(hours=23)))
    assert station.pass_once(told).acknowledged == 0
    assert {station.row(one).state for one in (behind, asked)} == {SyncState.ACKNOWLEDGED, SyncState.LOCAL}


NONE_OF_THEM: list[Any] = [
    None,
    "done",
    {"status": "ok"},
    RetryLater("Later.", after_s="soon"),  # type: ignore[arg-type]
    NotFound(),
]


@pytest.mark.parametrize("odd", NONE_OF_THEM, ids=repr)
def test_an_answer_that_is_no_outcome_keeps_its_row_waiting_and_no_other(station: Station, odd: Any) -> None:
    (bad,) = station.put(stock())
    station.put(stock(), stock())
    told = Told(lambda effect: odd if effect.key == bad else YES)
    station.pass_once(told)
    station.clock.forward(minutes=6)
    assert station.pass_once(told).acknowledged == 2
    row = station.row(bad)
    assert (row.state, row.unknown, row.problem_code) == (SyncState.LOCAL, True, "sync.connector")


def test_a_look_up_that_answers_with_nothing_sends_nothing_and_stops_no_other_row(station: Station) -> None:
    (money,) = station.put(refund("ORDER-1", 100), unknown=True, sent_at=stamp(station.clock()))
    told = Told(lambda effect: YES, found=lambda effect: None)
    (goods,) = station.put(stock())
    station.pass_once(told)
    assert told.batches == [[goods]]
    assert (station.row(money).state, station.row(money).unknown) == (SyncState.LOCAL, True)


@pytest.mark.parametrize(
    "answer",
    [
        Delivered("DOC \ud800", duplicate=False),
        Refused("code \ud800", "No \udfff.", "\ud800"),
        RetryLater("Later \ud800."),
    ],
    ids=lambda answer: type(answer).__name__,
)
def test_half_a_letter_in_an_answer_is_kept_as_a_question_mark(station: Station, answer: Any) -> None:
    (name,) = station.put(stock())
    station.pass_once(Told(lambda effect: answer))
    row = station.row(name)
    assert "?" in f"{row.reference}{row.problem}"
    assert row.state is not SyncState.SENT

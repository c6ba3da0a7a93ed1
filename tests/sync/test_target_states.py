"""What the sync job keeps of every upstream: rarely written, in a word for people, each fault its own target's."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from sqlalchemy import event

from returns_station.config import Target
from returns_station.connectors.api import ConnectorError, Delivered, Outcome, Page, Refused, RetryLater
from returns_station.errors import Problem, StationError
from returns_station.store.target_states import NoteBook, acknowledged_since, note_of
from returns_station.sync.deliver import Drain
from returns_station.sync.links import Link, Merger, broken
from returns_station.sync.standing import LATE_S, Standing, standing
from tests.connectors.upstream_kit import key, receipt, stock
from tests.sync.outbox_kit import ABLE, WORD, Station, Told

AWAY = RetryLater("http://wms could not be reached: no route.", code="upstream.unreachable")
TARGET = Target(WORD, "https://wms.example")


class Feeding(Told):
    """The connector in memory, with a feed that answers as it is told."""

    feed: Callable[[], Page] = staticmethod(lambda: Page((), "1", False))

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        return self.feed()


def link_to(station: Station, answer: Callable[[Any], Outcome], *feeds: str) -> Link:
    connector = Feeding(answer, capabilities=replace(ABLE, feeds=frozenset(feeds)))
    drain = Drain(station.engine, connector, WORD, "DOCK-1", station.clock, station.rng)
    book = NoteBook(station.engine, WORD, station.clock)
    return Link(drain, Merger(WORD, "candles", "leeds", key), timedelta(seconds=60), book)


def stands(station: Station, target: Target = TARGET, fault: Problem | None = None) -> Standing:
    return standing(station.engine, target, station.clock(), fault)


def given(answer: Outcome) -> Callable[[Any], Outcome]:
    return lambda effect: answer


YES = given(Delivered("DOC-1", duplicate=False))


# --- what is written, and how rarely ----------------------------------------------------------------------------------


def _writes(station: Station) -> list[str]:
    seen: list[str] = []
    event.listen(
        station.engine,
        "before_cursor_execute",
        lambda _c, _k, statement, *_: seen.append(statement) if "INTO target_state" in statement else None,
    )
    return seen


def test_passes_that_answer_write_once_in_fifteen_seconds_and_idle_ones_never(station: Station) -> None:
    seen, link = _writes(station), link_to(station, YES)
    for _ in range(5):
        station.put(stock())
        link._after(link.drain.once(), 0.1)
        link._after(link.drain.once(), 0.1)
        station.clock.forward(seconds=1)
    assert len(seen) == 1
    station.clock.forward(seconds=15)
    link._after(link.drain.once(), 0.1)
    assert len(seen) == 2  # the times of the passes since the first
    link._after(link.drain.once(), 0.1)
    link.book.close()
    assert len(seen) == 2
    assert note_of(station.engine, WORD).answered_at == station.clock() - timedelta(seconds=16)


def test_a_change_for_the_worse_and_for_the_better_is_written_at_once(station: Station) -> None:
    answers: list[Outcome] = [AWAY]
    seen, link = _writes(station), link_to(station, lambda _: answers[-1])
    station.put(stock())
    link._after(link.drain.once(), 0.1)
    assert note_of(station.engine, WORD).problem == Problem("upstream.unreachable", AWAY.sentence)
    station.clock.forward(seconds=2)
    answers.append(Delivered("DOC-1", duplicate=False))
    link._after(link.drain.once(), 0.1)
    assert (note_of(station.engine, WORD).problem, len(seen)) == (None, 2)


# --- in a word --------------------------------------------------------------------------------------------------------


def test_a_target_is_new_then_well_then_away_then_late_with_its_reason(station: Station) -> None:
    assert stands(station).state == "new"
    answers: list[Outcome] = [Delivered("DOC-1", duplicate=False)]
    link = link_to(station, lambda _: answers[-1])
    station.put(stock())
    link._after(link.drain.once(), 0.1)
    well = stands(station)
    assert (well.state, well.person, well.acknowledged_today, well.lag_s) == ("well", False, 1, 0.0)
    answers.append(AWAY)
    station.put(receipt(), stock())
    link._after(link.drain.once(), 0.1)
    away = stands(station)
    assert (away.state, away.person) == ("away", False)
    assert away.sentence.endswith(AWAY.sentence)
    assert away.backlog.next_at is not None
    station.clock.forward(seconds=LATE_S + 1)
    late = stands(station)
    assert (late.state, late.person, late.lag_s) == ("late", True, LATE_S + 1)


def test_a_row_that_is_refused_needs_a_person_until_it_is_settled(station: Station) -> None:
    link = link_to(station, given(Refused("return.unknown", "It is not known.", "Make it there.")))
    (row,) = station.put(stock())
    link._after(link.drain.once(), 0.1)
    found = stands(station)
    assert (found.state, found.person, found.backlog.counts["refused"]) == ("refusing", True, 1)
    assert found.backlog.oldest is not None
    assert found.backlog.oldest.id == row
    station.set(row, state="withdrawn")
    assert (stands(station).state, stands(station).person) == ("well", False)


def test_a_lone_wait_is_told_and_is_no_silence(station: Station) -> None:
    link = link_to(station, given(RetryLater("Its order is locked.", code="upstream.locked", alone=True)))
    station.put(stock())
    link._after(link.drain.once(), 0.1)
    assert (stands(station).state, stands(station).person) == ("waiting", False)


def test_shadow_and_what_this_process_cannot_use_are_told(station: Station) -> None:
    assert stands(station, replace(TARGET, shadow=True)).state == "shadow"
    fault = Problem("config.secret_missing", "The secret X is nowhere.")
    assert (stands(station, fault=fault).state, stands(station, fault=fault).person) == ("broken", True)
    broken(station.engine, WORD, station.clock, StationError("connector.broken", "No module named 'x'."))
    assert stands(station).sentence == "It cannot be worked with as it is set. No module named 'x'."


def test_acknowledged_today_are_not_those_of_yesterday(station: Station) -> None:
    station.put(stock(), stock(), state="acknowledged", settled_at="2026-11-22T10:00:00.000000+00:00")
    station.put(stock(), state="acknowledged", settled_at="2026-11-23T09:00:00.000000+00:00")
    assert acknowledged_since(station.engine, WORD, station.clock() - timedelta(hours=2)) == 1


# --- feeds ------------------------------------------------------------------------------------------------------------


def test_a_connector_that_raises_at_a_feed_goes_on_delivering_and_is_told(station: Station) -> None:
    link = link_to(station, YES, "orders")

    def fails() -> Page:
        raise KeyError("line_items")

    link.drain.connector.feed = fails  # type: ignore[attr-defined]
    station.put(stock())
    report = link.once()
    assert (report.acknowledged, link.pulls[0].problem and link.pulls[0].problem.code) == (
        1,
        "sync.connector",
    )
    assert stands(station).sentence.endswith("The connector failed with KeyError.")


def test_a_wake_pulls_before_the_time_has_come(station: Station) -> None:
    link = link_to(station, YES, "orders")
    pulled: list[int] = []

    def feed() -> Page:
        pulled.append(1)
        return Page((), "1", False)

    link.drain.connector.feed = feed  # type: ignore[attr-defined]
    link.pull_when_due()
    link.pull_when_due()
    assert len(pulled) == 1
    link.wake()
    link.pull_when_due()
    link.pull_when_due()
    assert len(pulled) == 2


def test_feeds_are_pulled_again_when_the_clock_went_back_and_no_feed_asks_for_more_than_a_day(
    station: Station,
) -> None:
    link = link_to(station, YES, "orders")
    pulled: list[int] = []

    def feed() -> Page:
        pulled.append(1)
        raise ConnectorError("upstream.busy", "It wants fewer requests.", "", after_s=1e15)

    link.drain.connector.feed = feed  # type: ignore[attr-defined]
    link.pull_when_due()
    link.pull_when_due()
    assert len(pulled) == 1
    station.clock.forward(hours=24)
    link.pull_when_due()
    assert len(pulled) == 2
    station.clock.forward(hours=-5)
    link.pull_when_due()
    assert len(pulled) == 3


def test_a_long_feed_lets_effects_go_between_its_slices(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returns_station.sync.links.SLICE_S", 0.0)
    link, stop, number = link_to(station, YES, "orders"), threading.Event(), count(1)

    def endless() -> Page:
        here = next(number)
        if here == 2:
            station.put(stock())
        if here > 50 or "acknowledged" in station.states():
            stop.set()
        return Page((), str(here), True)

    link.drain.connector.feed = endless  # type: ignore[attr-defined]
    link.watch(stop, None, 0.01)
    assert station.states() == ["acknowledged"]
    assert next(number) <= 50
    assert note_of(station.engine, WORD).pulled_at is None, "it was never read to its end"


# --- one target's fault -----------------------------------------------------------------------------------------------


def test_a_thread_that_fails_is_begun_again_and_says_so_meanwhile(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("returns_station.sync.links.AGAIN_S", (0.01, 0.02))
    stop, failures = threading.Event(), iter([True, True, False])
    link = link_to(station, YES)
    seen: list[str | None] = []

    def fail_twice(at: str) -> None:
        if at == "before-send" and next(failures, False):
            raise RuntimeError("a defect")
        seen.append(note_of(station.engine, WORD).problem and link.failed)
        if at == "after-mark":
            stop.set()

    link.drain = replace(link.drain, checkpoint=fail_twice)
    station.put(stock())
    link.watch(stop, None, 0.01)
    assert seen[0] == "Its thread failed with RuntimeError and is begun again; the log says where."
    assert (station.states(), link.failed, stands(station).state) == (["acknowledged"], None, "well")

"""Laws of a pass by two lanes, and of keeping out of the worker's way."""

import threading
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from returns_station.connectors.api import Capabilities, Delivered, Outcome, Outgoing, References, RetryLater
from returns_station.store import outbox
from returns_station.store.engine import open_engine
from returns_station.sync.courtesy import AT_MOST_S, RECENT_S, SHARE, Courtesy
from returns_station.sync.deliver import Drain
from tests.connectors.upstream_kit import key, stock
from tests.sync.outbox_kit import WORD, Station, Told

YES = Delivered("DOC-1", duplicate=False)
SMALL = Capabilities(batch=10, look_up=True, feeds=frozenset())


class Meeting(Told):
    """Waits in every call until another call is there too, or until it is sure that none comes."""

    def __init__(self, patience_s: float) -> None:
        super().__init__(lambda effect: YES, capabilities=SMALL)
        self._together = threading.Semaphore(0)
        self._inside = 0
        self._patience_s = patience_s
        self.most = 0

    def deliver_batch(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
        self._inside += 1
        self.most = max(self.most, self._inside)
        if self._inside == 1 and self.most == 1:
            self._together.acquire(timeout=self._patience_s)
        else:
            self._together.release()
        answers = super().deliver_batch(batch)
        self._inside -= 1
        return dict(answers)


def drain(station: Station, connector: object, **more: object) -> Drain:
    return Drain(
        station.engine,
        connector,  # type: ignore[arg-type]
        WORD,
        "DOCK-1",
        station.clock,
        station.rng,
        **more,  # type: ignore[arg-type]
    )


def many_returns(station: Station, returns: int, rows: int) -> list[str]:
    names = [key() for _ in range(returns)]
    return station.put(*(stock(name, number) for name in names for number in range(1, rows + 1)))


def test_calls_of_a_connector_never_overlap_unless_it_is_said_that_they_may(station: Station) -> None:
    many_returns(station, 40, 1)
    alone = Meeting(patience_s=0.05)
    assert drain(station, alone).once().acknowledged == 40
    assert alone.most == 1


def test_two_calls_overlap_where_they_may(station: Station) -> None:
    many_returns(station, 40, 1)
    meeting = Meeting(patience_s=20)
    assert drain(station, meeting, calls=2).once().acknowledged == 40
    assert meeting.most == 2


@pytest.mark.parametrize("calls", [1, 2])
def test_lanes_keep_the_order_of_every_return_and_never_carry_two_rows_of_one(
    station: Station, calls: int
) -> None:
    keys = many_returns(station, 25, 4)
    arrived: defaultdict[str, list[int]] = defaultdict(list)
    travelling: set[str] = set()

    def answer(effect: Outgoing) -> Outcome:
        arrived[effect.return_id].append(effect.sequence)
        return YES

    class Watched(Told):
        def deliver_batch(self, batch: Sequence[Outgoing]) -> dict[str, Outcome]:
            returns = {effect.return_id for effect in batch}
            assert len(returns) == len(batch)
            assert not travelling & returns
            travelling.update(returns)
            answers = super().deliver_batch(batch)
            travelling.difference_update(returns)
            return dict(answers)

    report = drain(station, Watched(answer, capabilities=SMALL), calls=calls).once()
    assert (report.acknowledged, report.left) == (len(keys), 0)
    assert set(map(tuple, arrived.values())) == {(1, 2, 3, 4)}


def test_what_one_lane_dies_of_ends_the_pass_and_is_raised(station: Station) -> None:
    class Death(BaseException):
        pass

    def die(at: str) -> None:
        if at == "after-send":
            raise Death

    many_returns(station, 100, 1)
    with pytest.raises(Death):
        drain(station, Told(lambda effect: YES, capabilities=SMALL), checkpoint=die).once()
    assert "acknowledged" not in station.states()
    assert drain(station, Told(lambda effect: YES, capabilities=SMALL)).once().left == 0


def test_a_pass_that_is_told_to_stop_ends_before_the_next_batch_and_leaves_nothing_on_its_way(
    station: Station,
) -> None:
    many_returns(station, 100, 1)
    told = Told(lambda effect: YES, capabilities=SMALL)
    report = drain(station, told, ended=lambda: len(told.batches) >= 3).once()
    assert len(told.batches) == 3
    assert (report.acknowledged, report.left) == (30, 70)
    assert sorted(station.states()) == ["acknowledged"] * 30 + ["local"] * 70
    rows = [row for row in map(station.row, _open(station)) if row.attempts or row.sent_at]
    assert rows == [], "what was claimed and not sent is as it was"


def _open(station: Station) -> list[str]:
    return [row.id for row in outbox.listing(station.engine)]


def test_a_pause_found_by_one_lane_gives_back_what_the_other_had_claimed(station: Station) -> None:
    many_returns(station, 100, 1)
    away = Told(lambda effect: RetryLater("Slow down.", after_s=9), capabilities=SMALL)
    report = drain(station, away).once()
    assert (len(away.batches), report.sent, report.left) == (1, 10, 100)
    assert station.states() == ["local"] * 100


class Watch:
    """A monotonic clock moved by hand that keeps every rest."""

    def __init__(self) -> None:
        self.now = 0.0
        self.rests: list[float] = []

    def __call__(self) -> float:
        return self.now


def commit(courtesy: Courtesy, watch: Watch, took: float) -> None:
    with courtesy.committing():
        watch.now += took
    courtesy.rest()


def test_a_drainer_that_writes_alone_never_rests(station: Station) -> None:
    watch = Watch()
    courtesy = Courtesy(watch.rests.append, watch)
    with courtesy.watching(station.engine):
        for _ in range(5):
            commit(courtesy, watch, 0.002)
    assert watch.rests == []


def test_after_somebody_elses_commit_every_commit_is_rested_from_until_they_are_quiet(
    station: Station,
) -> None:
    watch = Watch()
    courtesy = Courtesy(watch.rests.append, watch)
    worker = Station(open_engine(Path(str(station.engine.url.database))))
    with courtesy.watching(station.engine):
        commit(courtesy, watch, 0.002)
        worker.put(stock())
        commit(courtesy, watch, 0.002)
        commit(courtesy, watch, 0.1)
        watch.now += RECENT_S
        commit(courtesy, watch, 0.002)
    assert watch.rests == [pytest.approx(0.002 * SHARE), AT_MOST_S]
    worker.engine.dispose()


ONE = Capabilities(batch=1, look_up=True, feeds=frozenset())


def test_effects_that_wait_alone_keep_no_other_return_waiting(station: Station) -> None:
    """A locked record, an order somebody is changing: two in a row do not mean that the upstream is away."""
    names = many_returns(station, 4, 1)
    locked = set(names[:2])

    def reply(effect: Outgoing) -> Outcome:
        return RetryLater("The order is being changed there.", alone=True) if effect.key in locked else YES

    report = drain(station, Told(reply, capabilities=ONE)).once()
    assert (report.acknowledged, report.retried, report.paused_until) == (2, 2, None)
    assert [station.row(name).problem for name in names[:2]] == ["The order is being changed there."] * 2


class OneByOne:
    """A connector without batches: keeps what it was given and an id for each return."""

    capabilities = ONE

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        self.seen.append((effect.key, refs.get("sale")))
        refs.put("sale", effect.return_id)
        return YES


def test_a_connector_without_batches_gets_effect_by_effect_with_the_ids_of_its_return(
    station: Station,
) -> None:
    names = many_returns(station, 2, 2)
    one = OneByOne()
    assert drain(station, one).once().acknowledged == 4
    assert {key for key, _ in one.seen} == set(names)
    known = [kept for _, kept in one.seen]
    assert known.count(None) == 2
    assert {kept for kept in known if kept} == {station.row(name).return_id for name in names}

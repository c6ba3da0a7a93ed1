"""Laws of the running job: one a database, quick to notice, quiet beside the worker, gone with its parent."""

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import insert
from structlog.testing import capture_logs

from returns_station.connectors.api import Delivered, Outgoing, References, RetryLater
from returns_station.errors import StationError
from returns_station.store.engine import ProcessLock, open_engine
from returns_station.store.outbox import writing
from returns_station.store.outbox.rows import TABLE
from returns_station.sync.deliver import Drain
from returns_station.sync.job import run_sync, watch
from tests.connectors.upstream_kit import receipt, refund, stock
from tests.sync.conftest import Start
from tests.sync.outbox_kit import WORD, Clock, Station, Told

YES = Told(lambda effect: Delivered("DOC-1", duplicate=False))


def job(station: Station, connector: object, **more: object) -> object:
    return run_sync(
        station.engine,
        connector,  # type: ignore[arg-type]
        WORD,
        station="DOCK-1",
        clock=station.clock,
        rng=station.rng,
        **more,  # type: ignore[arg-type]
    )


def database(station: Station) -> Path:
    return Path(str(station.engine.url.database))


def test_a_second_drainer_on_the_same_database_refuses_with_the_first_ones_pid(station: Station) -> None:
    station.put(stock())
    first = ProcessLock(database(station), "drainer").acquire()
    with pytest.raises(StationError) as raised:
        job(station, YES)
    assert raised.value.code == "store.locked"
    assert str(raised.value) == (
        f"Another drainer process (pid {os.getpid()}) already works on this database. "
        "End that one first, or use its terminal. Reports may read beside it."
    )
    assert station.states() == ["local"]
    first.release()
    job(station, YES)
    assert station.states() == ["acknowledged"]


def test_a_run_gives_the_lock_back_even_when_it_dies(station: Station) -> None:
    def die(at: str) -> None:
        raise KeyboardInterrupt

    station.put(stock())
    with pytest.raises(KeyboardInterrupt):
        job(station, YES, checkpoint=die)
    job(station, YES)
    assert station.states() == ["acknowledged"]


def test_the_job_ends_when_its_parent_is_gone_and_when_it_is_told_to(station: Station) -> None:
    station.put(stock())
    job(station, YES, watch_until=threading.Event(), parent=os.getpid())
    assert station.states() == ["local"], "a process is not its own parent: there was nothing to do"
    told = threading.Event()
    told.set()
    job(station, YES, watch_until=told, parent=os.getppid())
    assert station.states() == ["local"]


def watching(station: Station, connector: object, stop: threading.Event) -> threading.Thread:
    engine = open_engine(database(station))
    drain = Drain(engine, connector, WORD, "DOCK-1", station.clock, station.rng)  # type: ignore[arg-type]

    def run() -> None:
        watch(drain, stop, every=60)
        engine.dispose()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def until(true: object, within_s: float = 20.0) -> None:
    end = time.monotonic() + within_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def test_a_watching_drainer_notices_a_commit_of_another_process_and_a_row_that_falls_due(
    station: Station,
) -> None:
    given: list[str] = []

    def answer(effect: Outgoing) -> Delivered | RetryLater:
        given.append(effect.key)
        return RetryLater("Not yet.") if len(given) == 1 else Delivered("DOC-1", duplicate=False)

    stop = threading.Event()
    thread = watching(station, Told(answer), stop)
    (name,) = station.put(stock())
    until(lambda: given == [name] and station.states() == ["local"])
    station.clock.forward(seconds=1)
    until(lambda: station.states() == ["acknowledged"])
    stop.set()
    thread.join(10)
    assert given == [name, name]


def test_the_length_of_a_pull_keeps_no_effect_waiting(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [0.0]
    monkeypatch.setattr(
        "returns_station.sync.job.time", SimpleNamespace(monotonic=lambda: time.monotonic() + late[0])
    )
    stop, drain = threading.Event(), Drain(station.engine, YES, WORD, "D", station.clock, station.rng)

    def between() -> None:
        if late[0]:
            return
        late[0] = 3600.0  # an hour by the clock that `watch` reads
        station.put(stock())

    thread = threading.Thread(
        target=watch, args=(drain, stop), kwargs={"every": 0.01, "between": between}, daemon=True
    )
    thread.start()
    try:
        until(lambda: station.states() == ["acknowledged"])
    finally:
        stop.set()
        thread.join(10)


def test_a_worker_who_commits_a_hundred_times_a_second_beside_the_drainer_meets_no_lock(
    station: Station, start: Start
) -> None:
    upstream, http = start()
    stop = threading.Event()
    thread = watching(station, http, stop)
    worker = Station(open_engine(database(station)), Clock())
    names = []
    for _ in range(150):
        names += worker.put(*(receipt() for _ in range(3)))
        time.sleep(0.01)
    until(lambda: set(worker.states()) == {"acknowledged"})
    stop.set()
    thread.join(10)
    assert sorted(str(event["id"]) for event in upstream.events()) == sorted(names)
    worker.engine.dispose()


def test_no_transaction_is_open_while_the_upstream_is_talked_to(station: Station) -> None:
    other = Station(open_engine(database(station)), station.clock)

    def answer(effect: Outgoing) -> Delivered:
        with writing(other.engine) as connection:
            connection.execute(insert(TABLE), [other._values(stock())])
        return Delivered("DOC-1", duplicate=False)

    def look_up(effect: Outgoing) -> Delivered:
        return answer(effect)

    names = station.put(stock(), stock())
    names += station.put(refund("O", 1), unknown=True, sent_at="2026-11-23T09:00:00+00:00")
    with other.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout=0")
    report = station.pass_once(Limited(Told(answer, look_up), 3))
    assert report.acknowledged == 3
    assert [station.row(name).reference for name in names] == ["DOC-1"] * 3
    other.engine.dispose()


class Limited:
    """A connector that is used for so many effects and then answers that it is away."""

    def __init__(self, inner: Told, effects: int) -> None:
        self._inner, self._left = inner, effects
        self.capabilities = inner.capabilities

    def deliver_batch(self, batch: list[Outgoing]) -> dict[str, object]:
        answers: dict[str, object] = {}
        for effect in batch:
            self._left -= 1
            answers[effect.key] = self._inner.answer(effect) if self._left >= 0 else RetryLater("Away.")
        return answers

    def look_up(self, effect: Outgoing, refs: References) -> object:
        self._left -= 1
        return self._inner.look_up(effect, refs)


def test_the_log_counts_and_names_no_content(station: Station) -> None:
    station.put(stock(sku="SECRET-SKU"), receipt(return_number="RMA-OF-A-PERSON"))
    with capture_logs() as lines:
        job(station, YES)
    assert lines == [
        {
            "event": "sync.drained",
            "log_level": "info",
            "target": "wms",
            "sent": 2,
            "acknowledged": 2,
            "retried": 0,
            "refused": 0,
            "unknown": 0,
            "looked_up": 0,
            "left": 0,
            "paused_until": None,
        }
    ]


def test_progress_tells_what_is_done_and_what_is_left(station: Station) -> None:
    seen: list[tuple[int, int]] = []
    station.put(*(stock() for _ in range(250)))
    station.pass_once(YES, progress=lambda done, left: seen.append((done, left)))
    assert seen == [(100, 150), (200, 50), (250, 0)]

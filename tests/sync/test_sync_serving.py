"""Health and metrics over a real socket, and the words a service manager hears, read by a real socket of its own."""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from returns_station import config as configuration
from returns_station.connectors.api import Delivered, Refused
from returns_station.errors import Problem
from returns_station.sync.listen import listen
from returns_station.sync.notify import ServiceManager
from returns_station.sync.serving import Server
from returns_station.sync.watched import Watched
from tests.connectors.upstream_kit import stock
from tests.sync.outbox_kit import Station
from tests.sync.test_target_states import Link, given, link_to

TOML = """\
[sync]
listen = "127.0.0.1:{port}"
[[target]]
name = "wms"
url = "https://wms.example"
[[target]]
name = "erp"
url = "https://erp.example"
"""
Samples = dict[tuple[str, ...], float]


@dataclass(slots=True)
class Job:
    """A served job with one link that works, and one target that cannot be used."""

    watched: Watched
    server: Server
    link: Link

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self.server.address + path, timeout=30)

    def metrics(self) -> Samples:
        """Every sample by its name, its target and its other label."""
        found = text_string_to_metric_families(self.get("/metrics").text)
        samples = [one for family in found for one in family.samples]
        return {
            (one.name, *(one.labels[key] for key in sorted(one.labels, reverse=True))): one.value
            for one in samples
        }


def config_at(folder: Path, port: int = 0) -> configuration.Config:
    path = folder / "config.toml"
    path.write_text(TOML.format(port=port))
    return configuration.load(path, {})


@pytest.fixture
def job(station: Station, tmp_path: Path) -> Iterator[Job]:
    link = link_to(station, given(Delivered("DOC-1", duplicate=False)), "orders")
    broken = {"erp": Problem("connector.broken", "It could not be loaded.")}
    watched = Watched(station.engine, config_at(tmp_path), (link,), broken, station.clock)
    with listen(watched, pytest.fail) as server:
        assert server is not None
        yield Job(watched, server, link)


def test_health_is_the_jobs_own_and_tells_every_target(job: Job, station: Station) -> None:
    station.put(stock())
    told = job.get("/health")
    assert told.status_code == 200
    body = told.json()
    assert (body["healthy"], body["database"]["writable"], body["drainer"]["alive"]) == (True, True, True)
    assert {name: one["state"] for name, one in body["targets"].items()} == {"wms": "new", "erp": "broken"}
    station.clock.forward(seconds=90)
    assert job.get("/health").json()["oldest_seconds"] == 90.0


def test_a_thread_that_gives_no_sign_makes_it_503_and_so_does_one_that_fails(job: Job) -> None:
    job.link.beaten_at = time.monotonic() - 10_000
    told = job.get("/health")
    assert (told.status_code, told.json()["drainer"]) == (
        503,
        {"alive": False, "stuck": ["wms"], "failed": {}},
    )
    job.link.beat()
    assert job.get("/health").status_code == 200
    job.link.failed = "Its thread failed with KeyError."
    assert job.get("/health").status_code == 503


def test_a_database_that_cannot_be_written_makes_it_503_and_one_that_is_busy_does_not(
    job: Job, station: Station, bound_by_permissions: None
) -> None:
    with station.engine.connect() as other:
        other.exec_driver_sql("BEGIN IMMEDIATE")
        assert job.watched.store_fault() is None
        other.exec_driver_sql("ROLLBACK")
    path = Path(str(station.engine.url.database))
    path.chmod(0o400)
    assert job.watched.store_fault() is not None
    path.rename(path.with_suffix(".gone"))
    told = job.get("/health")
    assert (told.status_code, told.json()["database"]["writable"]) == (503, False)


def test_metrics_count_what_passes_did_and_read_what_is_open(job: Job, station: Station) -> None:
    before = job.metrics()
    assert before["returns_station_last_answer_seconds", "wms"] == -1
    station.put(stock(), stock())
    job.link.once()
    connector = job.link.drain.connector
    connector.answer = given(Refused("no", "No."))  # type: ignore[attr-defined]
    station.put(stock())
    job.link.once()
    station.put(stock())
    station.clock.forward(seconds=40)
    found = job.metrics()
    assert found["returns_station_effects_total", "wms", "acknowledged"] == 2
    assert found["returns_station_effects_total", "wms", "refused"] == 1
    assert found["returns_station_parked_rows", "wms"] == 1
    assert found["returns_station_outbox_rows", "wms", "local"] == 1
    assert found["returns_station_lag_seconds", "wms"] == 40
    assert found["returns_station_last_answer_seconds", "wms"] == 40
    assert found["returns_station_pass_seconds_count", "wms"] == 2
    assert found["returns_station_drainer_alive", "wms"] == 1
    assert found["returns_station_drainer_alive", "erp"] == 0


def test_rows_of_a_target_that_was_renamed_are_told_and_not_forgotten(job: Job, station: Station) -> None:
    done, waiting = station.put(stock(), stock(), target="shop")
    station.set(done, state="acknowledged")
    station.clock.forward(seconds=40)
    told = job.get("/health").json()["targets"]["shop"]
    assert (told["state"], told["person"], told["rows"]["local"]) == ("broken", True, 1)
    found = job.metrics()
    assert found["returns_station_lag_seconds", "shop"] == 40
    assert found["returns_station_target_up", "shop"] == 0
    assert found["returns_station_drainer_alive", "shop"] == 0
    station.set(waiting, state="withdrawn")
    assert "shop" not in job.get("/health").json()["targets"]


def test_no_label_grows_with_the_work_and_none_is_anybodys(job: Job, station: Station) -> None:
    station.put(*[stock() for _ in range(20)])
    job.link.once()
    labels = {
        name
        for family in text_string_to_metric_families(job.get("/metrics").text)
        for one in family.samples
        for name in one.labels
    }
    assert labels <= {"target", "state", "outcome", "feed", "le"}


def test_nothing_else_is_served(job: Job) -> None:
    assert job.get("/").status_code == 404
    assert job.get("/webhooks/wms").status_code == 404  # no target of this job has a secret
    assert httpx2.post(job.server.address + "/health", timeout=30).status_code == 405


def test_a_port_in_use_is_told_and_stops_nothing(station: Station, tmp_path: Path) -> None:
    said: list[str] = []
    link = link_to(station, given(Delivered("DOC-1", duplicate=False)))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        watched = Watched(station.engine, config_at(tmp_path, port), (link,), {}, station.clock)
        with listen(watched, said.append) as server:
            station.put(stock())
            link.once()
    assert server is None
    assert said == [
        f"Health and metrics cannot be served on 127.0.0.1:{port}: Address already in use. Syncing goes on without."
    ]
    assert station.states() == ["acknowledged"]


def test_nothing_listens_unless_it_is_asked_for(station: Station, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[sync]\n")
    watched = Watched(station.engine, configuration.load(path, {}), (), {}, station.clock)
    with listen(watched, pytest.fail) as server:
        assert server is None


# --- the service manager ----------------------------------------------------------------------------------------------


@pytest.fixture
def heard(tmp_path: Path) -> Iterator[socket.socket]:
    with ExitStack() as closing:
        listener = closing.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(30)
        yield listener


def test_it_hears_that_the_job_is_ready_alive_as_often_as_it_wants_and_stopping(heard: socket.socket) -> None:
    now = [100.0]
    environ = {"NOTIFY_SOCKET": heard.getsockname(), "WATCHDOG_USEC": "30000000"}
    environ["WATCHDOG_PID"] = str(os.getpid())
    with ServiceManager(environ, lambda: now[0]) as manager:
        manager.ready("Working with\nwms.")
        for _ in range(300):
            now[0] += 0.1
            manager.alive()
    words = [heard.recv(4096).decode() for _ in range(5)]
    assert words == ["READY=1\nSTATUS=Working with wms.", *["WATCHDOG=1"] * 3, "STOPPING=1"]


@pytest.mark.parametrize("name", ["@returns-station-test-{pid}", "{folder}/none"])
def test_a_socket_by_an_abstract_name_is_found_and_one_that_is_not_there_is_nobody(
    tmp_path: Path, name: str
) -> None:
    address = name.format(pid=os.getpid(), folder=tmp_path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(30)
        if address.startswith("@"):
            listener.bind("\0" + address[1:])
        with ServiceManager({"NOTIFY_SOCKET": address}) as manager:
            manager.ready("Working.")
            manager.alive()
        if address.startswith("@"):
            assert listener.recv(4096) == b"READY=1\nSTATUS=Working."


def test_another_process_watchdog_is_not_told(heard: socket.socket) -> None:
    environ = {"NOTIFY_SOCKET": heard.getsockname(), "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}
    with ServiceManager(environ) as manager:
        manager.alive()
    assert heard.recv(4096) == b"STOPPING=1"

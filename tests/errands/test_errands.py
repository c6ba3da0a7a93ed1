"""What devices do after an answer: the picture is kept, the weight is known, the scanner is told; nothing waits for them."""

import hashlib
import sys
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from returns_station import config as configuration
from returns_station.bootstrap import Station
from returns_station.errands import Errands
from returns_station.hardware.scanners import Arrived, Scanners
from returns_station.testing.outputs import FakeScale
from returns_station.testing.scanner import PtyPair
from returns_station.workflow.ports import Input, InputKind
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import ANNA, SEALED, opened

Docks = Callable[[], Dock]
WITHIN_S = 20.0


class Worked:
    """A station with its errands, and the queue they put into."""

    def __init__(self, dock: Dock, station: Station, more: str) -> None:
        dock.config.write_text(dock.config.read_text("utf-8") + more, encoding="utf-8")
        self.config = configuration.load(dock.config)
        self.queue: SimpleQueue[Arrived] = SimpleQueue()
        self.station = station
        self.errands = Errands(self.config, self.queue.put)
        station.join(self.errands)

    def play(self, given: Input | str) -> Any:
        entry = Input(given.encode(), "gun") if isinstance(given, str) else given
        step = self.station.play(entry, lambda _number, _state, _step: "{}").step
        assert step is not None
        return step

    def came(self) -> Arrived:
        """What an errand brought."""
        return self.queue.get(timeout=WITHIN_S)


def _camera(*words: str) -> str:
    return "\n[camera]\ncommand = [" + ", ".join(f'"{word}"' for word in words) + "]\n"


def test_a_picture_is_kept_by_its_hash_beside_the_database_and_the_step_stays(docks: Docks) -> None:
    dock = docks()
    with opened(dock) as station:
        work = Worked(
            dock, station, _camera(sys.executable, "-m", "returns_station.testing.camera", "{path}")
        )
        for code in (ANNA, *SEALED[:2]):
            work.play(code)
        before = station.prompt().step
        work.play("RS-PHOTO")
        assert station.prompt().step == before
        came = work.came()
        assert came.given is not None
        assert came.given.kind is InputKind.EVIDENCE
        work.play(came.given)
        assert station.prompt().step == before
    (row,) = dock.rows("SELECT state, sha256, name, unit_id FROM evidence")
    assert row["state"] == "stored"
    assert row["unit_id"] is not None
    kept = dock.folder / "evidence" / row["name"]
    assert hashlib.sha256(kept.read_bytes()).hexdigest() == row["sha256"]


def test_a_camera_that_fails_is_told_and_the_work_goes_on(docks: Docks) -> None:
    dock = docks()
    with opened(dock) as station:
        work = Worked(dock, station, _camera("false", "{path}"))
        for code in (ANNA, SEALED[0]):
            work.play(code)
        work.play("RS-PHOTO")
        came = work.came()
        assert came.given is not None
        work.play(came.given)
        assert work.play(SEALED[1]).signal == "accepted"
    assert [row["state"] for row in dock.rows("SELECT state FROM evidence")] == ["failed"]


def test_the_scale_is_read_when_a_weight_is_wanted(docks: Docks, tmp_path: Path) -> None:
    dock = docks()
    with FakeScale(tmp_path / "scale", "generic", load="1.250") as scale, opened(dock) as station:
        work = Worked(dock, station, f'\n[scale]\nurl = "{scale.link}"\n')
        for code in (ANNA, "RS-RECEIVE", "RS-NO-LABEL", SEALED[0], "RS-WEIGHT"):
            work.play(code)
        came = work.came()
        assert came.given == Input(b"1250", "scale", InputKind.WEIGHT)
        work.play(came.given)
    assert [row["weight_grams"] for row in dock.rows("SELECT weight_grams FROM parcel")] == [1250]


def test_a_scale_that_is_not_there_is_a_notice_and_the_weight_can_be_typed(docks: Docks) -> None:
    dock = docks()
    with opened(dock) as station:
        work = Worked(dock, station, '\n[scale]\nurl = "/dev/no-such-scale"\nseconds = 1\n')
        for code in (ANNA, "RS-RECEIVE", "RS-NO-LABEL", SEALED[0], "RS-WEIGHT"):
            work.play(code)
        came = work.came()
        assert came.given is None
        assert came.code.startswith("scale.")
        work.play("1250")
    assert [row["weight_grams"] for row in dock.rows("SELECT weight_grams FROM parcel")] == [1250]


def _told(gun: PtyPair) -> bytes:
    """The next byte the scanner got."""
    end = time.monotonic() + WITHIN_S
    while not (got := gun.received()):
        assert time.monotonic() < end, "the scanner was told nothing"
        time.sleep(0.005)
    return got


def test_a_scanner_is_told_how_its_scan_was_taken(docks: Docks, tmp_path: Path) -> None:
    dock = docks()
    with PtyPair(tmp_path / "gun") as gun, opened(dock) as station:
        work = Worked(dock, station, "")
        scanner = configuration.Scanner("gun", str(gun.link), good_read=b"\x06", bad_read=b"\x15")
        arrived: SimpleQueue[Arrived] = SimpleQueue()
        devices = Scanners([scanner], arrived.put)
        devices.start()
        try:
            station.join(Errands(work.config, work.queue.put, devices))
            told = b""
            for code in (ANNA, SEALED[0], "RS-NONSENSE"):
                gun.send(code.encode() + b"\r")
                given = arrived.get(timeout=WITHIN_S).given
                assert given is not None
                work.play(given)
                told += _told(gun)
        finally:
            devices.stop()
    assert told == b"\x06\x06\x15"

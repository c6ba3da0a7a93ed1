"""Laws of scanner profiles: nothing is sent by default, a suffix frames as it says, and verdicts reach the scanner."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

import pytest

from devices.errors import DeviceError
from devices.profiles import PROFILES, Profile, Suffix
from devices.testing import PtyPair
from returns_station.config import Scanner, Wedge
from returns_station.domain.scan.habits import Habits
from returns_station.hardware.habits import habits_of, profile_of, repair_of
from returns_station.hardware.scanners import Arrived, Heard, Scanners
from tests.devices.scanner_inbox import until


class TestProfiles:
    def test_a_scanner_without_a_profile_is_sent_nothing_and_its_codes_stay_as_they_are(self) -> None:
        profile = profile_of(Scanner("gun", "/dev/ttyACM0"))
        assert (profile.name, profile.good_read, profile.bad_read) == ("generic", b"", b"")
        assert repair_of(Scanner("gun", "/dev/ttyACM0"))(b"]C110A~21B") is None

    def test_the_bytes_of_each_maker_are_those_of_its_manual(self) -> None:
        told = {name: (one.good_read, one.bad_read) for name, one in PROFILES.items()}
        assert told == {
            "generic": (b"", b""),
            "honeywell": (b"\x1b7,", b"\x1b8,"),
            "datalogic": (b"\x1b[3q", b"\x1b[4q"),
            "zebra": (b"\x07", b""),
        }

    def test_what_the_configuration_says_wins_also_when_it_is_empty(self) -> None:
        configured = Scanner(
            "gun", "x", profile="zebra", good_read=b"", bad_read=b"\x15", idle_ms=80, suffix="tab"
        )
        profile = profile_of(configured)
        assert (profile.good_read, profile.bad_read, profile.idle_s, profile.suffix) == (
            b"",
            b"\x15",
            0.08,
            "tab",
        )

    def test_the_habits_of_scanners_and_wedge_are_those_of_the_configuration(self) -> None:
        scanner = Scanner("gun", "x", separator=b"~", prefix=b"\x02", aim=False)
        assert habits_of(scanner) == Habits("us", b"\x02", b"~", False)
        assert habits_of(Wedge(layout="de", separator=b"]")) == Habits("de", b"", b"]", True)


@pytest.mark.parametrize(
    ("suffix", "frames"),
    [
        ("auto", [(b"A\tB", "cr"), (b"C", "lf")]),
        ("cr", [(b"A\tB", "cr")]),
        ("lf", [(b"A\tB\rC", "lf")]),
        ("crlf", []),
        ("tab", [(b"A", "tab")]),
        ("none", [(b"A\tB", "cr"), (b"C", "lf")]),
    ],
)
def test_a_suffix_ends_a_code_and_other_line_ends_are_content(
    suffix: Suffix, frames: list[tuple[bytes, str]]
) -> None:
    assert Profile("x", suffix=suffix).framer().feed(b"A\tB\rC\nD", 0.0) == frames


def test_a_scanner_without_suffix_never_waits_longer_than_its_silence() -> None:
    framer = Profile("x", suffix="none", idle_s=0.08).framer()
    framer.feed(b"PDF417 WITH\rLINES", 0.0)
    assert framer.due_in(0.0) == 0.08


class TestVerdicts:
    @pytest.fixture
    def gun(self, tmp_path: Path) -> Iterator[PtyPair]:
        with PtyPair(tmp_path / "gun") as pair:
            yield pair

    def started(self, *configured: Scanner) -> Scanners:
        scanners = Scanners(configured, lambda _arrived: None)
        scanners.start()
        return scanners

    def test_good_and_bad_go_to_the_scanner_that_scanned(self, gun: PtyPair, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "other") as other:
            scanners = self.started(
                Scanner("gun", str(gun.link), profile="honeywell"),
                Scanner("other", str(other.link), profile="zebra"),
            )
            for device, good in (
                ("gun", True),
                ("gun", False),
                ("other", True),
                ("other", False),
                ("wedge", True),
            ):
                scanners.answer(device, good)
            told = {"gun": b"", "other": b""}

            def all_told() -> bool:
                told["gun"] += gun.received()
                told["other"] += other.received()
                return told == {"gun": b"\x1b7,\x1b8,", "other": b"\x07"}

            assert until(all_told), told
            scanners.stop()

    def test_a_scanner_that_takes_nothing_holds_up_nobody(self, gun: PtyPair) -> None:
        gate = threading.Event()
        scanners = self.started(Scanner("gun", str(gun.link), good_read=b"g"))
        line = scanners._lines[0]
        line.scanner.send = lambda _payload: gate.wait(20) and None  # type: ignore[method-assign,func-returns-value]
        for _ in range(1000):
            scanners.answer("gun", True)
        assert line._verdicts.qsize() <= 8
        gate.set()
        scanners.stop()

    def test_a_scanner_that_is_gone_or_stopped_is_answered_without_a_fault(self, gun: PtyPair) -> None:
        scanners = self.started(Scanner("gun", str(gun.link), profile="datalogic"))
        gun.unplug()
        assert until(lambda: not scanners.states()[0].connected)
        scanners.answer("gun", True)
        with pytest.raises(DeviceError):
            scanners._lines[0].scanner.send(b"x")
        scanners.stop()
        scanners.answer("gun", True)
        scanners.stop()

    def test_states_are_told_by_name_in_the_order_of_the_configuration(
        self, gun: PtyPair, tmp_path: Path
    ) -> None:
        scanners = self.started(Scanner("gun", str(gun.link)), Scanner("ring", str(tmp_path / "none")))
        states = scanners.states()
        scanners.stop()
        assert [(one.name, one.connected) for one in states] == [("gun", True), ("ring", False)]
        assert states[1].sentence == f"Scanner ring: {tmp_path}/none has nothing plugged in."
        assert [one.connected for one in scanners.states()] == [False, False]


def test_several_scanners_each_keep_their_own_habits(tmp_path: Path) -> None:
    arrived: SimpleQueue[Arrived] = SimpleQueue()
    heard: list[Heard] = []
    with PtyPair(tmp_path / "a") as a, PtyPair(tmp_path / "b") as b:
        scanners = Scanners(
            [
                Scanner("a", str(a.link), separator=b"~", suffix="cr"),
                Scanner("b", str(b.link), separator=b"|", prefix=b"\x02", suffix="tab"),
            ],
            arrived.put,
            heard.append,
        )
        scanners.start()
        a.send(b"]C110A~21|\r")
        b.send(b"\x02]C110A~21|9\t")
        given = {
            one.given.device: one.given
            for one in (arrived.get(timeout=20), arrived.get(timeout=20))
            if one.given
        }
        scanners.stop()
    assert (given["a"].raw, given["a"].meant) == (b"]C110A~21|", b"]C110A\x1d21|")
    assert (given["b"].raw, given["b"].meant) == (b"\x02]C110A~21|9", b"]C110A~21\x1d9")
    assert {(one.given.device, one.ended_by, one.number) for one in heard} == {
        ("a", "cr", 1),
        ("b", "tab", 1),
    }


def test_no_thread_is_left_behind_by_answering(tmp_path: Path) -> None:
    before = {thread.name for thread in threading.enumerate()}
    descriptors = len(os.listdir("/proc/self/fd"))
    with PtyPair(tmp_path / "gun") as gun:
        scanners = Scanners([Scanner("gun", str(gun.link), profile="zebra")], lambda _arrived: None)
        for _ in range(5):
            scanners.start()
            scanners.answer("gun", True)
            scanners.stop()
    assert {thread.name for thread in threading.enumerate()} == before
    assert len(os.listdir("/proc/self/fd")) == descriptors

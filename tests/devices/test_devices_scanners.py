"""Laws of one scanner: opening, states, notices, stopping, and every kind of port."""

import itertools
import os
import threading
from pathlib import Path

import pytest
import serial
import serial.rfc2217

from devices.errors import DeviceError
from devices.frame import Framer
from devices.scanners import SerialScanner
from devices.testing import PtyPair
from tests.devices.scanner_inbox import Inbox, scanner_on, until


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "scanner"


def test_a_scan_arrives_with_its_device_number_and_bytes(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox, clock=lambda: 77.0)
        scanner.start()
        pair.send(b"]C1\x1d00\xe9\x00\r\nPLT-2\n")
        assert inbox.wait(2)
        scanner.stop()
    first, second = inbox.frames["dock"]
    assert (first.data, first.number, first.at, first.device) == (b"]C1\x1d00\xe9\x00", 1, 77.0, "dock")
    assert (second.data, second.number, second.ended_by) == (b"PLT-2", 2, "lf")


def test_a_scanner_without_suffix_is_framed_by_silence(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox)
        scanner.start()
        for count, scan in enumerate([b"4006381333931", b"LPN-7"], start=1):
            pair.send(scan)
            assert inbox.wait(count)
        scanner.stop()
    assert [(f.data, f.ended_by) for f in inbox.frames["dock"]] == [
        (b"4006381333931", "idle"),
        (b"LPN-7", "idle"),
    ]


def test_what_was_scanned_before_the_port_is_opened_is_delivered(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        pair.send(b"EARLY-BIRD\r")
        scanner = scanner_on(link, inbox)
        scanner.start()
        assert inbox.wait(1)
        scanner.stop()
    assert inbox.data() == [b"EARLY-BIRD"]


def test_pyserial_alone_loses_it_which_is_why_the_flush_is_left_out(link: Path) -> None:
    with PtyPair(link) as pair:
        pair.send(b"EARLY-BIRD\r")
        assert until(lambda: pair.unread() == 11)
        with serial.Serial(str(link), timeout=0.2) as port:
            assert port.read(11) == b""


def test_a_second_opener_is_refused_with_cause_and_fix(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        first, second = scanner_on(link, inbox), scanner_on(link, inbox, "thief")
        first.start()
        with pytest.raises(DeviceError) as refused:
            second.start()
        assert refused.value.code == "scanner_busy"
        assert refused.value.sentence == f"Scanner thief: {link} is in use by another program."
        assert refused.value.hint == (
            "Close the other station, terminal program or modem service, or give this scanner another port."
        )
        assert second.state.sentence == refused.value.sentence
        pair.send(b"STILL-MINE\r")
        assert inbox.wait(1)
        first.stop()
        second.start()
        second.stop()
    assert inbox.data() == [b"STILL-MINE"]


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("{file}", "scanner_not_serial", "Scanner dock: {file} is not a serial port."),
        ("{folder}", "scanner_not_serial", "Scanner dock: {folder} is not a serial port."),
        (
            "owl://",
            "scanner_settings",
            "Scanner dock: owl:// at 9600 baud cannot be opened: invalid URL, protocol 'owl' not known.",
        ),
        ("socket://dock-7", "scanner_settings", "Scanner dock: socket://dock-7 names no host and port."),
        (
            "rfc2217://dock-7:99999",
            "scanner_settings",
            "Scanner dock: rfc2217://dock-7:99999 names no host and port.",
        ),
    ],
)
def test_a_port_that_waiting_does_not_mend_is_refused_at_the_start(
    url: str, code: str, sentence: str, tmp_path: Path, inbox: Inbox
) -> None:
    places = {"file": tmp_path / "notes.txt", "folder": tmp_path}
    places["file"].write_text("no port")
    with pytest.raises(DeviceError) as refused:
        scanner_on(url.format(**places), inbox).start()
    assert (refused.value.code, refused.value.sentence) == (code, sentence.format(**places))
    assert refused.value.hint


def test_a_baud_rate_no_line_has_is_refused(link: Path, inbox: Inbox) -> None:
    with PtyPair(link), pytest.raises(DeviceError) as refused:
        scanner_on(link, inbox, baud=-3).start()
    assert refused.value.sentence == (
        f"Scanner dock: {link} at -3 baud cannot be opened: Not a valid baudrate: -3."
    )


def test_a_scanner_that_is_not_there_yet_is_waited_for(link: Path, inbox: Inbox) -> None:
    scanner = scanner_on(link, inbox)
    assert scanner.state.sentence == "Scanner dock is not started."
    scanner.start()
    assert scanner.state.sentence == f"Scanner dock: {link} has nothing plugged in."
    with PtyPair(link) as pair:
        assert inbox.wait_notice("reconnected").sentence == f"Scanner dock is connected ({link})."
        assert scanner.state.connected
        pair.send(b"PLT-1\r")
        assert inbox.wait(1)
        scanner.stop()
    assert scanner.state.sentence == "Scanner dock is switched off."
    assert not scanner.state.connected


def test_an_unplugged_half_scan_is_discarded_with_a_notice_and_glued_to_nothing(
    link: Path, inbox: Inbox
) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox)
        scanner.start()
        pair.send(b"PLT-1\rLPN-HA")
        assert until(lambda: scanner.pending == 6)
        pair.unplug()
        assert inbox.wait_notice("unplugged").sentence == f"Scanner dock is unplugged ({link})."
        half = inbox.wait_notice("half_scan_discarded")
        assert half.sentence == "Scanner dock: an unfinished scan of 6 bytes is discarded; scan again."
        assert half.data == b"LPN-HA"
        pair.plug()
        pair.send(b"LPN-WHOLE\r")
        assert inbox.wait(2)
        scanner.stop()
    assert inbox.data() == [b"PLT-1", b"LPN-WHOLE"]
    assert [f.number for f in inbox.frames["dock"]] == [1, 2]
    assert [n.kind for n in inbox.notices] == ["unplugged", "half_scan_discarded", "reconnected"]


def test_a_scanner_that_comes_back_occupied_says_so_once_and_returns_when_it_is_free(
    link: Path, inbox: Inbox
) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox, backoff=(0.01,))
        scanner.start()
        pair.unplug()
        inbox.wait_notice("unplugged")
        elsewhere = link.with_name("elsewhere")
        with PtyPair(elsewhere), serial.Serial(str(elsewhere), exclusive=True):
            link.symlink_to(elsewhere.readlink())
            taken = inbox.wait_notice("unavailable")
            assert taken.sentence == f"Scanner dock: {link} is in use by another program."
            assert scanner.state.sentence == taken.sentence
        link.unlink()
        pair.plug()
        inbox.wait_notice("reconnected")
        scanner.stop()
    assert [n.kind for n in inbox.notices] == ["unplugged", "unavailable", "reconnected"]


def test_stopping_delivers_what_waits_on_the_port_and_discards_the_half(link: Path, inbox: Inbox) -> None:
    gate, hearing = threading.Event(), threading.Event()
    calls = itertools.count(1)

    def clock_that_halts_the_scanner_on_its_first_chunk() -> float:
        if threading.current_thread().name == "scanner dock" and next(calls) == 2:
            hearing.set()
            gate.wait(20)
        return 0.0

    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox, clock=clock_that_halts_the_scanner_on_its_first_chunk)
        scanner.start()
        pair.send(b"PLT-0\r")
        assert hearing.wait(20)
        pair.send(b"PLT-1\rPLT-2\rLPN-HA")
        assert until(lambda: pair.unread() == 18)
        stopping = threading.Thread(target=scanner.stop)
        stopping.start()
        assert until(scanner._stopping.is_set)
        gate.set()
        stopping.join(20)
    assert inbox.wait(3)
    assert inbox.data() == [b"PLT-0", b"PLT-1", b"PLT-2"]
    assert [(n.kind, n.data) for n in inbox.notices] == [("half_scan_discarded", b"LPN-HA")]


def test_a_stopped_scanner_can_be_started_again(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox)
        for count in (1, 2):
            scanner.start()
            scanner.start()
            pair.send(b"PLT\r")
            assert inbox.wait(count)
            scanner.stop()
            scanner.stop()
    assert [f.number for f in inbox.frames["dock"]] == [1, 2]


def test_a_listener_that_fails_does_not_silence_the_scanner(link: Path, inbox: Inbox) -> None:
    def grumble(_: object) -> None:
        raise RuntimeError("not my day")

    with PtyPair(link) as pair:
        scanner = SerialScanner("dock", str(link), inbox.queue, grumble)
        scanner.start()
        pair.unplug()
        pair.plug()
        pair.send(b"PLT-1\r")
        assert inbox.wait(1)
        scanner.stop()


def test_a_framer_of_its_own_lets_line_feeds_be_content(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox, framer=Framer(terminators=("cr",)))
        scanner.start()
        pair.send(b"ANSI\nDAQ\nDCS\r")
        assert inbox.wait(1)
        scanner.stop()
    assert inbox.data() == [b"ANSI\nDAQ\nDCS"]


def test_a_babbling_scanner_is_framed_once_and_can_be_stopped(link: Path, inbox: Inbox) -> None:
    with PtyPair(link) as pair:
        scanner = scanner_on(link, inbox)
        scanner.start()
        pair.send(b"Z" * 20_000)
        pair.send(b"\rPLT-1\r")
        assert inbox.wait(2)
        scanner.stop()
    assert [(len(f.data), f.ended_by) for f in inbox.frames["dock"]] == [(4096, "overflow"), (5, "cr")]


def test_no_file_descriptor_is_left_behind_by_replugging_or_stopping(link: Path, inbox: Inbox) -> None:
    before = len(os.listdir("/proc/self/fd"))
    pair, scanner = PtyPair(link), scanner_on(link, inbox, backoff=(0.001,))
    pair.plug()
    scanner.start()
    for count in range(1, 31):
        pair.send(b"PLT-1\r")
        assert inbox.wait(count)
        pair.unplug()
        pair.plug()
    scanner.stop()
    pair.unplug()
    assert len(os.listdir("/proc/self/fd")) == before

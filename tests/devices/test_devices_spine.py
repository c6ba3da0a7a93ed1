"""Two scanners at once, at line pace and at full speed, pulled out again and again: every scan arrives once.

"Sent while connected" is strict here: a scan counts from the moment the plug is in, before anyone has opened
the port, and the plug is pulled only after the scans of that plug have come out of the queue, because what
the kernel has not handed over when a plug is pulled is lost on real hardware too.
"""

import threading
from pathlib import Path

import pytest

import devices.scanners
import devices.wires
from devices.scanners import SerialScanner
from devices.testing import PtyPair
from tests.devices.scanner_inbox import Inbox, until

CYCLES = 20
SUFFIXES = (b"\r", b"\n", b"\r\n")


def scans_of(device: str, count: int) -> list[bytes]:
    """Distinct scans of 13 to 14 bytes that name their device, with GS, NUL and Latin-1 inside."""
    inside = (b"-", b"\x1d", b"\x00", b"\xe9")
    return [b"%s%s%08d%s" % (device.encode(), inside[n % 4], n, b"E" * (n % 2)) for n in range(count)]


class Shift:
    """One device at work: plugged, scanning, half a scan, unplugged, `CYCLES` times."""

    def __init__(self, device: str, folder: Path, count: int, baud: int | None, inbox: Inbox) -> None:
        self.device = device
        self.scans = scans_of(device, count)
        self.halves: list[bytes] = []
        self.complete = True
        self._baud = baud
        self._inbox = inbox
        self._pair = PtyPair(folder / device)
        self.scanner = SerialScanner(device, str(self._pair.link), inbox.queue, inbox.note)

    def work(self, patience_s: float = 20.0) -> None:
        self.scanner.start()
        share = len(self.scans) // CYCLES
        for cycle in range(CYCLES):
            self._pair.plug()
            for scan in self.scans[cycle * share : (cycle + 1) * share]:
                self._pair.send(scan + SUFFIXES[cycle % 3], self._baud)
            self.complete = self._inbox.wait((cycle + 1) * share, self.device, patience_s)
            if not self.complete:
                break
            self._break_off(cycle)
        self._pair.unplug()
        self.scanner.stop()

    def _break_off(self, cycle: int) -> None:
        """Half a scan and out; every second time the plug is pulled only once the half has been read."""
        half = b"%s-HALF-%02d" % (self.device.encode(), cycle)
        self._pair.send(half)
        if cycle % 2:
            self.halves.append(half)
            assert until(lambda: self.scanner.pending == len(half))
        self._pair.unplug()


def run_together(shifts: list[Shift], patience_s: float = 20.0) -> None:
    threads = [threading.Thread(target=shift.work, args=(patience_s,)) for shift in shifts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize(("baud", "count"), [(9600, 500), (None, 1000)], ids=["9600-baud", "full-speed"])
def test_no_scan_is_lost_doubled_glued_or_crossed_over_twenty_replugs_of_two_scanners(
    baud: int | None, count: int, tmp_path: Path, inbox: Inbox
) -> None:
    shifts = [Shift(device, tmp_path, count, baud, inbox) for device in ("EAST", "WEST")]
    run_together(shifts)
    assert set(inbox.frames) == {"EAST", "WEST"}
    for shift in shifts:
        assert inbox.data(shift.device) == shift.scans
        assert [f.number for f in inbox.frames[shift.device]] == list(range(1, count + 1))
        assert {f.ended_by for f in inbox.frames[shift.device]} <= {"cr", "lf", "crlf"}
        mine = [n for n in inbox.notices if n.device == shift.device]
        discarded = [n.data for n in mine if n.kind == "half_scan_discarded"]
        assert set(shift.halves) <= set(discarded)
        assert len(discarded) <= CYCLES
        assert sum(n.kind == "unplugged" for n in mine) == CYCLES


def test_the_same_shift_sees_the_loss_when_opening_flushes_as_pyserial_does(
    tmp_path: Path, inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_open = devices.wires.open_wire

    def flushing_open(name: str, url: str, baud: int) -> devices.wires.Wire:
        wire = real_open(name, url, baud)
        while wire.read(0):
            pass
        return wire

    monkeypatch.setattr(devices.scanners, "open_wire", flushing_open)
    shift = Shift("EAST", tmp_path, 100, None, inbox)
    run_together([shift], patience_s=1.0)
    assert not shift.complete
    assert inbox.data("EAST") != shift.scans

"""A scale without hardware, on a pty: answers or talks in the languages of `devices.scale`, and fails as told."""

import contextlib
import os
import select
import threading
import tty
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.scale import GRAMS, PROFILES

_TALK_S = 0.02
_PLACES = {"g": 0, "kg": 3, "lb": 2, "oz": 1}


class FakeScale:
    """A scale at a stable path `link`; what lies on it and how it is may be set at any time.

    `load` is in `unit`. `moving`, `over` (capacity), `under` (zero), `broken`: what it says of itself. `silent`: it
    takes requests and says nothing. `parity`: it sends the eighth bit set, as a line of 7 bits does. `talks`: without
    being asked, fifty times a second (the profiles without a request always do). `asked` keeps every request.
    """

    def __init__(
        self, link: Path, profile: str = "generic", *, load: str = "1.250", unit: str = "kg"
    ) -> None:
        self.link = link
        self.profile = profile
        self.load = Decimal(load)
        self.unit = unit
        self.moving = self.over = self.under = self.broken = self.silent = self.parity = False
        self.talks = not PROFILES[profile].request
        self.asked: list[bytes] = []
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        self._near, self._far = os.openpty()
        tty.setraw(self._far)
        os.set_blocking(self._near, False)
        self.link.symlink_to(os.ttyname(self._far))
        self._thread = threading.Thread(target=self._run, name="fake scale", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        if self._thread is not None:
            self._thread.join(10)
        self.link.unlink(missing_ok=True)
        os.close(self._near)
        os.close(self._far)

    @property
    def grams(self) -> Decimal:
        """What lies on it, in grams, not rounded."""
        return self.load * GRAMS[self.unit]

    def say(self, words: bytes) -> None:
        """Send something of its own, such as noise on the line."""
        with contextlib.suppress(BlockingIOError):
            os.write(self._near, words)

    def _run(self) -> None:
        while not self._ending.is_set():
            request = b""
            if select.select([self._near], [], [], _TALK_S)[0]:
                with contextlib.suppress(BlockingIOError):
                    request = os.read(self._near, 100)
                self.asked.append(request)
            if (request or self.talks) and not self.silent:
                words = self._words()
                self.say(bytes(byte | 0x80 for byte in words) if self.parity else words)

    def _words(self) -> bytes:
        say = {"toledo": self._toledo, "toledo-continuous": self._continuous, "nci": self._nci}
        return say.get(self.profile, self._generic)()

    def _number(self, width: int) -> str:
        return f"{self.load:.{_PLACES[self.unit]}f}".rjust(width)

    def _generic(self) -> bytes:
        head = "OL" if self.over else "US" if self.moving else "ST"
        sign, number = ("-", self._number(7)) if self.under else ("+", self._number(7))
        return f"{head},GS,{sign}{number}{self.unit}\r\n".encode()

    def _toledo(self) -> bytes:
        status = 0x40 | self.moving | self.over << 1 | self.under << 2
        if status & 0b111:
            return b"\x02?" + bytes([status]) + b"\r"
        return f"\x02{self._number(0).zfill(6)}\r".encode()

    def _continuous(self) -> bytes:
        places = _PLACES[self.unit]
        state = 0x20 | self.under << 1 | self.over << 2 | self.moving << 3 | (self.unit == "kg") << 4
        more = 0x20 | {"g": 1, "oz": 3}.get(self.unit, 0)
        digits = str(int(self.load.scaleb(places))).rjust(6)
        return bytes([2, 0x28 | (2 + places), state, more]) + digits.encode() + b"     0\r"

    def _nci(self) -> bytes:
        first = 0x30 | self.moving | self.broken << 2
        second = 0x30 | self.under | self.over << 1
        status = b"\n" + bytes([first, second]) + b"\r\x03"
        silent = self.moving or self.over or self.under or self.broken
        return status if silent else f"\n{self._number(6).zfill(6)}{self.unit.upper()}\r".encode() + status

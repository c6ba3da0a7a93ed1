"""A keyboard-wedge scanner without hardware: it presses keys of a US keyboard, and a host of another layout reads them.

The keys are those of the USB HID Usage Tables (keyboard page); what they print is told here apart from the station's own
tables, so that the one can be tested by the other.
"""

import os
import time
from collections.abc import Callable, Iterator
from random import Random
from typing import Final, Literal
from unicodedata import normalize

Layout = Literal["us", "de", "fr"]
Key = tuple[int, bool]

FASTEST_S, SLOWEST_S = 0.002, 0.017
"""Pauses between the keys of keyboard scanners, as measured."""

_BRACKET: Final = 0x30
_US: Final[dict[int, str]] = {
    **{0x04 + at: letter + letter.upper() for at, letter in enumerate("abcdefghijklmnopqrstuvwxyz")},
    **{0x1E + at: pair for at, pair in enumerate(("1!", "2@", "3#", "4$", "5%", "6^", "7&", "8*", "9(", "0)"))},
    0x2C: "  ", 0x2D: "-_", 0x2E: "=+", 0x2F: "[{", 0x30: "]}", 0x31: "\\|", 0x33: ";:", 0x34: "'\"", 0x35: "`~",
    0x36: ",<", 0x37: ".>", 0x38: "/?",
}  # fmt: skip
# DIN 2137, T1.
_DE: Final[dict[int, str]] = {
    0x1C: "zZ", 0x1D: "yY", 0x1F: '2"', 0x20: "3§", 0x23: "6&", 0x24: "7/", 0x25: "8(", 0x26: "9)", 0x27: "0=", 0x2D: "ß?",
    0x2E: "´`", 0x2F: "üÜ", 0x30: "+*", 0x31: "#'", 0x33: "öÖ", 0x34: "äÄ", 0x35: "^°", 0x36: ",;", 0x37: ".:", 0x38: "-_",
}  # fmt: skip
# The AZERTY that X11 and Windows call French.
_FR: Final[dict[int, str]] = {
    0x04: "qQ", 0x14: "aA", 0x1A: "zZ", 0x1D: "wW", 0x10: ",?", 0x33: "mM", 0x1E: "&1", 0x1F: "é2", 0x20: '"3', 0x21: "'4",
    0x22: "(5", 0x23: "-6", 0x24: "è7", 0x25: "_8", 0x26: "ç9", 0x27: "à0", 0x2D: ")°", 0x2E: "=+", 0x2F: "^¨", 0x30: "$£",
    0x31: "*µ", 0x34: "ù%", 0x35: "²~", 0x36: ";.", 0x37: ":/", 0x38: "!§",
}  # fmt: skip
_HOSTS: Final[dict[Layout, dict[int, str]]] = {"us": _US, "de": {**_US, **_DE}, "fr": {**_US, **_FR}}
_DEAD: Final[dict[Layout, dict[Key, str]]] = {
    "us": {},
    "de": {(0x2E, False): "\u0301", (0x2E, True): "\u0300", (0x35, False): "\u0302"},
    "fr": {(0x2F, False): "\u0302", (0x2F, True): "\u0308"},
}
_KEYS: Final[dict[str, Key]] = {
    letter: (usage, shifted > 0) for usage, pair in _US.items() for shifted, letter in reversed([*enumerate(pair)])
}  # fmt: skip


class WedgeTypist:
    """Types codes into the controlling side of a pseudo-terminal, as its user's keyboard would.

    `aim` is a symbology identifier typed before each code, `suffix` what comes behind it ("\\r", "\\t" or nothing).
    `separator` is typed for a GS; None presses Ctrl and the bracket key, which a US host makes a GS of and any other
    host the sign on that key. `seed` fixes the pauses.
    """

    def __init__(
        self,
        terminal: int,
        layout: Layout = "us",
        *,
        aim: str = "",
        suffix: str = "",
        separator: str | None = None,
        seed: int = 0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._terminal = terminal
        self._layout: Layout = layout
        self._aim = aim
        self._suffix = suffix
        self._separator = separator
        self._random = Random(seed)
        self._sleep = sleep

    def arriving(self, code: str) -> str:
        """What the host reads of a code, suffix included."""
        return "".join(self._arriving(code))

    def scan(self, code: str) -> None:
        """Types one code, 2 to 17 ms a key."""
        for character in self._arriving(code):
            os.write(self._terminal, character.encode())
            self._sleep(self._random.uniform(FASTEST_S, SLOWEST_S))

    def _arriving(self, code: str) -> Iterator[str]:
        """Character by character; a key that waits for a letter comes with it, or before it where they do not join."""
        host, dead = _HOSTS[self._layout], _DEAD[self._layout]
        waiting = ""
        for character in self._aim + code:
            if character == "\x1d" and self._separator is None:
                yield "\x1d" if self._layout == "us" else host[_BRACKET][0]
                continue
            for typed in self._separator or "" if character == "\x1d" else character:
                key = _KEYS[typed]
                shown = host[key[0]][key[1]]
                if key in dead and not waiting:
                    waiting = dead[key] + shown
                    continue
                joined = normalize("NFC", shown + waiting[:1])
                yield joined if len(joined) == 1 else waiting[1:] + shown
                waiting = ""
        yield from waiting[1:] + self._suffix

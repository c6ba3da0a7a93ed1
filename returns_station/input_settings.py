"""What can be set of the scanners: those on serial lines, and the one that types."""

from dataclasses import dataclass
from typing import Final

from returns_station.shapes import setting

SCANNER_PROFILES: Final = ("generic", "honeywell", "datalogic", "zebra")
SERIAL_SUFFIXES: Final = ("auto", "cr", "lf", "crlf", "tab", "none")
KEYBOARD_LAYOUTS: Final = ("us", "uk", "de", "ch", "fr", "be", "es", "it", "pt", "se", "dk", "no")


@dataclass(frozen=True, slots=True)
class Scanner:
    """A serial scanner: any URL that pyserial opens (`/dev/ttyACM0`, `socket://…`, `rfc2217://…`).

    None stands for what its `profile` says (docs/devices.md): the bytes that tell it a good or a bad read, what it sends
    where a code has a GS and before each code, what ends a code, after how much silence one ends by itself, and whether
    AIM identifiers may come.
    """

    name: str = setting()
    url: str = setting()
    baud: int = setting(9600, low=300, high=4_000_000)
    profile: str = setting("generic", choices=SCANNER_PROFILES)
    good_read: bytes | None = setting(None)
    bad_read: bytes | None = setting(None)
    separator: bytes | None = setting(None)
    prefix: bytes | None = setting(None)
    suffix: str | None = setting(None, choices=SERIAL_SUFFIXES)
    idle_ms: int | None = setting(None, low=5, high=2_000)
    aim: bool | None = setting(None)


@dataclass(frozen=True, slots=True)
class Wedge:
    """The keyboard scanner at this terminal: what it sends behind and before a code and where the code has a GS, the
    layout of the host it types into, whether AIM identifiers may come, and the longest pause within a scan."""

    suffix: str = setting("enter", choices=("enter", "tab", "none"))
    layout: str = setting("us", choices=KEYBOARD_LAYOUTS)
    separator: bytes = setting(b"")
    prefix: bytes = setting(b"")
    aim: bool = setting(True)
    gap_ms: int = setting(50, low=5, high=1_000)

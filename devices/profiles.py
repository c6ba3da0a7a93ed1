r"""How the serial scanners of a maker talk: what they send around a code, and the bytes that make them say "good" or "bad".

Only what a maker's public manual tells stands here:

- Honeywell: `ESC 7 ,` sounds a good read, `ESC 8 ,` the error tone. Xenon XP User Guide, "Host ACK" (p. 79-80), and
  Xenon 1900/1902 User's Guide, "Host ACK Responses" (p. 3-38). The scanner must have Host ACK switched on; then it waits
  for the answer up to 10 s and sounds nothing before it.
- Datalogic: `ESC [ 3 q` sounds the good read tone, `ESC [ 4 q` the bad transmission tone. Gryphon I GD/GBT/GM4200 Product
  Reference Guide, "LED and Beeper Control" (p. 250), which also says that sequences it does not know are ignored. The
  PowerScan and Magellan guides ("Host Commands") know `B` for a good read; their `F`, not on file, also switches the
  scanner off until it gets an `E`, so it is not used here.
- Zebra (Symbol): BEL sounds one high beep. DS9808 and DS9208 Product Reference Guides, "Beeper Definitions" (p. 2-2). No
  public manual tells plain bytes for a bad read (the SSI protocol has commands, but a scanner set to SSI sends no plain
  codes), so a Zebra is told nothing then.

No manual names a character that these scanners send for a GS by themselves: each sends the GS unless it was programmed
otherwise, so no profile has a separator of its own.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from devices.frame import Framer, Terminator

Suffix = Literal["auto", "cr", "lf", "crlf", "tab", "none"]

_TERMINATORS: Final[Mapping[Suffix, tuple[Terminator, ...]]] = {
    "auto": ("crlf", "cr", "lf"),
    "cr": ("cr",),
    "lf": ("lf",),
    "crlf": ("crlf",),
    "tab": ("tab",),
    "none": ("crlf", "cr", "lf"),
}


@dataclass(frozen=True, slots=True)
class Profile:
    """How a scanner talks; every field can be set otherwise for one scanner.

    `good_read` and `bad_read` are sent to it, empty for nothing. `prefix` stands before each code, `separator` where the
    code has a GS (empty: a GS). `suffix` "auto" takes CR, LF or both; "none" ends a code by `idle_s` seconds of silence
    alone. `aim`: symbology identifiers may come.
    """

    name: str
    good_read: bytes = b""
    bad_read: bytes = b""
    separator: bytes = b""
    prefix: bytes = b""
    suffix: Suffix = "auto"
    idle_s: float = 0.05
    aim: bool = True

    def framer(self) -> Framer:
        """A framer that ends this scanner's codes as its suffix says."""
        patience = self.idle_s if self.suffix == "none" else max(self.idle_s, 0.5)
        return Framer(idle_s=self.idle_s, suffix_idle_s=patience, terminators=_TERMINATORS[self.suffix])


PROFILES: Final[Mapping[str, Profile]] = {
    one.name: one
    for one in (
        Profile("generic"),
        Profile("honeywell", good_read=b"\x1b7,", bad_read=b"\x1b8,"),
        Profile("datalogic", good_read=b"\x1b[3q", bad_read=b"\x1b[4q"),
        Profile("zebra", good_read=b"\x07"),
    )
}
"""By name; `generic` sends nothing to the scanner and is what a scanner has when nobody names another."""

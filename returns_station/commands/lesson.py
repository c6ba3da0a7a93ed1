"""A lesson: a person scans the codes of the setup page, and what their scanner does comes out."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from returns_station.commands.settings_file import Change, Value
from returns_station.commands.talk import Talk
from returns_station.config import Scanner
from returns_station.domain.scan import Kind, read
from returns_station.domain.scan.habits import meant
from returns_station.domain.scan.layouts import NAMES
from returns_station.domain.scan.teaching import (
    CODES,
    PROOF,
    Learned,
    Source,
    TestCode,
    is_typing,
    joined,
    learn,
    told,
)
from returns_station.errors import Problem, StationError
from returns_station.hardware.ears import KEYBOARD, Ears, Overheard

_TRIES: Final = 6
_IDLE_MS: Final = 50


@dataclass(frozen=True, slots=True)
class Taught:
    """What was learned of one scanner: `url` is None for the keyboard's."""

    url: str | None
    baud: int
    learned: Learned

    @property
    def source(self) -> Source:
        """Keyboard or serial."""
        return "keyboard" if self.url is None else "serial"


def listening(urls: Sequence[str], baud: int) -> dict[str, int]:
    """The ports to listen to, with their baud rates: those that were named, and every USB device there is."""
    from returns_station.hardware.ports import ports

    return {**{port.url: baud for port in ports() if port.usb}, **dict.fromkeys(urls, baud)}


def hold(talk: Talk, codes: Path, urls: Mapping[str, int], known: tuple[Scanner, ...]) -> Change | None:
    """Writes the page of codes, holds the lesson, tells what was learned; the settings of it, None when it was left."""
    from returns_station.hardware.codepage import code_page

    try:
        codes.write_bytes(code_page(CODES))
    except OSError as fault:
        hint = "Name another place with --codes."
        raise StationError("teach.page", f"{codes} cannot be written: {fault.strerror}.", hint) from fault
    talk.say("", f"The codes are in {codes}: print the page, or show it on another screen.")
    taught = teach(talk, urls)
    if taught is None:
        talk.say("No scanner was taught.")
        return None
    where = "types like a keyboard" if taught.url is None else f"is on {taught.url}"
    talk.say("", f"This scanner {where}.", *told(taught.learned, taught.source))
    return settings(taught, "" if taught.url is None else name_for(taught.url, known))


def teach(talk: Talk, urls: Mapping[str, int]) -> Taught | None:
    """Listens to the keyboard, if there is one, and to these ports (URL to baud); None when the person left it."""
    terminal = sys.stdin.fileno() if sys.stdin.isatty() else None
    if terminal is None and not urls:
        talk.say(
            "There is no terminal and no serial port here, so no scanner can be taught. "
            "Run this in a terminal, or name a port with --scanner."
        )
        return None
    with Ears(terminal, urls) as ears:
        for problem in ears.deaf:
            talk.say(str(problem))
        return _lesson(talk, ears, urls)


def _lesson(talk: Talk, ears: Ears, urls: Mapping[str, int]) -> Taught | None:
    source, learned = "", None
    for number, code in enumerate(CODES, 1):
        for _ in range(_TRIES):
            talk.say(f"Scan code {number} of {len(CODES)}: {code.title}. (q leaves)")
            heard = ears.listen()
            if heard is None or _leaves(heard):
                return None
            found = _understood(code, heard, source, learned)
            if isinstance(found, Learned):
                source, learned = heard.source, found
                talk.say("OK.")
                break
            talk.say(str(found))
        else:
            raise StationError(
                "teach.failed",
                f"The code {code.title!r} did not arrive in {_TRIES} attempts.",
                "Reset the scanner to the maker's settings (its manual has the code) and run this again.",
            )
    assert learned is not None
    return Taught(None, 0, learned) if source == KEYBOARD else Taught(source, urls[source], learned)


def _leaves(heard: Overheard) -> bool:
    return heard.source == KEYBOARD and joined(heard.strokes).strip().lower() == b"q"


def _understood(code: TestCode, heard: Overheard, source: str, known: Learned | None) -> Learned | Problem:
    if source and heard.source != source and not is_typing(heard.strokes):
        return Problem(
            "teach.other_scanner", "That came from another scanner.", "Scan all codes with the same one."
        )
    kind: Source = "keyboard" if heard.source == KEYBOARD else "serial"
    found = learn(code, heard.strokes, kind, known)
    if isinstance(found, Learned) and code is PROOF and not _proves(found, heard):
        return Problem("teach.unproven", "What was learned does not bring the code back.", "Scan it again.")
    return found


def _proves(learned: Learned, heard: Overheard) -> bool:
    """Whether the station itself, set as learned, takes the scan for the command it is."""
    ends = {"cr": b"\r", "lf": b"\n", "crlf": b"\r\n", "tab": b"\t", "none": b""}
    raw = joined(heard.strokes).removesuffix(ends[learned.suffix])
    changed = meant(raw, learned.habits)
    commands = read(raw if changed is None else changed).of(Kind.COMMAND)
    return [command.value for command in commands] == ["help"]


def settings(taught: Taught, name: str) -> Change:
    """The settings that were learned, for the configuration; `name` is the serial scanner's."""
    learned = taught.learned
    common: dict[str, Value] = {"prefix": learned.prefix, "separator": learned.separator or b""}
    notes = {"separator": "what arrives for the GS1 separator; empty: the separator itself"}
    if learned.aim:
        common["aim"] = True
        notes["aim"] = "identifiers such as ]C1 were seen"
    if taught.url is None:
        return _wedge(learned, common, notes)
    line: dict[str, Value] = {"name": name, "url": taught.url, "baud": taught.baud, "suffix": learned.suffix}
    idle = max(_IDLE_MS, learned.gap_ms) if learned.suffix == "none" else _IDLE_MS
    notes |= {
        "suffix": "what ends a code: auto, cr, lf, crlf, tab or none",
        "idle_ms": "the silence that ends a code without suffix",
    }
    values = {**line, **common, "idle_ms": idle}
    return Change("scanner", values, name, "A serial scanner, as setup learned it.", notes)


def _wedge(learned: Learned, common: dict[str, Value], notes: dict[str, str]) -> Change:
    suffix = learned.suffix if learned.suffix in ("tab", "none") else "enter"
    values = {"suffix": suffix, "layout": learned.layout, **common, "gap_ms": learned.gap_ms}
    notes |= {
        "suffix": "what ends a code: enter, tab or none",
        "layout": f"{NAMES[learned.layout]}; the scanner types as on a US keyboard",
        "gap_ms": "the longest pause within a scan",
    }
    return Change("wedge", values, comment="The keyboard scanner, as setup learned it.", notes=notes)


def name_for(url: str, scanners: tuple[Scanner, ...]) -> str:
    """The name of the configured scanner on this port, or a new one."""
    known = {one.url: one.name for one in scanners}
    numbers = (f"serial-{number}" for number in range(1, len(scanners) + 2))
    return known.get(url) or next(name for name in numbers if name not in known.values())

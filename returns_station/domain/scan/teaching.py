"""Learns from a known code, and from what arrived when it was scanned, what a scanner and its host do to codes; pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Final, Literal

from returns_station.domain.scan import layouts
from returns_station.domain.scan.habits import Habits
from returns_station.domain.scan.model import shown
from returns_station.errors import Problem

GS: Final = "\x1d"
Suffix = Literal["cr", "lf", "crlf", "tab", "none"]
Source = Literal["keyboard", "serial"]

# Between the 2 to 17 ms of a keyboard scanner and the 90 ms of a person (measured).
TYPED_S: Final = 0.05
GAP_MS: Final = (50, 80)

_ENDS: Final[dict[str, Suffix]] = {"\r\n": "crlf", "\r": "cr", "\n": "lf", "\t": "tab"}
_AROUND: Final = 16
_MANUAL: Final = "Its manual has the code that does this."


@dataclass(frozen=True, slots=True)
class Stroke:
    """Bytes that were read at one moment; `at` is in seconds."""

    data: bytes
    at: float


@dataclass(frozen=True, slots=True)
class TestCode:
    """A code of the page that is scanned for learning; `text` is what its symbol holds, GS for FNC1."""

    __test__ = False

    name: str
    text: str
    title: str


KEYS: Final = TestCode("keys", "aZ-yQ/Wm;:_?@#1683", "Keys")
"""Its keys print differently on every layout of `layouts.LAYOUTS`, and none of them waits for a letter there."""

FIELDS: Final = TestCode("fields", f"010950600013435210AB12{GS}21ZY7", "GS1 fields")
"""A GTIN, a lot and a serial number; the lot ends with the separator."""

PROOF: Final = TestCode("proof", "RS-HELP", "Proof")
CODES: Final = (KEYS, FIELDS, PROOF)


@dataclass(frozen=True, slots=True)
class Learned:
    """What one scanner does.

    `separator` is what arrives for a GS: the GS itself as b"", something else, or None while no code had one or when
    nothing arrives at all. `slowest_s` is the pause that nine of ten pauses within a scan do not pass. `warnings` are
    what the station cannot put right.
    """

    suffix: Suffix
    layout: str = "us"
    prefix: bytes = b""
    aim: bool = False
    separator: bytes | None = None
    slowest_s: float = 0.0
    warnings: tuple[Problem, ...] = ()

    @property
    def habits(self) -> Habits:
        """The same as the repair of scans wants it; identifiers may come even if none was seen."""
        return Habits(self.layout, self.prefix, self.separator or b"")

    @property
    def gap_ms(self) -> int:
        """How long a pause within a scan may be: three times the slowest seen, from 50 ms to under a person's 90."""
        return round(min(max(3000 * self.slowest_s, GAP_MS[0]), GAP_MS[1]))


def joined(seen: Sequence[Stroke]) -> bytes:
    """All bytes in order."""
    return b"".join(stroke.data for stroke in seen)


def is_typing(seen: Sequence[Stroke]) -> bool:
    """Whether a person pressed these keys one by one."""
    gaps = _gaps(seen)
    return len(joined(seen)) <= 2 or (bool(gaps) and median(gaps) > TYPED_S)


def learn(
    expected: TestCode, seen: Sequence[Stroke], source: Source, known: Learned | None = None
) -> Learned | Problem:
    """What made `seen` of `expected`, joined with what was `known` before; a Problem when no setting explains it.

    A serial scanner knows no layouts. The caller says by `known` what earlier codes of the same scanner taught.
    """
    if source == "keyboard" and is_typing(seen):
        return Problem("teach.typed", "That was typed by hand.", f"Scan the code {expected.title!r}.")
    text, suffix = _ended(_decoded(joined(seen)))
    fitting = [one for layout in _possible(source, known) if (one := _fitted(expected, text, layout))]
    if not fitting:
        return _unexplained(expected, text, _possible(source, known))
    found = replace(fitting[0], suffix=suffix, slowest_s=_slowest(seen))
    return found if known is None else _both(known, found)


def told(learned: Learned, source: Source) -> tuple[str, ...]:
    """What was learned, in sentences."""
    ends = (
        {"cr": "Enter", "lf": "Enter", "crlf": "Enter"}
        if source == "keyboard"
        else {"cr": "CR", "lf": "LF", "crlf": "CR LF"}
    )
    end = {**ends, "tab": "Tab", "none": ""}[learned.suffix]
    lines = [f"It ends each code with {end}." if end else "It sends nothing behind a code: a pause ends it."]
    if source == "keyboard":
        lines.append(
            "Scanner and keyboard agree on the layout."
            if learned.layout == "us"
            else f"It types as on a US keyboard, and this one is {layouts.NAMES[learned.layout]}: the station puts that right."
        )
    if learned.prefix:
        lines.append(f"It sends {shown(_decoded(learned.prefix))} before each code.")
    lines.append("It sends AIM identifiers." if learned.aim else "It sends no AIM identifiers.")
    if learned.separator is not None:
        lines.append(
            f"It sends {shown(_decoded(learned.separator))} for the GS1 separator."
            if learned.separator
            else "The GS1 separator arrives as it is."
        )
    return (*lines, *(str(warning) for warning in learned.warnings))


def _possible(source: Source, known: Learned | None) -> Sequence[str]:
    if source == "serial":
        return ("us",)
    return tuple(layouts.LAYOUTS) if known is None else (known.layout,)


def _fitted(expected: TestCode, text: str, layout: str) -> Learned | None:
    """The one reading of `text` on a host of this layout that has `expected` in it."""
    sent = layouts.repaired(text, layout)
    fields = [re.escape(part) for part in expected.text.split(GS)]
    body = r"(?P<gs>.{0,8}?)".join(fields)
    pattern = rf"(?P<prefix>.{{0,{_AROUND}}}?)(?P<aim>\][A-Za-z][0-9A-Za-z])?{body}"
    match = re.fullmatch(pattern, sent, re.DOTALL | re.IGNORECASE)
    if match is None:
        return None
    separator = None if len(fields) == 1 else match["gs"]
    exact = re.fullmatch(pattern, sent, re.DOTALL) is not None
    given = None if not separator else b"" if separator == GS else separator.encode()
    warnings = tuple(_warnings(lost=separator == "", exchanged=not exact))
    return Learned("none", layout, match["prefix"].encode(), match["aim"] is not None, given, 0.0, warnings)


def _warnings(*, lost: bool, exchanged: bool) -> Iterator[Problem]:
    if lost:
        sentence = (
            "Nothing arrives for the GS1 separator: a lot and a serial number behind it cannot be told apart."
        )
        hint = f"Set the scanner to send another character for it, such as |. {_MANUAL}"
        yield Problem("teach.separator", sentence, hint)
    if exchanged:
        sentence = "Capital and small letters are exchanged."
        yield Problem("teach.case", sentence, "Switch off Caps Lock, and run setup again.")


def _both(known: Learned, found: Learned) -> Learned | Problem:
    if (known.suffix, known.prefix) != (found.suffix, found.prefix):
        sentence = "This code came with another beginning or end than the code before."
        return Problem("teach.differs", sentence, "Scan it again; scan both with the same scanner.")
    return Learned(
        known.suffix,
        known.layout,
        known.prefix,
        known.aim or found.aim,
        found.separator if found.separator is not None else known.separator,
        max(known.slowest_s, found.slowest_s),
        tuple(dict.fromkeys((*known.warnings, *found.warnings))),
    )


def _unexplained(expected: TestCode, text: str, possible: Sequence[str]) -> Problem:
    others = (
        one for one in CODES if one is not expected and any(_fitted(one, text, layout) for layout in possible)
    )
    other = next(others, None)
    if other is not None:
        return Problem(
            "teach.other", f"That was the code {other.title!r}.", f"Scan the code {expected.title!r}."
        )
    sentence = f"{shown(text) or 'nothing'} arrived, which no setting makes of the code {expected.title!r}."
    return Problem("teach.unexplained", sentence, f"Scan the code {expected.title!r} of the page again.")


def _ended(text: str) -> tuple[str, Suffix]:
    for end, name in _ENDS.items():
        if text.endswith(end):
            return text.removesuffix(end), name
    return text, "none"


def _gaps(seen: Sequence[Stroke]) -> list[float]:
    return [after.at - before.at for before, after in pairwise(seen)]


def _slowest(seen: Sequence[Stroke]) -> float:
    # One stall of the machine must not make every later scan wait.
    gaps = sorted(_gaps(seen))
    return gaps[(len(gaps) - 1) * 9 // 10] if gaps else 0.0


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")

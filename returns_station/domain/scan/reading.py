"""From the bytes of one scan to everything they may mean."""

import re

from returns_station.domain.scan import aim, carriers, dates, digital_link, glued, gs1, gtin, layouts, plates
from returns_station.domain.scan.model import AGAIN, Candidate, Kind, Reading, shown
from returns_station.errors import Problem

LONGEST = 4096
"""Bytes; the largest 2D symbol we expect, a QR code of version 40, holds 2,953 of them."""

BLANKS = " \t\r\n"
"""What may be trimmed; Python's own strip would take 0x1D, which separates GS1 fields."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]")
GS = gs1.GS


def read(raw: bytes, *, year: int = dates.THIS_YEAR) -> Reading:
    """Everything one scan may mean, most specific first; never raises. `year` only picks the century of
    two-digit years."""
    whole = _decoded(raw[: LONGEST + 1]).strip(BLANKS)
    identifier, text = aim.split(whole)
    text = text.strip(BLANKS)
    problem = _unfit(raw, text)
    if problem is not None:
        return Reading(raw, text, identifier, (), (problem,))
    own = plates.understand(text) or layouts.understand(whole)
    if own is not None and own.valid:
        return Reading(raw, text, identifier, (own,), ())
    named, doubled = _named(text, identifier, year)
    found = ([own] if own else []) + named
    doubled = doubled or glued.twice(text)
    if doubled is None and not any(candidate.valid for candidate in found):
        doubled = glued.find(text, identifier)
    found.sort(key=lambda candidate: not candidate.valid)
    is_gs1 = any(candidate.kind is not Kind.TRACKING for candidate in named)
    candidates = (*found, _reference(text, is_gs1=is_gs1))
    return Reading(raw, text, identifier, candidates, (doubled,) if doubled else ())


def prepare() -> None:
    """Loads the GS1 tables, so that the first GS1 scan need not; to be called after the first paint."""
    gs1.table()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _unfit(raw: bytes, text: str) -> Problem | None:
    if len(raw) > LONGEST:
        sentence = f"{shown(text)}: expected at most {LONGEST} bytes, found {len(raw)}."
        return Problem(
            "scan.too_long", sentence, "Scan one code at a time; check that the scanner ends each with Enter."
        )
    if not text:
        return Problem("scan.empty", "The scan holds no characters.", AGAIN)
    return None


def _named(text: str, identifier: str | None, year: int) -> tuple[list[Candidate], Problem | None]:
    """What the text names by itself, and the Problem of a GS1 message that says one thing twice."""
    if aim.symbology(identifier) == "ean_upc":
        return gtin.understand(text, identifier), None
    elements, more = _elements(text, identifier, year)
    again = gs1.repeated(elements)
    doubled = _doubled(text, again) if again else None
    message = gs1.candidates(elements, more)
    digits = [] if identifier in aim.GS1 else gtin.understand(text, identifier)
    return [*message, *digits, *carriers.understand(text)], doubled


def _elements(text: str, identifier: str | None, year: int) -> tuple[list[gs1.Element], gs1.Attributes]:
    linked = digital_link.parse(text, year)
    if linked:
        return linked, (("url", text),)
    bracketed = gs1.parse_bracketed(text, year)
    if bracketed:
        return bracketed, ()
    if identifier in aim.GS1 or GS in text:
        return gs1.parse(text, year), ()
    plain = gs1.parse(text, year) if text[:2] in gs1.KEYS else []
    # Without a promise of GS1, "0212" is somebody's order number unless every field fits.
    return (plain, ()) if all(element.readable for element in plain) else ([], ())


def _doubled(text: str, ai: str) -> Problem:
    sentence = f"{shown(text)}: expected ({ai}) once, found it twice."
    return Problem("scan.glued", sentence, glued.HINT)


def _reference(text: str, *, is_gs1: bool) -> Candidate:
    match = _CONTROL.search(text.replace(GS, "") if is_gs1 else text)
    if match is None:
        return Candidate(Kind.REFERENCE, text)
    sentence = f"{shown(text)}: expected printable characters, found {match[0]!a}."
    return Candidate(Kind.REFERENCE, text, (), (Problem("scan.control", sentence, AGAIN),))

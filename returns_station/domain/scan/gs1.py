"""GS1 element strings: application identifiers, their values, and what is wrong with each of them, one by
one."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from returns_station.domain.scan import checks, dates, gtin
from returns_station.domain.scan.model import AGAIN, Candidate, Kind, shown
from returns_station.errors import Problem

if TYPE_CHECKING:
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

GS = "\x1d"
Attributes = tuple[tuple[str, str], ...]

NAMES = {
    "10": "lot", "20": "variant", "21": "serial", "22": "consumer_variant", "30": "count", "37": "count",
    "235": "third_party_serial", "240": "additional_id", "241": "customer_part", "250": "secondary_serial",
    "254": "location_extension", "400": "order", "401": "consignment", "402": "shipment", "420": "zip",
    "422": "origin", "8200": "url",
}  # fmt: skip
"""Application identifier to the attribute it becomes; those of the tables below aside, any other is
"ai_<number>"."""

DATES = {
    "11": "production", "12": "due", "13": "packed", "15": "best_before", "16": "sell_by", "17": "expiry",
}  # fmt: skip
LOCATIONS = {
    "410": "ship_to", "411": "bill_to", "412": "purchased_from", "413": "ship_for", "414": "location",
    "415": "invoicing_party", "416": "produced_at_location", "417": "party",
}  # fmt: skip
MEASURES = {
    "310": "net_weight_kg", "311": "length_m", "312": "width_m", "313": "height_m", "314": "area_m2",
    "315": "net_volume_l", "316": "net_volume_m3", "320": "net_weight_lb", "330": "gross_weight_kg",
    "340": "gross_weight_lb",
}  # fmt: skip
TRADE_ITEMS: dict[str, Attributes] = {
    "01": (),
    "02": (("contained", "true"),),
    "03": (("made_to_order", "true"),),
}
KEYS = frozenset({"00", *TRADE_ITEMS})

LOOKED_UP = ("21", "400", "240", "241", "250", "401", "402", "8003", "8004", "414", "417", "10")
"""Identifiers whose value names something by itself when neither item nor logistic unit is with them."""

PREDEFINED = {"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16}
PREDEFINED |= {str(start): 8 for start in range(11, 20)} | {str(start): 10 for start in range(31, 37)}
"""First two digits to the length of identifier and value together, for those that need no separator after
them. Source: GS1 General Specifications, the predefined lengths of element strings."""

MOST = 32
"""Elements of one message; far beyond what a symbol on goods carries, so that hostile text costs little."""

_BRACKETED = re.compile(r"\(([0-9]{2,4})\)([^(]+)")
_WHOLLY_BRACKETED = re.compile(rf"(?:\([0-9]{{2,4}}\)[^(]+){{1,{MOST}}}")
# Dates are judged by the calendar, not by the table's pattern, so that the sentence speaks of a date.
_CLOCK = dict.fromkeys(DATES, re.compile("[0-9]{6}")) | {"8008": re.compile("[0-9]{8}(?:[0-9]{2}){0,2}")}
_NEVER = re.compile(r"(?!)")
_SIMPLE = re.compile(r"N[0-9]\+([NX])(\.\.)?([0-9]+)")


@dataclass(frozen=True, slots=True)
class Element:
    """One application identifier with its value as scanned, the attributes it gives, and what is wrong with
    it."""

    ai: str
    value: str
    attributes: Attributes = ()
    problem: Problem | None = None
    readable: bool = True


def parse(text: str, year: int = dates.THIS_YEAR) -> list[Element]:
    """The elements of a scanned message; a field that cannot be read ends at the next separator, the others
    remain."""
    elements: list[Element] = []
    for segment in text.split(GS, MOST):
        while segment:
            ai = identifier(segment) if len(elements) < MOST else None
            if ai is None:
                elements.append(_unknown(segment))
                break
            end = PREDEFINED.get(ai[:2], len(segment))
            elements.append(judge(ai, segment[len(ai) : end], year))
            segment = segment[end:]
    return elements


def parse_bracketed(text: str, year: int = dates.THIS_YEAR) -> list[Element]:
    """The elements of the form printed for people, "(01)…(10)…"; empty if the text is not of that form."""
    if not _WHOLLY_BRACKETED.fullmatch(text):
        return []
    return [_bracketed(match[1], match[2].strip(" "), year) for match in _BRACKETED.finditer(text)]


def identifier(text: str) -> str | None:
    """The application identifier that the text begins with."""
    start = text[:4]
    return _identifier(start) if start.isascii() else None


def judge(ai: str, value: str, year: int = dates.THIS_YEAR) -> Element:
    """The element for a known identifier, its value judged by length, characters, check digit and date."""
    if _CLOCK.get(ai, _NEVER).fullmatch(value):
        return _dated(ai, value, year)
    definition, pattern = _definition(ai)
    # The table's patterns let an open length be nothing at all; GS1 wants at least one character.
    if not value or not pattern.fullmatch(ai + value):
        expected = f"expected {_described(definition.format)}, found {shown(value) or 'nothing'}."
        return Element(ai, value, (), Problem("scan.format", f"({ai}): {expected}", AGAIN), readable=False)
    if ai in LOCATIONS:
        return _located(ai, value)
    return Element(ai, value, _attributes(ai, value))


def candidates(elements: Iterable[Element], more: Attributes = ()) -> list[Candidate]:
    """Logistic unit first, then trade items, each with all attributes; without either, what can be looked up
    by itself."""
    elements = list(elements)
    keys = [element for element in elements if element.ai in KEYS]
    if not keys:
        return [_looked_up(element, more) for ai in LOOKED_UP for element in elements if element.ai == ai]
    others = [element for element in elements if element.ai not in KEYS]
    attributes = tuple(pair for element in others for pair in element.attributes) + more
    problems = tuple(element.problem for element in others if element.problem)
    return [_key(element, attributes, problems) for element in sorted(keys, key=lambda element: element.ai)]


def repeated(elements: Iterable[Element]) -> str | None:
    """The key that comes twice, or any identifier that does with different values: two symbols were read as
    one."""
    seen: dict[str, str] = {}
    for element in elements:
        first = seen.get(element.ai)
        if element.ai and first is not None and (element.ai in KEYS or first != element.value):
            return element.ai
        seen[element.ai] = element.value
    return None


def _key(element: Element, attributes: Attributes, problems: tuple[Problem, ...]) -> Candidate:
    own = (element.problem,) if element.problem else gtin.check(element.value)
    if element.ai == "00":
        return Candidate(Kind.SSCC, element.value, attributes, own + problems)
    return Candidate(Kind.GTIN, element.value, TRADE_ITEMS[element.ai] + attributes, own + problems)


def _looked_up(element: Element, more: Attributes) -> Candidate:
    problems = (element.problem,) if element.problem else ()
    return Candidate(Kind.REFERENCE, element.value, (("ai", element.ai), *more), problems)


def _dated(ai: str, value: str, year: int) -> Element:
    found = dates.moment(value, year) if ai == "8008" else dates.date(value, year)
    if found is not None:
        return Element(ai, value, ((DATES.get(ai, "produced_at"), found),))
    form = "a moment as YYMMDDHHMMSS" if ai == "8008" else "a date as YYMMDD"
    return Element(ai, value, (), Problem("scan.date", f"({ai}): expected {form}, found {value}.", AGAIN))


def _located(ai: str, value: str) -> Element:
    expected = checks.gs1(value[:-1])
    if expected == value[-1]:
        return Element(ai, value, ((LOCATIONS[ai], value),))
    sentence = f"({ai}){value}: the check digit should be {expected}, found {value[-1]}."
    return Element(ai, value, (), Problem("scan.check_digit", sentence, AGAIN))


def _attributes(ai: str, value: str) -> Attributes:
    if ai in KEYS:
        return ()
    if ai == "421":
        return ("country", value[:3]), ("zip", value[3:])
    if ai in ("30", "37"):
        return ((NAMES[ai], str(int(value))),)
    if len(ai) == 4 and ai[:3] in MEASURES:
        return ((MEASURES[ai[:3]], _decimal(value, int(ai[3]))),)
    return ((NAMES.get(ai, f"ai_{ai}"), value),)


def _decimal(digits: str, places: int) -> str:
    units, decimals = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{int(units or '0')}.{decimals}" if decimals else str(int(units))


def _bracketed(ai: str, value: str, year: int) -> Element:
    return judge(ai, value, year) if identifier(ai) == ai else _unknown(ai + value)


def _unknown(segment: str) -> Element:
    sentence = f"{shown(segment)}: expected a GS1 application identifier, found {shown(segment[:4])}."
    return Element("", segment, (), Problem("scan.format", sentence, AGAIN), readable=False)


def _described(form: str) -> str:
    """A biip format such as "N2+X..20" in words."""
    match = _SIMPLE.fullmatch(form)
    if match is None:
        return f"the form {form.partition('+')[2]}"
    noun = "digits" if match[1] == "N" else "characters"
    return f"{'up to ' if match[2] else ''}{match[3]} {noun}"


@lru_cache(maxsize=4096)
def _identifier(start: str) -> str | None:
    from biip import ParseError

    try:
        return table().extract(start).ai
    except ParseError:
        return None


@lru_cache(maxsize=1024)
def _definition(ai: str) -> "tuple[GS1ApplicationIdentifier, re.Pattern[str]]":
    definition = table().extract(ai)
    # ASCII, for a digit of another script would pass the table's \d and then be no digit to a check sum.
    return definition, re.compile(definition.pattern, re.ASCII)


@cache
def table() -> "type[GS1ApplicationIdentifier]":
    """The application identifiers; imported at the first use, for it takes 60 to 80 ms."""
    from biip.gs1_application_identifiers import GS1ApplicationIdentifier

    return GS1ApplicationIdentifier

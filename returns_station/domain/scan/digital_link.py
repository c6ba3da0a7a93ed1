"""GS1 Digital Link: a web address of any host whose path and query hold element strings. See the GS1 Digital
Link standard."""

import re
from urllib.parse import unquote

from returns_station.domain.scan import dates, gs1
from returns_station.domain.scan.gs1 import Element

_ADDRESS = re.compile(r"https?://[^/?#]+(?P<path>/[^?#]*)(?:\?(?P<query>[^#]*))?(?:#.*)?", re.I)
_DIGITS = re.compile(r"[0-9]+")

WORDS = {
    "gtin": "01",
    "itip": "8006",
    "cpid": "8010",
    "gln": "414",
    "party": "417",
    "gsrnp": "8017",
    "gsrn": "8018",
    "gcn": "255",
    "sscc": "00",
    "gdti": "253",
    "ginc": "401",
    "gsin": "402",
    "grai": "8003",
    "giai": "8004",
    "cpv": "22",
    "lot": "10",
    "ser": "21",
    "exp": "17",
}
"""The convenience words that version 1.0 allowed for numbers; deprecated, still printed."""

PRIMARY = frozenset(
    {"00", "01", "253", "255", "401", "402", "414", "417", "8003", "8004", "8006", "8010", "8017", "8018"}
)
"""Keys that may begin the GS1 part of the path."""


def parse(text: str, year: int = dates.THIS_YEAR) -> list[Element]:
    """The elements of the link: key, qualifiers, attributes; empty if the text is no such link."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return []
    parts = match["path"].rstrip("/").split("/")
    start = _start(parts)
    if start is None:
        return []
    pairs = [*zip(parts[start::2], parts[start + 1 :: 2], strict=True), *_query(match["query"] or "")]
    return [_element(ai, unquote(value), year) for name, value in pairs if (ai := _identifier(name))]


def _start(parts: list[str]) -> int | None:
    for place, part in enumerate(parts[:-1]):
        whole = (len(parts) - place) % 2 == 0
        if whole and _identifier(part) in PRIMARY and parts[place + 1]:
            return place
    return None


def _query(query: str) -> list[tuple[str, str]]:
    pairs = (field.partition("=") for field in re.split("[&;]", query))
    return [(name, value) for name, _, value in pairs if value]


def _identifier(name: str) -> str | None:
    """The application identifier a name stands for; any other word is somebody's own parameter."""
    ai = WORDS.get(name, name)
    return ai if _DIGITS.fullmatch(ai) and gs1.identifier(ai) == ai else None


def _element(ai: str, value: str, year: int) -> Element:
    if ai == "01" and _DIGITS.fullmatch(value):
        value = value.zfill(14)
    return gs1.judge(ai, value, year)

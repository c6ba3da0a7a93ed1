"""EAN, UPC and ITF-14: bare digits that name a trade item, as the GTIN of 14 digits that they stand for."""

import re

from returns_station.domain.scan import aim, checks
from returns_station.domain.scan.model import Candidate, Kind, wrong_check
from returns_station.errors import Problem

_DIGITS = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_ADD_ON = re.compile(r"([0-9]{13})([0-9]{5}|[0-9]{2})")
_SSCC = re.compile(r"[0-9]{18}")
_NAMES = {12: "upca", 13: "ean13", 14: "gtin14"}


def understand(text: str, identifier: str | None) -> list[Candidate]:
    """Every trade item, or logistic unit of 18 digits, that these digits may name; an 8-digit text may be
    EAN-8 or UPC-E."""
    digits = text.replace(" ", "")
    add_on = _ADD_ON.fullmatch(digits) if identifier == "]E3" else None
    if add_on:
        return [trade_item(add_on[1], (("symbology", "ean13"), ("add_on", add_on[2])))]
    if _SSCC.fullmatch(digits):
        return [Candidate(Kind.SSCC, digits, (), check(digits))]
    if not _DIGITS.fullmatch(digits):
        return []
    if len(digits) == 8:
        return _eight(digits, identifier)
    name = "itf14" if aim.symbology(identifier) == "itf" else _NAMES[len(digits)]
    return [trade_item(digits, (("symbology", name),))]


def trade_item(digits: str, attributes: tuple[tuple[str, str], ...] = ()) -> Candidate:
    """The candidate for a GTIN of 8, 12, 13 or 14 digits, its check digit judged."""
    return Candidate(Kind.GTIN, digits.zfill(14), attributes, check(digits))


def check(digits: str) -> tuple[Problem, ...]:
    """The Problem of a GS1 key whose last digit is not its check digit. See checks.gs1."""
    expected = checks.gs1(digits[:-1])
    return () if expected == digits[-1] else (wrong_check(digits, expected),)


def expand(upce: str) -> str:
    """The 12 digits of UPC-A behind a UPC-E of 8 digits. Source: GS1 General Specifications."""
    system, short, last, digit = upce[0], upce[1:6], upce[6], upce[7]
    if last in "012":
        return f"{system}{short[:2]}{last}0000{short[2:]}{digit}"
    if last == "3":
        return f"{system}{short[:3]}00000{short[3:]}{digit}"
    if last == "4":
        return f"{system}{short[:4]}00000{short[4]}{digit}"
    return f"{system}{short}0000{last}{digit}"


def _eight(digits: str, identifier: str | None) -> list[Candidate]:
    ean = trade_item(digits, (("symbology", "ean8"),))
    if digits[0] not in "01":
        return [ean]
    # ISO/IEC 15424: ]E4 is EAN-8 alone; a UPC-E comes as ]E0, and some scanners do not expand it.
    upc = trade_item(expand(digits), (("symbology", "upce"),))
    if identifier in ("]E0", "]E4"):
        return [upc] if identifier == "]E0" else [ean]
    return [ean, upc] if upc.valid else [ean]

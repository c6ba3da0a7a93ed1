"""From one cell or JSON value to what the store keeps; what does not fit raises Unfit with what was
expected."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from urllib.parse import urlsplit

from returns_station.domain import money as exact
from returns_station.domain.scan import checks
from returns_station.errors import StationError

Parse = Callable[[object, str | None], object]
"""From a raw value (never None or blank) and the row's currency to the value kept."""

BLANKS = " \t\r\n"
SEPARATOR = "|"

_YES, _NO = frozenset({"true", "yes", "1", "y"}), frozenset({"false", "no", "0", "n"})
_WHOLE = re.compile(r"-?[0-9]{1,12}")
_WORD = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_GTIN = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_OFFSET = re.compile(r"\s+([+-][0-9]{2}:?[0-9]{2}|UTC|Z)$")


class Unfit(ValueError):
    """A value that does not fit; its text is the expectation."""


class Inexact(str):
    """A JSON number with a point or an exponent: it has been through binary floating point somewhere, so it
    is no money."""

    __slots__ = ()


def trimmed(value: object) -> object:
    """A text without blanks around it (0x1D is none), None for an empty one; anything else as it is."""
    if isinstance(value, str) and not isinstance(value, Inexact):
        return value.strip(BLANKS) or None
    return value


def text(value: object, _currency: str | None) -> str:
    """A text; a whole JSON number counts as its digits."""
    if isinstance(value, bool | Inexact) or not isinstance(value, str | int):
        raise Unfit("a text, letters or digits")
    return whole_letters(str(value))


def whole_letters(value: str) -> str:
    """The text; half a surrogate pair, which JSON can spell, is refused, for no file or database can hold it."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("a text of whole letters") from None
    return value


def whole(minimum: int, unit: str) -> Parse:
    """A whole number of at least `minimum` of a `unit`."""
    expected = f"a whole number of {unit}, {minimum} or more"

    def parse(value: object, _currency: str | None) -> int:
        if isinstance(value, bool | float | Inexact) or not _WHOLE.fullmatch(str(value)):
            raise Unfit(expected)
        if int(str(value)) < minimum:
            raise Unfit(expected)
        return int(str(value))

    return parse


def money(value: object, currency: str | None) -> int:
    """An amount of 0 or more in minor units, exact; a JSON number with a point is refused."""
    if currency is None:
        raise Unfit("an amount, with a currency beside it,")
    digits = exact.exponent(currency)
    if isinstance(value, float | Inexact):
        raise Unfit('an exact amount, a text in quotes such as "12.50"')
    try:
        found = exact.parse(value, currency) if not isinstance(value, bool) else None
    except StationError:
        found = None
    if found is None or found.minor < 0:
        raise Unfit(f"an amount in {currency}, 0 or more with a point and at most {digits} decimals,")
    return found.minor


def currency(value: object, _currency: str | None) -> str:
    """A currency by ISO 4217."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value.upper()):
        raise Unfit("a currency, three letters such as EUR,")
    return value.upper()


def flag(value: object, _currency: str | None) -> bool:
    """Yes or no."""
    word = str(value).lower()
    if word not in _YES | _NO:
        raise Unfit("an answer, true or false,")
    return word in _YES


def instant(value: object, _currency: str | None) -> str:
    """A moment as UTC text with microseconds; without an offset it is UTC, a date alone is its midnight."""
    try:
        found = datetime.fromisoformat(_OFFSET.sub(r"\1", str(value)).replace("UTC", "+00:00"))
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Unfit("a moment, a date such as 2011-08-31 or 2011-08-31T17:45+01:00,") from None
    return found.isoformat(timespec="microseconds")


def word(value: object, _currency: str | None) -> str:
    """A lower-case word such as a type or a hazard."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise Unfit("a word, small letters, digits and _,")
    return value


def one_of(choices: type[StrEnum]) -> Parse:
    """One code of a code table."""

    def parse(value: object, _currency: str | None) -> str:
        if not isinstance(value, str) or value not in set(choices):
            raise Unfit("one of " + ", ".join(choices) + "; one of these")
        return str(value)

    return parse


def texts(value: object, _currency: str | None) -> list[str]:
    """Several texts: a JSON list, or one text with | between them."""
    parts = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise Unfit(f"a list of texts, {SEPARATOR} between them,")
    return [whole_letters(part.strip(BLANKS)) for part in parts if part.strip(BLANKS)]


def links(value: object, _currency: str | None) -> list[str]:
    """Several https links, such as to pictures; nothing is fetched from them here."""
    found = texts(value, None)
    if not all(_is_link(part) for part in found):
        raise Unfit("a list of links that begin with https://, | between them,")
    return found


def _is_link(text: str) -> bool:
    try:
        parts = urlsplit(text)
        right = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False
    return right and len(text) <= 2000 and text.isprintable() and " " not in text


def words(value: object, _currency: str | None) -> list[str]:
    """Several lower-case words."""
    return [word(part, None) for part in texts(value, None)]


def gtins(value: object, _currency: str | None) -> list[dict[str, object]]:
    """GTINs with their pack factors: "4006381333931|14006381333938*12", or JSON objects with gtin and
    factor."""
    parts = value.split(SEPARATOR) if isinstance(value, str) else value
    if not isinstance(parts, list):
        raise Unfit("a list of GTINs, | between them,")
    return [_gtin(part) for part in parts if part != ""]


def _gtin(part: object) -> dict[str, object]:
    if isinstance(part, dict):
        digits, factor = str(part.get("gtin", "")), str(part.get("factor", 1))
    else:
        digits, _, factor = str(part).partition("*")
    digits, factor = digits.strip(BLANKS), factor.strip(BLANKS) or "1"
    if not _GTIN.fullmatch(digits) or checks.gs1(digits[:-1]) != digits[-1]:
        raise Unfit("a GTIN, 8, 12, 13 or 14 digits with the right check digit,")
    if not _WHOLE.fullmatch(factor) or int(factor) < 1:
        raise Unfit("a GTIN with a pack factor, such as 14006381333938*12,")
    return {"code": digits.zfill(14), "factor": int(factor)}

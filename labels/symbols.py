"""Bars and modules of a label's symbols; a value a symbology cannot carry is refused, never drawn wrongly."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from labels.errors import LabelError, shown
from labels.masks import best_masked
from labels.spec import DOTS_PER_MM, Code128, Matrix

# Longer values fit no label, not even as digits; a hostile one is stopped before it is encoded.
LONGEST = 80

FNC1 = "\x1d"
"""At the beginning of a value it makes a Code 128 a GS1-128, and there also ends fields (a scanner sends it as GS)."""

# Values of Code 128 that change the character set or begin a symbol (ISO/IEC 15417, table 1).
_TO_C, _TO_B, _FNC1, _START_B, _START_C = 99, 100, 102, 104, 105
_MODULES, _STOP_MODULES = 11, 13
_DIGITS = re.compile("[0-9]{4,}")
_LEADING = re.compile("[0-9]{2,}")

# What a QR symbol of error correction M holds in versions 1 to 5 (ISO/IEC 18004, table 7).
_CAPACITIES = {"digits": (34, 63, 101), "letters": (20, 38, 61, 90), "bytes": (14, 26, 42, 62, 84)}
_QR_DIGITS = re.compile("[0-9]*")
_QR_LETTERS = re.compile(r"[0-9A-Z $%*+\-./:]*")
_SMALLEST, _STEP = 21, 4


@dataclass(frozen=True, slots=True)
class Bars:
    """A linear symbol ready to draw: `modules` is a string of 1 (bar) and 0 (space), each `x_dots` wide."""

    modules: str
    x_dots: int


def check_value(value: str, symbology: str) -> None:
    """Raises `LabelError` (`not_encodable`) unless `value` is 1 to 80 characters of printable ASCII.

    A GS1-128 barcode may hold `FNC1` besides.
    """
    if symbology == "Code 128 barcode" and value.startswith(FNC1):
        value = value.replace(FNC1, "")
    if not value:
        raise LabelError(
            "not_encodable",
            f"An empty value cannot be a {symbology}: at least one character was expected.",
            "Give the unit a licence plate first.",
        )
    if not (value.isascii() and value.isprintable()):
        wrong = next(c for c in value if not " " <= c <= "~")
        raise LabelError(
            "not_encodable",
            f"{shown(value)} cannot be a {symbology}: printable ASCII was expected, "
            f"{shown(wrong)} (U+{ord(wrong):04X}) was found.",
            "Use a value of letters A–Z and digits.",
        )
    if len(value) > LONGEST:
        raise LabelError(
            "not_encodable",
            f"{shown(value)} cannot be a {symbology}: at most {LONGEST} characters were expected, "
            f"{len(value)} were found.",
            "Use a shorter value.",
        )


@lru_cache(maxsize=64)
def code128_values(value: str) -> tuple[int, ...]:
    """The symbol values of `value` without check and stop: set C for four digits and more, else set B.

    The same choice as python-barcode makes, in a fifth of its time. `value` must have been checked.
    """
    leading = _LEADING.match(value)
    found, at = ([_START_C], 0) if leading else ([_START_B], 0)
    if leading:
        at = _pairs(found, value, leading.end(), 0)
    while at < len(value):
        run = _DIGITS.search(value, at)
        end = run.start() if run else len(value)
        found += [_FNC1 if char == FNC1 else ord(char) - 32 for char in value[at:end]]
        at = end
        if run:
            found.append(_TO_C)
            at = _pairs(found, value, run.end(), at)
    return tuple(found)


def _pairs(found: list[int], value: str, end: int, at: int) -> int:
    """Adds digits two by two, and what it takes to go on in set B; returns where to go on."""
    while end - at >= 2:
        found.append(int(value[at : at + 2]))
        at += 2
    if at < len(value):
        found.append(_TO_B)
    if at < end:
        found.append(ord(value[at]) - 32)
        at += 1
    return at


@lru_cache(maxsize=64)
def code128_width(value: str) -> int:
    """The modules of `value` as Code 128, start to stop, without quiet zones. Raises `LabelError`."""
    check_value(value, "Code 128 barcode")
    return _MODULES * (len(code128_values(value)) + 1) + _STOP_MODULES


@lru_cache(maxsize=64)
def code128(value: str) -> str:
    """The modules of `value` in Code 128, start to stop, without quiet zones. Raises `LabelError`."""
    from barcode.charsets.code128 import CODES, STOP

    check_value(value, "Code 128 barcode")
    values = code128_values(value)
    check = (values[0] + sum(place * each for place, each in enumerate(values))) % 103
    modules: str = "".join(CODES[each] for each in (*values, check)) + STOP + "11"
    return modules


def fit_code128(symbol: Code128) -> Bars:
    """The symbol at its widest allowed X-dimension. Raises `LabelError` (`too_wide`) when none fits."""
    return Bars(code128(symbol.value), fit_bars(symbol))


def fit_bars(symbol: Code128, dots_per_mm: float = DOTS_PER_MM) -> int:
    """The X-dimension in dots at which the symbol fits, as near to its own as the dots allow, never drawn.

    Raises `LabelError` (`not_encodable`, `too_wide`).
    """
    width, room = code128_width(symbol.value), symbol.width_mm * dots_per_mm
    for wanted in range(symbol.x_dots, symbol.min_x_dots - 1, -1):
        exact = wanted * dots_per_mm / DOTS_PER_MM
        for x_dots in (round(exact), int(exact)):
            if width * x_dots <= room:
                return x_dots
    needed = width * symbol.min_x_dots / DOTS_PER_MM
    raise LabelError(
        "too_wide",
        f"{shown(symbol.value)} as a Code 128 barcode with bars of {symbol.min_x_dots} dots "
        f"is {needed:.1f} mm wide, and the label has {symbol.width_mm:.1f} mm for it.",
        "Use a wider label or a shorter value.",
    )


@lru_cache(maxsize=64)
def qr(value: str) -> tuple[str, ...]:
    """The rows of `value` as a QR symbol, strings of 1 (dark) and 0, without quiet zone. Raises `LabelError`.

    Error correction M or better; the mask with the lowest penalty, as ISO/IEC 18004, 7.8.3 asks.
    """
    check_value(value, "QR code")
    return best_masked(value)


@lru_cache(maxsize=64)
def qr_size(value: str) -> int:
    """The modules of a side of `value` as a QR symbol of error correction M. Raises `LabelError`."""
    check_value(value, "QR code")
    kind = "digits" if _QR_DIGITS.fullmatch(value) else "letters" if is_qr_letters(value) else "bytes"
    version = next(v for v, holds in enumerate(_CAPACITIES[kind], 1) if len(value) <= holds)
    return _SMALLEST + _STEP * (version - 1)


def is_qr_letters(value: str) -> bool:
    """Whether QR's alphanumeric mode has every character of `value` (ISO/IEC 18004, table 5)."""
    return _QR_LETTERS.fullmatch(value) is not None


def fit_qr(symbol: Matrix) -> tuple[str, ...]:
    """The rows of the symbol. Raises `LabelError` (`too_wide`) when they do not fit its square."""
    check_qr(symbol)
    return qr(symbol.value)


def check_qr(symbol: Matrix) -> None:
    """Raises `LabelError` (`not_encodable`, `too_wide`) unless the symbol can stand in its square."""
    needed = qr_size(symbol.value) * symbol.module_dots / DOTS_PER_MM
    if needed > symbol.size_mm:
        raise LabelError(
            "too_wide",
            f"{shown(symbol.value)} as a QR code with modules of {symbol.module_dots} dots "
            f"is {needed:.1f} mm wide, and the label has {symbol.size_mm:.1f} mm for it.",
            "Use a larger label or a shorter value.",
        )


def dark(modules: str) -> Iterator[tuple[int, int]]:
    """Start and length of each stretch of ones."""
    start = modules.find("1")
    while start >= 0:
        end = modules.find("0", start)
        end = len(modules) if end < 0 else end
        yield start, end - start
        start = modules.find("1", end)

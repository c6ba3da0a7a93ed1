"""Bars and modules of a label's symbols; a value a symbology cannot carry is refused, never drawn wrongly."""

from dataclasses import dataclass
from functools import lru_cache

from labels.errors import LabelError, shown
from labels.masks import best_masked
from labels.spec import DOTS_PER_MM, Code128, Matrix

# Longer values fit no label, not even as digits; a hostile one is stopped before it is encoded.
LONGEST = 80


@dataclass(frozen=True, slots=True)
class Bars:
    """A linear symbol ready to draw: `modules` is a string of 1 (bar) and 0 (space), each `x_dots` wide."""

    modules: str
    x_dots: int

    @property
    def width_dots(self) -> int:
        """From the first bar's left edge to the last bar's right edge."""
        return len(self.modules) * self.x_dots


def check_value(value: str, symbology: str) -> None:
    """Raises `LabelError` (`not_encodable`) unless `value` is 1 to 80 characters of printable ASCII."""
    if not value:
        raise LabelError(
            "not_encodable",
            f"An empty value cannot be a {symbology}: at least one character was expected.",
            "Give the unit a licence plate first.",
        )
    wrong = next((c for c in value if not " " <= c <= "~"), None)
    if wrong is not None:
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
def code128(value: str) -> str:
    """The modules of `value` in Code 128, start to stop, without quiet zones. Raises `LabelError`."""
    from barcode.codex import Code128 as Encoder

    check_value(value, "Code 128 barcode")
    modules: str = Encoder(value).build()[0]
    return modules


def fit_code128(symbol: Code128) -> Bars:
    """The symbol at its widest allowed X-dimension. Raises `LabelError` (`too_wide`) when none fits."""
    modules = code128(symbol.value)
    room = symbol.width_mm * DOTS_PER_MM
    for x_dots in range(symbol.x_dots, symbol.min_x_dots - 1, -1):
        if len(modules) * x_dots <= room:
            return Bars(modules, x_dots)
    needed = len(modules) * symbol.min_x_dots / DOTS_PER_MM
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


def fit_qr(symbol: Matrix) -> tuple[str, ...]:
    """The rows of the symbol. Raises `LabelError` (`too_wide`) when they do not fit its square."""
    rows = qr(symbol.value)
    needed = len(rows) * symbol.module_dots / DOTS_PER_MM
    if needed > symbol.size_mm:
        raise LabelError(
            "too_wide",
            f"{shown(symbol.value)} as a QR code with modules of {symbol.module_dots} dots "
            f"is {needed:.1f} mm wide, and the label has {symbol.size_mm:.1f} mm for it.",
            "Use a larger label or a shorter value.",
        )
    return rows

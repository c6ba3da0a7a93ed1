"""Money as integer minor units and a currency; floats are refused at the border."""

import re
from dataclasses import dataclass

from returns_station.errors import StationError

# ISO 4217 minor-unit exponents that are not 2.
_EXPONENTS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
_AMOUNT = re.compile(r"(-?)([0-9]{1,13})(?:\.([0-9]+))?")
_CURRENCY = re.compile(r"[A-Z]{3}")


def exponent(currency: str) -> int:
    """Digits after the point of a currency (ISO 4217): 2 unless listed otherwise."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` units of `currency` (cents of EUR, yen of JPY, fils of KWD)."""

    minor: int
    currency: str

    def __str__(self) -> str:
        return f"{decimal(self.minor, self.currency)} {self.currency}"


def decimal(minor: int, currency: str) -> str:
    """`minor` written in the main unit: 1250 EUR → "12.50", 1250 JPY → "1250"."""
    digits = exponent(currency)
    sign, whole = ("-" if minor < 0 else ""), abs(minor)
    if not digits:
        return f"{sign}{whole}"
    return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def parse(text: object, currency: str) -> Money:
    """Money from its decimal text in the main unit.

    Raises StationError `money.float` for a float, `money.currency` for a code that is no ISO 4217 code,
    `money.amount` for text that is no amount or has more digits than the currency knows.
    """
    if isinstance(text, float):
        raise StationError(
            "money.float",
            f"{text!r} is a floating-point number; money is text or whole numbers.",
            'Write it as text, such as "12.50".',
        )
    if not _CURRENCY.fullmatch(currency):
        raise StationError(
            "money.currency",
            f"{currency!r} is no currency; three capital letters (ISO 4217) were expected.",
            "For example EUR or GBP.",
        )
    found = _AMOUNT.fullmatch(str(text).strip())
    if found is None:
        raise StationError(
            "money.amount",
            f"{str(text)!r} is no amount; digits with a point were expected.",
            "For example 12.50.",
        )
    sign, whole, fraction = found.groups()
    digits = exponent(currency)
    kept, extra = (fraction or "")[:digits], (fraction or "")[digits:]
    if extra.strip("0"):
        raise StationError(
            "money.amount",
            f"{str(text)!r} has more than {digits} decimals, which {currency} does not have.",
            "Round it where it was made.",
        )
    minor = int(whole) * 10**digits + int((kept or "").ljust(digits, "0") or "0")
    return Money(-minor if sign else minor, currency)

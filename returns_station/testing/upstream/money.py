"""Exact money for the reference upstream: decimal text in main units to integer minor units and back."""

import re
from decimal import Decimal

from returns_station.errors import StationError

# ISO 4217 list one: the currencies whose minor unit is not a hundredth.
_BY_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
_DECIMALS = {code: places for places, codes in _BY_DECIMALS.items() for code in codes.split()}
_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,6})?")


def decimals(currency: str) -> int:
    """How many decimals the minor unit of `currency` has: 2 unless ISO 4217 says otherwise."""
    return _DECIMALS.get(currency, 2)


def to_minor(value: object, currency: str) -> int:
    """`"12.50"` in main units as 1250 minor units; refuses numbers and fractions of a minor unit."""
    if not isinstance(value, str) or not _PLAIN.fullmatch(value):
        raise StationError(
            "money.text",
            f"The amount {value!r} is not a decimal text such as '12.50'.",
            "Write money as text in main units; numbers lose cents.",
        )
    minor = Decimal(value).scaleb(decimals(currency))
    if minor != minor.to_integral_value():
        raise StationError(
            "money.fraction",
            f"The amount {value} {currency} has more than {decimals(currency)} decimals.",
            "Round it where it is made.",
        )
    return int(minor)


def to_text(minor: int, currency: str) -> str:
    """1250 minor units of GBP as `"12.50 GBP"`."""
    places = decimals(currency)
    return f"{Decimal(minor).scaleb(-places):.{places}f} {currency}"

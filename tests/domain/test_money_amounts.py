"""Money is whole minor units of a currency; anything that is not exact is refused with a sentence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain.money import Money, decimal, parse
from returns_station.errors import StationError


@pytest.mark.parametrize(
    ("text", "currency", "minor", "shown"),
    [
        ("12.50", "EUR", 1250, "12.50 EUR"),
        ("12.5", "EUR", 1250, "12.50 EUR"),
        ("12.500", "EUR", 1250, "12.50 EUR"),
        ("0", "EUR", 0, "0.00 EUR"),
        ("-0.01", "GBP", -1, "-0.01 GBP"),
        ("1250", "JPY", 1250, "1250 JPY"),
        ("1250.00", "JPY", 1250, "1250 JPY"),
        ("1.234", "KWD", 1234, "1.234 KWD"),
        ("1000000000", "EUR", 100_000_000_000, "1000000000.00 EUR"),
        (7, "EUR", 700, "7.00 EUR"),
    ],
)
def test_an_exact_amount_is_read_and_written_exactly(
    text: object, currency: str, minor: int, shown: str
) -> None:
    found = parse(text, currency)
    assert (found, str(found)) == (Money(minor, currency), shown)


@pytest.mark.parametrize(
    ("text", "currency", "sentence"),
    [
        (12.5, "EUR", "12.5 is a floating-point number; money is text or whole numbers."),
        (float("nan"), "EUR", "nan is a floating-point number; money is text or whole numbers."),
        ("0.005", "EUR", "'0.005' has more than 2 decimals, which EUR does not have."),
        ("0.5", "JPY", "'0.5' has more than 0 decimals, which JPY does not have."),
        ("1.2345", "KWD", "'1.2345' has more than 3 decimals, which KWD does not have."),
        ("NaN", "EUR", "'NaN' is no amount; digits with a point were expected."),
        ("1e9", "EUR", "'1e9' is no amount; digits with a point were expected."),
        ("1,50", "EUR", "'1,50' is no amount; digits with a point were expected."),
        ("", "EUR", "'' is no amount; digits with a point were expected."),
        ("９.00", "EUR", "'９.00' is no amount; digits with a point were expected."),
        (True, "EUR", "'True' is no amount; digits with a point were expected."),
        ("9" * 14, "EUR", f"'{'9' * 14}' is no amount; digits with a point were expected."),
        ("1.00", "eur", "'eur' is no currency; three capital letters (ISO 4217) were expected."),
    ],
)
def test_what_is_not_exact_is_refused(text: object, currency: str, sentence: str) -> None:
    with pytest.raises(StationError) as caught:
        parse(text, currency)
    assert caught.value.sentence == sentence
    assert caught.value.hint


@given(minor=st.integers(-(10**13) + 1, 10**13 - 1), currency=st.sampled_from(["EUR", "JPY", "KWD"]))
def test_what_is_written_is_read_back_the_same(minor: int, currency: str) -> None:
    assert parse(decimal(minor, currency), currency) == Money(minor, currency)

"""Medusa's objects as the station's rows: what needs no running shop. The objects are shaped as Medusa 2.18.0 answers."""

from typing import Any

import pytest

from returns_station.connectors.medusa import rows
from returns_station.connectors.medusa.book import minor, note, noted, return_number


def sold(within: bool, **item: Any) -> dict[str, Any]:
    detail = {"quantity": 3, "return_received_quantity": 1, "return_dismissed_quantity": 1}
    line = {
        "id": "ordli_1", "title": "Lamp", "variant_sku": "LAMP", "unit_price": "12.5", "is_tax_inclusive": within,
        "detail": detail, "tax_lines": [{"rate": 19}], "adjustments": [],
    }  # fmt: skip
    payment = {
        "id": "pay_1",
        "captures": [{"amount": "239.925"}],
        "refunds": [{"amount": "0.5"}, {"amount": 1}],
    }
    return {
        "display_id": 7, "custom_display_id": None, "currency_code": "eur", "created_at": "2026-11-25T21:24:25.069Z",
        "shipping_methods": [{"id": "ordsm_1", "total": "4.9"}],
        "customer_id": "cus_1", "items": [line | item],
        "payment_collections": [{"payments": [payment]}],
    }  # fmt: skip


def test_tax_of_a_line_is_within_or_on_top_of_its_price_after_its_discount() -> None:
    within = rows.order(sold(True))
    assert (within["prices_include_tax"], within["lines"][0]["tax"], within["lines"][0]["discount"]) == (
        True,
        "5.99",
        "0.00",
    )
    off = [{"amount": "7.5", "is_tax_inclusive": False}]
    on_top = rows.order(sold(False, adjustments=off))
    assert (on_top["prices_include_tax"], on_top["lines"][0]["tax"], on_top["lines"][0]["discount"]) == (
        False,
        "5.70",
        "7.50",
    )
    assert rows.order(sold(True, adjustments=off))["lines"][0]["discount"] == "8.93"


def test_what_medusa_does_not_round_is_whole_cents_and_a_ceiling_is_never_rounded_up() -> None:
    (payment,) = rows.order(sold(True))["payments"]
    assert payment == {"reference": "pay_1", "captured": "239.93", "refunded": "1.50"}
    assert minor("239.925", "EUR") == 23992
    assert minor("1250", "JPY") == 1250


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("wrong_item", "wrong_item"),
        ("too-small", "size_too_small"),
        ("No longer wanted", "unwanted"),
        ("?", "other"),
        (None, "unknown"),
    ],
)
def test_a_reason_is_one_of_the_stations_words(value: str | None, reason: str) -> None:
    item = {"item_id": "ordli_1", "quantity": 2, "reason": {"value": value} if value else None}
    one = {"display_id": 12, "metadata": None, "created_at": "2026-11-25T21:24:25.069Z", "items": [item]}
    row = rows.authorization(one, sold(True))
    assert row["lines"] == [{"sku": "LAMP", "line_id": "ordli_1", "expected": 2, "reason": reason}]
    assert (row["number"], row["order"]) == ("RET-12", "7")


def test_a_product_has_codes_that_check_links_that_are_safe_and_what_its_metadata_tells() -> None:
    product = {
        "title": "Lamp", "weight": 310, "thumbnail": "http://img.example/1.jpg", "images": [{"url": "https://img.example/2.jpg"}],
        "type": {"value": "lights"},
        "metadata": {"hazard": "lithium_battery", "serial_tracked": "yes", "gtins": ["14006381333938"]},
        "variants": [{"sku": "L-1", "title": "Red", "ean": "4006381333931", "upc": "123456789998", "barcode": "L-1"},
                     {"sku": None, "title": "Blue"}],
    }  # fmt: skip
    (row,) = rows.products([product])
    assert row == {
        "sku": "L-1", "title": "Lamp Red", "images": ["https://img.example/2.jpg"], "weight_grams": 310, "family": "lights",
        "gtins": [{"gtin": "4006381333931", "factor": 1}, {"gtin": "14006381333938", "factor": 1}], "hazard": "lithium_battery",
    }  # fmt: skip


def test_a_note_is_ours_by_its_first_word_and_says_what_it_was_given() -> None:
    assert noted(note(effect="k-1", unit="u-1", settlement=None)) == {"effect": "k-1", "unit": "u-1"}
    assert noted("effect=k-1") == noted(None) == {}
    assert return_number({"display_id": 3, "metadata": {"rma": "RMA-1"}}) == "RMA-1"

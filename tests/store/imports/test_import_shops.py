"""Order exports of shops are recognised by their header, and no money is guessed from them."""

import pytest
from test_import_document import SAMPLES

from returns_station.store import tables

SHOPIFY = SAMPLES["shopify as orders"]
WOO = SAMPLES["woocommerce as orders"]
PRICE = ("line_id", "sku", "quantity", "unit_price_minor", "discount_minor", "tax_minor")


def test_shopify_lines_payment_and_moment_are_read(desk):
    desk.run("orders", SHOPIFY)
    assert desk.rows(
        tables.SalesOrder, "number", "currency", "placed_at", "prices_include_tax", "shipping_minor"
    ) == [("#1001", "EUR", "2024-05-01T07:58:12.000000+00:00", True, 490)]
    assert desk.rows(tables.OrderLine, *PRICE) == [
        ("1", "TEE-BLK-S", 2, 1900, 100, None),
        ("2", "CAP-1", 1, 1000, 0, None),
    ]
    assert desk.rows(tables.Payment, "reference", "captured_minor", "refunded_minor") == [
        ("c2101.1", 5190, 0)
    ]


def test_shopify_personal_data_is_not_read(desk):
    desk.run("orders", SHOPIFY)
    assert "someone@example.com" not in str(desk.everything())


def test_shopify_prices_exclude_tax_where_the_total_says_so_and_its_share_is_missing(desk):
    desk.run("orders", SHOPIFY.replace("8.29,51.90", "8.29,60.19"))
    assert desk.rows(tables.SalesOrder, "prices_include_tax") == [(False,)]
    assert desk.rows(tables.OrderLine, "tax_minor") == [(None,), (None,)]


def test_shopify_without_tax_has_none_on_its_lines(desk):
    desk.run("orders", SHOPIFY.replace("8.29,51.90", "0.00,51.90"))
    assert desk.rows(tables.OrderLine, "tax_minor") == [(0,), (0,)]


def test_a_column_that_says_whether_tax_is_included_goes_before_the_sum(desk):
    text = SHOPIFY.replace("Lineitem quantity", "Taxes included?,Lineitem quantity").replace(
        "+0200,2,", "+0200,false,2,"
    )
    text = text.replace(",,1,Cap", ",,,1,Cap")
    desk.run("orders", text)
    assert desk.rows(tables.SalesOrder, "prices_include_tax") == [(False,)]


def test_a_discount_on_the_whole_shopify_order_leaves_line_discounts_missing(desk):
    desk.run(
        "orders",
        SHOPIFY.replace("EUR,47.00", "EUR,42.00").replace(",0.00,2024-05-01 09", ",5.00,2024-05-01 09"),
    )
    assert desk.rows(tables.OrderLine, "unit_price_minor", "discount_minor") == [(1900, None), (1000, None)]


@pytest.mark.parametrize("status", ["pending", "authorized", "partially_paid", "voided"])
def test_what_a_shopify_order_that_is_not_paid_took_is_missing(desk, status):
    desk.run("orders", SHOPIFY.replace(",paid,", f",{status},"))
    assert desk.rows(tables.Payment, "captured_minor") == [(None,)]


def test_a_shopify_line_without_sku_goes_by_its_name_and_an_order_without_reference_has_no_payment(desk):
    desk.run("orders", SHOPIFY.replace("CAP-1", "").replace("c2101.1", ""))
    assert desk.rows(tables.OrderLine, "sku") == [("TEE-BLK-S",), ("Cap",)]
    assert desk.rows(tables.Payment) == []


def test_a_wrong_shopify_cell_is_named_by_the_shops_own_header(desk):
    report = desk.run("orders", SHOPIFY.replace("+0200,2,", "+0200,two,"))
    assert [str(problem) for problem in report.problems] == [
        "Line 2, column Lineitem quantity: 'two' is not a whole number of pieces, 1 or more was expected."
    ]


def test_woocommerce_line_totals_are_exact_though_they_do_not_divide(desk):
    desk.run("orders", WOO)
    assert desk.rows(tables.OrderLine, *PRICE, "returned_before") == [
        ("31", "MUG-1", 3, 834, 502, 380, 1),
        ("32", "BOWL-1", 1, 689, 0, 131, 0),
    ]
    assert 3 * 834 - 502 == 2000
    assert desk.rows(tables.Payment, "reference", "captured_minor") == [("ch_70", 3690)]


def test_the_customer_of_a_woocommerce_order_is_known_by_number_alone(desk):
    desk.run("orders", WOO)
    assert desk.rows(tables.Customer, "number") == [("12",)]


def test_advanced_order_export_has_prices_after_discount_and_no_tax_by_line(desk):
    desk.run("orders", SAMPLES["advanced order export as orders"])
    assert desk.rows(tables.OrderLine, *PRICE) == [("1", "MUG-1", 2, 1250, 0, None)]
    assert desk.rows(tables.Payment, "captured_minor") == [(2500,)]


def test_woocommerce_without_a_currency_column_knows_no_amount(desk):
    desk.run("orders", SAMPLES["advanced order export as orders"].replace("Order Currency", "Currency Sign"))
    assert desk.rows(tables.OrderLine, "quantity", "unit_price_minor") == [(2, None)]


def test_a_shop_export_again_changes_nothing(desk):
    desk.run("orders", SHOPIFY)
    before = desk.everything()
    assert desk.run("orders", SHOPIFY).unchanged == 1
    assert desk.everything() == before

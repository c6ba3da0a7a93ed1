"""Past sales: invoices become orders to the penny, cancelled lines come off the newest purchase, fees are no goods."""

import os
from pathlib import Path

import pytest

from returns_station.errors import StationError
from returns_station.store import tables

HEAD = "invoice,stock_code,description,quantity,invoiced_at,unit_price,customer_id,country\n"


def lines(*rows):
    return HEAD + "".join(
        f"{i},{c},{c} THING,{q},2011-0{m}-01T10:00,{p},{who},United Kingdom\n" for i, c, q, m, p, who in rows
    )


def test_an_invoice_becomes_an_order_with_its_exact_payment(desk):
    report = desk.sales(
        lines(
            ("500", "11111", 3, 1, "0.10", "7"),
            ("500", "11111", 2, 1, "0.20", "7"),
            ("500", "POST", 1, 1, "18.00", "7"),
            ("500", "BANK CHARGES", 1, 1, "15.00", "7"),
        )
    )
    assert (report.lines, report.orders, report.products, report.fees) == (4, 1, 1, 2)
    head = ("number", "currency", "prices_include_tax", "shipping_minor", "placed_at")
    assert desk.rows(tables.SalesOrder, *head) == [
        ("500", "GBP", True, 1800, "2011-01-01T10:00:00.000000+00:00")
    ]
    line = ("line_id", "sku", "quantity", "unit_price_minor", "discount_minor", "tax_minor")
    assert desk.rows(tables.OrderLine, *line) == [("1", "11111", 3, 10, 0, 0), ("2", "11111", 2, 20, 0, 0)]
    assert desk.rows(tables.Payment, "captured_minor", "refunded_minor") == [(1870, 0)]


def test_an_invoice_number_and_a_stock_code_are_scannable(desk):
    desk.sales(lines(("500", "11111", 1, 1, "1.00", "7")))
    found = desk.sql("SELECT s.value, s.kind, o.number, p.sku FROM scannable s "
                     "LEFT JOIN sales_order o ON o.id = s.ref LEFT JOIN product p ON p.id = s.ref ORDER BY s.kind")  # fmt: skip
    assert found == [("500", "order", "500", None), ("11111", "sku", None, "11111")]


def test_a_return_is_taken_from_the_newest_purchase_and_then_from_older_ones(desk):
    report = desk.sales(
        lines(
            ("500", "11111", 5, 1, "1.00", "7"),
            ("501", "11111", 2, 2, "1.10", "7"),
            ("C502", "11111", -3, 3, "1.10", "7"),
            ("503", "11111", 9, 4, "1.00", "7"),
        )
    )
    assert (report.full, report.partial, report.ambiguous, report.none) == (1, 0, 0, 0)
    assert desk.rows(tables.OrderLine, "quantity", "returned_before") == [(5, 1), (2, 2), (9, 0)]
    assert desk.rows(tables.Payment, "refunded_minor") == [(110,), (220,), (0,)]


def test_a_return_larger_than_what_was_bought_is_partial_and_takes_all(desk):
    report = desk.sales(lines(("500", "11111", 2, 1, "1.00", "7"), ("C501", "11111", -3, 2, "1.00", "7")))
    assert (report.full, report.partial) == (0, 1)
    assert desk.rows(tables.OrderLine, "returned_before") == [(2,)]


def test_a_return_that_two_equally_new_lines_could_be_is_ambiguous_and_takes_the_first(desk):
    report = desk.sales(
        lines(
            ("500", "11111", 2, 1, "1.00", "7"),
            ("500", "11111", 2, 1, "1.00", "7"),
            ("C501", "11111", -1, 2, "1.00", "7"),
            ("C502", "11111", -3, 3, "1.00", "7"),
        )
    )
    assert (report.ambiguous, report.full) == (1, 1)
    assert desk.rows(tables.OrderLine, "returned_before") == [(2,), (2,)]


@pytest.mark.parametrize("back", [("C501", "11111", -1, 2, "1.00", "8"), ("C501", "22222", -1, 2, "1.00", "7"),
                                  ("C501", "11111a", -1, 2, "1.00", "7"), ("C501", "11111", -1, 2, "1.00", "")])  # fmt: skip
def test_a_return_of_another_customer_or_code_or_of_nobody_matches_nothing(desk, back):
    assert desk.sales(lines(("500", "11111", 2, 1, "1.00", "7"), back)).none == 1
    assert desk.rows(tables.OrderLine, "returned_before") == [(0,)]


@pytest.mark.parametrize("code", ["M", "m", "D", "S", "B", "C2", "DOT", "POST", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS",
                                  "ADJUST2", "TEST001", "gift_0001_40"])  # fmt: skip
def test_a_fee_is_no_goods_sold_or_returned(desk, code):
    report = desk.sales(lines(("500", code, 1, 1, "9.00", "7"), ("C501", code, -1, 2, "9.00", "7")))
    assert (report.orders, report.products, report.fees, report.cancelled_fees) == (0, 0, 1, 1)


def test_a_stock_correction_is_no_sale(desk):
    report = desk.sales(lines(("500", "11111", -10, 1, "0.00", "")))
    assert (report.orders, report.adjustments) == (0, 1)


def test_summer_moments_are_those_of_london(desk):
    desk.sales(lines(("500", "11111", 1, 7, "1.00", "7")))
    assert desk.rows(tables.SalesOrder, "placed_at") == [("2011-07-01T09:00:00.000000+00:00",)]


def test_a_product_known_from_elsewhere_is_left_as_it_is(desk):
    desk.run("products", "sku,title,type\n11111,Proper title,apparel\n")
    sold = lines(("500", "11111", 1, 1, "1.00", "7"), ("500", "22222", 1, 1, "1.00", "7"))
    desk.sales(sold)
    desk.sales(sold)
    assert sorted(desk.rows(tables.Product, "sku", "title")) == [
        ("11111", "Proper title"),
        ("22222", "22222 THING"),
    ]
    assert all(product for (product,) in desk.rows(tables.OrderLine, "product_id"))


def test_wrong_cells_are_named_and_nothing_is_merged(desk):
    report = desk.sales(
        HEAD
        + "500,,T,1,2011-01-01T10:00,1.00,7,UK\n500,1,T,x,2011-01-01T10:00,1.005,7,UK\n501,1,T,1,then,1.00,7,UK\n"
    )
    assert [problem.sentence for problem in report.report.problems] == [
        "Line 2, column stock_code: it is empty, a value was expected.",
        "Line 3, column quantity: 'x' is not a whole number of pieces was expected.",
        "Line 3, column unit_price: '1.005' is not an amount in GBP, with at most 2 decimals, was expected.",
        "Line 4, column invoiced_at: 'then' is not a moment, such as 2011-08-31T17:45, was expected.",
    ]
    assert desk.rows(tables.SalesOrder) == []


def test_another_layout_is_refused(desk):
    with pytest.raises(StationError) as caught:
        desk.sales("invoice,stock_code\n1,2\n")
    assert str(caught.value) == (
        "sales.csv is no sales file; its header lacks description, quantity, invoiced_at, unit_price, customer_id, country. "
        "The columns are invoice, stock_code, description, quantity, invoiced_at, unit_price, customer_id, country."
    )


FULL = os.environ.get("RETURNS_STATION_SALES", "")


@pytest.mark.prove
@pytest.mark.skipif(
    not FULL,
    reason="by design: RETURNS_STATION_SALES names no full Online Retail file, which is too large to ship",
)
def test_the_full_sales_import_to_known_counts_and_again_to_nothing_new(desk):
    report = desk.sales(Path(FULL))
    assert (report.lines, report.orders, report.products) == (320_705, 12_869, 3_630)
    assert (report.full, report.partial, report.ambiguous, report.none, report.cancelled_fees) == (
        4_380,
        25,
        44,
        1_005,
        393,
    )
    again = desk.sales(Path(FULL))
    assert (again.report.inserted, again.report.updated) == (0, 0)
    over = desk.sql("SELECT count(*) FROM order_line WHERE returned_before > quantity")
    assert over == [(0,)]

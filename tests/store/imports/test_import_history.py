"""Customer history and product master: totals that repeat, blanks that clear, links that are links."""

import pytest

from returns_station.store import tables
from tests.store.imports.test_import_merge import put

TRADE = {
    "number": "7",
    "orders": 3,
    "pieces_bought": 40,
    "pieces_returned": 4,
    "spent": "120.50",
    "returned": "12.05",
    "currency": "EUR",
    "first_order_at": "2020-02-01",
}
KEPT = (
    "orders",
    "pieces_bought",
    "pieces_returned",
    "spent_minor",
    "returned_minor",
    "currency",
    "first_order_at",
)


def history(desk):
    return desk.rows(tables.CustomerHistory, *KEPT)


def test_the_totals_of_a_customer_are_kept_and_the_same_row_again_changes_nothing(desk):
    assert put(desk, "customers", TRADE).inserted == 1
    assert history(desk) == [(3, 40, 4, 12050, 1205, "EUR", "2020-02-01T00:00:00.000000+00:00")]
    again = put(desk, "customers", TRADE)
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 1)


def test_a_fact_not_given_stays_and_a_blank_one_is_cleared(desk):
    put(desk, "customers", TRADE)
    assert put(desk, "customers", {"number": "7", "pieces_returned": 5, "orders": ""}).updated == 1
    assert history(desk)[0][:4] == (None, 40, 5, 12050)
    put(desk, "customers", {"number": "7", "segment": "trade"})
    assert history(desk)[0][:4] == (None, 40, 5, 12050)


def test_amounts_of_the_old_currency_do_not_survive_a_new_one(desk):
    put(desk, "customers", TRADE)
    put(desk, "customers", {"number": "7", "currency": "JPY", "spent": "900"})
    assert history(desk)[0][3:6] == (900, None, "JPY")


def test_amounts_without_a_currency_and_floats_are_no_history(desk):
    put(desk, "customers", TRADE | {"currency": None})
    assert history(desk)[0][3:6] == (None, None, None)
    report = put(desk, "customers", TRADE | {"number": "8", "spent": 1.5})
    assert [problem.column for problem in report.problems] == ["spent"]


def test_a_customer_that_an_order_made_has_no_history(desk):
    put(desk, "customers", {"number": "7"})
    assert history(desk) == []


def test_family_pictures_and_terms_of_a_product_are_kept_and_cleared(desk):
    master = {"family": "clocks", "images": ["https://a.example/1.jpg"], "vendor_terms": "30 days"}
    put(desk, "products", {"sku": "A", **master})
    assert desk.rows(tables.Product, *master) == [("clocks", '["https://a.example/1.jpg"]', "30 days")]
    put(desk, "products", {"sku": "A", "title": "Clock"})
    assert desk.rows(tables.Product, *master) == [("clocks", '["https://a.example/1.jpg"]', "30 days")]
    put(desk, "products", {"sku": "A", "family": "", "images": "", "vendor_terms": ""})
    assert desk.rows(tables.Product, *master) == [(None, "[]", None)]


@pytest.mark.parametrize(
    "link",
    [
        "http://a.example/1.jpg",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://",
        "https://user:word@a.example/1.jpg",
        "https://a.example/a b.jpg",
        "https://a.example/\u202egpj.exe",
        "https://[a/1.jpg",
    ],
)
def test_a_link_that_is_not_plain_https_is_refused_with_a_sentence(desk, link):
    report = put(desk, "products", {"sku": "A", "images": ["https://a.example/1.jpg", link]})
    (problem,) = report.problems
    assert problem.column == "images"
    assert problem.sentence.endswith(
        " is not a list of links that begin with https://, | between them, was expected."
    )
    assert desk.rows(tables.Product) == []

"""The shipped sample is real, small, attributed, imports whole, and holds every kind of return a demo shows."""

import csv
import gzip
import json
import os
import shutil
from collections import Counter
from pathlib import Path

import pytest

from returns_station.domain.scan import Kind, checks, parse_plate, read
from returns_station.samples import FILES, FOLDER, MERCHANT, SALES
from returns_station.samples.make import main
from returns_station.store import tables


def load(kind):
    return [json.loads(line) for line in FILES[kind].read_text(encoding="utf-8").splitlines()]


PRODUCTS, ORDERS, AUTHORIZATIONS = load("products"), load("orders"), load("authorizations")
SOLD = {(order["number"], line["line_id"]): line for order in ORDERS for line in order["lines"]}


def test_the_sample_is_at_most_200_kilobytes_and_names_its_source_and_licence():
    assert (
        sum(path.stat().st_size for path in (SALES, *FILES.values(), FOLDER / "ATTRIBUTION.txt")) <= 200_000
    )
    text = (FOLDER / "ATTRIBUTION.txt").read_text(encoding="utf-8")
    assert all(
        word in text for word in ("Online Retail", "Chen, D.", "CC BY 4.0", "10.24432/C5BW33", "Changes made")
    )


@pytest.mark.parametrize("order", [list(FILES), list(reversed(FILES))])
def test_every_file_imports_in_either_order_and_all_is_tied_together(desk, order):
    for kind in order:
        report = desk.run(kind, FILES[kind])
        assert (kind, report.problems, report.notices, report.inserted) == (kind, (), (), report.rows)
    assert desk.sql(
        "SELECT count(*) FROM order_line WHERE product_id IS NULL OR merchant <> ?", MERCHANT
    ) == [(0,)]
    assert desk.sql("SELECT count(*) FROM return_line WHERE order_line_id IS NULL OR product_id IS NULL") == [
        (0,)
    ]
    assert desk.sql('SELECT count(*) FROM "authorization" WHERE order_id IS NULL') == [(0,)]


def test_the_cut_of_the_sales_gives_the_same_orders_as_the_file_of_orders(desk):
    report = desk.sales(SALES, merchant=MERCHANT)
    assert (report.orders, report.partial, report.ambiguous, report.none) == (len(ORDERS), 0, 0, 0)
    assert report.full >= 20
    query = """SELECT o.number, l.line_id, l.sku, l.quantity, l.returned_before
               FROM order_line l JOIN sales_order o ON o.id = l.order_id"""
    assert sorted(desk.sql(query)) == sorted(
        (number, line_id, line["sku"], line["quantity"], line.get("returned", 0))
        for (number, line_id), line in SOLD.items()
    )


def test_the_money_of_every_order_adds_up_but_of_the_one_whose_facts_are_missing(desk):
    desk.run("orders", FILES["orders"])
    sums = desk.sql("""
        SELECT o.number,
               o.shipping_minor + (SELECT sum(l.quantity * l.unit_price_minor) FROM order_line l WHERE l.order_id = o.id),
               (SELECT sum(p.captured_minor) FROM payment p WHERE p.order_id = o.id) FROM sales_order o""")
    assert [number for number, goods, _ in sums if goods is None] == [ORDERS[3]["number"]]
    assert all(goods == captured for _, goods, captured in sums)
    assert (
        desk.sql("SELECT count(*) FROM order_line WHERE unit_price_minor IS NULL AND tax_minor IS NULL")[0][0]
        >= 2
    )


def test_gtins_are_of_the_in_house_range_valid_and_each_of_one_product():
    gtins = [code["gtin"] for product in PRODUCTS for code in product["gtins"]]
    assert len(set(gtins)) == len(gtins) > len(PRODUCTS)
    assert all(len(gtin) == 14 and gtin[1:4] == "200" and checks.gs1(gtin[:-1]) == gtin[-1] for gtin in gtins)
    assert [
        code["factor"] for product in PRODUCTS for code in product["gtins"] if code["gtin"][0] == "1"
    ] == [12]


def test_products_have_every_trait_that_a_return_may_ask_about():
    types = Counter(product["type"] for product in PRODUCTS)
    assert set(types) == {"default", "apparel", "electronics", "grocery", "beauty"}
    for trait, least in (
        ("serial_tracked", 3),
        ("lot_tracked", 8),
        ("expiry_tracked", 3),
        ("hazard", 1),
        ("components", 1),
    ):
        assert sum(trait in product for product in PRODUCTS) >= least


def test_every_piece_sold_of_a_serial_tracked_product_has_its_serial():
    tracked = {product["sku"] for product in PRODUCTS if product.get("serial_tracked")}
    lines = [line for line in SOLD.values() if line["sku"] in tracked]
    assert lines
    assert all(len(set(line["serials"])) == line["quantity"] for line in lines)


def test_an_authorization_expects_no_more_than_is_left_of_the_line():
    assert 45 <= len(AUTHORIZATIONS) <= 60
    for row in AUTHORIZATIONS:
        for line in row["lines"]:
            sold = SOLD[row["order"], line["line_id"]]
            assert (sold["sku"], True) == (
                line["sku"],
                line["expected"] <= sold["quantity"] - sold.get("returned", 0),
            )


def test_one_return_is_of_600_pieces_in_8_skus():
    (bulk,) = [row for row in AUTHORIZATIONS if row["return_type"] == "bulk"]
    assert sum(line["expected"] for line in bulk["lines"]) == 600
    assert len({line["sku"] for line in bulk["lines"]}) == 8


def test_the_special_cases_are_there():
    assert max(Counter(row["order"] for row in AUTHORIZATIONS).values()) == 2
    shared = Counter(tracking for row in AUTHORIZATIONS for tracking in row["tracking"])
    assert list(shared.values()).count(2) == 1
    assert [len(row["tracking"]) for row in AUTHORIZATIONS if row.get("pieces") == 2] == [2]
    assert [row["expires_at"] for row in AUTHORIZATIONS if "expires_at" in row] == ["2011-03-01"]
    assert ORDERS[3]["number"] in {row["order"] for row in AUTHORIZATIONS}
    assert sum(len(row["lines"]) > 1 for row in AUTHORIZATIONS) >= 10


def test_tracking_numbers_are_valid_ones_of_seven_carriers():
    found = set()
    for row in AUTHORIZATIONS:
        for tracking in row["tracking"]:
            fitting = [
                c for c in read(tracking.encode()).of(Kind.TRACKING) if c.valid and c.value == tracking
            ]
            found |= {candidate.get("carrier") for candidate in fitting}
            assert fitting
    assert len(found) >= 7


def test_badges_and_containers_are_read_as_such_by_a_scanner_and_workers_have_no_names():
    badges, containers = (
        list(csv.DictReader(FILES[kind].read_text().splitlines())) for kind in ("badges", "containers")
    )
    assert all(read(badge["code"].encode()).candidates[0].kind is Kind.BADGE for badge in badges)
    assert [(badge["worker"], badge["role"]) for badge in badges] == [
        ("w-1", "worker"),
        ("w-2", "worker"),
        ("w-3", "supervisor"),
    ]
    assert "name" not in badges[0]
    assert all(parse_plate(container["code"]) for container in containers)


def test_there_is_a_place_for_every_purpose_of_the_policy(desk):
    for kind in ("locations", "containers"):
        desk.run(kind, FILES[kind])
    policy = (FOLDER.parent / "policy.toml").read_text(encoding="utf-8")
    section = policy.partition("[destinations]")[2].partition("[override_reasons]")[0]
    wanted = {
        word for line in section.splitlines() if "=" in line for word in json.loads(line.partition("=")[2])
    }
    assert wanted <= {
        word for (words,) in desk.rows(tables.Location, "purposes") for word in json.loads(words)
    }


FULL = os.environ.get("RETURNS_STATION_SALES", "")


@pytest.mark.prove
@pytest.mark.skipif(
    not FULL,
    reason="by design: RETURNS_STATION_SALES names no full Online Retail file, which is too large to ship",
)
def test_the_sample_is_made_again_to_the_byte_and_its_lines_stand_in_the_full_file(tmp_path):
    main(Path(FULL), tmp_path)
    for made in tmp_path.iterdir():
        assert made.read_bytes() == (FOLDER / made.name).read_bytes()
    with gzip.open(FULL, "rt", encoding="utf-8", newline="") as file:
        full = set(map(tuple, csv.reader(file)))
    assert set(map(tuple, csv.reader(SALES.read_text(encoding="utf-8").splitlines()))) <= full
    shutil.rmtree(tmp_path)

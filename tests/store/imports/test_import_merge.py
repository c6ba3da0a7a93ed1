"""What imports leave in the tables: one row for each outside number, everything scannable, nothing doubled, nothing deleted."""

import hashlib
import json

import pytest
from import_rows import NOW, acknowledged_refund, order

from returns_station.errors import StationError
from returns_station.store import tables
from returns_station.store.engine import ProcessLock, driver
from returns_station.store.imports import merge_rows
from returns_station.store.imports.run import transaction


def put(desk, kind, *items, **more):
    return desk.run(kind, "".join(json.dumps(item) + "\n" for item in items), **more)


def scannable(desk, kind):
    return sorted(
        (value, ref) for value, k, ref in desk.rows(tables.Scannable, "value", "kind", "ref") if k == kind
    )


EVERY_KIND = [
    (
        "products",
        {"sku": "MUG", "gtins": ["4006381333931", "14006381333938*12"], "components": ["mug", "lid"]},
    ),
    ("customers", {"number": "17", "segment": "trade", "email": "someone@example.com"}),
    ("orders", order(tracking=["1z 999 aa1 01 2345 6784"])),
    (
        "authorizations",
        {
            "number": "R1",
            "order": "#1001",
            "lines": [{"sku": "MUG", "expected": 1}],
            "tracking": ["RR000007919GB"],
        },
    ),
    ("locations", {"code": "Bin-1", "purposes": ["restock"]}),
    ("containers", {"code": "k00000000028", "purposes": ["restock"], "capacity": 40}),
    ("badges", {"code": "rs-b-1001", "worker": "w-1", "role": "supervisor"}),
]


def test_the_same_file_again_changes_nothing(desk):
    for kind, item in EVERY_KIND:
        assert put(desk, kind, item).inserted == 1
    before = desk.everything()
    for kind, item in EVERY_KIND:
        report = put(desk, kind, item)
        assert (kind, report.inserted, report.updated, report.unchanged) == (kind, 0, 0, 1)
    assert desk.everything() == before


def test_every_kind_is_scannable_by_what_is_printed_on_it(desk):
    for kind, item in EVERY_KIND:
        put(desk, kind, item)
    ((product, order_id, line),) = desk.sql("SELECT product_id, order_id, id FROM order_line")
    ((authorization,),) = desk.sql('SELECT id FROM "authorization"')
    assert desk.sql("SELECT value, kind, ref, factor FROM scannable ORDER BY kind, value") == [
        ("RS-B-1001", "badge", "RS-B-1001", 1),
        ("K00000000028", "container", "K00000000028", 1),
        ("04006381333931", "gtin", product, 1),
        ("14006381333938", "gtin", product, 12),
        ("Bin-1", "location", "Bin-1", 1),
        ("#1001", "order", order_id, 1),
        ("1001", "order", order_id, 1),
        ("1Z999AA10123456784", "outbound", order_id, 1),
        ("R1", "rma", authorization, 1),
        ("SN-1", "serial", line, 1),
        ("MUG", "sku", product, 1),
        ("RR000007919GB", "tracking", authorization, 1),
    ]


def test_a_tracking_number_within_a_longer_bar_code_is_found_by_either(desk):
    put(desk, "orders", order())
    long = "420941049400111201080805483016"
    put(
        desk,
        "authorizations",
        {"number": "R1", "tracking": [long]},
        {"number": "R2", "tracking": ["9400111201080805483016"]},
    )
    values = [value for value, _ in scannable(desk, "tracking")]
    assert values == [long, "9400111201080805483016", "9400111201080805483016"]


def test_a_money_fact_that_is_missing_stays_missing(desk):
    bare = {
        "number": "A",
        "currency": "EUR",
        "lines": [{"line_id": "1", "sku": "MUG", "quantity": 1}],
        "payments": [{"reference": "p"}],
    }
    put(desk, "orders", bare)
    assert desk.rows(tables.SalesOrder, "shipping_minor", "prices_include_tax") == [(None, None)]
    assert desk.rows(tables.OrderLine, "unit_price_minor", "discount_minor", "tax_minor") == [
        (None, None, None)
    ]
    assert desk.rows(tables.Payment, "captured_minor", "refunded_minor") == [(None, None)]


def test_amounts_without_a_currency_are_missing_facts(desk):
    put(desk, "orders", order(currency=None))
    assert desk.rows(tables.OrderLine, "unit_price_minor") == [(None,)]
    assert desk.rows(tables.Payment, "captured_minor") == [(None,)]


@pytest.mark.parametrize(("currency", "minor"), [("EUR", 1250), ("JPY", None), ("KWD", 12500)])
def test_amounts_are_exact_in_their_currency(desk, currency, minor):
    report = put(desk, "orders", order(currency=currency))
    assert report.ok == (minor is not None)
    assert desk.rows(tables.OrderLine, "unit_price_minor") == ([(minor,)] if minor else [])


def test_a_column_not_given_stays_and_one_given_changes(desk):
    put(desk, "orders", order())
    report = put(
        desk, "orders", {"number": "#1001", "lines": [{"line_id": "1", "sku": "MUG", "quantity": 3}]}
    )
    assert (report.inserted, report.updated) == (0, 1)
    assert desk.rows(tables.OrderLine, "quantity", "unit_price_minor", "tax_minor") == [(3, 1250, 0)]
    assert desk.rows(tables.SalesOrder, "currency") == [("EUR",)]
    assert desk.rows(tables.Payment, "captured_minor") == [(2500,)]


def test_the_same_number_from_another_source_or_merchant_is_another_order(desk):
    put(desk, "orders", order())
    put(desk, "orders", order(), source="other")
    put(desk, "orders", order(merchant="n"))
    assert sorted(desk.rows(tables.SalesOrder, "merchant", "source")) == [
        ("m", "other"),
        ("m", "shop"),
        ("n", "shop"),
    ]
    assert len({ref for _, ref in scannable(desk, "order")}) == 3


def test_a_gtin_that_moved_names_its_new_product_only(desk):
    put(desk, "products", {"sku": "OLD", "gtins": ["4006381333931"]})
    put(desk, "products", {"sku": "NEW", "gtins": ["4006381333931"]})
    (new,) = [product for product, sku in desk.rows(tables.Product, "id", "sku") if sku == "NEW"]
    assert scannable(desk, "gtin") == [("04006381333931", new)]
    assert desk.rows(tables.ProductCode, "product_id") == [(new,)]


def test_what_comes_first_is_tied_to_what_comes_later(desk):
    put(desk, "authorizations", {"number": "R1", "order": "1001", "lines": [{"sku": "MUG", "expected": 1}]})
    assert desk.rows(tables.Authorization, "order_id") == [(None,)]
    put(desk, "orders", order())
    put(desk, "products", {"sku": "MUG"})
    ((line, order_id, product),) = desk.rows(tables.OrderLine, "id", "order_id", "product_id")
    assert desk.rows(tables.Authorization, "order_id") == [(order_id,)]
    assert desk.rows(tables.ReturnLine, "order_line_id", "product_id") == [(line, product)]
    assert desk.rows(tables.Product, "id", "title") == [(product, "MUG")]


def test_a_sku_on_two_lines_of_an_order_is_tied_by_line_id_and_never_guessed(desk):
    two = order()
    two["lines"].append(two["lines"][0] | {"line_id": "2", "serials": []})
    put(desk, "orders", two)
    lines = dict(desk.rows(tables.OrderLine, "line_id", "id"))
    wanted = [{"sku": "MUG", "expected": 1}, {"sku": "MUG", "expected": 1, "line_id": "2"}]
    put(desk, "authorizations", {"number": "R1", "order": "#1001", "lines": wanted})
    assert desk.rows(tables.ReturnLine, "order_line_id") == [(None,), (lines["2"],)]


def test_a_changed_authorization_keeps_its_lines_and_gets_new_ones(desk):
    put(desk, "orders", order())
    put(
        desk,
        "authorizations",
        {
            "number": "R1",
            "order": "#1001",
            "lines": [{"sku": "MUG", "expected": 1}, {"sku": "CAP", "expected": 1}],
        },
    )
    before = desk.rows(tables.ReturnLine, "id", "sku")
    lines = [
        {"sku": "CAP", "expected": 3, "reason": "style"},
        {"sku": "MUG", "expected": 1},
        {"sku": "MUG", "expected": 2},
    ]
    report = put(desk, "authorizations", {"number": "R1", "lines": lines})
    assert report.updated == 1
    assert desk.rows(tables.ReturnLine, "id", "sku")[:2] == before
    assert desk.rows(tables.ReturnLine, "sku", "expected", "reason") == [
        ("MUG", 1, "unknown"), ("CAP", 3, "style"), ("MUG", 2, "unknown"),
    ]  # fmt: skip


def test_what_the_station_returned_itself_is_not_counted_again(desk):
    put(desk, "orders", order())
    acknowledged_refund(desk, pieces=1, minor=1250)
    seen = order()
    seen["lines"][0]["returned"] = 1
    seen["payments"][0]["refunded"] = "12.50"
    assert put(desk, "orders", seen).unchanged == 1
    seen["lines"][0]["returned"] = 2
    seen["payments"][0]["refunded"] = "25.00"
    put(desk, "orders", seen)
    assert desk.rows(tables.OrderLine, "returned_before") == [(1,)]
    assert desk.rows(tables.Payment, "refunded_minor") == [(1250,)]


def test_a_refund_that_nobody_confirmed_lowers_nothing(desk):
    put(desk, "orders", order())
    acknowledged_refund(desk, pieces=1, minor=1250, state="sent")
    seen = order()
    seen["lines"][0]["returned"] = 1
    put(desk, "orders", seen)
    assert desk.rows(tables.OrderLine, "returned_before") == [(1,)]


def test_what_came_back_elsewhere_never_becomes_less(desk):
    seen = order()
    seen["lines"][0]["returned"] = 1
    put(desk, "orders", seen)
    put(desk, "orders", order())
    seen["lines"][0]["returned"] = 0
    put(desk, "orders", seen)
    assert desk.rows(tables.OrderLine, "returned_before") == [(1,)]


def test_personal_data_stands_in_the_subject_row_alone(desk):
    put(
        desk,
        "customers",
        {"number": "17", "name": "N. N.", "email": "someone@example.com", "phone": "", "age": "7"},
    )
    put(desk, "badges", {"code": "RS-B-1", "worker": "w-1", "name": "N. N."})
    kept = desk.rows(tables.Subject, "kind", "body")
    assert kept == [
        ("customer", '{"name": "N. N.", "email": "someone@example.com"}'),
        ("worker", '{"name": "N. N."}'),
    ]
    salts = desk.rows(tables.Subject, "salt")
    assert len({salt for (salt,) in salts}) == 2
    others = {name: rows for name, rows in desk.everything().items() if name != "subject"}
    assert "N. N." not in str(others)
    assert "example.com" not in str(others)


def test_an_erased_customer_does_not_come_back(desk):
    put(desk, "customers", {"number": "17", "email": "someone@example.com"})
    desk.sql("DELETE FROM subject")
    put(desk, "customers", {"number": "17", "email": "someone@example.com"})
    put(desk, "orders", order(customer="17"))
    assert desk.rows(tables.Subject) == []
    assert desk.rows(tables.SalesOrder, "customer_id") == desk.rows(tables.Customer, "id")


def test_a_customer_first_known_from_an_order_gets_a_name_later(desk):
    put(desk, "orders", order(customer="17"))
    assert desk.rows(tables.Subject, "body") == [("{}",)]
    put(desk, "customers", {"number": "17", "name": "N. N."})
    assert desk.rows(tables.Subject, "body") == [('{"name": "N. N."}',)]


def test_a_revoked_badge_is_not_made_good_by_a_blank_cell(desk):
    put(desk, "badges", {"code": "RS-B-1", "worker": "w-1", "revoked_at": "2026-01-01"})
    put(desk, "badges", {"code": "RS-B-1", "worker": "w-1", "revoked_at": ""})
    assert desk.rows(tables.Badge, "revoked_at") == [("2026-01-01T00:00:00.000000+00:00",)]


def test_a_dry_run_counts_as_the_real_one_and_leaves_nothing(desk):
    before = desk.everything()
    dry = put(desk, "orders", order(), dry_run=True)
    assert desk.everything() == before
    assert desk.rows(tables.ImportRun) == []
    assert put(desk, "orders", order()) == dry


def test_an_import_leaves_a_record_with_the_digest_of_its_file(desk):
    put(desk, "products", {"sku": "MUG"})
    digest = hashlib.sha256((desk.folder / "file").read_bytes()).hexdigest()
    found = desk.rows(tables.ImportRun, "kind", "source", "digest", "rows", "at")
    assert found == [("products", "shop", digest, 1, NOW.isoformat(timespec="microseconds"))]


def test_a_station_can_write_between_the_batches_of_a_large_import(desk):
    other = driver().module.connect(desk.folder / "station.db", timeout=0, isolation_level=None)
    written = []

    def progress(done, steps):
        if done < steps // 2:
            other.execute("BEGIN IMMEDIATE")
            other.execute("INSERT INTO meta VALUES (?, '')", (f"scan {done}",))
            other.execute("COMMIT")
            written.append(done)

    desk.run("products", "sku\n" + "".join(f"S{n}\n" for n in range(4500)), progress=progress)
    assert len(written) >= 4
    assert len(desk.rows(tables.Meta)) == len(written)
    assert len(desk.rows(tables.Product)) == 4500
    other.close()


def test_progress_rises_to_the_end(desk):
    desk.run("products", "sku\n" + "".join(f"S{n}\n" for n in range(2500)))
    assert desk.steps == sorted(desk.steps)
    assert desk.steps[-1][0] == desk.steps[-1][1]


def test_an_import_that_dies_while_merging_leaves_the_tables_as_they_were(desk):
    put(desk, "products", {"sku": "MUG"})
    before = desk.everything()

    def dying(done, steps):
        if done > steps // 2:
            raise RuntimeError("power")

    with pytest.raises(RuntimeError, match="power"):
        desk.run("products", "sku\n" + "".join(f"S{n}\n" for n in range(2500)), progress=dying)
    found = desk.everything()
    assert len(found.pop("import_stage")) == 2500
    assert before.pop("import_stage") == []
    assert found == before
    put(desk, "products", {"sku": "MUG"})
    assert desk.rows(tables.ImportStage) == []


def test_two_imports_at_once_are_refused(desk):
    lock = ProcessLock(desk.folder / "station.db", "import").acquire()
    with pytest.raises(StationError, match="Another import process"):
        put(desk, "products", {"sku": "MUG"})
    lock.release()
    assert put(desk, "products", {"sku": "MUG"}).inserted == 1


def test_a_bad_item_of_a_feed_does_not_keep_the_others_out(desk):
    items = [order(), order(number="#1002", currency="€"), order(number="#1003", merchant="n"), 5]
    with transaction(desk.engine) as connection:
        report = merge_rows(connection, "orders", items, "m", "feed", "s", NOW, desk.uuid)
    assert (report.rows, report.inserted, report.unchanged) == (4, 2, 0)
    assert [problem.sentence for problem in report.problems] == [
        "Line 2, column currency: '€' is not a currency, three letters such as EUR, was expected.",
        "Line 4, column row: '5' is not an object, {…} with named values, was expected.",
    ]
    assert sorted(desk.rows(tables.SalesOrder, "merchant", "number")) == [("m", "#1001"), ("n", "#1003")]


def test_a_float_in_a_feed_is_no_money(desk):
    with transaction(desk.engine) as connection:
        report = merge_rows(connection, "orders", [order(shipping=3.95)], "m", "feed", "s", NOW, desk.uuid)
    assert report.problems[0].sentence == (
        "Line 1, column shipping: '3.95' is not an exact amount, a text in quotes such as \"12.50\" was expected."
    )


def test_hostile_text_is_stored_as_it_is(desk):
    nasty = "'; DROP TABLE product; -- [@click=app.quit] \x1b[2J \u202e ü漢字"
    put(desk, "products", {"sku": nasty, "title": "<b>&" + "x" * 100_000})
    assert desk.rows(tables.Product, "sku", "title") == [(nasty, "<b>&" + "x" * 100_000)]


def test_the_database_is_sound_after_all_kinds(desk):
    for kind, item in EVERY_KIND:
        put(desk, kind, item)
    assert desk.sql("PRAGMA integrity_check") == [("ok",)]

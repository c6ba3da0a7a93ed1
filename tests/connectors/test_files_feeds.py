"""Feeds in as files: whole files alone, each once, in their order, whatever dies; what cannot be read says why."""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text

from returns_station.connectors.api import ConnectorError, Settings
from returns_station.connectors.files import FilesConnector, feeds
from returns_station.store.imports import KINDS, merge_rows
from returns_station.sync.pull import PullReport, pull_feed, pull_feeds
from tests.connectors.drop_kit import connector, killed_at, made
from tests.store.imports.test_import_document import SAMPLES
from tests.sync.outbox_kit import new_database

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
FEEDS = ("locations", "products", "customers", "orders", "authorizations")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    return made(tmp_path / "drop")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = new_database(tmp_path / "station.db")
    yield engine
    engine.dispose()


def merge(connection: Connection, feed: str, rows: Any, at: datetime) -> int:
    ids = (f"id-{os.urandom(8).hex()}" for _ in iter(int, 1))
    report = merge_rows(connection, feed, rows, "main", "drop", "main", at, lambda: next(ids))
    assert report.problems == ()
    return report.inserted + report.updated + report.unchanged


def read(engine: Engine, drop: Path, feed: str, limit: int = 500, **options: str) -> PullReport:
    made_now = connector(drop, **options)
    return pull_feed(engine, made_now, "drop", feed, merge, lambda: NOW, limit=limit)


def asked(engine: Engine, query: str) -> list[tuple[Any, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def inbox(drop: Path) -> list[str]:
    return sorted(str(path.relative_to(drop / "in")) for path in (drop / "in").rglob("*") if path.is_file())


def test_every_sample_of_the_document_comes_in_through_the_folder_as_it_does_by_import(
    engine: Engine, drop: Path
) -> None:
    taken = [name for name in SAMPLES if name.partition(".")[0] in FEEDS and " " not in name]
    assert {name.partition(".")[0] for name in taken} == set(FEEDS)
    for name in taken:
        (drop / "in" / name.replace(".", "-today.")).write_text(SAMPLES[name])
    reports = pull_feeds(engine, connector(drop), "drop", merge, lambda: NOW)
    assert [report.problem for report in reports] == [None] * 5
    assert asked(engine, "select number, currency from sales_order") == [("536578", "GBP")]
    lines = "select sku, quantity, unit_price_minor, returned_before from order_line order by line_id"
    assert asked(engine, lines) == [("22726", 4, 375, 1), ("85123A", 3, 255, 0)]
    assert asked(engine, "select reference, captured_minor from payment") == [("PAY-536578", 1895)]
    assert asked(engine, "select count(*) from return_line") == [(2,)]
    assert asked(engine, "select orders, spent_minor from customer_history") == [(12, 148050)]
    pull_feeds(engine, connector(drop), "drop", merge, lambda: NOW)
    assert all(name.startswith("done/") for name in inbox(drop))


def test_the_columns_of_rows_within_a_row_are_those_of_the_imports() -> None:
    renamed = {"payment_reference": "reference"}
    for feed, children in feeds.CHILDREN.items():
        told = {child: set(columns) for child, columns in children.items()}
        wanted = {child: set(shape.columns) for child, shape in KINDS[feed].children.items()}
        assert {
            child: {renamed.get(one, one) for one in columns} for child, columns in told.items()
        } == wanted
    for feed, needed in feeds.NEEDED.items():
        shape = KINDS[feed]
        within = [shape.children[name].columns for name in shape.needs]
        columns = {name: one for part in (shape.columns, *within) for name, one in part.items()}
        assert set(needed) == {name for name, one in columns.items() if one.required}


def test_files_are_read_in_the_order_of_their_names_page_by_page(engine: Engine, drop: Path) -> None:
    for number, title in ((1, "Old"), (2, "New")):
        rows = [{"sku": f"S-{n}", "title": title} for n in range(5)]
        (drop / "in" / f"products-{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    report = read(engine, drop, "products", limit=2)
    assert (report.pages, report.rows) == (6, 10)
    assert asked(engine, "select distinct title from product") == [("New",)]
    assert read(engine, drop, "products").rows == 0
    assert inbox(drop) == ["done/products-1.jsonl", "done/products-2.jsonl"]


def test_a_file_that_is_still_written_waits_and_so_does_what_comes_after_it(
    engine: Engine, drop: Path
) -> None:
    ahead = timedelta()
    first, second = drop / "in" / "products-1.csv", drop / "in" / "products-2.csv"
    first.write_text("sku\nA")
    second.write_text("sku\nB\n")
    settings = Settings(drop.as_uri(), "", options={"settle_seconds": "60"})
    waiting = FilesConnector(settings, now=lambda: datetime.now(UTC) + ahead)
    assert waiting.pull("products", None, 10).items == ()
    (drop / "in" / "products-2.csv.done").touch()
    assert waiting.pull("products", None, 10).items == ()
    (drop / "in" / "products-1.csv.done").touch()
    assert waiting.pull("products", None, 10).items == ({"sku": "A"},)
    (drop / "in" / "products-1.csv.done").unlink()
    ahead = timedelta(seconds=61)
    assert waiting.pull("products", None, 10).items == ({"sku": "A"},)


def test_a_reader_killed_at_any_step_merges_every_row_and_moves_every_file_once(
    engine: Engine, drop: Path
) -> None:
    # Before and after its rows were kept, before and after the file was moved.
    kills = 0
    for number in range(1, 40):
        file = drop / "in" / "customers.csv"
        file.write_text(f"number,orders\nC-{number},{number}\n")
        engine.dispose()

        def twice() -> None:
            read(engine, drop, "customers")
            read(engine, drop, "customers")

        if not killed_at(number, drop, twice, before=True):
            break
        kills += 1
        twice()
        assert asked(engine, f"select count(*) from customer where number = 'C-{number}'") == [(1,)]
        assert not file.exists()
        assert len(inbox(drop)) == number
    assert kills > 5


def test_a_new_file_under_an_old_name_is_a_new_file(engine: Engine, drop: Path) -> None:
    for title in ("One", "Two"):
        (drop / "in" / "products.csv").write_text(f"sku,title\nA,{title}\n")
        read(engine, drop, "products")
    assert asked(engine, "select title from product") == [("Two",)]
    read(engine, drop, "products")
    assert inbox(drop) == ["done/products.csv"]


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("orders.csv", b"number,sku\n1,A\n", "has no column line_id, quantity"),
        ("orders.jsonl", b'{"number":"1"}\n{"number":', "has no JSON object on line 2"),
        ("orders.jsonl", b'{"number":NaN}\n', "has no JSON object on line 1"),
        ("orders.jsonl", b"[" * 100_000, "has no JSON object on line 1"),
        ("orders.csv", b"number,line_id,sku,quantity\n1,1,\xff,1\n", "is not UTF-8"),
        ("orders.csv", b"", "is empty"),
        (
            "orders.csv",
            b"number,line_id,sku,quantity\n1,1,A,1,9\n",
            "has 5 cells on line 2, and 4 in its header",
        ),
        ("orders.csv", b"x" * 300_000, "has more than 200000 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_set_aside_with_the_reason_and_the_others_go_on(
    engine: Engine, drop: Path, name: str, content: bytes, why: str
) -> None:
    (drop / "in" / name).write_bytes(content)
    good = {"number": "9", "lines": [{"line_id": "1", "sku": "A", "quantity": 1}]}
    (drop / "in" / "orders_2.jsonl").write_text(json.dumps(good) + "\n")
    small = FilesConnector(
        Settings(drop.as_uri(), "", max_answer_bytes=200_000, options={"settle_seconds": "0"})
    )
    report = pull_feed(engine, small, "drop", "orders", merge, lambda: NOW)
    assert report.problem is not None
    assert (report.problem.code, report.problem.sentence) == ("files.refused", f"The file {name} {why}.")
    assert (drop / "in" / "refused" / f"{name}.txt").read_text() == f"The file {name} {why}.\n"
    assert (drop / "in" / "refused" / name).read_bytes() == content
    assert pull_feed(engine, small, "drop", "orders", merge, lambda: NOW).problem is None
    assert asked(engine, "select number from sales_order") == [("9",)]


def test_a_name_that_is_no_feed_is_told_and_a_link_is_not_followed(drop: Path, tmp_path: Path) -> None:
    (drop / "in" / "order.csv").write_text("number\n1\n")
    with pytest.raises(ConnectorError, match=r"order\.csv has a name that begins with none of the feeds"):
        connector(drop).pull("products", None, 10)
    (tmp_path / "secret").write_text("sku\nROOT\n")
    (drop / "in" / "products.csv").symlink_to(tmp_path / "secret")
    with pytest.raises(ConnectorError):
        connector(drop).pull("products", None, 10)
    assert (tmp_path / "secret").exists()


def test_a_share_that_is_not_mounted_is_said_and_no_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(tmp_path / "mnt").pull("orders", None, 10)
    assert (caught.value.code, caught.value.retry) == ("files.folder", True)
    assert not (tmp_path / "mnt").exists()


def test_a_payment_repeats_on_every_row_of_its_order_and_counts_once(drop: Path) -> None:
    (drop / "in" / "orders.csv").write_text(
        "number;payment_reference;captured;line_id;sku;quantity\n1;P;5.00;1;A;1\n;P;;2;B;1\n2;;;1;C;1\n"
    )
    first, second = connector(drop).pull("orders", None, 10).items
    assert first["payments"] == [{"reference": "P", "captured": "5.00"}]
    assert [line["sku"] for line in first["lines"]] == ["A", "B"]  # type: ignore[attr-defined]
    assert (second["number"], second["payments"]) == ("2", [])

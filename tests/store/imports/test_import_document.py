"""docs/import.md is true: its samples import, and it names every column."""

import re
from pathlib import Path

import pytest

from returns_station.store.imports import KINDS

TEXT = (Path(__file__).parents[3] / "docs" / "import.md").read_text(encoding="utf-8")
SAMPLES = dict(re.findall(r"<!-- sample: (.+?) -->\n```\w+\n(.*?)```", TEXT, re.DOTALL))


def kind_of(name):
    return "orders" if name.endswith("as orders") else name.partition(".")[0]


@pytest.mark.parametrize("name", [name for name in SAMPLES if name != "sales"])
def test_a_sample_of_the_document_imports_without_a_problem_or_a_notice_about_columns(desk, name):
    report = desk.run(kind_of(name), SAMPLES[name])
    assert report.problems == ()
    assert report.notices == ()
    assert report.inserted == report.rows > 0


def test_the_document_has_a_sample_of_every_kind_and_of_past_sales():
    assert {kind_of(name) for name in SAMPLES} == {*KINDS, "sales"}


def test_the_sample_of_past_sales_imports_with_its_return(desk):
    report = desk.sales(SAMPLES["sales"])
    assert (report.orders, report.products, report.full) == (1, 1, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_column_stands_in_the_document(kind):
    shape = KINDS[kind]
    children = [name for child in shape.children.values() for name in child.columns]
    missing = [name for name in (*shape.columns, *shape.children, *children) if f"`{name}`" not in TEXT]
    assert missing == []

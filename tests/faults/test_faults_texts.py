"""Hostile texts in the lists themselves, in any locale: on screens, labels, reports and the wire they are only text."""

import json
import os
import subprocess
import sys

import pypdfium2  # type: ignore[import-untyped]
import pytest
import zxingcpp

from returns_station.commands.common import safe
from tests.commands.dock_kit import Dock
from tests.faults.fault_kit import ANNA, HOSTILE, SEALED, Words, opened, raws, talk, unprintable, written
from tests.journeys.journey_kit import command

TITLES = {
    name: HOSTILE[name].decode("utf-8", "replace")
    for name in (
        "escape",
        "c1 in utf-8",
        "right to left",
        "markup action",
        "sql",
        "html",
        "zpl",
        "cjk",
        "combining",
    )
} | {"a thousand": "Ä" * 1000}


def _named(dock: Dock, title: str, sku: str) -> None:
    """Gives a product of its own, with a place on an order, the title."""
    product, order = dock.folder / "product.jsonl", dock.folder / "order.jsonl"
    product.write_text(json.dumps({"sku": sku, "title": title}) + "\n", "utf-8")
    line = {"line_id": "1", "sku": sku, "quantity": 1, "unit_price": "2.00", "discount": "0", "tax": "0"}
    payment = {"reference": "P-1", "captured": "2.00", "refunded": "0"}
    order.write_text(
        json.dumps(
            {"number": "HOSTILE-1", "currency": "GBP", "prices_include_tax": True, "shipping": "0",
             "delivered_at": "2011-08-31", "lines": [line], "payments": [payment]}
        ), "utf-8",
    )  # fmt: skip
    for kind, file in (("products", product), ("orders", order)):
        done = dock("import", kind, str(file), "--source", "wms")
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize("name", TITLES)
def test_a_product_of_any_name_is_worked_to_its_end_and_its_label_reads_back(dock: Dock, name: str) -> None:
    """Its SKU is as hostile as its title where it can be scanned at all; both are stored as they came."""
    title = TITLES[name]
    sku = "S-1" if unprintable(title) else f"S {title[:40].strip()}"
    _named(dock, title, sku)
    with opened(dock) as station:
        words = Words(station)
        done = words(ANNA, "HOSTILE-1", sku, *SEALED[2:])
        shown = Words(station, as_json=False)("RS-STATUS", "RS-HELP")
    lpn = next(reply["unit"]["lpn"] for reply in done.replies if reply["unit"] and reply["unit"]["lpn"])
    assert not unprintable(done.output + shown.output)
    assert dock.rows("select sku, placement from return_unit") == [{"sku": sku, "placement": "put"}]
    (stored,) = dock.rows(f"select title from product where sku = '{sku.replace(chr(39), chr(39) * 2)}'")
    assert stored["title"] == title.strip(" ")
    (label,) = written(dock.folder / "labels").values()
    page = pypdfium2.PdfDocument(label)[0].render(scale=203 / 72, grayscale=True).to_numpy()
    assert {symbol.text for symbol in zxingcpp.read_barcodes(page)} == {lpn}
    for args in (("show", lpn), ("show", lpn, "--json"), ("outbox", "list"), ("outbox", "list", "--json")):
        said = dock(*args)
        assert said.exit_code == 0, said.output
        assert not unprintable(said.output), args


@pytest.mark.parametrize(
    ("encoding", "as_json"), [("utf-8:strict", False), ("ascii", False), ("latin-1", True)]
)
def test_every_byte_typed_comes_through_in_every_locale_and_no_letter_ends_the_program(
    dock: Dock, encoding: str, as_json: bool
) -> None:
    lines = [ANNA.encode(), "Zoë 漢字".encode(), b"\xff\xfe\x9b", "نص".encode()]
    done = subprocess.run(
        [sys.executable, "-m", "returns_station", "run", "--no-sync", "--config", str(dock.config)]
        + ["--json"] * as_json,
        input=b"\n".join(lines) + b"\n",
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert raws(dock) == lines
    assert not unprintable(done.stdout.decode(encoding.split(":")[0]))


@pytest.mark.parametrize(
    "line",
    [
        '{"scan": "\\ud800"}',
        '{"scan": "X", "id": "\\ud800"}',
        '{"scan": "X", "device": "\\udfff"}',
        '{"scan": 7}',
        '{"scan": "X", "answer": "Y"}',
        '{"scan": "X", "money": 1}',
        '{"scan": ',
        '{"a":' * 5000,
        '{"\x9b31m\x1b[2J',
        "{}",
    ],
    ids=range(10),
)
def test_a_line_that_is_no_input_is_told_kept_out_and_followed_by_the_next(dock: Dock, line: str) -> None:
    done = talk(dock, ANNA, line, '{"id": "z", "scan": "RMA-100001"}')
    assert done.notices == ["station.ready", "input.object"]
    assert done.lines[2]["text"] == (
        'The line is no input: {"id": …, "scan" | "answer" | "command": "…"} was expected.'
    )
    assert not unprintable(done.output)
    assert [reply["in"] for reply in done.replies] == [None, "z"]
    assert len(raws(dock)) == 2


def test_what_an_error_repeats_of_a_hostile_call_is_printable(dock: Dock) -> None:
    for raw in HOSTILE.values():
        text = raw.decode("utf-8", "replace").replace("\0", "")
        if len(text) < 10_000 and not text.startswith("-"):
            said = dock("show", text)
            assert not unprintable(said.output), text
    assert safe("\x1b\u202e\x9b") == "···"


def test_the_real_program_shows_a_hostile_number_as_text(dock: Dock) -> None:
    done = command("show", "\x1b[31m\x07\u202e", "--config", str(dock.config))
    assert done.returncode == 2
    assert not unprintable(done.stdout + done.stderr)

"""The shift of forty parcels against a real Tryton: orders pulled from it, the rest of the day by scans, and what it has
afterwards read by its own API."""

import json
from collections import Counter
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from tests.commands.dock_kit import Dock
from tests.commands.shadow_kit import play, script_of
from tests.journeys.journey_kit import money_here, stock_here
from tests.upstreams.tryton.server import TrytonServer

PARCELS = range(1, 41)
TARGET = (
    '\n[[target]]\nname = "erp"\nconnector = "tryton"\nurl = "{url}"\ntoken_env = "ERP_TOKEN"\n'
    '\n[target.options]\nblind_party = "BLIND"\nweights = "yes"\n'
)


class Shift:
    """A station whose orders, products and customers came from Tryton, after its forty parcels."""

    def __init__(self, tryton: TrytonServer, folder: Path) -> None:
        self.tryton, self.dock = tryton, Dock(folder)
        tryton.reset()
        self.stock_before = tryton.stock()
        self.notes_before = {row["id"] for row in self.notes()}
        self.dock.configure(TARGET, url=tryton.url)
        assert self.dock("migrate").exit_code == 0
        self.pulled = self.sync()
        self._import()
        play(self.dock, script_of(PARCELS))
        self.delivered = self.sync()

    def sync(self) -> dict[str, Any]:
        """One run of the sync job."""
        done = self.dock("sync", "--once", "--json", ERP_TOKEN=self.tryton.token)
        return {**json.loads(done.stdout.splitlines()[-1]), "exit": done.exit_code}

    def notes(self) -> list[dict[str, Any]]:
        """Posted credit notes."""
        domain = [["state", "in", ["posted", "paid"]], ["total_amount", "<", 0]]
        return self.tryton.find(
            "account.invoice", domain, "total_amount", "lines.origin", "reference", "currency.code"
        )

    def waiting(self) -> list[dict[str, Any]]:
        """Units whose goods wait for a person after the delivery; what the dock itself holds is left out."""
        return self.dock.rows(
            "select o.type, o.state, o.problem_code, o.problem, u.sku, u.quantity, u.identity, "
            "coalesce(u.container, u.location) as place from outbox o left join return_unit u on u.id = o.unit_id "
            "where o.state not in ('acknowledged', 'withdrawn', 'held') and o.type = 'returns.stock'"
        )

    def _import(self) -> None:
        """What Tryton does not know: kinds and places of this dock, badges, and return numbers of the shop."""
        with as_file(files("returns_station.samples")) as samples:
            for kind in ("products", "locations", "containers", "badges"):
                done = self.dock("import", kind, str(next(samples.glob(f"{kind}.*"))), "--source", "erp")
                assert done.exit_code == 0, done.output
            rows = [json.loads(line) for line in (samples / "authorizations.jsonl").read_text().splitlines()]
        for row in rows:
            lines = self.tryton.seed["orders"].get(row.get("order"), {}).get("lines", {})
            for line in row["lines"]:
                if line.get("line_id"):
                    line["line_id"] = str(lines[line["line_id"]])
        file = self.dock.folder / "authorizations.jsonl"
        file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        done = self.dock("import", "authorizations", str(file), "--source", "shop")
        assert done.exit_code == 0, done.output


@pytest.fixture(scope="module")
def shift(tryton: TrytonServer, tmp_path_factory: pytest.TempPathFactory) -> Shift:
    return Shift(tryton, tmp_path_factory.mktemp("shift"))


def test_orders_products_and_customers_come_from_tryton_without_a_problem(shift: Shift) -> None:
    assert shift.pulled["problems"] == []
    assert {feed: bool(count) for feed, count in shift.pulled["pulled"].items()} == dict.fromkeys(
        ("customers", "locations", "orders", "products"), True
    )
    numbers = {row["number"] for row in shift.dock.rows("select number from sales_order")}
    assert numbers == set(shift.tryton.seed["orders"])


def test_every_effect_is_delivered_but_an_article_that_tryton_does_not_know(shift: Shift) -> None:
    waiting = shift.waiting()
    assert [row["problem_code"] for row in waiting] == ["upstream.product"], waiting
    assert shift.tryton.find("product.product", [["code", "=", waiting[0]["sku"]]]) == []
    behind = shift.dock.rows(
        "select distinct type, state from outbox where type != 'returns.stock' "
        "and state not in ('acknowledged', 'withdrawn', 'held')"
    )
    assert behind == [{"type": "returns.completed", "state": "local"}], (
        "Only what comes after it waits with it."
    )
    assert shift.delivered["acknowledged"] > 180


def test_stock_at_every_place_is_what_the_shift_put_there_to_the_unit(shift: Shift) -> None:
    put: Counter[tuple[str, str]] = Counter()
    for (sku, place, _disposition), quantity in stock_here(shift.dock.database).items():
        put[sku, place] += quantity
    for row in shift.waiting():
        put[row["sku"], row["place"]] -= row["quantity"]
    after = shift.tryton.stock()
    places = {place for _sku, place in put}
    gained = Counter(
        {key: count - shift.stock_before[key] for key, count in after.items() if key[1] in places}
    )
    assert +gained == +put
    assert sum(put.values()) > 700
    assert not [key for key, count in after.items() if key[1] == "IN" and count]


def test_posted_credit_notes_are_what_the_shift_gave_back_to_the_cent(shift: Shift) -> None:
    orders = {row["id"]: row["reference"] for row in shift.tryton.find("sale.sale", [], "reference")}
    given: Counter[str] = Counter()
    for note in shift.notes():
        if note["id"] not in shift.notes_before:
            given[orders[order_of(shift.tryton, note)]] -= int(Decimal(note["total_amount"]["decimal"]) * 100)
    assert given == money_here(shift.dock.database)
    assert sum(given.values()) > 0


def test_there_is_one_return_sale_a_parcel_and_one_credit_note_a_settlement(shift: Shift) -> None:
    released = shift.dock.rows("select id from settlement where state = 'released' and amount_minor > 0")
    fresh = [note for note in shift.notes() if note["id"] not in shift.notes_before]
    assert sorted(note["reference"].rpartition("/")[2] for note in fresh) == sorted(
        row["id"] for row in released
    )
    papers = shift.tryton.find("sale.sale", [["reference", "like", "%/%"]], "reference")
    references = [row["reference"] for row in papers]
    assert len(references) == len(set(references)) > 30


def order_of(tryton: TrytonServer, note: dict[str, Any]) -> int:
    """The sale that a credit note goes back to, by the origin of its lines."""
    origin = next(line["origin"] for line in note["lines"] if line["origin"])
    model, id_ = origin.split(",")
    if model == "account.invoice.line":
        (row,) = tryton.find(model, [["id", "=", int(id_)]], "origin")
        return int(
            tryton.find("sale.line", [["id", "=", int(row["origin"].split(",")[1])]], "sale")[0]["sale"]
        )
    (row,) = tryton.find("sale.line", [["id", "=", int(id_)]], "sale.origin")
    return int(row["sale"]["origin"].split(",")[1])

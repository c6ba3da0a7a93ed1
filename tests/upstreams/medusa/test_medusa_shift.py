"""The shift of forty parcels against a real Medusa: orders and returns pulled from it, the day by scans, and what the shop
has afterwards, read by its own API."""

import json
from collections import Counter
from decimal import Decimal
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import pytest

from tests.commands.dock_kit import Dock
from tests.commands.shadow_kit import play
from tests.journeys.journey_kit import money_here
from tests.upstreams.medusa.bench import come_back, payments
from tests.upstreams.medusa.seed import shift_for, shift_orders, shift_returns
from tests.upstreams.medusa.server import MedusaServer
from tests.upstreams.medusa.shop import Json

TARGET = """
[[target]]
name = "shop"
connector = "medusa"
url = "{url}"
token_env = "SHOP_KEY"

[target.options]
location = "Returns warehouse"
refund_reason = "customer_return"
"""
_ORDER = "id,*items,*items.detail,*payment_collections.payments,*payment_collections.payments.refunds"
SELLABLE = ("return_to_stock", "return_to_stock_resale")


class Shift:
    """A station whose products, customers, orders and returns came from Medusa, after its forty parcels."""

    def __init__(self, medusa: MedusaServer, folder: Path) -> None:
        self.medusa, self.shop, self.dock = medusa, medusa.shop, Dock(folder)
        medusa.reset()
        self.before, self.levels_before = self.orders(), self.levels()
        self.dock.configure(TARGET, url=medusa.url)
        assert self.dock("migrate").exit_code == 0
        self.pulled = self.sync()
        with as_file(files("returns_station.samples")) as samples:
            for kind in ("locations", "containers", "badges"):
                done = self.dock("import", kind, str(next(samples.glob(f"{kind}.*"))), "--source", "shop")
                assert done.exit_code == 0, done.output
        play(self.dock, [line for line in shift_for(medusa.seed).splitlines() if line.startswith("{")])
        self.delivered = self.sync()

    def sync(self) -> dict[str, Any]:
        """One run of the sync job."""
        done = self.dock("sync", "--once", "--json", SHOP_KEY=self.medusa.seed["secret_key"])
        return {**json.loads(done.stdout.splitlines()[-1]), "exit": done.exit_code}

    def orders(self) -> dict[str, Json]:
        """Every order of the shift, by its number."""
        sold = self.medusa.seed["shift"]["orders"]
        return {
            number: self.shop.get(f"/admin/orders/{order['id']}?fields={_ORDER}")["order"]
            for number, order in sold.items()
        }

    def levels(self) -> Counter[str]:
        """Stock by SKU."""
        found: Counter[str] = Counter()
        items = self.shop.get("/admin/inventory-items?limit=500&fields=sku,*location_levels")[
            "inventory_items"
        ]
        for item in items:
            found[item["sku"]] += sum(level["stocked_quantity"] for level in item["location_levels"])
        return found

    def come_back(self) -> Counter[tuple[str, str, str]]:
        """Pieces by (order, SKU, sellable or damaged) that came back while the shift lasted."""
        counted: Counter[tuple[str, str, str]] = Counter()
        for number, order in self.orders().items():
            for (sku, kind), quantity in (come_back(order) - come_back(self.before[number])).items():
                counted[number, sku, kind] += quantity
        return counted

    def decided(self) -> Counter[tuple[str, str, str]]:
        """The same as the station's units say: put away, of a line of an order, and no piece more than was sold."""
        counted: Counter[tuple[str, str, str]] = Counter()
        for row in self.dock.rows(
            "select o.number, u.sku, u.disposition, u.quantity from return_unit u "
            "join order_line l on l.id = u.order_line_id join sales_order o on o.id = l.order_id "
            "where u.reception = 'received' and u.placement = 'put' and u.id not in (select unit_id from outbox "
            "where type = 'returns.stock' and state = 'acknowledged' and reference is null)"
        ):
            kind = "sellable" if row["disposition"] in SELLABLE else "damaged"
            counted[row["number"], row["sku"], kind] += row["quantity"]
        return counted


@pytest.fixture(scope="module")
def shift(medusa: MedusaServer, tmp_path_factory: pytest.TempPathFactory) -> Shift:
    return Shift(medusa, tmp_path_factory.mktemp("shift"))


def test_products_customers_orders_and_returns_come_from_medusa_without_a_problem(shift: Shift) -> None:
    assert shift.pulled["problems"] == []
    assert all(shift.pulled["pulled"][feed] for feed in ("products", "customers", "orders", "authorizations"))
    numbers = {row["number"] for row in shift.dock.rows("select number from sales_order")}
    assert numbers >= {order["number"] for order in shift_orders()}


def test_a_return_that_a_customer_asked_for_in_the_shop_is_an_expected_parcel(shift: Shift) -> None:
    asked = shift.medusa.seed["shift"]["returns"]
    known = {row["number"] for row in shift.dock.rows("select number from authorization")}
    assert known >= {asked[row["number"]]["number"] for row in shift_returns()}
    by_customers = [made for made in asked.values() if made["number"].startswith("RET-")]
    opened = {
        row["number"]
        for row in shift.dock.rows(
            "select a.number from authorization a join outbox x on x.return_id = a.id where x.type = 'returns.receipt'"
        )
    }
    assert len(by_customers) > 25
    assert len([made for made in by_customers if made["number"] in opened]) > 20


def test_every_effect_is_delivered_but_the_money_of_an_exchange(shift: Shift) -> None:
    """Medusa gives no credit and exchanges nothing by this: a person does."""
    rows = shift.dock.rows(
        "select type, problem_code from outbox where state not in ('acknowledged', 'withdrawn', 'held')"
    )
    assert rows == [{"type": "returns.refund", "problem_code": "medusa.outcome"}]
    assert shift.delivered["acknowledged"] > 150


def test_the_piece_of_an_order_that_had_come_back_whole_is_recorded_here_and_nothing_of_the_shops(
    shift: Shift,
) -> None:
    rows = shift.dock.rows(
        "select o.number, u.identity, u.disposition, x.state from return_unit u "
        "join order_line l on l.id = u.order_line_id join sales_order o on o.id = l.order_id "
        "join outbox x on x.unit_id = u.id and x.type = 'returns.stock' "
        "where x.reference is null and x.state = 'acknowledged'"
    )
    assert [(row["number"], row["identity"], row["state"]) for row in rows] == [
        ("551883", "mismatch_quantity", "acknowledged")
    ]
    assert rows[0]["disposition"] not in SELLABLE


def test_received_and_damaged_are_what_the_shift_decided_to_the_piece(shift: Shift) -> None:
    assert shift.come_back() == shift.decided()
    assert sum(shift.decided().values()) > 600
    assert {kind for _, _, kind in shift.decided()} == {"sellable", "damaged"}


def test_stock_rose_by_what_was_put_to_be_sold_and_by_nothing_else(shift: Shift) -> None:
    sold: Counter[str] = Counter()
    for (_, sku, kind), quantity in shift.decided().items():
        sold[sku] += quantity if kind == "sellable" else 0
    assert shift.levels() - shift.levels_before == +sold


def test_refunds_are_what_the_shift_gave_back_to_the_cent_each_once(shift: Shift) -> None:
    given: Counter[str] = Counter()
    notes = []
    for number, order in shift.orders().items():
        before = {one["id"] for payment in payments(shift.before[number]) for one in payment["refunds"]}
        for one in (
            one for payment in payments(order) for one in payment["refunds"] if one["id"] not in before
        ):
            given[number] += int(Decimal(str(one["amount"])) * 100)
            notes.append(one["note"])
    exchanged = shift.dock.rows(
        "select o.number, s.amount_minor from settlement s join sales_order o on o.id = s.order_id "
        "where s.state = 'released' and s.means != 'refund'"
    )
    expected = money_here(shift.dock.database) - Counter(
        {row["number"]: row["amount_minor"] for row in exchanged}
    )
    assert given == expected
    assert len(exchanged) == 1
    assert len(set(notes)) == len(notes) > 20


def test_two_parcels_of_one_return_are_one_return_with_both_received(shift: Shift) -> None:
    made = shift.medusa.seed["shift"]["returns"]["RMA-100010"]
    parcels = shift.dock.rows(
        "select distinct x.parcel_id from outbox x join authorization a on a.id = x.return_id "
        "where a.number = 'RMA-100010' and x.type = 'returns.receipt'"
    )
    assert len(parcels) == 2
    of_order = shift.shop.get(f"/admin/returns?order_id={made['order']}&fields=*items")["returns"]
    assert [one["id"] for one in of_order] == [made["id"]]
    number = next(row["order"] for row in shift_returns() if row["number"] == "RMA-100010")
    back = {(sku, kind): count for (order, sku, kind), count in shift.come_back().items() if order == number}
    assert back == {("85014A", "sellable"): 1, ("22971", "sellable"): 1}


def test_a_parcel_without_an_order_left_nothing_in_the_shop(shift: Shift) -> None:
    blind = shift.dock.rows(
        "select x.state, x.reference from outbox x join parcel p on p.id = x.parcel_id where p.return_type = 'blind' "
        "and x.type in ('returns.receipt', 'returns.stock') and x.state = 'acknowledged'"
    )
    assert blind
    assert {row["reference"] for row in blind} == {None}

"""Orders as real shops have them: kits, several places and payments, pick-ups, labels that cost; and lists that shrink."""

from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from typing import Any

import pytest

from returns_station.connectors.api import Delivered
from returns_station.connectors.medusa import MedusaConnector
from tests.upstreams.medusa.bench import PRICE_MINOR, MedusaBench
from tests.upstreams.medusa.server import MedusaServer
from tests.upstreams.medusa.shop import Json
from tests.upstreams.medusa.test_medusa_laws import Desk, like, rows_of


@pytest.fixture(scope="module")
def bench(medusa: MedusaServer) -> MedusaBench:
    return MedusaBench(medusa)


@pytest.fixture
def desk(bench: MedusaBench) -> Iterator[Desk]:
    with closing(bench.connect(bench.url or "")) as connector:
        assert isinstance(connector, MedusaConnector)
        yield Desk(bench, connector, bench.order())


def stocked(desk: Desk, item: str) -> dict[str, int]:
    """Pieces of an inventory item by place."""
    levels = desk.shop.get(f"/admin/inventory-items/{item}/location-levels")["inventory_levels"]
    return {level["location_id"]: level["stocked_quantity"] for level in levels}


def further_place(desk: Desk, *items: str) -> str:
    """A stock location that has some of each item; its id."""
    made = desk.shop.post("/admin/stock-locations", {"name": f"Branch {desk.order['number']}"})
    place = str(made["stock_location"]["id"])
    for item in items:
        at = f"/admin/inventory-items/{item}/location-levels"
        desk.shop.post(at, {"location_id": place, "stocked_quantity": 10})
    return place


def test_the_fee_for_a_return_label_on_medusa_is_no_part_of_what_delivery_cost(desk: Desk) -> None:
    order = desk.seller.sell([("LAMP", 1, None)], shipping=Decimal("4.90"))
    seed = desk.bench.medusa.seed
    body = {
        "order_id": order["id"], "items": [{"id": order["lines"][0]["id"], "quantity": 1}],
        "return_shipping": {"option_id": seed["return_label_option"]}, "location_id": seed["stock_location"],
    }  # fmt: skip
    desk.shop.post("/store/returns", body, x_publishable_api_key=seed["publishable_key"], authorization="")
    total = desk.shop.get(f"/admin/orders/{order['id']}?fields=id,shipping_total")["order"]
    assert round(total["shipping_total"], 2) == 8.8, "Medusa itself adds them"
    row = next(row for row in rows_of(desk.connector, "orders") if row["number"] == order["number"])
    assert row["shipping"] == "4.90"


def test_a_unit_of_a_kit_taken_back_leaves_every_article_of_the_kit_on_medusa_as_it_was(desk: Desk) -> None:
    seed = desk.bench.medusa.seed
    lamp, mug = (seed["variants"][sku]["inventory_item"] for sku in ("LAMP", "MUG-BLUE"))
    at = f"/admin/products/{seed['variants']['LAMP']['product']}/variants/{seed['variants']['LAMP']['id']}/inventory-items"
    desk.shop.post(at, {"inventory_item_id": mug, "required_quantity": 2})
    try:
        receipt, stock, *_ = desk.parcel("RMA-KIT", (3, "return_to_stock")).effects()
        before = stocked(desk, lamp), stocked(desk, mug)
        desk.arrive(receipt, stock)
        place = seed["stock_location"]
        assert (stocked(desk, lamp)[place], stocked(desk, mug)[place]) == (
            before[0][place] + 3,
            before[1][place] + 6,
        )
        gone = like(stock, "returns.stock.reversed", reverses=stock.key)
        desk.arrive(gone, gone)
        assert (stocked(desk, lamp), stocked(desk, mug)) == before
    finally:
        desk.shop.delete(f"{at}/{mug}")


def test_a_unit_taken_back_leaves_the_stock_on_medusa_where_its_return_had_put_it(desk: Desk) -> None:
    item = desk.bench.medusa.seed["variants"]["LAMP"]["inventory_item"]
    other = further_place(desk, item)
    before = stocked(desk, item)
    asked = desk.shop.post("/admin/returns", {
        "order_id": desk.order["id"], "location_id": other, "metadata": {"rma": "RMA-BRANCH"}})["return"]["id"]  # fmt: skip
    lines = {"items": [{"id": desk.line, "quantity": 3}]}
    desk.shop.post(f"/admin/returns/{asked}/request-items", lines)
    desk.shop.post(f"/admin/returns/{asked}/request", {"no_notification": True})
    receipt, stock, *_ = desk.parcel("RMA-BRANCH", (3, "return_to_stock")).effects()
    desk.arrive(receipt, stock)
    assert stocked(desk, item) == {**before, other: 13}
    desk.arrive(like(stock, "returns.stock.reversed", reverses=stock.key))
    assert stocked(desk, item) == before


def test_what_was_handed_over_and_never_marked_as_shipped_comes_back_to_medusa(desk: Desk) -> None:
    desk.order = desk.seller.sell([("LAMP", 3, None)], shipped=False)
    receipt, stock, *_ = desk.parcel("RMA-PICKUP", (3, "return_to_stock")).effects()
    desk.arrive(receipt, stock)
    assert desk.back() == {("LAMP", "sellable"): 3}


def paid_twice(desk: Desk) -> Json:
    """The desk's order paid by 100.00 and by the 49.70 that were left; its answer."""
    return desk.seller.sell([("LAMP", 3, None)], parts=[Decimal("100.00"), Decimal("49.70")])


def test_a_refund_larger_than_each_payment_is_split_over_them_on_medusa_once(desk: Desk) -> None:
    desk.order = paid_twice(desk)
    *_, refund = desk.parcel("RMA-SPLIT", (3, "scrap"), refund=3 * PRICE_MINOR - 100).effects()
    by_hand = {"amount": 1, "note": "by hand"}
    desk.shop.post(f"/admin/payments/{desk.order['payments'][0]}/refund", by_hand)
    desk.arrive(refund)
    assert amounts(desk) == {0: [Decimal(1), Decimal(99)], 1: [Decimal("49.70")]}
    desk.arrive(refund)
    assert amounts(desk) == {0: [Decimal(1), Decimal(99)], 1: [Decimal("49.70")]}


def amounts(desk: Desk) -> dict[int, list[Decimal]]:
    """Refunds of each payment, smallest first."""
    found: dict[int, list[Decimal]] = {}
    for at, payment in enumerate(desk.order["payments"]):
        fields = "id,*refunds"
        told = desk.shop.get(f"/admin/payments/{payment}?fields={fields}")["payment"]["refunds"]
        found[at] = sorted(Decimal(str(one["amount"])) for one in told)
    return found


def test_a_refund_whose_second_part_medusa_has_not_answered_is_gone_on_with(desk: Desk) -> None:
    desk.order = paid_twice(desk)
    *_, refund = desk.parcel("RMA-HALF", (3, "scrap"), refund=3 * PRICE_MINOR).effects()
    note = f"returns-station effect={refund.key}"
    desk.shop.post(f"/admin/payments/{desk.order['payments'][0]}/refund", {"amount": 100, "note": note})
    assert not isinstance(desk.connector.look_up(refund, desk.refs), Delivered)
    desk.arrive(refund)
    assert amounts(desk) == {0: [Decimal(100)], 1: [Decimal("49.70")]}


def test_a_return_received_on_medusa_between_two_pages_hides_no_other_from_the_feed(desk: Desk) -> None:
    made: list[Json] = []
    for number in range(4):
        order = desk.seller.sell([("LAMP", 1, None)])
        made.append(
            desk.seller.given(order, f"RMA-PAGE-{number}", [("LAMP", 1, "unwanted")]) | {"sold": order}
        )
    numbers: list[Any] = []
    page = desk.connector.pull("authorizations", None, 1)
    while not any(str(row["number"]) == "RMA-PAGE-1" for row in page.items):
        page = desk.connector.pull("authorizations", page.cursor, 1)
    desk.shop.post(f"/admin/returns/{made[0]['id']}/cancel")
    desk.shop.post(f"/admin/returns/{made[1]['id']}/cancel")
    while page.more:
        page = desk.connector.pull("authorizations", page.cursor, 1)
        numbers += [row["number"] for row in page.items]
    assert [one for one in numbers if one.startswith("RMA-PAGE")] == ["RMA-PAGE-2", "RMA-PAGE-3"]

"""What the Medusa connector does beyond the contract suite: facts of this shop that were found by calls."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from returns_station.connectors.api import Asked, Delivered, Outcome, Outgoing, Refused, RetryLater, Stated
from returns_station.connectors.medusa import MedusaConnector
from returns_station.testing.contract_effects import Parcel, Piece
from returns_station.testing.references import MemoryReferences
from tests.upstreams.medusa.bench import PRICE_MINOR, MedusaBench, come_back, payments
from tests.upstreams.medusa.seed import Seller
from tests.upstreams.medusa.server import MedusaServer
from tests.upstreams.medusa.shop import Json, Shop, ShopError

_ORDER = "id,*items,*items.detail,*payment_collections.payments,*payment_collections.payments.refunds"


@dataclass(slots=True)
class Desk:
    """One order of three lamps, the connector, and what was said so far."""

    bench: MedusaBench
    connector: MedusaConnector
    order: Json
    refs: MemoryReferences = field(default_factory=MemoryReferences)
    said: list[Outgoing] = field(default_factory=list)

    @property
    def shop(self) -> Shop:
        return self.bench.medusa.shop

    @property
    def seller(self) -> Seller:
        return Seller(self.shop, self.bench.medusa.seed, self.bench.medusa.seed["variants"])

    @property
    def line(self) -> str:
        return str(self.order["lines"][0]["id"])

    def parcel(self, number: str, *pieces: tuple[int, str], refund: int = 0, return_id: str = "") -> Parcel:
        made = [Piece(self.line, "LAMP", quantity, disposition) for quantity, disposition in pieces]
        known = {"return_id": return_id} if return_id else {}
        return Parcel(self.order["number"], number, "GBP", made, refund, self.order["payment"], **known)

    def say(self, *effects: Outgoing) -> list[Outcome]:
        self.said += effects
        return [self.connector.deliver(effect, self.refs) for effect in effects]

    def arrive(self, *effects: Outgoing) -> None:
        """Delivers effects that must all arrive; the answers are shown where one does not."""
        answers = self.say(*effects)
        assert [type(answer) for answer in answers] == [Delivered] * len(effects), answers

    def back(self) -> dict[tuple[str, str], int]:
        """Pieces that Medusa counts as come back."""
        return dict(come_back(self.shop.get(f"/admin/orders/{self.order['id']}?fields={_ORDER}")["order"]))

    def returns(self) -> list[Json]:
        return list(
            self.shop.get(f"/admin/returns?order_id={self.order['id']}&fields=*items&limit=50")["returns"]
        )

    def refunds(self) -> list[Json]:
        found = self.shop.get(f"/admin/orders/{self.order['id']}?fields={_ORDER}")["order"]
        return [one for payment in payments(found) for one in payment["refunds"]]

    def level(self) -> int:
        item = self.bench.medusa.seed["variants"]["LAMP"]["inventory_item"]
        levels = self.shop.get(f"/admin/inventory-items/{item}/location-levels")["inventory_levels"]
        return int(levels[0]["stocked_quantity"])

    def stated(self, parcel: Parcel) -> tuple[Stated, ...]:
        asked = Asked(parcel.return_id, parcel.return_number, self.order["number"], tuple(self.said))
        told = self.connector.statement(asked, self.refs)
        assert isinstance(told, tuple), told
        return told


@pytest.fixture(scope="module")
def bench(medusa: MedusaServer) -> MedusaBench:
    return MedusaBench(medusa)


@pytest.fixture
def desk(bench: MedusaBench) -> Iterator[Desk]:
    with closing(bench.connect(bench.url or "")) as connector:
        assert isinstance(connector, MedusaConnector)
        yield Desk(bench, connector, bench.order())


def like(effect: Outgoing, type_: str = "", **data: Any) -> Outgoing:
    """Another effect with a key of its own."""
    return replace(effect, key=str(uuid4()), type=type_ or effect.type, data={**effect.data, **data})


def test_two_parcels_of_a_return_asked_for_in_the_shop_are_received_within_it_though_medusa_forgets(
    desk: Desk,
) -> None:
    asked = desk.seller.asked(desk.order, [("LAMP", 3, "defective")])
    first = desk.parcel(asked["number"], (1, "return_to_stock"))
    second = desk.parcel(asked["number"], (2, "scrap"), return_id=first.return_id)
    answers = desk.say(*first.effects()[:3], *second.effects()[:3])
    assert {answer.reference for answer in answers if isinstance(answer, Delivered)} == {asked["id"], None}
    assert desk.back() == {("LAMP", "sellable"): 1, ("LAMP", "damaged"): 2}
    assert [one["id"] for one in desk.returns()] == [asked["id"]]
    # Medusa's own count of the return has lost the first parcel, and it would take a piece more.
    assert desk.returns()[0]["items"][0]["received_quantity"] == 2
    (more,) = desk.say(*second.late([Piece(desk.line, "LAMP", 1)], 0, 9))
    assert isinstance(more, Refused)
    assert more.code == "upstream.ceiling"
    assert "3 were sent and 3 have come back: 1 more cannot be received" in more.sentence


def test_99_pieces_of_3_sold_are_neither_received_nor_refunded(desk: Desk) -> None:
    parcel = desk.parcel("RMA-99", (3, "return_to_stock"), refund=3 * PRICE_MINOR)
    desk.arrive(*parcel.effects())
    level = desk.level()
    over = desk.say(*parcel.late([Piece(desk.line, "LAMP", 99)], 99 * PRICE_MINOR, 9))
    assert [type(answer) for answer in over] == [Refused, Refused]
    assert {answer.code for answer in over if isinstance(answer, Refused)} == {"upstream.ceiling"}
    assert desk.back() == {("LAMP", "sellable"): 3}
    assert desk.level() == level
    assert len(desk.refunds()) == 1


def test_a_cent_more_than_was_paid_is_refused_though_medusa_would_give_it(desk: Desk) -> None:
    parcel = desk.parcel("RMA-CENT", (3, "scrap"), refund=3 * PRICE_MINOR)
    *_, refund = parcel.effects()
    cent = like(refund, amount_minor=1)
    first, second = desk.say(refund, cent)
    assert isinstance(first, Delivered)
    assert isinstance(second, Refused), second
    assert "149.70 GBP were paid and 149.70 GBP given back: 0.01 GBP more" in second.sentence
    desk.shop.post(f"/admin/payments/{desk.order['payment']}/refund", {"amount": 0.01})
    assert len(desk.refunds()) == 2, "Medusa's own ceiling is a cent too high"


def test_pieces_beyond_what_was_asked_for_go_into_a_further_return_within_what_was_sold(desk: Desk) -> None:
    asked = desk.seller.asked(desk.order, [("LAMP", 1, "unwanted")])
    parcel = desk.parcel(asked["number"], (3, "return_to_stock"))
    receipt, stock, *_ = parcel.effects()
    desk.arrive(receipt, stock)
    assert desk.back() == {("LAMP", "sellable"): 3}
    assert len(desk.returns()) == 2
    assert {(row.subject, row.quantity) for row in desk.stated(parcel) if row.kind == "stock"} == {
        (str(stock.data["unit_id"]), 3)
    }
    assert [row for row in desk.stated(parcel) if row.subject is None] == []


def test_a_change_of_somebody_else_makes_only_this_effect_wait_until_it_is_gone(desk: Desk) -> None:
    asked = desk.seller.asked(desk.order, [("LAMP", 2, "unwanted")])
    receipt, stock, *_ = desk.parcel(asked["number"], (2, "return_to_stock")).effects()
    desk.say(receipt)
    desk.shop.post(f"/admin/returns/{asked['id']}/receive")
    (waits,) = desk.say(stock)
    assert isinstance(waits, RetryLater)
    assert waits.alone
    assert waits.sentence.startswith(f"Order {desk.order['number']} in ")
    assert desk.back() == {}
    desk.shop.delete(f"/admin/returns/{asked['id']}/receive")
    assert isinstance(desk.say(stock)[0], Delivered)
    assert desk.back() == {("LAMP", "sellable"): 2}


def test_what_another_effect_of_ours_left_half_open_is_withdrawn(desk: Desk) -> None:
    asked = desk.seller.asked(desk.order, [("LAMP", 2, "unwanted")])
    receipt, stock, *_ = desk.parcel(asked["number"], (1, "scrap")).effects()
    desk.shop.post(
        f"/admin/returns/{asked['id']}/receive", {"internal_note": "returns-station effect=long-dead"}
    )
    desk.shop.post(
        f"/admin/returns/{asked['id']}/receive-items", {"items": [{"id": desk.line, "quantity": 2}]}
    )
    desk.arrive(receipt, stock)
    assert desk.back() == {("LAMP", "damaged"): 1}


def test_a_unit_taken_back_and_put_again_counts_once_and_stock_says_where_it_ended(desk: Desk) -> None:
    parcel = desk.parcel("RMA-UNDO", (2, "return_to_stock"))
    receipt, stock, *_ = parcel.effects()
    start = desk.level()
    desk.say(receipt, stock)
    assert desk.level() == start + 2
    gone = like(stock, "returns.stock.reversed", reverses=stock.key)
    desk.arrive(gone, gone)
    assert desk.level() == start
    scrapped = like(stock, disposition="scrap")
    desk.arrive(scrapped, scrapped)
    assert (desk.level(), desk.back()) == (start, {("LAMP", "sellable"): 2})
    assert [row.sellable for row in desk.stated(parcel) if row.kind == "stock"] == [False]
    desk.say(like(scrapped, "returns.stock.reversed"), like(stock))
    assert desk.level() == start + 2


def test_store_credit_an_exchange_and_taking_money_back_are_for_a_person(desk: Desk) -> None:
    *_, refund = desk.parcel("RMA-MEANS", (1, "scrap"), refund=100).effects()
    answers = desk.say(
        like(refund, outcome="store_credit"),
        like(refund, outcome="exchange"),
        like(refund, "returns.refund.reversed"),
    )
    codes = [answer.code for answer in answers if isinstance(answer, Refused)]
    assert codes == ["medusa.outcome", "medusa.outcome", "medusa.refund_reversed"]
    assert desk.refunds() == []


def test_what_belongs_to_no_order_leaves_nothing_and_an_unknown_order_is_said(desk: Desk) -> None:
    receipt, stock, *_ = desk.parcel("RMA-BLIND", (1, "quarantine")).effects()
    blind = [like(effect, order_number=None, order_line=None) for effect in (receipt, stock)]
    assert desk.say(*blind, like(stock, order_line=None)) == [Delivered(None, duplicate=False)] * 3
    (unknown,) = desk.say(like(receipt, order_number="no-such-order"))
    assert isinstance(unknown, Refused)
    assert unknown.sentence.endswith("has no order no-such-order.")
    assert desk.returns() == []


def test_a_number_is_never_another_order_whose_number_or_address_holds_it(desk: Desk) -> None:
    """`q` finds every order of the street's number; filters that Medusa does not know find all of them."""
    assert len(desk.shop.get("/admin/orders?display_id=1&limit=100&fields=id")["orders"]) > 5
    receipt, *_ = desk.parcel("RMA-Q", (1, "scrap")).effects()
    (answer,) = desk.say(like(receipt, order_number="N1"))
    assert isinstance(answer, Refused)
    assert answer.code == "medusa.order"


def test_a_second_refund_and_a_receipt_by_hand_are_stated_as_nobodys(desk: Desk) -> None:
    parcel = desk.parcel("RMA-PLANT", (1, "return_to_stock"), refund=500)
    receipt, stock, completed, refund = parcel.effects()
    desk.say(
        like(receipt, lines=[{"order_line": desk.line, "sku": "LAMP", "expected": 3, "reason": "unwanted"}])
    )
    desk.say(stock, completed, refund)
    assert [row for row in desk.stated(parcel) if row.subject is None] == []
    desk.shop.post(f"/admin/payments/{desk.order['payment']}/refund", {"amount": 1.5})
    at = f"/admin/returns/{desk.returns()[0]['id']}"
    desk.shop.post(f"{at}/receive")
    desk.shop.post(f"{at}/dismiss-items", {"items": [{"id": desk.line, "quantity": 1}]})
    desk.shop.post(f"{at}/receive/confirm")
    extra = [(row.kind, row.quantity, row.amount_minor) for row in desk.stated(parcel) if row.subject is None]
    assert sorted(extra, key=str) == [("refund", None, 150), ("stock", 1, None)]


def test_a_receipt_taken_back_cancels_the_return_that_the_station_made_and_no_customers(desk: Desk) -> None:
    receipt, *_ = desk.parcel("RMA-VOID", (2, "scrap")).effects()
    desk.say(receipt)
    assert [one["status"] for one in desk.returns()] == ["requested"]
    desk.say(like(receipt, "returns.receipt.reversed"))
    assert [one["status"] for one in desk.returns()] == ["canceled"]
    asked = desk.seller.asked(desk.order, [("LAMP", 1, "unwanted")])
    other, *_ = desk.parcel(asked["number"], (1, "scrap")).effects()
    desk.say(other, like(other, "returns.receipt.reversed"))
    assert {one["id"]: one["status"] for one in desk.returns()}[asked["id"]] == "requested"


def test_feeds_tell_the_line_as_it_was_sold_and_the_customers_history(desk: Desk) -> None:
    parcel = desk.parcel("RMA-FEED", (1, "return_to_stock"), (1, "scrap"), refund=PRICE_MINOR)
    desk.say(*parcel.effects())
    order = next(row for row in rows_of(desk.connector, "orders") if row["number"] == desk.order["number"])
    line = order["lines"][0]
    assert (line["quantity"], line["returned"], line["unit_price"]) == (3, 2, "49.90")
    assert line["tax"] == "24.95", "20 % within 149.70, whatever came back since"
    assert order["prices_include_tax"] is True
    assert order["payments"] == [
        {"reference": desk.order["payment"], "captured": "149.70", "refunded": "49.90"}
    ]
    customer = next(row for row in rows_of(desk.connector, "customers") if row["number"] == order["customer"])
    assert customer["pieces_returned"] >= 2
    assert set(customer) & {"name", "email", "phone", "address"} == set()
    lamp = next(row for row in rows_of(desk.connector, "products") if row["sku"] == "LAMP")
    assert (lamp["weight_grams"], len(lamp["gtins"])) == (400, 1)
    numbers = {row["number"] for row in rows_of(desk.connector, "authorizations")}
    assert "RMA-FEED" not in numbers, "the station asked for it itself"


def rows_of(connector: MedusaConnector, feed: str) -> list[Any]:
    """All rows of a feed."""
    found: list[Any] = []
    cursor, more = None, True
    while more:
        page = connector.pull(feed, cursor, 50)
        found += page.items
        cursor, more = page.cursor, page.more
    return found


def test_medusa_takes_no_second_open_change_of_an_order(desk: Desk) -> None:
    """The fact that the waiting rests on: the day that Medusa takes it, this connector may wait less."""
    body = {"order_id": desk.order["id"], "location_id": desk.bench.medusa.seed["stock_location"]}
    desk.shop.post("/admin/returns", body)
    with pytest.raises(ShopError, match="already has an existing active order change"):
        desk.shop.post("/admin/returns", body)

"""Goods told to a real Tryton in every order that a dock has: late, taken back, moved on, without a sale, too many."""

from collections.abc import Iterator

import pytest

from returns_station.connectors.api import Delivered, Refused
from returns_station.connectors.tryton import TrytonConnector
from returns_station.testing.contract_effects import Piece
from tests.upstreams.tryton.kit import Return, connect, line_of, lpn
from tests.upstreams.tryton.server import TrytonServer

MUG, TIN = "22960", "22913"
BACK = "stock.shipment.out.return"
INSIDE = "stock.shipment.internal"


@pytest.fixture(scope="module", autouse=True)
def _fresh(tryton: TrytonServer) -> None:
    tryton.reset()


@pytest.fixture(scope="module")
def connector(tryton: TrytonServer) -> Iterator[TrytonConnector]:
    made = connect(tryton)
    yield made
    made.close()


def mugs(
    tryton: TrytonServer, order: str, quantity: int, place: str = "RESTOCK-1", why: str = "return_to_stock"
) -> Piece:
    return Piece(line_of(tryton, order, "1"), MUG, quantity, why, place)


def test_one_article_goes_to_several_places_of_one_shipment(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    order = "BENCH-1"
    pieces = [
        mugs(tryton, order, 2),
        mugs(tryton, order, 1, "REPAIR-1", "refurbish"),
        mugs(tryton, order, 1, "SCRAP-1", "scrap"),
    ]
    one = Return(tryton, connector, order, pieces)
    *goods, _money = one.effects()
    one.arrive(*goods)
    assert one.moves(BACK) == [(MUG, 1, "REPAIR-1"), (MUG, 1, "SCRAP-1"), (MUG, 2, "RESTOCK-1")]
    assert [(row["state"], row["shipment_state"]) for row in one.papers()] == [("processing", "sent")]


def test_what_is_taken_back_before_completion_leaves_the_draft(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-2", [mugs(tryton, "BENCH-2", 2), mugs(tryton, "BENCH-2", 1)])
    receipt, first, second, completed, _money = one.effects()
    back = one.like(first, "returns.stock.reversed", reverses=first.key)
    one.say(receipt, first, second, back)
    assert [[line["quantity"] for line in row["lines"]] for row in one.papers()] == [[-1.0]]
    one.say(completed)
    assert one.moves(BACK) == [(MUG, 1, "RESTOCK-1")]


def test_what_is_taken_back_afterwards_lies_at_the_entry_and_is_put_away_again_once(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-3", [mugs(tryton, "BENCH-3", 2)])
    receipt, stock, completed, _money = one.effects()
    back = one.like(stock, "returns.stock.reversed", reverses=stock.key)
    again = one.like(stock, location="RESALE-1", disposition="resell_as_open_box")
    one.arrive(receipt, stock, completed, back)
    assert one.moves(INSIDE) == [(MUG, 2, "IN")]
    assert [row.kind for row in one.stated()] == ["receipt"]
    one.arrive(again, again)
    assert one.moves(INSIDE) == [(MUG, 2, "IN"), (MUG, 2, "RESALE-1")]
    stated = [(row.sku, row.quantity, row.place, row.done) for row in one.stated() if row.kind == "stock"]
    assert stated == [(MUG, 2, "RESALE-1", True)]
    assert len(one.papers()) == 1


def test_a_unit_that_comes_late_has_a_return_sale_of_its_own_that_is_done_at_once(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    early, late = mugs(tryton, "BENCH-4", 2), mugs(tryton, "BENCH-4", 1, "HOLD-1", "hold")
    one = Return(tryton, connector, "BENCH-4", [early])
    one.say(*one.effects()[:-1])
    (stock,) = one.parcel.late([late], 0, 9)
    first, second = one.say(stock, stock)
    assert isinstance(first, Delivered)
    assert isinstance(second, Delivered)
    assert sorted(row["shipment_state"] for row in one.papers()) == ["sent", "sent"]
    assert one.moves(BACK) == [(MUG, 1, "HOLD-1"), (MUG, 2, "RESTOCK-1")]
    assert [row.kind for row in one.stated()].count("receipt") == 1


def test_a_tote_that_is_put_away_moves_its_goods_and_back_again_when_that_is_taken_back(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-5", [mugs(tryton, "BENCH-5", 2, "K000000001R")])
    receipt, stock, completed, _money = one.effects()
    away = one.like(stock, "returns.available", location="RESTOCK-2", container="K000000001R")
    back = one.like(away, "returns.available.reversed", reverses=away.key)
    one.say(receipt, stock, completed, away, away)
    assert one.moves(INSIDE) == [(MUG, 2, "RESTOCK-2")]
    one.say(back, back)
    assert one.moves(INSIDE) == [(MUG, 2, "K000000001R"), (MUG, 2, "RESTOCK-2")]


def test_a_tote_put_away_before_the_parcel_is_completed_is_where_its_goods_come_in(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-6", [mugs(tryton, "BENCH-6", 2, "K000000001R")])
    receipt, stock, completed, _money = one.effects()
    one.say(receipt, stock, one.like(stock, "returns.available", location="RESTOCK-2"), completed)
    assert one.moves(BACK) == [(MUG, 2, "RESTOCK-2")]
    assert one.moves(INSIDE) == []


def test_goods_without_an_order_come_in_by_a_shipment_without_a_sale(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-7", [mugs(tryton, "BENCH-7", 2, "QUARANTINE-1", "quarantine")])
    receipt, stock, completed, _money = [
        one.like(effect, order_number=None, order_line=None) for effect in one.effects()
    ]
    one.arrive(receipt, stock, stock, completed)
    assert one.papers() == []
    assert one.moves(BACK) == [(MUG, 2, "QUARANTINE-1")]
    one.say(one.like(stock, "returns.stock.reversed", reverses=stock.key))
    assert one.moves(INSIDE) == [(MUG, 2, "IN")]


def test_an_article_that_was_not_in_the_order_comes_in_without_a_sale_line(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-8", [Piece("", "20754", 1, "quarantine", "QUARANTINE-1")])
    one.arrive(*one.effects()[:-1])
    assert one.moves(BACK) == [("20754", 1, "QUARANTINE-1")]


def test_a_place_that_tryton_does_not_have_is_said_and_an_option_names_one(tryton: TrytonServer) -> None:
    piece = mugs(tryton, "BENCH-9", 1, "NOWHERE-1")
    strict, mapped = connect(tryton), connect(tryton, **{"place.return_to_stock": "STO"})
    one = Return(tryton, strict, "BENCH-9", [piece])
    receipt, stock, completed, _money = one.effects()
    _, refused = one.say(receipt, stock)
    assert isinstance(refused, Refused)
    assert (refused.code, "NOWHERE-1" in refused.sentence) == ("upstream.place", True)
    one.connector = mapped
    one.arrive(stock, completed)
    assert one.moves(BACK) == [(MUG, 1, "STO")]
    assert [row.place for row in one.stated() if row.kind == "stock"] == ["NOWHERE-1"]
    strict.close()
    mapped.close()


def test_an_order_that_tryton_does_not_have_or_has_twice_is_said(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    sold = tryton.seed["orders"]["BENCH-10"]["id"]
    one = Return(tryton, connector, "NEVER-SOLD", [mugs(tryton, "BENCH-10", 1)])
    (refused,) = one.say(one.effects()[0])
    assert isinstance(refused, Refused)
    assert (refused.code, "NEVER-SOLD" in refused.sentence) == ("upstream.no_order", True)
    tryton.ask("POST", f"model/sale.sale/{sold}/copy", {"default": {"reference": "BENCH-10"}})
    (refused,) = Return(tryton, connector, "BENCH-10", [mugs(tryton, "BENCH-10", 1)]).say(
        Return(tryton, connector, "BENCH-10", [mugs(tryton, "BENCH-10", 1)]).effects()[0]
    )
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.ambiguous"


def test_a_receipt_is_taken_back_while_it_is_a_draft_and_not_after(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-11", [mugs(tryton, "BENCH-11", 1)])
    receipt, stock, completed, _money = one.effects()
    back = one.like(receipt, "returns.receipt.reversed", reverses=receipt.key)
    one.arrive(receipt, back)
    assert one.papers() == []
    two = Return(tryton, connector, "BENCH-11", [mugs(tryton, "BENCH-11", 1)])
    receipt, stock, completed, _money = two.effects()
    two.say(receipt, stock, completed)
    (refused,) = two.say(two.like(receipt, "returns.receipt.reversed", reverses=receipt.key))
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.processed"


def test_of_99_pieces_of_3_sold_the_receipt_stands_and_nothing_beyond_3_is_stock_or_money(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    """Tryton itself takes them: reproduced in `tests/upstreams/tryton`, 99 of 3 gave a credit without a warning."""
    order = "EUR-1001"
    one = Return(
        tryton, connector, order, [mugs(tryton, order, 3), mugs(tryton, order, 96)], "EUR", 99 * 1500
    )
    receipt, three, more, completed, money = one.effects()
    said = one.say(receipt, three, more, completed, money)
    assert [type(each) for each in said] == [Delivered, Delivered, Refused, Delivered, Refused]
    assert [(each.code, "96" in each.sentence) for each in said[2:3] if isinstance(each, Refused)] == [
        ("upstream.ceiling", True)
    ]
    assert one.moves(BACK) == [(MUG, 3, "RESTOCK-1")]
    assert one.notes() == []
    again = Return(tryton, connector, order, [mugs(tryton, order, 1)], "EUR")
    refused = again.say(*again.effects()[:2])[1]
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.ceiling"
    assert lpn(one.pieces[0]) != lpn(again.pieces[0])

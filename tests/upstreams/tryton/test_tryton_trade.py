"""Sales as merchants make them, on a real Tryton: by the dozen, in yen and dinars, with taxes of parts and vouchers."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from returns_station.connectors.api import Delivered, Refused, Settings
from returns_station.connectors.calls import Ended
from returns_station.connectors.tryton import TrytonConnector
from returns_station.connectors.tryton.rest import Rest
from returns_station.testing.contract_effects import Piece
from tests.upstreams.tryton.kit import Return, connect, lpn
from tests.upstreams.tryton.server import TrytonServer

MUG, TIN, TABLE = "22960", "22913", "22912"
BACK = "stock.shipment.out.return"
INSIDE = "stock.shipment.internal"


@pytest.fixture(autouse=True)
def _fresh(tryton: TrytonServer) -> None:
    tryton.reset()


@pytest.fixture
def connector(tryton: TrytonServer) -> Iterator[TrytonConnector]:
    made = connect(tryton)
    yield made
    made.close()


def sells(tryton: TrytonServer, number: str, *lines: dict[str, Any], **more: Any) -> list[str]:
    """A sale that is shipped and invoiced; ids of its lines."""
    order = {"number": number, "customer": "13047", "currency": "GBP", "shipping": "0", "lines": lines} | more
    return [str(id_) for id_ in tryton.office("sells", order)["lines"]]


def line(sku: str, quantity: int, price: str, **more: Any) -> dict[str, Any]:
    return {"line_id": "1", "sku": sku, "quantity": quantity, "unit_price": price, **more}


def pulled(tryton: TrytonServer, connector: TrytonConnector, number: str) -> dict[str, Any]:
    """The order as the feed has it: a page that begins at its sale."""
    own = [["reference", "=", number], ["origin", "not like", "sale.sale,%"]]
    (sale,) = tryton.find("sale.sale", ["OR", own, [own[0], ["origin", "=", None]]])
    cursor = {"since": None, "newest": "2026-01-01T00:00:00", "after": sale["id"] - 1}
    page = connector.pull("orders", json.dumps(cursor), 1)
    (row,) = page.items
    assert row["number"] == number
    return dict(row)


def gross(order: dict[str, Any]) -> Decimal:
    """What an order's rows come to, with tax and postage."""
    lines = sum(
        Decimal(one["unit_price"]) * one["quantity"] - Decimal(one["discount"]) + Decimal(one["tax"])
        for one in order["lines"]
    )
    return Decimal(lines) + Decimal(order["shipping"])


def delivered(said: list[Any]) -> bool:
    return all(isinstance(one, Delivered) for one in said)


def test_what_was_sold_by_the_dozen_comes_back_by_the_piece(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    (sold,) = sells(tryton, "DOZEN-1", line(MUG, 2, "30.00", pack=12))
    (row,) = pulled(tryton, connector, "DOZEN-1")["lines"]
    assert (row["quantity"], row["unit_price"], row["discount"]) == (24, "2.50", "0.00")
    one = Return(
        tryton, connector, "DOZEN-1", [Piece(sold, MUG, 5, location="RESTOCK-1")], "GBP", refund=1250
    )
    before = tryton.stock()[MUG, "RESTOCK-1"]
    assert delivered(one.say(*one.effects()))
    assert tryton.stock()[MUG, "RESTOCK-1"] - before == 5
    assert one.notes() == [("posted", Decimal("12.50"))]
    assert [(each.quantity, each.done) for each in one.stated() if each.kind == "stock"] == [(5, True)]
    assert pulled(tryton, connector, "DOZEN-1")["lines"][0]["returned"] == 5
    rest = Return(tryton, connector, "DOZEN-1", [Piece(sold, MUG, 20, location="RESTOCK-1")])
    refused = rest.say(*rest.effects()[:2])[1]
    assert isinstance(refused, Refused)
    assert (refused.code, "24 of 22960" in refused.sentence) == ("upstream.ceiling", True)


@pytest.mark.parametrize(
    ("currency", "price", "refund"), [("JPY", "1237", 1485), ("KWD", "1.237", 1485), ("KWD", "0.333", 1)]
)
def test_a_note_is_exact_in_a_currency_of_no_digits_and_of_three(
    tryton: TrytonServer, connector: TrytonConnector, currency: str, price: str, refund: int
) -> None:
    (sold,) = sells(tryton, "FAR-1", line(MUG, 3, price), currency=currency, tax_rate="0.20")
    digits = {"JPY": 0, "KWD": 3}[currency]
    order = pulled(tryton, connector, "FAR-1")
    (invoice,) = order["payments"]
    assert gross(order) == Decimal(invoice["captured"])
    assert -Decimal(invoice["captured"]).as_tuple().exponent == digits
    pieces = [Piece(sold, MUG, 2, location="RESTOCK-1"), Piece(sold, MUG, 1, "scrap", "SCRAP-1")]
    one = Return(tryton, connector, "FAR-1", pieces, currency, refund=refund)
    assert delivered(one.say(*one.effects()))
    assert one.notes() == [("posted", Decimal(refund).scaleb(-digits))]
    assert [row.amount_minor for row in one.stated() if row.kind == "refund"] == [refund]


def test_a_tax_of_parts_is_in_the_order_and_in_the_note(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    (sold,) = sells(tryton, "PARTS-1", line(MUG, 2, "10.00"), tax_rate="0.10+0.05")
    order = pulled(tryton, connector, "PARTS-1")
    assert (gross(order), order["lines"][0]["tax"]) == (Decimal("23.00"), "3.00")
    one = Return(tryton, connector, "PARTS-1", [Piece(sold, MUG, 1, location="RESTOCK-1")], refund=1150)
    assert delivered(one.say(*one.effects()))
    named = [["reference", "like", f"{one.number}/%"]]
    (note,) = tryton.find("account.invoice", named, "tax_amount", "untaxed_amount", "lines.description")
    assert [note[part]["decimal"] for part in ("untaxed_amount", "tax_amount")] == ["-10.00", "-1.50"]
    assert len(note["lines"]) == 1


def test_a_voucher_makes_the_goods_cheaper_by_what_each_is_worth(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    sells(
        tryton,
        "VOUCHER-1",
        line(MUG, 2, "10.00"),
        line(TIN, 1, "5.00"),
        {"text": "Voucher", "quantity": 1, "unit_price": "-5.00", "line_id": "2"},
        tax_rate="0.20",
        shipping="2.50",
    )
    order = pulled(tryton, connector, "VOUCHER-1")
    assert [(row["sku"], row["discount"], row["tax"]) for row in order["lines"]] == [
        (MUG, "4.00", "3.20"),
        (TIN, "1.00", "0.80"),
    ]
    assert order["shipping"] == "3.00"
    assert gross(order) == Decimal(order["payments"][0]["captured"])


def test_an_article_that_is_sold_no_more_comes_back_and_is_moved(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    (sold,) = sells(tryton, "RETIRED-1", line(MUG, 2, "10.00"))
    tryton.office("retires", MUG)
    one = Return(tryton, connector, "RETIRED-1", [Piece(sold, MUG, 1, location="RESTOCK-1")], refund=1000)
    receipt, stock, completed, money = one.effects()
    away = one.like(stock, "returns.available", location="SCRAP-1", disposition="scrap")
    back = one.like(away, "returns.available.reversed", reverses=away.key)
    assert delivered(one.say(receipt, stock, completed, money, away, back))
    assert one.moves(INSIDE) == [(MUG, 1, "RESTOCK-1"), (MUG, 1, "SCRAP-1")]
    blind = Return(tryton, connector, "RETIRED-1", [Piece("", MUG, 1, "quarantine", "QUARANTINE-1")])
    assert delivered(
        blind.say(*[blind.like(said, order_number=None, order_line=None) for said in blind.effects()[:3]])
    )
    assert blind.moves(BACK) == [(MUG, 1, "QUARANTINE-1")]


def test_goods_sold_from_another_warehouse_come_to_the_one_that_takes_returns(
    tryton: TrytonServer,
) -> None:
    house = tryton.office("builds", "FAR")
    (sold,) = sells(tryton, "FAR-2", line(MUG, 2, "10.00"))
    (sale,) = tryton.find("sale.sale", [["reference", "=", "FAR-2"]])
    tryton.sql("UPDATE sale_sale SET warehouse = ? WHERE id = ?", house["id"], sale["id"])
    connector = connect(tryton, warehouse="WH")
    one = Return(tryton, connector, "FAR-2", [Piece(sold, MUG, 1, "scrap", "SCRAP-1")])
    assert delivered(one.say(*one.effects()[:3]))
    assert one.moves(BACK) == [(MUG, 1, "SCRAP-1")]
    connector.close()


def test_a_sale_of_another_company_is_not_taken_for_ours(tryton: TrytonServer) -> None:
    other = tryton.office("founds", "Second company")
    tryton.office("drafts", {"company": other["id"], "reference": "BENCH-1"})
    tryton.office("drafts", {"company": other["id"], "reference": "THEIRS-1"})
    tryton.restart()
    assert tryton.find("sale.sale", [["reference", "=", "THEIRS-1"]])
    connector = connect(tryton)
    sold = str(tryton.seed["orders"]["BENCH-1"]["lines"]["1"])
    one = Return(tryton, connector, "BENCH-1", [Piece(sold, MUG, 1, location="RESTOCK-1")])
    assert delivered(one.say(*one.effects()[:3]))
    theirs = Return(tryton, connector, "THEIRS-1", [Piece("", MUG, 1, location="RESTOCK-1")])
    (refused,) = theirs.say(theirs.effects()[0])
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.no_order"
    connector.close()
    tryton.reset()
    tryton.restart()


def test_a_sale_that_came_from_something_else_than_a_sale_is_an_order(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    sold = tryton.seed["orders"]["BENCH-2"]
    tryton.sql("UPDATE sale_sale SET origin = 'party.party,1' WHERE id = ?", sold["id"])
    piece = Piece(str(sold["lines"]["1"]), MUG, 1, location="RESTOCK-1")
    one = Return(tryton, connector, "BENCH-2", [piece], refund=425)
    assert delivered(one.say(*one.effects()))
    assert pulled(tryton, connector, "BENCH-2")["lines"][0]["returned"] == 1


def test_a_search_for_more_values_than_an_address_holds_is_asked_in_parts(tryton: TrytonServer) -> None:
    """gunicorn answers 414 to an address longer than 4,094 bytes, and so do servers before Tryton at 8 kB."""
    settings = Settings(tryton.url, "", token=tryton.token, options={"company": str(tryton.seed["company"])})
    rest = Rest(settings, lambda: datetime.now(UTC))
    lines = [id_ for order in tryton.seed["orders"].values() for id_ in order["lines"].values()]
    origins = [f"sale.line,{id_}" for id_ in [*lines, *range(10_000, 10_400)]]
    found = rest.among("account.invoice.line", "origin", origins, "origin")
    assert {row["origin"] for row in found} == {f"sale.line,{id_}" for id_ in lines}
    with pytest.raises(Ended, match="414"):
        rest.find("account.invoice.line", [["origin", "in", origins]])
    rest.close()


def test_a_product_that_tryton_tracks_by_lot_waits_with_its_words_and_goes_on_when_the_lot_is_entered(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    sold = sells(tryton, "LOT-1", line(MUG, 2, "10.00"), line(TIN, 1, "5.00"))
    tryton.office("tracks", MUG)
    pieces = [
        Piece(sold[0], MUG, 1, location="RESTOCK-1"),
        Piece(sold[1], TIN, 1, "quarantine", "QUARANTINE-1"),
    ]
    one = Return(tryton, connector, "LOT-1", pieces, refund=1000)
    receipt, first, second, completed, money = one.effects()
    assert delivered(one.say(receipt, first, second))
    (parked,) = one.say(completed)
    assert isinstance(parked, Refused)
    assert (parked.code, "you must provide a stock lot" in parked.sentence) == ("upstream.lot", True)
    assert "lot" in parked.hint
    assert delivered(one.say(money))
    assert one.moves(BACK) == []
    (paper,) = one.papers()
    (shipment,) = tryton.find("sale.sale", [["id", "=", paper["id"]]], "shipment_returns")[0][
        "shipment_returns"
    ]
    product = tryton.seed["products"][MUG]
    lot = tryton.ask("POST", "model/stock.lot", {"number": "LOT-7", "product": product})["id"]
    for _ in range(2):
        moves = [["shipment", "=", f"{BACK},{shipment}"], ["product.code", "=", MUG], ["state", "=", "draft"]]
        for move in tryton.find("stock.move", moves):
            tryton.ask("PUT", f"model/stock.move/{move['id']}", {"lot": lot})
        said = one.say(one.like(completed))[0]
    assert isinstance(said, Delivered)
    assert one.moves(BACK) == [(TIN, 1, "QUARANTINE-1"), (MUG, 1, "RESTOCK-1")]


def test_a_unit_whose_answer_was_lost_is_moved_when_its_tote_is_put_away(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    (sold,) = sells(tryton, "LOST-1", line(MUG, 2, "10.00"))
    one = Return(tryton, connector, "LOST-1", [Piece(sold, MUG, 2, location="K000000001R")])
    receipt, stock, completed, _money = one.effects()
    one.say(receipt, stock)
    for name in [name for name in one.refs.kept if name.startswith(("line:", "done:"))]:
        # As if the process had ended when Tryton had made the line and nothing had been put down yet.
        del one.refs.kept[name]
    assert delivered(one.say(stock, completed, one.like(stock, "returns.available", location="RESTOCK-2")))
    assert one.moves(INSIDE) == [(MUG, 2, "RESTOCK-2")]


def test_goods_without_an_order_that_are_put_away_again_are_moved(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "-", [Piece("", MUG, 2, "quarantine", "QUARANTINE-1")])
    receipt, stock, completed, _money = [
        one.like(said, order_number=None, order_line=None) for said in one.effects()
    ]
    back = one.like(stock, "returns.stock.reversed", reverses=stock.key)
    again = one.like(stock, location="SCRAP-1", disposition="scrap")
    assert delivered(one.say(receipt, stock, completed, back, again, again))
    assert one.moves(INSIDE) == [(MUG, 2, "IN"), (MUG, 2, "SCRAP-1")]
    assert [(row.place, row.quantity) for row in one.stated() if row.kind == "stock"] == [("SCRAP-1", 2)]
    assert lpn(one.pieces[0])


def test_goods_that_a_person_added_to_the_shipment_are_not_put_with_what_is_to_be_sold(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    (sold,) = sells(tryton, "ADDED-1", line(MUG, 2, "10.00"))
    one = Return(tryton, connector, "ADDED-1", [Piece(sold, MUG, 1, "scrap", "SCRAP-1")])
    receipt, stock, completed, _money = one.effects()
    one.say(receipt, stock)
    (paper,) = one.papers()
    for button in ("quote", "confirm"):
        tryton.ask("POST", f"model/sale.sale/{paper['id']}/{button}", {})
    (now,) = tryton.find("sale.sale", [["id", "=", paper["id"]]], "state", "shipment_returns")
    if now["state"] == "confirmed":
        tryton.ask("POST", f"model/sale.sale/{paper['id']}/process", {})
        (now,) = tryton.find("sale.sale", [["id", "=", paper["id"]]], "shipment_returns")
    moves = [["shipment", "=", f"{BACK},{now['shipment_returns'][0]}"]]
    (move,) = tryton.find("stock.move", moves)
    tryton.ask("POST", f"model/stock.move/{move['id']}/copy", {"default": {"origin": None, "quantity": 7}})
    shipment = now["shipment_returns"][0]
    tryton.ask("POST", f"model/{BACK}/{shipment}/receive", {}, context={"_skip_warnings": True})
    (refused,) = one.say(completed)
    assert isinstance(refused, Refused)
    assert (refused.code, "7" in refused.sentence, MUG in refused.sentence) == ("upstream.moves", True, True)

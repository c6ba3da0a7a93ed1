"""Credit notes in a real Tryton: one a settlement, exact to the cent with tax, parts, fees and postage, in any order."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from returns_station.connectors.api import Delivered, NotFound, Outgoing, Refused, RetryLater
from returns_station.connectors.tryton import TrytonConnector
from returns_station.testing.contract_effects import Piece
from returns_station.testing.proxy import FaultProxy
from tests.upstreams.tryton.kit import Return, connect, line_of
from tests.upstreams.tryton.server import TrytonServer

MUG, TIN = "22960", "22913"


@pytest.fixture(scope="module", autouse=True)
def _fresh(tryton: TrytonServer) -> None:
    tryton.reset()


@pytest.fixture(scope="module")
def connector(tryton: TrytonServer) -> Iterator[TrytonConnector]:
    made = connect(tryton)
    yield made
    made.close()


def mugs(tryton: TrytonServer, order: str, quantity: int) -> Piece:
    return Piece(line_of(tryton, order, "1"), MUG, quantity, location="RESTOCK-1")


def settled(one: Return, amounts: list[tuple[str, str, int, int]], **more: Any) -> Outgoing:
    """A refund of lines (order line, SKU, pieces, amount), with shipping and fee."""
    lines = [
        {"order_line": line, "sku": sku, "quantity": count, "amount_minor": minor}
        for line, sku, count, minor in amounts
    ]
    shipping, fee = more.get("shipping_minor", 0), more.get("fee_minor", 0)
    total = sum(minor for *_, minor in amounts) + shipping - fee
    return one.like(one.effects()[-1], lines=lines, amount_minor=total, **more)


@pytest.mark.parametrize(
    ("pieces", "part", "shipping", "fee"),
    [(1, 1500, 0, 0), (2, 2999, 0, 0), (3, 1, 0, 0), (1, 1499, 588, 250), (2, 1001, 0, 333), (1, 0, 588, 0)],
)
def test_a_note_is_exact_to_the_cent_with_tax_parts_postage_and_fee(
    tryton: TrytonServer, connector: TrytonConnector, pieces: int, part: int, shipping: int, fee: int
) -> None:
    tryton.reset()
    order = "EUR-1001"
    one = Return(tryton, connector, order, [mugs(tryton, order, pieces)], "EUR")
    *goods, _none = one.effects()
    money = settled(
        one, [(line_of(tryton, order, "1"), MUG, pieces, part)], shipping_minor=shipping, fee_minor=fee
    )
    one.arrive(*goods, money, money)
    assert one.notes() == [("posted", Decimal(part + shipping - fee) / 100)]
    refund = [row for row in one.stated() if row.kind == "refund"]
    assert [(row.amount_minor, row.currency, row.done) for row in refund] == [
        (part + shipping - fee, "EUR", True)
    ]


@pytest.mark.parametrize("minor", [1, 2, 33, 100, 148, 149, 442, 889, 1036])
def test_prices_of_four_decimals_leave_no_cent_over(
    tryton: TrytonServer, connector: TrytonConnector, minor: int
) -> None:
    tryton.reset()
    order = "EUR-1002"
    one = Return(
        tryton,
        connector,
        order,
        [Piece(line_of(tryton, order, "2"), "22912", 3, location="RESTOCK-1")],
        "EUR",
    )
    *goods, _none = one.effects()
    one.say(*goods, settled(one, [(line_of(tryton, order, "2"), "22912", 3, minor)]))
    assert one.notes() == [("posted", Decimal(minor) / 100)]


def test_money_before_the_goods_gives_one_note_and_the_sale_is_not_invoiced_anew(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    order = "BENCH-1"
    one = Return(tryton, connector, order, [mugs(tryton, order, 2)], refund=850)
    receipt, stock, completed, money = one.effects()
    one.arrive(receipt, money, stock, completed, money)
    assert one.notes() == [("posted", Decimal("8.50"))]
    (sale,) = tryton.find(
        "sale.sale", [["reference", "=", order]], "invoices", "to_invoice", "lines.quantity_to_invoice"
    )
    assert (len(sale["invoices"]), sale["to_invoice"]) == (1, 0)


def test_a_note_for_goods_that_are_in_belongs_to_the_return_sale(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    order = "BENCH-2"
    one = Return(tryton, connector, order, [mugs(tryton, order, 2), mugs(tryton, order, 1)], refund=1275)
    one.say(*one.effects())
    (paper,) = one.papers()
    assert paper["invoice_state"] == "awaiting payment"
    assert one.notes() == [("posted", Decimal("12.75"))]


def test_no_more_is_credited_than_was_invoiced_whoever_credited_before(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    order = "BENCH-3"
    line = line_of(tryton, order, "1")
    first = Return(tryton, connector, order, [mugs(tryton, order, 1)])
    assert isinstance(first.say(settled(first, [(line, MUG, 1, 91999)]))[0], Delivered)
    second = Return(tryton, connector, order, [mugs(tryton, order, 1)])
    (refused,) = second.say(settled(second, [(line, MUG, 1, 2)]))
    assert isinstance(refused, Refused)
    assert (refused.code, "920.00" in refused.sentence, "919.99" in refused.sentence) == (
        "upstream.ceiling",
        True,
        True,
    )
    assert isinstance(second.say(settled(second, [(line, MUG, 1, 1)]))[0], Delivered)


def test_a_posted_note_is_not_taken_back_and_a_currency_is_not_guessed(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    one = Return(tryton, connector, "BENCH-4", [mugs(tryton, "BENCH-4", 1)], refund=425)
    money = one.effects()[-1]
    one.say(money)
    (refused,) = one.say(one.like(money, "returns.refund.reversed", reverses=money.key))
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.posted"
    other = Return(tryton, connector, "BENCH-5", [mugs(tryton, "BENCH-5", 1)], "EUR", 425)
    (refused,) = other.say(other.effects()[-1])
    assert isinstance(refused, Refused)
    assert refused.code == "upstream.currency"


def test_a_locked_record_lets_only_this_effect_wait(tryton: TrytonServer) -> None:
    with FaultProxy(tryton.url) as proxy:
        connector = connect(tryton, proxy.url)
        one = Return(tryton, connector, "BENCH-6", [mugs(tryton, "BENCH-6", 1)], refund=425)
        proxy.answer(503, b"could not obtain lock", "text/html", {}, 1)
        (waits,) = one.say(one.effects()[-1])
        assert isinstance(waits, RetryLater)
        assert waits.alone
        connector.close()


def test_a_second_note_that_a_person_made_is_stated_as_nobodys(
    tryton: TrytonServer, connector: TrytonConnector
) -> None:
    order = "BENCH-7"
    one = Return(tryton, connector, order, [mugs(tryton, order, 2)], refund=850)
    one.say(*one.effects())
    (note,) = tryton.find("account.invoice", [["reference", "like", f"{one.number}/%"]], "id")
    tryton.ask(
        "POST",
        f"model/account.invoice/{note['id']}/copy",
        {"default": {"reference": f"{one.number}/by hand"}},
    )
    refunds = [
        (row.subject is None, row.amount_minor, row.done) for row in one.stated() if row.kind == "refund"
    ]
    assert sorted(refunds) == [(False, 850, True), (True, 850, False)]


def test_what_was_never_sent_is_not_found(tryton: TrytonServer, connector: TrytonConnector) -> None:
    one = Return(tryton, connector, "BENCH-8", [mugs(tryton, "BENCH-8", 1)], refund=425)
    assert {type(connector.look_up(effect, one.refs)) for effect in one.effects()} == {NotFound}

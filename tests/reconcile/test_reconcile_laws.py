"""What is a difference and what is none: parcels not finished yet, what is under way, books that do not add up."""

from dataclasses import replace

import pytest

from returns_station.connectors.api import Stated
from returns_station.store.statements import (
    LineSums,
    OwnRefund,
    OwnUnit,
    SentReceipt,
    SentRefund,
    SentReturn,
    SentUnit,
)
from returns_station.sync.reconcile import compare

RECEIPT = SentReceipt("p1", "RS-1", True, "R/1")
UNIT = SentUnit("u1", "LPN-1", "22726", 3, "return_to_stock", "A-1", "p1", True, "M/1")
MONEY = SentRefund("s1", 1250, "GBP", "C/1")
SENT = SentReturn("r1", "RMA-1", "1001", (), (RECEIPT,), (UNIT,), (MONEY,))
GOOD = (
    Stated("receipt", "R/1", "p1"),
    Stated("stock", "M/1", "u1", sku="22726", quantity=3, place="A-1", sellable=True),
    Stated("refund", "C/1", "s1", amount_minor=1250, currency="GBP"),
)


def codes(sent: SentReturn, *stated: Stated) -> list[str]:
    return [one.code for one in compare(sent, stated)]


def test_what_is_there_as_it_was_sent_is_no_difference() -> None:
    assert codes(SENT, *GOOD) == []


def test_what_an_upstream_cannot_tell_is_not_compared() -> None:
    silent = (Stated("receipt", "R/1", "p1"), Stated("stock", "M/1", "u1"), Stated("refund", "C/1", "s1"))
    assert codes(SENT, *silent) == []


def test_drafts_are_as_they_should_be_until_the_parcel_is_finished_and_then_they_are_named() -> None:
    drafts = tuple(replace(row, done=False, place=None) for row in GOOD[:2])
    open_ = replace(
        SENT,
        receipts=(replace(RECEIPT, completed=False),),
        units=(replace(UNIT, completed=False),),
        refunds=(),
    )
    assert codes(open_, *drafts) == []
    assert codes(SENT, *drafts, replace(GOOD[2], done=False)) == [
        "receipt.unfinished",
        "unit.unfinished",
        "refund.unfinished",
    ]


def test_what_is_under_way_is_compared_when_it_was_acknowledged() -> None:
    lost = Stated("refund", "C/2", "s2", amount_minor=100, currency="GBP")
    assert codes(SENT, *GOOD, lost) == ["refund.extra"]
    assert codes(replace(SENT, underway=frozenset({"s2"})), *GOOD, lost) == []


def test_an_effect_that_left_nothing_there_is_not_missed() -> None:
    nothing = replace(
        SENT,
        receipts=(replace(RECEIPT, reference=None),),
        units=(replace(UNIT, reference=None),),
        refunds=(replace(MONEY, reference=None),),
    )
    assert codes(nothing) == []
    assert codes(SENT) == ["receipt.missing", "unit.missing", "refund.missing"]


def test_a_unit_in_parts_is_wrong_only_where_a_part_is() -> None:
    two, one = (replace(GOOD[1], reference=f"M/{count}", quantity=count) for count in (2, 1))
    assert codes(SENT, GOOD[0], two, one, GOOD[2]) == []
    assert codes(SENT, GOOD[0], two, replace(one, place="B-2"), GOOD[2]) == ["unit.place"]


def test_goods_to_be_sold_that_were_scrapped_are_named_where_there_are_no_places() -> None:
    scrapped = replace(UNIT, disposition="scrap")
    assert codes(replace(SENT, units=(scrapped,)), *GOOD) == ["unit.sellable"]


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (LineSums("22726", 3, 2, 0, 1), False),
        (LineSums("22726", 3, 2, 1, 0), False),
        (LineSums("22726", 3, 5, 0, 0), False),
        (LineSums("22726", 3, 3, 1, 0), True),
    ],
)
def test_expected_is_received_and_short_and_awaiting_and_an_over_return_breaks_no_law(
    line: LineSums, wrong: bool
) -> None:
    assert codes(replace(SENT, lines=(line,)), *GOOD) == (["books.line"] if wrong else [])


def test_a_unit_or_a_refund_of_ours_that_was_told_otherwise_or_not_at_all_is_our_own_defect() -> None:
    own = replace(
        SENT,
        own_units=(
            OwnUnit("u1", "LPN-1", "22726", 3, 3),
            OwnUnit("u2", "LPN-2", "22726", 2, None),
        ),
        own_refunds=(OwnRefund("s1", 1250, "GBP", 1250), OwnRefund("s2", 400, "GBP", 300)),
    )
    found = compare(own, GOOD)
    assert [one.code for one in found] == ["books.unit", "books.refund"]
    assert "4.00 GBP" in found[1].sentence
    assert "3.00 GBP" in found[1].sentence

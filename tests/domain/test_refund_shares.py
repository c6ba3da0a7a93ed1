"""What a return is worth: the parts of a line add up to the line, and money beyond is never paid silently."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain import refund
from returns_station.domain.axes import Acceptance, Placement, SettlementState
from returns_station.domain.codes import Disposition, Identity, RefundTiming, ReturnType
from returns_station.domain.nouns import (
    Decision,
    Order,
    OrderLine,
    Payment,
    ReturnAuthorization,
    ReturnUnit,
    Settlement,
)

RMA = ReturnAuthorization("a-1", "quack", "RMA-1", "csv", ReturnType.RMA, "o-1", "536365")
LINE = OrderLine("ol-1", "1", "duck", "DUCK", 3, 1_000, 0, 0)
ORDER = Order("o-1", "quack", "536365", "EUR", True, 390, (LINE,), (Payment("PAY-1", 3_390, 0),))
GOOD = Decision("p-1", (), Disposition.RETURN_TO_STOCK, "As new.", False, RefundTiming.AFTER_INSPECTION)


def unit(quantity: int = 1, percent: int = 100, n: int = 1, line: str | None = "ol-1") -> ReturnUnit:
    return ReturnUnit(
        f"u-{n}",
        "p-1",
        "a-1",
        "quack",
        "DUCK",
        "Rubber duck",
        quantity,
        Identity.MATCHED,
        order_line_id=line,
        acceptance=Acceptance.ACCEPTED,
        placement=Placement.PUT,
        decision=replace(GOOD, refund_percent=percent),
    )


def settle(order: Order | None, *units: ReturnUnit, returned: int = 0) -> Settlement:
    found = refund.settle("s-1", "p-1", RMA, order, units, {"ol-1": returned})
    assert found is not None
    return found


def with_line(**changes: object) -> Order:
    return replace(ORDER, lines=(replace(LINE, **changes),))  # type: ignore[arg-type]


@given(
    price=st.integers(0, 10**9),
    quantity=st.integers(1, 2_000),
    discount=st.integers(0, 10**6),
    tax=st.integers(0, 10**6),
    inclusive=st.booleans(),
    data=st.data(),
)
def test_however_a_line_comes_back_its_parts_add_up_to_the_line(
    price: int, quantity: int, discount: int, tax: int, inclusive: bool, data: st.DataObject
) -> None:
    line = replace(LINE, quantity=quantity, unit_price_minor=price, discount_minor=discount, tax_minor=tax)
    cuts = sorted(data.draw(st.sets(st.integers(0, quantity), max_size=8)) | {0, quantity})
    parts = [refund.pieces_value(line, inclusive, a, b - a) for a, b in itertools.pairwise(cuts)]
    total = refund.line_total(line, inclusive)
    assert total == price * quantity - discount + (0 if inclusive else tax)
    assert sum(part or 0 for part in parts) == total


@given(total=st.integers(0, 10**9), quantity=st.integers(1, 1_000), pieces=st.integers(0, 1_000))
def test_no_part_is_ever_negative_or_off_by_more_than_half_a_unit(
    total: int, quantity: int, pieces: int
) -> None:
    part = refund.share(total, quantity, min(pieces, quantity))
    assert 0 <= part <= total
    assert abs(2 * part * quantity - 2 * total * min(pieces, quantity)) <= quantity


def test_a_third_of_ten_euros_comes_back_three_times_as_exactly_ten_euros() -> None:
    order = with_line(unit_price_minor=0, discount_minor=-1_000)
    amounts = [settle(order, unit(), returned=n).amount_minor for n in range(3)]
    assert (amounts, sum(filter(None, amounts))) == ([333, 334, 333], 1_000)


def test_discount_is_shared_and_tax_is_added_where_prices_do_not_include_it() -> None:
    order = replace(with_line(discount_minor=300, tax_minor=513), prices_include_tax=False)
    assert settle(order, unit(3)).amount_minor == 3_000 - 300 + 513
    assert settle(replace(order, prices_include_tax=True), unit(3)).amount_minor == 2_700


@pytest.mark.parametrize(("currency", "price"), [("JPY", 1_250), ("KWD", 12_345)])
def test_currencies_with_other_decimals_are_counted_in_their_own_smallest_unit(
    currency: str, price: int
) -> None:
    order = replace(
        with_line(unit_price_minor=price), currency=currency, payments=(Payment("P", price * 3, 0),)
    )
    found = settle(order, unit(2))
    assert (found.amount_minor, found.currency, found.state) == (
        2 * price,
        currency,
        SettlementState.RELEASED,
    )


@pytest.mark.parametrize(
    ("order", "reason", "amount"),
    [
        (None, "refund.no_order", None),
        (with_line(unit_price_minor=None), "refund.price_missing", None),
        (with_line(discount_minor=None), "refund.price_missing", None),
        (with_line(quantity=0), "refund.more_than_sold", None),
        (with_line(discount_minor=9_999), "refund.price_missing", None),
        (replace(ORDER, prices_include_tax=None), "refund.price_missing", None),
        (replace(with_line(tax_minor=None), prices_include_tax=False), "refund.price_missing", None),
        (replace(ORDER, payments=()), "refund.payment_missing", 1_000),
        (replace(ORDER, currency=None), "refund.payment_missing", None),
        (replace(ORDER, payments=(Payment("P", None, 0),)), "refund.payment_missing", 1_000),
        (replace(ORDER, payments=(Payment("P", 3_390, None),)), "refund.payment_missing", 1_000),
        (replace(ORDER, payments=(Payment("P", 999, 0),)), "refund.more_than_paid", 1_000),
        (replace(ORDER, payments=(Payment("P", 3_390, 2_400),)), "refund.more_than_paid", 1_000),
        (replace(ORDER, allocated_minor=2_400), "refund.more_than_paid", 1_000),
        (
            replace(ORDER, payments=(Payment("P", 2_000, 0), Payment("Q", 1_390, 0))),
            "refund.several_payments",
            1_000,
        ),
    ],
)
def test_a_missing_fact_or_a_passed_ceiling_makes_money_need_a_person(
    order: Order | None, reason: str, amount: int | None
) -> None:
    found = settle(order, unit())
    assert (found.state, found.amount_minor) == (SettlementState.NEEDS_HUMAN, amount)
    assert reason in found.reasons


def test_more_than_was_sold_is_told_in_full_and_paid_by_nobody() -> None:
    found = settle(ORDER, unit(2), returned=2)
    assert (found.state, found.reasons) == (SettlementState.NEEDS_HUMAN, ("refund.more_than_sold",))


def test_two_units_of_one_line_count_together_against_what_was_sold() -> None:
    found = settle(ORDER, unit(2, n=1), unit(2, n=2))
    assert (found.state, found.reasons[0]) == (SettlementState.NEEDS_HUMAN, "refund.more_than_sold")


def test_what_one_return_of_a_parcel_used_up_the_next_cannot_ask_for_again() -> None:
    first = settle(ORDER, unit(2))
    after = refund.after(ORDER, (first,))
    assert (after.lines[0].returned, after.allocated_minor) == (2, 2_000)
    second = settle(after, unit(2, n=2), returned=after.lines[0].returned)
    assert (second.state, second.reasons) == (
        SettlementState.NEEDS_HUMAN,
        ("refund.more_than_sold",),
    )


def test_a_worse_grade_pays_its_percent_and_the_rest_stands_as_a_fee() -> None:
    found = settle(ORDER, unit(1, 80, n=1), unit(1, 50, n=2), unit(1, 0, n=3))
    assert (found.amount_minor, found.fee_minor) == (1_300, 1_700)
    assert found.amount_minor == sum(row.amount_minor for row in found.allocations) - found.fee_minor


@given(percents=st.lists(st.integers(0, 100), min_size=1, max_size=3), price=st.integers(0, 10**8))
def test_amount_and_fee_always_add_up_to_the_worth_of_what_came(percents: list[int], price: int) -> None:
    order = replace(with_line(unit_price_minor=price), payments=(Payment("P", 3 * price, 0),))
    found = settle(order, *(unit(1, percent, n=n) for n, percent in enumerate(percents)))
    assert found.amount_minor is not None
    assert 0 <= found.amount_minor <= price * len(percents)
    assert found.amount_minor + found.fee_minor == sum(row.amount_minor for row in found.allocations)


def test_a_unit_that_waits_for_a_person_makes_its_money_wait() -> None:
    found = settle(ORDER, replace(unit(), acceptance=Acceptance.NEEDS_HUMAN))
    assert (found.state, found.reasons) == (SettlementState.NEEDS_HUMAN, ("refund.unit_needs_human",))


def test_a_rejected_unit_and_one_without_a_decision_ask_for_nothing() -> None:
    units = (replace(unit(), acceptance=Acceptance.REJECTED), replace(unit(), decision=None))
    assert refund.settle("s", "p", RMA, ORDER, units, {}) is None


def test_a_unit_of_no_order_line_is_never_paid_beside_one_that_is() -> None:
    found = settle(ORDER, unit(), unit(n=2, line=None))
    assert (found.state, found.amount_minor, found.reasons) == (
        SettlementState.NEEDS_HUMAN,
        None,
        ("refund.no_order",),
    )


def test_a_return_agreed_without_money_asks_for_none() -> None:
    assert refund.settle("s", "p", replace(RMA, timing=RefundTiming.NONE), ORDER, (unit(),), {}) is None


def test_a_return_that_the_vendor_pays_first_waits_for_a_person() -> None:
    vendor = replace(RMA, timing=RefundTiming.AFTER_VENDOR_CREDIT)
    found = refund.settle("s", "p", vendor, ORDER, (unit(),), {})
    assert found is not None
    assert (found.state, found.timing, found.reasons) == (
        SettlementState.NEEDS_HUMAN,
        RefundTiming.AFTER_VENDOR_CREDIT,
        ("refund.vendor_credit",),
    )

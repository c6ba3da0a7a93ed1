"""What a return is worth, exactly: shares of a line that always add up to the line, and the ceilings that guard money."""

from dataclasses import dataclass, replace

from returns_station.domain.axes import Acceptance, SettlementState
from returns_station.domain.codes import Identity, RefundTiming
from returns_station.domain.nouns import (
    Allocation,
    Order,
    OrderLine,
    ReturnAuthorization,
    ReturnUnit,
    Settlement,
)


def line_total(line: OrderLine, prices_include_tax: bool | None) -> int | None:
    """What was paid for a line in minor units, None when a money fact is missing."""
    if line.unit_price_minor is None or line.discount_minor is None or prices_include_tax is None:
        return None
    if line.quantity < 1:
        return None
    total = line.unit_price_minor * line.quantity - line.discount_minor
    if prices_include_tax:
        return total
    return None if line.tax_minor is None else total + line.tax_minor


def share(total: int, quantity: int, pieces: int) -> int:
    """The part of `total` that the first `pieces` of `quantity` pieces carry, rounded half up."""
    return (2 * total * pieces + quantity) // (2 * quantity)


def pieces_value(line: OrderLine, prices_include_tax: bool | None, returned: int, pieces: int) -> int | None:
    """What `pieces` more are worth after `returned` came back: cumulative shares, so that all parts add up to the line."""
    total = line_total(line, prices_include_tax)
    if total is None:
        return None
    return share(total, line.quantity, returned + pieces) - share(total, line.quantity, returned)


def after(order: Order, settled: tuple[Settlement, ...]) -> Order:
    """The order once these settlements count: what one return of a parcel used up, the next cannot ask for again."""
    own = tuple(one for one in settled if one.order_id == order.id)
    used: dict[str, int] = {}
    for row in (row for one in own for row in one.allocations):
        used[row.order_line_id] = used.get(row.order_line_id, 0) + row.quantity
    lines = tuple(replace(line, returned=line.returned + used.get(line.id, 0)) for line in order.lines)
    promised = sum(one.amount_minor or 0 for one in own if one.state is SettlementState.RELEASED)
    return replace(order, lines=lines, allocated_minor=order.allocated_minor + promised)


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of each order line is used up while a settlement is worked out."""

    allocations: tuple[Allocation, ...] = ()
    reasons: tuple[str, ...] = ()
    fee_minor: int = 0

    def used(self, order_line_id: str) -> int:
        """Pieces of a line this tally uses."""
        return sum(row.quantity for row in self.allocations if row.order_line_id == order_line_id)


def counts(unit: ReturnUnit) -> bool:
    """Whether a unit asks for money at all."""
    return (
        unit.acceptance is not Acceptance.REJECTED
        and unit.decision is not None
        and unit.decision.timing is not RefundTiming.NONE
    )


def settle(
    settlement_id: str,
    parcel_id: str,
    authorization: ReturnAuthorization,
    order: Order | None,
    units: tuple[ReturnUnit, ...],
    returned: dict[str, int],
) -> Settlement | None:
    """The settlement of a return's `units` in one parcel; None when nothing asks for money.

    `returned` is pieces already settled or returned elsewhere, per order line. A missing fact or a passed ceiling makes it
    need a person; it never lowers the amount silently.
    """
    asking = tuple(unit for unit in units if counts(unit))
    if not asking or authorization.timing is RefundTiming.NONE:
        return None
    tally = Tally()
    for unit in asking:
        tally = _count(tally, unit, order, returned)
    amount = sum(row.amount_minor for row in tally.allocations) - tally.fee_minor
    reasons = tally.reasons + _ceiling(order, amount)
    timings = {unit.decision.timing for unit in asking if unit.decision}
    if authorization.timing is RefundTiming.AFTER_VENDOR_CREDIT:
        timings = {authorization.timing}
    if RefundTiming.AFTER_VENDOR_CREDIT in timings:
        reasons = (*reasons, "refund.vendor_credit")
    state = SettlementState.NEEDS_HUMAN if reasons else SettlementState.RELEASED
    priced = (
        order is not None
        and order.currency is not None
        and not {"refund.no_order", "refund.price_missing"} & set(reasons)
    )
    return Settlement(
        settlement_id,
        authorization.id,
        parcel_id,
        authorization.merchant,
        order.id if order else None,
        order.currency if order else None,
        amount if priced else None,
        state,
        sorted(timings)[0],
        authorization.means,
        tally.allocations,
        0,
        tally.fee_minor,
        tuple(dict.fromkeys(reasons)),
        order.payments[0].reference if order and order.payments else None,
        order.number if order else authorization.order_number,
        tuple(unit.id for unit in asking),
    )


def _count(tally: Tally, unit: ReturnUnit, order: Order | None, returned: dict[str, int]) -> Tally:
    line = next((line for line in order.lines if line.id == unit.order_line_id), None) if order else None
    reasons: tuple[str, ...] = ()
    if unit.acceptance is Acceptance.NEEDS_HUMAN or unit.identity is not Identity.MATCHED:
        reasons = ("refund.unit_needs_human",)
    if order is None or line is None:
        return Tally(tally.allocations, (*tally.reasons, *reasons, "refund.no_order"), tally.fee_minor)
    before = returned.get(line.id, 0) + tally.used(line.id)
    pieces = max(0, min(unit.quantity, line.quantity - before))
    if pieces < unit.quantity:
        reasons = (*reasons, "refund.more_than_sold")
    # What a person may release is worth no more than what was sold.
    worth = pieces_value(line, order.prices_include_tax, before, pieces)
    if worth is None or worth < 0:
        return Tally(tally.allocations, (*tally.reasons, *reasons, "refund.price_missing"), tally.fee_minor)
    percent = unit.decision.refund_percent if unit.decision else 0
    amount = share(worth, 100, percent)
    row = Allocation(unit.id, line.id, unit.sku, unit.quantity, worth)
    return Tally((*tally.allocations, row), (*tally.reasons, *reasons), tally.fee_minor + worth - amount)


def _ceiling(order: Order | None, amount: int) -> tuple[str, ...]:
    if order is None:
        return ()
    if order.currency is None or not order.payments:
        return ("refund.payment_missing",)
    if any(payment.captured_minor is None or payment.refunded_minor is None for payment in order.payments):
        return ("refund.payment_missing",)
    paid = sum((payment.captured_minor or 0) - (payment.refunded_minor or 0) for payment in order.payments)
    if amount + order.allocated_minor > paid:
        return ("refund.more_than_paid",)
    return ("refund.several_payments",) if len(order.payments) > 1 else ()

"""What others must learn: receipt, stock and money are three effects, each with the facts it was born with."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from returns_station.domain.money import decimal
from returns_station.domain.nouns import Parcel, ReturnAuthorization, ReturnLine, ReturnUnit, Settlement


class EffectType(StrEnum):
    """CloudEvents types of the contract in docs/openapi.yaml."""

    RECEIPT = "returns.receipt"
    RECEIPT_REVERSED = "returns.receipt.reversed"
    STOCK = "returns.stock"
    STOCK_REVERSED = "returns.stock.reversed"
    COMPLETED = "returns.completed"
    COMPLETED_REVERSED = "returns.completed.reversed"
    REFUND = "returns.refund"
    REFUND_REVERSED = "returns.refund.reversed"
    SHORT = "returns.short"
    AVAILABLE = "returns.available"
    AVAILABLE_REVERSED = "returns.available.reversed"


REVERSAL = {
    EffectType.RECEIPT: EffectType.RECEIPT_REVERSED,
    EffectType.STOCK: EffectType.STOCK_REVERSED,
    EffectType.COMPLETED: EffectType.COMPLETED_REVERSED,
    EffectType.AVAILABLE: EffectType.AVAILABLE_REVERSED,
}


@dataclass(frozen=True, slots=True)
class Effect:
    """One row of the outbox to be: `id` is its key for ever; `released` says whether it may be delivered."""

    id: str
    type: EffectType
    target: str
    merchant: str
    return_id: str
    body: dict[str, Any] = field(hash=False)
    parcel_id: str | None = None
    unit_id: str | None = None
    settlement_id: str | None = None
    released: bool = True
    reason: str | None = None


def receipt_body(parcel: Parcel, authorization: ReturnAuthorization) -> dict[str, Any]:
    """A parcel of a return is here."""
    return {
        "merchant": authorization.merchant,
        "site": parcel.site,
        "return_id": authorization.id,
        "return_number": authorization.number,
        "order_number": authorization.order_number,
        "parcel_id": parcel.id,
        "plate": parcel.plate,
        "carrier": parcel.carrier,
        "tracking": parcel.scanned if parcel.carrier and parcel.tracked else None,
        "return_type": parcel.return_type.value,
        "lines": [
            {
                "order_line": line.order_line,
                "sku": line.sku,
                "expected": line.expected,
                "reason": line.reason.value,
            }
            for line in authorization.lines
        ],
    }


def stock_body(
    unit: ReturnUnit,
    parcel: Parcel,
    authorization: ReturnAuthorization,
    order_number: str | None,
    order_line: str | None,
) -> dict[str, Any]:
    """A unit lies where it was put."""
    return {
        "merchant": unit.merchant,
        "site": parcel.site,
        "return_id": unit.return_id,
        "return_number": authorization.number,
        "parcel_id": parcel.id,
        "plate": parcel.plate,
        "unit_id": unit.id,
        "lpn": unit.lpn,
        "sku": unit.sku,
        "quantity": unit.quantity,
        "unit": "each",
        "lot": unit.lot,
        "expiry": unit.expiry,
        "serial": unit.serial,
        "grade": unit.grade.value if unit.grade else None,
        "disposition": unit.decision.disposition.value if unit.decision else None,
        "location": unit.location or unit.container,
        "container": unit.container,
        "order_number": order_number,
        "order_line": order_line,
    }


def available_body(unit: ReturnUnit, site: str, container: str) -> dict[str, Any]:
    """A unit can be had at its place, for its container was put away there."""
    return {
        "merchant": unit.merchant,
        "site": site,
        "return_id": unit.return_id,
        "unit_id": unit.id,
        "lpn": unit.lpn,
        "sku": unit.sku,
        "quantity": unit.quantity,
        "unit": "each",
        "disposition": unit.decision.disposition.value if unit.decision else None,
        "location": unit.location,
        "container": container,
    }


def completed_body(
    parcel: Parcel,
    authorization: ReturnAuthorization,
    units: tuple[tuple[ReturnUnit, bool], ...],
    lines: tuple[ReturnLine, ...],
    sold: dict[str, str],
) -> dict[str, Any]:
    """Nothing more of a return is in a parcel: what became of each of its units, what is still awaited of its lines.

    `units` are all of this return in this parcel, each with whether it waits for a person; `sold` names outside order
    lines by ours.
    """
    return {
        "merchant": authorization.merchant,
        "site": parcel.site,
        "return_id": authorization.id,
        "return_number": authorization.number,
        "order_number": authorization.order_number,
        "parcel_id": parcel.id,
        "plate": parcel.plate,
        "return_type": parcel.return_type.value,
        "units": [_completed_unit(unit, held, sold) for unit, held in units],
        "lines": [
            {
                "order_line": line.order_line,
                "sku": line.sku,
                "expected": line.expected,
                "received": line.received,
                "short": line.short,
                "awaiting": line.awaiting,
            }
            for line in lines
        ],
    }


def _completed_unit(unit: ReturnUnit, held: bool, sold: dict[str, str]) -> dict[str, Any]:
    return {
        "unit_id": unit.id,
        "lpn": unit.lpn,
        # Found property is nobody's article.
        "sku": unit.sku or None,
        "quantity": unit.quantity,
        "order_line": sold.get(unit.order_line_id or ""),
        "disposition": unit.decision.disposition.value if unit.decision else None,
        "grade": unit.grade.value if unit.grade else None,
        "location": unit.location or unit.container,
        "container": unit.container,
        "held": held,
    }


def refund_body(
    settlement: Settlement, parcel: Parcel, authorization: ReturnAuthorization, lines: dict[str, str]
) -> dict[str, Any]:
    """Money of one settlement; `lines` names outside order lines by ours."""
    return {
        "merchant": settlement.merchant,
        "return_id": settlement.return_id,
        "return_number": authorization.number,
        "parcel_id": parcel.id,
        "plate": parcel.plate,
        "settlement_id": settlement.id,
        "order_number": settlement.order_number,
        "currency": settlement.currency,
        "amount_minor": settlement.amount_minor,
        "payment_reference": settlement.payment_reference,
        "outcome": settlement.means.value,
        "lines": [
            {
                "order_line": lines[row.order_line_id],
                "sku": row.sku,
                "quantity": row.quantity,
                "amount_minor": row.amount_minor,
            }
            for row in settlement.allocations
        ],
        "shipping_minor": settlement.shipping_minor,
        "fee_minor": settlement.fee_minor,
    }


def short_body(authorization: ReturnAuthorization, lines: tuple[ReturnLine, ...], by: str) -> dict[str, Any]:
    """Pieces that will not come; `by` is expiry, last_piece or person."""
    return {
        "merchant": authorization.merchant,
        "return_id": authorization.id,
        "lines": [
            {"order_line": line.order_line, "sku": line.sku, "quantity": line.awaiting, "by": by}
            for line in lines
        ],
    }


def amount_text(settlement: Settlement) -> str:
    """The settlement's amount for a sentence: "12.50 GBP", or "?" where a fact is missing."""
    if settlement.amount_minor is None or settlement.currency is None:
        return "?"
    return f"{decimal(settlement.amount_minor, settlement.currency)} {settlement.currency}"

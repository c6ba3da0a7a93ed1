"""Between rows and nouns, and between nouns and the exact bytes of an event."""

import json
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row

from returns_station.domain.axes import Acceptance, Inspection, Placement, Reception
from returns_station.domain.codes import Cause, Grade, Identity, Packaging
from returns_station.domain.nouns import Decision, Evidence, Finding, Parcel, ReturnUnit, Settlement
from returns_station.workflow.ports import Record


@cache
def _records() -> TypeAdapter[Record]:
    return TypeAdapter(Record)


@cache
def _decisions() -> TypeAdapter[Decision]:
    return TypeAdapter(Decision)


def record_bytes(record: Record) -> bytes:
    """A record as the bytes that its event keeps for ever."""
    return _records().dump_json(record, exclude_defaults=True)


def record_from(body: bytes) -> Record:
    """The record that an event's bytes hold."""
    return _records().validate_json(body)


def unit_from_row(row: Row[Any], findings: Sequence[Row[Any]]) -> ReturnUnit:
    """A unit from its row and the rows of its findings."""
    return ReturnUnit(
        row.id,
        row.parcel_id,
        row.return_id,
        row.merchant,
        row.sku,
        row.title,
        row.quantity,
        Identity(row.identity),
        row.product_id,
        row.product_type,
        row.return_line_id,
        row.order_id,
        row.order_line_id,
        row.lpn,
        row.lot,
        row.expiry,
        row.serial,
        row.parent_id,
        Reception(row.reception),
        Inspection(row.inspection),
        Acceptance(row.acceptance),
        Placement(row.placement),
        tuple((question, code) for question, code in json.loads(row.answers)),
        tuple(Finding(f.code, Cause(f.cause) if f.cause else None, f.component) for f in findings),
        Grade(row.grade) if row.grade else None,
        Packaging(row.packaging) if row.packaging else None,
        _decisions().validate_json(row.decision) if row.decision else None,
        row.location,
        row.container,
        row.override_reason,
        row.note,
        row.graded_by,
        row.put_by,
        row.settlement_id,
        row.labelling,
    )


def unit_values(unit: ReturnUnit, site: str) -> dict[str, Any]:
    """The row of a unit."""
    return {
        "id": unit.id,
        "merchant": unit.merchant,
        "site": site,
        "parcel_id": unit.parcel_id,
        "return_id": unit.return_id,
        "return_line_id": unit.return_line_id,
        "order_id": unit.order_id,
        "order_line_id": unit.order_line_id,
        "product_id": unit.product_id,
        "product_type": unit.product_type,
        "sku": unit.sku,
        "title": unit.title,
        "quantity": unit.quantity,
        "lpn": unit.lpn,
        "lot": unit.lot,
        "expiry": unit.expiry,
        "serial": unit.serial,
        "parent_id": unit.parent_id,
        "identity": unit.identity.value,
        "reception": unit.reception.value,
        "inspection": unit.inspection.value,
        "acceptance": unit.acceptance.value,
        "placement": unit.placement.value,
        "answers": json.dumps(unit.answers),
        "grade": unit.grade.value if unit.grade else None,
        "packaging": unit.packaging.value if unit.packaging else None,
        "disposition": unit.decision.disposition.value if unit.decision else None,
        "decision": _decisions().dump_json(unit.decision).decode() if unit.decision else None,
        "location": unit.location,
        "container": unit.container,
        "override_reason": unit.override_reason,
        "note": unit.note,
        "graded_by": unit.graded_by,
        "put_by": unit.put_by,
        "settlement_id": unit.settlement_id,
        "labelling": unit.labelling,
    }


def parcel_values(parcel: Parcel) -> dict[str, Any]:
    """The row of a parcel, but for its times."""
    return {
        "id": parcel.id,
        "plate": parcel.plate,
        "merchant": parcel.merchant,
        "site": parcel.site,
        "return_type": parcel.return_type.value,
        "scanned": parcel.scanned,
        "carrier": parcel.carrier,
        "returns": json.dumps(parcel.returns),
        "arrival": parcel.arrival.value,
        "work": parcel.work.value,
        "shelf": parcel.shelf,
        "note": parcel.note,
        "opened_by": parcel.opened_by,
        "tracked": parcel.tracked,
        "cage": parcel.cage,
        "manifest": parcel.manifest,
        "seal": parcel.seal,
        "piece": parcel.piece,
        "of": parcel.of,
        "weight_grams": parcel.weight_grams,
        "damage": parcel.damage,
    }


def evidence_values(evidence: Evidence, site: str) -> dict[str, Any]:
    """The row of a picture, but for its times."""
    return {
        "id": evidence.id,
        "site": site,
        "parcel_id": evidence.parcel_id,
        "unit_id": evidence.unit_id,
        "state": evidence.state.value,
        "sha256": evidence.sha256,
        "name": evidence.name,
        "bytes": evidence.bytes,
        "problem": evidence.problem,
        "worker": evidence.worker,
    }


def settlement_values(settlement: Settlement, site: str) -> dict[str, Any]:
    """The row of a settlement."""
    return {
        "id": settlement.id,
        "merchant": settlement.merchant,
        "site": site,
        "return_id": settlement.return_id,
        "parcel_id": settlement.parcel_id,
        "order_id": settlement.order_id,
        "currency": settlement.currency,
        "amount_minor": settlement.amount_minor,
        "shipping_minor": settlement.shipping_minor,
        "fee_minor": settlement.fee_minor,
        "state": settlement.state.value,
        "timing": settlement.timing.value,
        "means": settlement.means.value,
        "reasons": json.dumps(settlement.reasons),
        "payment_reference": settlement.payment_reference,
    }

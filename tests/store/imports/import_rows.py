"""Rows that several tests of imports need."""

from datetime import UTC, datetime

from returns_station.store import tables
from returns_station.store.imports.run import transaction
from returns_station.store.imports.upsert import defaults, insert

NOW = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def order(**changed):
    """Two mugs for 12.50 each, paid."""
    line = {
        "line_id": "1",
        "sku": "MUG",
        "quantity": 2,
        "unit_price": "12.50",
        "discount": "0",
        "tax": "0",
        "serials": ["SN-1"],
    }
    payment = {"reference": "pay-1", "captured": "25.00", "refunded": "0"}
    whole = {"number": "#1001", "currency": "EUR", "prices_include_tax": True, "shipping": "0"}
    return whole | {"lines": [line], "payments": [payment]} | changed


def acknowledged_refund(desk, *, pieces, minor, state="acknowledged"):
    """What the station keeps of a settlement of the one stored order line, its money confirmed upstream."""
    ((line, order_id),) = desk.rows(tables.OrderLine, "id", "order_id")
    settlement = {
        "id": "set-1", "merchant": "m", "site": "s", "return_id": "ret-1", "parcel_id": "p", "order_id": order_id,
        "currency": "EUR", "amount_minor": minor, "state": "released", "timing": "after_inspection", "means": "refund",
        "payment_reference": "pay-1",
    }  # fmt: skip
    share = {
        "settlement_id": "set-1",
        "unit_id": "u",
        "merchant": "m",
        "order_line_id": line,
        "quantity": pieces,
        "amount_minor": minor,
    }
    effects = [
        {"id": f"o-{target}", "target": target, "type": "refund", "merchant": "m", "site": "s", "return_id": "ret-1",
         "ordinal": 1, "settlement_id": "set-1", "state": state, "body": "{}", "created_at": "2026"}
        for target in ("shop", "books")
    ]  # fmt: skip
    with transaction(desk.engine) as connection:
        insert(connection, tables.Settlement, [defaults(tables.Settlement) | settlement])
        insert(connection, tables.Allocation, [share])
        insert(connection, tables.Outbox, [defaults(tables.Outbox) | effect for effect in effects])

"""The tables, one class each: state tables are the truth, `event` is the history, `outbox` is what others must still learn.

`merchant` and `site` are on every business row. Times are UTC text in ISO 8601 with microseconds; money is integer minor units.
"""

from sqlalchemy import Table
from sqlmodel import SQLModel

from returns_station.store.tables.imports import ImportRun, ImportStage
from returns_station.store.tables.records import Event, Outbox, PrintJob, RawInput
from returns_station.store.tables.returns import (
    Allocation,
    Authorization,
    Evidence,
    Parcel,
    ReturnLine,
    ReturnUnit,
    Settlement,
    UnitFinding,
    WaitingParcel,
)
from returns_station.store.tables.sales import (
    Customer,
    CustomerHistory,
    Merchant,
    OrderLine,
    OrderSerial,
    Payment,
    Product,
    ProductCode,
    SalesOrder,
    Subject,
)
from returns_station.store.tables.station import (
    Badge,
    Container,
    Location,
    Meta,
    Scannable,
    SessionState,
    Site,
    Worker,
)
from returns_station.store.tables.upstreams import (
    FamilySwitch,
    LegacyEffect,
    PullCursor,
    TargetState,
    UpstreamRef,
    WebhookSeen,
)

__all__ = [
    "Allocation",
    "Authorization",
    "Badge",
    "Container",
    "Customer",
    "CustomerHistory",
    "Event",
    "Evidence",
    "FamilySwitch",
    "ImportRun",
    "ImportStage",
    "LegacyEffect",
    "Location",
    "Merchant",
    "Meta",
    "OrderLine",
    "OrderSerial",
    "Outbox",
    "Parcel",
    "Payment",
    "PrintJob",
    "Product",
    "ProductCode",
    "PullCursor",
    "RawInput",
    "ReturnLine",
    "ReturnUnit",
    "SalesOrder",
    "Scannable",
    "SessionState",
    "Settlement",
    "Site",
    "Subject",
    "TargetState",
    "UnitFinding",
    "UpstreamRef",
    "WaitingParcel",
    "WebhookSeen",
    "Worker",
    "table",
]


def table(model: type[SQLModel]) -> Table:
    """The Core table of a class: what the statements on the scan path are written over."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found

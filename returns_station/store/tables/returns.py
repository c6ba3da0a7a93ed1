"""What came back: authorisations, parcels, units, what was seen on them, the money of it."""

from typing import ClassVar

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel


class Authorization(SQLModel, table=True):
    """A return authorisation (RMA), from outside or made at the dock (`source` = station)."""

    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "number"),)
    id: str = Field(primary_key=True)
    merchant: str
    site: str = ""
    source: str
    number: str
    return_type: str = "rma"
    order_id: str | None = Field(default=None, index=True)
    order_number: str | None = None
    customer_id: str | None = None
    created_at: str | None = None
    expires_at: str | None = None
    pieces: int | None = None
    timing: str = "after_inspection"
    means: str = "refund"
    shorted: bool = False


class ReturnLine(SQLModel, table=True):
    """What an authorisation expects; received pieces are counted from `return_unit`."""

    __tablename__ = "return_line"
    id: str = Field(primary_key=True)
    authorization_id: str = Field(index=True)
    merchant: str
    order_line_id: str | None = None
    product_id: str | None = None
    sku: str
    expected: int
    short: int = 0
    reason: str = "unknown"


class Parcel(SQLModel, table=True):
    """What arrived. `scanned` is the text by which it was found, `returns` a JSON list of authorisation ids.

    Its age is counted from `arrived_at`: received at the truck, or opened at once.
    """

    id: str = Field(primary_key=True)
    plate: str = Field(unique=True)
    merchant: str
    site: str
    return_type: str
    scanned: str
    carrier: str | None = None
    returns: str = "[]"
    arrival: str
    work: str = Field(index=True)
    shelf: str | None = None
    note: str | None = None
    opened_by: str | None = None
    tracked: bool = False
    opened_at: str | None = None
    closed_at: str | None = None
    cage: str | None = Field(default=None, index=True)
    manifest: str | None = None
    seal: str | None = None
    piece: int | None = None
    of: int | None = None
    weight_grams: int | None = None
    damage: str | None = None
    arrived_at: str | None = None


class WaitingParcel(SQLModel, table=True):
    """A received parcel that is not opened yet, by everything its numbers stand for: itself, its returns, their orders."""

    __tablename__ = "waiting_parcel"
    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    ref: str = Field(primary_key=True)
    parcel_id: str = Field(primary_key=True, index=True)
    merchant: str


class Evidence(SQLModel, table=True):
    """A picture; the file lies beside the database, named by its SHA-256. `state`: asked, stored, failed."""

    id: str = Field(primary_key=True)
    site: str
    parcel_id: str = Field(index=True)
    unit_id: str | None = None
    state: str
    sha256: str | None = None
    name: str | None = None
    bytes: int | None = None
    problem: str | None = None
    worker: str | None = None
    asked_at: str
    stored_at: str | None = None


class ReturnUnit(SQLModel, table=True):
    """A unit; answers, decision are JSON as stored in its event."""

    __tablename__ = "return_unit"
    id: str = Field(primary_key=True)
    merchant: str
    site: str
    parcel_id: str = Field(index=True)
    return_id: str
    return_line_id: str | None = Field(default=None, index=True)
    order_id: str | None = None
    order_line_id: str | None = Field(default=None, index=True)
    product_id: str | None = None
    product_type: str = "default"
    sku: str
    title: str
    quantity: int
    lpn: str | None = Field(default=None, unique=True)
    lot: str | None = None
    expiry: str | None = None
    serial: str | None = None
    parent_id: str | None = None
    identity: str
    reception: str
    inspection: str
    acceptance: str
    placement: str
    answers: str = "[]"
    grade: str | None = None
    packaging: str | None = None
    disposition: str | None = None
    decision: str | None = None
    location: str | None = None
    container: str | None = Field(default=None, index=True)
    override_reason: str | None = None
    note: str | None = None
    graded_by: str | None = None
    put_by: str | None = None
    settlement_id: str | None = None
    labelling: str | None = None


class UnitFinding(SQLModel, table=True):
    """What the inspector saw on a unit."""

    __tablename__ = "unit_finding"
    unit_id: str = Field(primary_key=True)
    position: int = Field(primary_key=True)
    code: str
    cause: str | None = None
    component: str | None = None


class Settlement(SQLModel, table=True):
    """The money of one return as of one parcel; `reasons` is a JSON list of why a person is needed."""

    id: str = Field(primary_key=True)
    merchant: str
    site: str
    return_id: str = Field(index=True)
    parcel_id: str
    order_id: str | None = Field(default=None, index=True)
    currency: str | None = None
    amount_minor: int | None = None
    shipping_minor: int = 0
    fee_minor: int = 0
    state: str
    timing: str
    means: str
    reasons: str = "[]"
    payment_reference: str | None = None


class Allocation(SQLModel, table=True):
    """A share of an order line that a settlement used up: the ceiling is checked against the sum of these.

    A unit has one at most: the database itself refuses to pay for it twice.
    """

    __table_args__: ClassVar = (UniqueConstraint("unit_id"),)
    settlement_id: str = Field(primary_key=True)
    unit_id: str = Field(primary_key=True)
    merchant: str
    order_line_id: str = Field(index=True)
    quantity: int
    amount_minor: int

"""The tables, one class each: state tables are the truth, `event` is the history, `outbox` is what others must still learn.

`merchant` and `site` are on every business row. Times are UTC text in ISO 8601 with microseconds; money is integer minor units.
"""

from typing import ClassVar

from sqlalchemy import Index, LargeBinary, Table, UniqueConstraint
from sqlmodel import Field, SQLModel

from returns_station.store.staging import ImportRun as ImportRun
from returns_station.store.staging import ImportStage as ImportStage


class Meta(SQLModel, table=True):
    """Facts of this database: station, counters (`counter.lpn`, `counter.plate`), salt, schema notes."""

    key: str = Field(primary_key=True)
    value: str


class Scannable(SQLModel, table=True):
    """Everything that can be scanned or typed, in one index: (value, kind, ref) → row of `kind`'s table.

    kinds: rma, order, tracking (inbound, of an authorization), outbound (tracking of an order's shipment), plate, lpn,
    container, location, badge, gtin, sku, serial (of an order line). `factor` is the pack factor of a case GTIN.
    """

    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    value: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    ref: str = Field(primary_key=True)
    merchant: str = ""
    factor: int = 1


class Merchant(SQLModel, table=True):
    """Whose goods these are."""

    id: str = Field(primary_key=True)
    name: str
    currency: str | None = None


class Site(SQLModel, table=True):
    """A warehouse: IANA zone and the local time at which its day ends."""

    id: str = Field(primary_key=True)
    name: str
    zone: str = "UTC"
    cut_over: str = "00:00"


class Worker(SQLModel, table=True):
    """A person at the station; the name is in `subject`."""

    id: str = Field(primary_key=True)
    role: str = "worker"
    site: str = ""
    active: bool = True


class Badge(SQLModel, table=True):
    """A badge identifies a worker until it is revoked."""

    code: str = Field(primary_key=True)
    worker_id: str
    revoked_at: str | None = None


class Subject(SQLModel, table=True):
    """Personal data of a customer or a worker, apart from everything else; erasing deletes the row and its salt."""

    id: str = Field(primary_key=True)
    kind: str
    ref: str = Field(index=True)
    salt: bytes = Field(sa_type=LargeBinary)
    body: str


class Customer(SQLModel, table=True):
    """A customer by outside number; name and address are in `subject`."""

    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "number"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    number: str
    segment: str | None = None


class CustomerHistory(SQLModel, table=True):
    """What an upstream knows of a customer's trade in all: for supervisors and rules, never for the one who grades.

    NULL is a fact that the upstream does not have. Money is in minor units of `currency`.
    """

    __tablename__ = "customer_history"
    customer_id: str = Field(primary_key=True)
    orders: int | None = None
    pieces_bought: int | None = None
    pieces_returned: int | None = None
    spent_minor: int | None = None
    returned_minor: int | None = None
    currency: str | None = None
    first_order_at: str | None = None
    updated_at: str


class Product(SQLModel, table=True):
    """Product master. `components` is a JSON list of names, `images` one of https links.

    `family` groups products for the cut-over; `vendor_terms` is what the vendor takes back, in words.
    """

    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "sku"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    sku: str
    title: str
    type: str = "default"
    serial_tracked: bool = False
    lot_tracked: bool = False
    expiry_tracked: bool = False
    hazard: str | None = None
    components: str = "[]"
    weight_grams: int | None = None
    family: str | None = None
    images: str = Field(default="[]", sa_column_kwargs={"server_default": "[]"})
    vendor_terms: str | None = None


class ProductCode(SQLModel, table=True):
    """A GTIN of a product; `factor` is how many pieces that trade item holds (case GTIN → 12)."""

    merchant: str = Field(primary_key=True)
    code: str = Field(primary_key=True)
    product_id: str = Field(index=True)
    factor: int = 1


class SalesOrder(SQLModel, table=True):
    """A sale. NULL money is a missing fact, never zero."""

    __tablename__ = "sales_order"
    __table_args__: ClassVar = (UniqueConstraint("merchant", "source", "number"),)
    id: str = Field(primary_key=True)
    merchant: str
    source: str
    number: str
    currency: str | None = None
    placed_at: str | None = None
    customer_id: str | None = None
    prices_include_tax: bool | None = None
    shipping_minor: int | None = None


class OrderLine(SQLModel, table=True):
    """A line of a sale; `returned_before` counts pieces that came back elsewhere, before this station."""

    __tablename__ = "order_line"
    __table_args__: ClassVar = (UniqueConstraint("order_id", "line_id"),)
    id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    merchant: str
    line_id: str
    product_id: str | None = None
    sku: str
    title: str = ""
    quantity: int
    unit_price_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    delivered_at: str | None = None
    returned_before: int = 0


class OrderSerial(SQLModel, table=True):
    """A serial number that was shipped with an order line."""

    __tablename__ = "order_serial"
    order_line_id: str = Field(primary_key=True)
    serial: str = Field(primary_key=True)


class Payment(SQLModel, table=True):
    """Money taken for an order, and money that went back outside this station."""

    __table_args__: ClassVar = (UniqueConstraint("order_id", "reference"),)
    id: str = Field(primary_key=True)
    order_id: str = Field(index=True)
    merchant: str
    reference: str
    captured_minor: int | None = None
    refunded_minor: int | None = None


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


class Container(SQLModel, table=True):
    """A tote, cage or pallet; `purposes` is a JSON list."""

    code: str = Field(primary_key=True)
    site: str
    kind: str = "tote"
    purposes: str = "[]"
    capacity: int | None = None
    state: str = "open"
    location: str | None = None


class Location(SQLModel, table=True):
    """A bin, shelf or area; `purposes` is a JSON list."""

    code: str = Field(primary_key=True)
    site: str
    kind: str = "bin"
    purposes: str = "[]"


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


class Event(SQLModel, table=True):
    """One thing that happened. `hash` covers the previous hash, the other columns and the exact bytes of `body`."""

    __table_args__: ClassVar = (UniqueConstraint("station", "epoch", "sequence"),)
    sequence: int = Field(primary_key=True)
    id: str = Field(unique=True)
    station: str
    epoch: int
    type: str
    v: int
    at: str
    worker_id: str | None = None
    parcel_id: str | None = Field(default=None, index=True)
    unit_id: str | None = Field(default=None, index=True)
    device: str | None = None
    body: bytes = Field(sa_type=LargeBinary)
    hash: bytes = Field(sa_type=LargeBinary)


class RawInput(SQLModel, table=True):
    """What came in, byte for byte, and the reply it got: the same `key` again gets the same reply."""

    __tablename__ = "raw_input"
    sequence: int = Field(primary_key=True)
    key: str | None = Field(default=None, unique=True)
    device: str
    kind: str
    raw: bytes = Field(sa_type=LargeBinary)
    at: str
    parcel_id: str | None = Field(default=None, index=True)
    signal: str
    reply: str


class Outbox(SQLModel, table=True):
    """One row per (effect, target); `id` is the key upstream, the same on every retry. Rows are never deleted.

    `ordinal` orders rows of one (return, target); `body` holds ids and facts, no personal data.
    `state`: held, local, sent, acknowledged, refused, withdrawn (domain.axes.SyncState).
    """

    __table_args__: ClassVar = (
        UniqueConstraint("return_id", "target", "ordinal"),
        Index("outbox_open", "target", "state", "next_at"),
    )
    id: str = Field(primary_key=True)
    target: str
    type: str
    merchant: str
    site: str
    return_id: str
    ordinal: int
    parcel_id: str | None = Field(default=None, index=True)
    unit_id: str | None = None
    settlement_id: str | None = None
    after: str | None = None
    state: str
    body: str
    created_at: str
    attempts: int = 0
    next_at: str | None = None
    unknown: bool = False
    sent_at: str | None = None
    settled_at: str | None = None
    reference: str | None = None
    problem_code: str | None = None
    problem: str | None = None
    hint: str | None = None
    owner: str | None = None


class PrintJob(SQLModel, table=True):
    """A label asked for; `model` is the label's model as JSON, rendered when it is sent."""

    __tablename__ = "print_job"
    id: str = Field(primary_key=True)
    kind: str
    unit_id: str | None = Field(default=None, index=True)
    parcel_id: str | None = None
    site: str
    model: str
    state: str = Field(index=True)
    reprint: int = 0
    reference: str | None = None
    problem: str | None = None
    asked_at: str
    sent_at: str | None = None
    printer: str | None = None


class SessionState(SQLModel, table=True):
    """Where the dialogue of this station stands; `v` is the version of `body`'s shape."""

    __tablename__ = "session_state"
    station: str = Field(primary_key=True)
    v: int
    body: str
    input_sequence: int


class PullCursor(SQLModel, table=True):
    """How far a feed of an upstream has been read."""

    __tablename__ = "pull_cursor"
    target: str = Field(primary_key=True)
    feed: str = Field(primary_key=True)
    cursor: str
    pulled_at: str


class UpstreamRef(SQLModel, table=True):
    """What an upstream calls a thing it made for a return; the name is the connector's own."""

    __tablename__ = "upstream_ref"
    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    target: str = Field(primary_key=True)
    return_id: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    value: str
    put_at: str


class TargetState(SQLModel, table=True):
    """When an upstream was last tried and last answered, and what it said where it did not; one row a target."""

    __tablename__ = "target_state"
    target: str = Field(primary_key=True)
    tried_at: str | None = None
    answered_at: str | None = None
    pulled_at: str | None = None
    problem_code: str | None = None
    problem: str | None = None


class WebhookSeen(SQLModel, table=True):
    """The id of a webhook that was taken: the same again is a replay."""

    __tablename__ = "webhook_seen"
    __table_args__: ClassVar = ({"sqlite_with_rowid": False},)
    target: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    seen_at: str


class FamilySwitch(SQLModel, table=True):
    """Whether the effects of a product family go to a target that is in shadow mode otherwise, and who said so."""

    __tablename__ = "family_switch"
    target: str = Field(primary_key=True)
    family: str = Field(primary_key=True)
    live: bool
    by: str | None = None
    at: str


class LegacyEffect(SQLModel, table=True):
    """What the old system did, as its export says; `kind` is receipt, stock or refund."""

    __tablename__ = "legacy_effect"
    id: str = Field(primary_key=True)
    target: str = Field(index=True)
    merchant: str
    kind: str
    return_number: str | None = None
    order_number: str | None = None
    sku: str | None = None
    quantity: int | None = None
    disposition: str | None = None
    location: str | None = None
    amount_minor: int | None = None
    currency: str | None = None
    reference: str | None = None
    occurred_at: str | None = None
    file: str
    line: int
    imported_at: str


def table(model: type[SQLModel]) -> Table:
    """The Core table of a class: what the statements on the scan path are written over."""
    found: Table = model.__table__  # type: ignore[attr-defined]
    return found

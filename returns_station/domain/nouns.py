"""The nouns of a return as frozen values: what the session holds in hand and events keep as snapshots."""

from dataclasses import dataclass
from datetime import datetime

from returns_station.domain.axes import (
    Acceptance,
    Arrival,
    ContainerState,
    EvidenceState,
    Inspection,
    ParcelWork,
    Placement,
    Reception,
    SettlementState,
)
from returns_station.domain.codes import (
    Cause,
    Disposition,
    Grade,
    Identity,
    Packaging,
    Reason,
    RefundMeans,
    RefundTiming,
    ReturnType,
    Role,
)


@dataclass(frozen=True, slots=True)
class Worker:
    """Who is at the station. The name lives in a subject row, never here."""

    id: str
    role: Role = Role.WORKER


@dataclass(frozen=True, slots=True)
class Product:
    """What a merchant sells; `type` names the question tree, `components` the checklist of what belongs in the box.

    `image` is an https link to a picture of it.
    """

    id: str
    merchant: str
    sku: str
    title: str
    type: str = "default"
    serial_tracked: bool = False
    lot_tracked: bool = False
    expiry_tracked: bool = False
    hazard: str | None = None
    components: tuple[str, ...] = ()
    image: str | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of a sale. Money in minor units; None is a money fact that is missing.

    `returned` counts pieces whose money is settled, here or elsewhere; `received` also those that merely came, `put`
    those that were put somewhere here, or came back elsewhere.
    """

    id: str
    line_id: str
    product_id: str | None
    sku: str
    quantity: int
    unit_price_minor: int | None = None
    discount_minor: int | None = None
    tax_minor: int | None = None
    returned: int = 0
    received: int = 0
    serials: tuple[str, ...] = ()
    delivered_at: datetime | None = None
    put: int = 0

    @property
    def left(self) -> int:
        """Pieces that may still go back to stock: what was sold, less what was put before."""
        return max(0, self.quantity - self.put)


@dataclass(frozen=True, slots=True)
class Payment:
    """What was taken for an order and what went back, in minor units; None is a fact that is missing."""

    reference: str
    captured_minor: int | None
    refunded_minor: int | None


@dataclass(frozen=True, slots=True)
class Order:
    """A sale as the shop knows it. `allocated_minor` is what this station has already promised back."""

    id: str
    merchant: str
    number: str
    currency: str | None
    prices_include_tax: bool | None
    shipping_minor: int | None
    lines: tuple[OrderLine, ...]
    payments: tuple[Payment, ...] = ()
    allocated_minor: int = 0


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """What a return expects: awaiting = expected - received - short. `order_line` is the shop's id of `order_line_id`."""

    id: str
    order_line_id: str | None
    product_id: str | None
    sku: str
    expected: int
    received: int = 0
    short: int = 0
    reason: Reason = Reason.UNKNOWN
    order_line: str | None = None

    @property
    def awaiting(self) -> int:
        """Pieces not seen yet."""
        return max(0, self.expected - self.received - self.short)


@dataclass(frozen=True, slots=True)
class ReturnAuthorization:
    """A permission to return (RMA); it posts nothing by itself. One made at the dock has `source` "station"."""

    id: str
    merchant: str
    number: str
    source: str
    return_type: ReturnType
    order_id: str | None = None
    order_number: str | None = None
    expires_at: datetime | None = None
    pieces: int | None = None
    timing: RefundTiming = RefundTiming.AFTER_INSPECTION
    means: RefundMeans = RefundMeans.REFUND
    lines: tuple[ReturnLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Parcel:
    """What arrived: facts of arrival and how far its opening has come; it holds any number of returns.

    `tracked` says that `scanned` is a number of this very parcel, not of its return or order. The rest was seen at
    the truck: the `cage` it was put into, the load's `manifest` and `seal`, piece n `of` m, grams, outside damage by code.
    """

    id: str
    plate: str
    merchant: str
    site: str
    return_type: ReturnType
    scanned: str
    carrier: str | None = None
    returns: tuple[str, ...] = ()
    arrival: Arrival = Arrival.ARRIVED
    work: ParcelWork = ParcelWork.OPEN
    shelf: str | None = None
    note: str | None = None
    opened_by: str | None = None
    tracked: bool = False
    cage: str | None = None
    manifest: str | None = None
    seal: str | None = None
    piece: int | None = None
    of: int | None = None
    weight_grams: int | None = None
    damage: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """Something the inspector saw, and who did it where that is known."""

    code: str
    cause: Cause | None = None
    component: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A disposition with everything needed to reach it again: policy version, inputs, reasons."""

    policy: str
    inputs: tuple[tuple[str, str], ...]
    disposition: Disposition
    reason: str
    needs_human: bool
    timing: RefundTiming
    refund_percent: int = 100
    overridden_by: str | None = None


@dataclass(frozen=True, slots=True)
class ReturnUnit:
    """One serialised item, or a quantity that shares SKU, lot, expiry, grade and disposition; `lpn` is its license plate.

    `labelling` says why it went on without its label: "none" (the policy wants none) or "later"; None with one.
    """

    id: str
    parcel_id: str
    return_id: str
    merchant: str
    sku: str
    title: str
    quantity: int
    identity: Identity
    product_id: str | None = None
    product_type: str = "default"
    return_line_id: str | None = None
    order_id: str | None = None
    order_line_id: str | None = None
    lpn: str | None = None
    lot: str | None = None
    expiry: str | None = None
    serial: str | None = None
    parent_id: str | None = None
    reception: Reception = Reception.RECEIVED
    inspection: Inspection = Inspection.PENDING
    acceptance: Acceptance = Acceptance.OPEN
    placement: Placement = Placement.IN_HAND
    answers: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    grade: Grade | None = None
    packaging: Packaging | None = None
    decision: Decision | None = None
    location: str | None = None
    container: str | None = None
    override_reason: str | None = None
    note: str | None = None
    graded_by: str | None = None
    put_by: str | None = None
    settlement_id: str | None = None
    labelling: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """A picture of a parcel or of one unit; the file is kept by its SHA-256 beside the database, never in it."""

    id: str
    parcel_id: str
    unit_id: str | None = None
    state: EvidenceState = EvidenceState.ASKED
    sha256: str | None = None
    name: str | None = None
    bytes: int | None = None
    problem: str | None = None
    worker: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """What the dialogue changes about a tote, cage or pallet."""

    code: str
    state: ContainerState
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere goods can be put: a location, or a container (then `container` is its code and `capacity` counts pieces)."""

    code: str
    purposes: tuple[str, ...]
    container: bool = False
    state: str = "open"
    capacity: int | None = None
    holds: int = 0
    location: str | None = None


@dataclass(frozen=True, slots=True)
class Allocation:
    """A share of an order line that a settlement has used up: its whole worth, before any fee."""

    unit_id: str
    order_line_id: str
    sku: str
    quantity: int
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """The money of one return as of one parcel: its amount is allocations + shipping - fee."""

    id: str
    return_id: str
    parcel_id: str
    merchant: str
    order_id: str | None
    currency: str | None
    amount_minor: int | None
    state: SettlementState
    timing: RefundTiming
    means: RefundMeans
    allocations: tuple[Allocation, ...] = ()
    shipping_minor: int = 0
    fee_minor: int = 0
    reasons: tuple[str, ...] = ()
    payment_reference: str | None = None
    order_number: str | None = None
    units: tuple[str, ...] = ()

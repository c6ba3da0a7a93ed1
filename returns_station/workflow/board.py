"""What a screen shows beside the question: the parcel, the unit, the load or the container in hand. No customer's data."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """What a return says will come: pieces, and why the customer sends it (domain.codes.Reason)."""

    sku: str
    title: str
    expected: int
    received: int
    awaiting: int
    reason: str


@dataclass(frozen=True, slots=True)
class UnitRow:
    """A unit of the parcel: `place` is its container or location, `state` its placement (domain.axes.Placement)."""

    id: str
    lpn: str | None
    sku: str
    title: str
    quantity: int
    grade: str | None
    disposition: str | None
    place: str | None
    state: str


@dataclass(frozen=True, slots=True)
class ParcelCard:
    """The parcel in work. `returns` are their numbers, its age counts from `arrived_at`, weight in grams.

    `note` is a code of why it was refused, stopped or found empty; `pictures` how many were asked for.
    """

    id: str
    plate: str
    returns: tuple[str, ...]
    merchant: str
    return_type: str
    carrier: str | None
    arrived_at: datetime | None
    expected: tuple[ExpectedLine, ...] = ()
    units: tuple[UnitRow, ...] = ()
    note: str | None = None
    hazards: tuple[str, ...] = ()
    piece: int | None = None
    of: int | None = None
    weight_grams: int | None = None
    damage: str | None = None
    pictures: int = 0
    kept: tuple[str, ...] = ()
    """Names of the pictures that are kept, below the evidence folder."""


@dataclass(frozen=True, slots=True)
class UnitCard:
    """The unit in hand, and what was decided about it with its reason."""

    id: str
    lpn: str | None
    sku: str
    title: str
    quantity: int
    identity: str
    lot: str | None
    expiry: str | None
    serial: str | None
    hazard: str | None
    components: tuple[str, ...]
    findings: tuple[str, ...]
    grade: str | None
    disposition: str | None
    reason: str | None
    needs_human: bool
    waiting: int = 0
    """Pieces that a split left for later."""
    policy: str | None = None
    """The version of the rules that decided, with the facts they looked at as (name, value)."""
    facts: tuple[tuple[str, str], ...] = ()
    image: str | None = None
    """A link to a picture of the article."""


@dataclass(frozen=True, slots=True)
class ArrivedRow:
    """A received parcel that is not opened yet; without `returns` it is named when it is opened."""

    id: str
    plate: str
    number: str
    returns: tuple[str, ...]
    carrier: str | None
    piece: int | None
    of: int | None
    weight_grams: int | None
    damage: str | None


@dataclass(frozen=True, slots=True)
class LoadCard:
    """The load at the truck: its cage and how many parcels wait in it, the newest of them first."""

    cage: str | None
    carrier: str | None
    manifest: str | None
    seal: str | None
    count: int
    parcels: tuple[ArrivedRow, ...]


@dataclass(frozen=True, slots=True)
class ContainerCard:
    """The container that is being put away."""

    code: str
    state: str
    location: str | None
    units: int
    pieces: int
    parcels: int


@dataclass(frozen=True, slots=True)
class Board:
    """All of it; what is not in work is None."""

    parcel: ParcelCard | None = None
    unit: UnitCard | None = None
    load: LoadCard | None = None
    container: ContainerCard | None = None

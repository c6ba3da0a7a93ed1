"""The station and its warehouse: sites, people, places, everything that can be scanned, where the dialogue stands."""

from typing import ClassVar

from sqlmodel import Field, SQLModel


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


class SessionState(SQLModel, table=True):
    """Where the dialogue of this station stands; `v` is the version of `body`'s shape."""

    __tablename__ = "session_state"
    station: str = Field(primary_key=True)
    v: int
    body: str
    input_sequence: int

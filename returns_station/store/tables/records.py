"""What came in, what happened, and what must still go out: to other systems and to the printer."""

from typing import ClassVar

from sqlalchemy import Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, SQLModel


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

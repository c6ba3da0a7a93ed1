"""What we know of upstreams: how far they are read and told, how they answer, the old system beside us."""

from typing import ClassVar

from sqlmodel import Field, SQLModel


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

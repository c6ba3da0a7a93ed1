"""What the station asks of any upstream: deliver an effect, look it up, pull a feed, state what it has; and the answers.

This module is the whole of what a connector of another package needs to know. The suite it has to pass is
`returns_station.testing.contract`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

from returns_station.errors import StationError

FEEDS: Final = frozenset({"products", "orders", "authorizations", "customers", "locations"})


class ConnectorError(StationError):
    """A connector could not be made, or a feed could not be pulled.

    `after_s` is how long the upstream asked to wait, in seconds; `retry` is False where only a change of the
    configuration helps.
    """

    def __init__(
        self, code: str, sentence: str, hint: str = "", *, after_s: float | None = None, retry: bool = True
    ) -> None:
        super().__init__(code, sentence, hint)
        self.after_s = after_s
        self.retry = retry


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One released effect on its way."""

    key: str
    """UUIDv7, the same on every retry: the idempotency key."""
    type: str
    """Such as `returns.stock`; docs/openapi.yaml has all of them and the shape of `data` for each."""
    target: str
    """The upstream it is for, by its name in the configuration; not sent."""
    return_id: str
    sequence: int
    """Order within (return, target)."""
    occurred_at: datetime
    """An instant with a zone."""
    station: str
    data: Mapping[str, object]
    """JSON values without floats; money in integer minor units."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The upstream has the effect; `reference` is its own name for it."""

    reference: str | None
    duplicate: bool
    """It had the effect before this call."""


@dataclass(frozen=True, slots=True)
class RetryLater:
    """Not done as far as is known."""

    sentence: str
    after_s: float | None = None
    """Seconds the upstream asked to wait; None leaves it to the caller's back-off."""
    unknown: bool = False
    """The request may have been executed: look the effect up before it is sent again."""
    code: str = "upstream.retry"
    hint: str = ""
    alone: bool = False
    """Only this effect waits (its order is being changed there, a record is locked): the upstream itself is well."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The upstream, or the border, will not take this effect as it is: it waits with a person."""

    code: str
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """The upstream says that it never took an effect with this key."""


Outcome = Delivered | RetryLater | Refused


Found = Delivered | NotFound | RetryLater | Refused
"""What a look-up says."""


class References(Protocol):
    """What this upstream calls the things it made for one return; kept in the station's database.

    A name is the connector's own, such as `sale:<parcel id>`; names of one return and target never meet those of
    another.
    """

    def get(self, name: str) -> str | None:
        """The upstream's id, or None where none was put."""
        ...

    def put(self, name: str, value: str) -> None:
        """Keeps an id, in place of an earlier one; it is on disk when this returns.

        Put each id as soon as it is known, before the next call: a process that is killed in between finds its
        child again by our reference in the upstream, and everything earlier here.
        """
        ...


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do."""

    batch: int
    """Effects a call of `deliver_batch`; 1 for a connector that has none, which is called effect by effect."""
    look_up: bool
    """Whether it can tell what became of an effect."""
    feeds: frozenset[str]
    """Feeds to pull, of FEEDS."""
    statement: bool = False
    """Whether it can state what the upstream has of a return (class Stating)."""
    forgets: bool = True
    """Whether the upstream may forget our keys: then what is older than their life is for a person. False where our
    reference stands in the document itself."""


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed: `cursor` asks for what comes after it, `more` says that there is some."""

    items: tuple[Mapping[str, object], ...]
    cursor: str
    more: bool


class Connector(Protocol):
    """One upstream. Calls block and come from one drainer; only `pull` raises for what the upstream does.

    An effect is a command to bring the upstream to a state: read by our reference, compare, act, read again. The same
    effect delivered twice, or again after a crash between any two calls, leaves one effect.
    """

    @property
    def capabilities(self) -> Capabilities: ...

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        """Bring the upstream to the state that the effect names; effects of one return come one after another."""
        ...

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        """What became of an effect, by our key; changes nothing."""
        ...

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        """The rows of a feed that changed after `cursor` (None: from the start); raises ConnectorError."""
        ...

    def close(self) -> None:
        """Give back connections; the connector is not used again."""
        ...


@runtime_checkable
class Batching(Protocol):
    """A connector whose upstream takes many effects in one request."""

    def deliver_batch(self, batch: Sequence[Outgoing]) -> Mapping[str, Outcome]:
        """Deliver in the order given; there is an answer for every key, always."""
        ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A return about which an upstream is asked: its ids, and every effect that was acknowledged for it, in order."""

    return_id: str
    return_number: str | None
    order_number: str | None
    effects: tuple[Outgoing, ...]


@dataclass(frozen=True, slots=True)
class Stated:
    """One thing an upstream says it has of a return.

    `kind` is `receipt`, `stock` or `refund`; what the upstream cannot tell is None and is not compared.
    """

    kind: str
    reference: str
    """The upstream's own name for it, for the person who looks."""
    subject: str | None = None
    """Whose it is: parcel id of a receipt, unit id of a stock movement, settlement id of a refund; None when nothing
    of ours is named in it."""
    done: bool = True
    """False for what stands there unfinished, as a draft."""
    sku: str | None = None
    quantity: int | None = None
    place: str | None = None
    """The location by our code."""
    sellable: bool | None = None
    """Whether it counts as stock to be sold; of an upstream without places."""
    amount_minor: int | None = None
    currency: str | None = None
    order_line: str | None = None


@runtime_checkable
class Stating(Protocol):
    """A connector that can state what its upstream has of a return: what `reconcile` compares."""

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        """Everything the upstream has of this return, its own additions too: read from its lines, never from totals."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """How to reach one upstream. Secrets come from the environment; the `_env` fields name the variables."""

    url: str
    """`https://host[:port][/path]`; `http` to this machine alone, unless `allow_http`."""
    secret: str = field(repr=False)
    """Standard Webhooks secret: `whsec_` and base64."""
    secret_env: str = "RETURNS_STATION_UPSTREAM_SECRET"
    token: str | None = field(default=None, repr=False)
    """Bearer token for reads, if the upstream wants one."""
    token_env: str = "RETURNS_STATION_UPSTREAM_TOKEN"
    batch: int = 100
    connect_s: float = 5.0
    total_s: float = 30.0
    """From the request's first byte to the answer's last, however slowly either trickles."""
    max_answer_bytes: int = 16 * 1024 * 1024
    allow_http: bool = False
    """Plain http to other machines: for a private wire, said on purpose."""
    ca_file: Path | None = None
    """Certificates to trust besides the system's."""
    feeds: frozenset[str] = FEEDS
    hosts: frozenset[str] = frozenset()
    """Hosts that may be talked to; empty for any that the other rules allow."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What only this connector knows, from `[target.options]`."""
    merchant: str = "main"
    site: str = "main"


class Factory(Protocol):
    """What an entry point of the group `returns_station.connectors` names: what makes a connector."""

    def __call__(
        self, settings: Settings, *, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> Connector: ...

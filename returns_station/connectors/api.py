"""What the station asks of any upstream: deliver effects, look one up, pull a feed; and the answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

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


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a connector can do: effects a call, looking an effect up by its key, feeds to pull."""

    batch: int
    look_up: bool
    feeds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a feed: `cursor` asks for what comes after it, `more` says that there is some."""

    items: tuple[Mapping[str, object], ...]
    cursor: str
    more: bool


class Connector(Protocol):
    """One upstream. Calls block and come from one drainer; only `pull` raises for what the upstream does."""

    @property
    def capabilities(self) -> Capabilities: ...

    def deliver(self, batch: Sequence[Outgoing]) -> Mapping[str, Outcome]:
        """Deliver in the order given; there is an answer for every key, always."""
        ...

    def look_up(self, effect: Outgoing) -> Delivered | NotFound | RetryLater | Refused:
        """What became of an effect, by our key."""
        ...

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        """The rows of a feed that changed after `cursor` (None: from the start); raises ConnectorError."""
        ...

    def close(self) -> None:
        """Give back connections; the connector is not used again."""
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


class Factory(Protocol):
    """What an entry point of the group `returns_station.connectors` names: what makes a connector."""

    def __call__(
        self, settings: Settings, *, now: Callable[[], datetime], new_id: Callable[[], str]
    ) -> Connector: ...

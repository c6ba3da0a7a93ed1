"""What the reference upstream does wrong on request, so that a station can be shown to survive it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from returns_station.errors import StationError

Answer = Literal["429", "503", "html"]


def _every(value: str) -> int:
    number = int(value)
    if number < 1:
        raise ValueError
    return number


def _seconds(value: str) -> float:
    number = float(value)
    if not 0 <= number <= 3600:
        raise ValueError
    return number


@dataclass(frozen=True, slots=True)
class Faults:
    """Counts are of posts to /v1/events and, apart from them, of feed pages; 0 switches a fault off."""

    drop_every: int = 0
    """Every n-th post is committed and its connection closed with no answer."""
    delay: float = 0.0
    """Seconds between the commit and the answer."""
    too_many_every: int = 0
    """Every n-th post or feed page is answered 429 with `Retry-After: 1`; nothing is committed."""
    unavailable_every: int = 0
    """Every n-th post or feed page is answered 503; nothing is committed."""
    html_every: int = 0
    """Every n-th post or feed page is answered 200 with a login page; nothing is committed."""
    partial_every: int = 0
    """Every n-th event of each batch is answered `retry` and not committed."""
    unknown_rma: frozenset[str] = frozenset()
    """Return numbers whose receipts are refused as unknown."""

    def instead(self, ordinal: int) -> Answer | None:
        """The answer that replaces the real one for the request with this ordinal, counted from 1."""
        if self.too_many_every and ordinal % self.too_many_every == 0:
            return "429"
        if self.unavailable_every and ordinal % self.unavailable_every == 0:
            return "503"
        return "html" if self.html_every and ordinal % self.html_every == 0 else None

    def drops(self, ordinal: int) -> bool:
        """Whether the answer of the request with this ordinal is lost after its commit."""
        return bool(self.drop_every) and ordinal % self.drop_every == 0

    def holds(self, index: int) -> bool:
        """Whether the event at this index of its batch, counted from 0, is put off."""
        return bool(self.partial_every) and (index + 1) % self.partial_every == 0


_NAMES: dict[str, tuple[str, Callable[[str], int | float]]] = {
    "drop-every": ("drop_every", _every),
    "delay": ("delay", _seconds),
    "429-every": ("too_many_every", _every),
    "503-every": ("unavailable_every", _every),
    "html-every": ("html_every", _every),
    "partial-every": ("partial_every", _every),
}


def parse_faults(text: str) -> Faults:
    """Faults from text such as `drop-every=2,delay=0.5`; `unknown-rma=RMA-7` may be given several times."""
    faults = Faults()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        name, _, value = part.partition("=")
        if name == "unknown-rma" and value:
            faults = replace(faults, unknown_rma=faults.unknown_rma | {value})
            continue
        try:
            attribute, read = _NAMES[name]
            change: dict[str, Any] = {attribute: read(value)}
            faults = replace(faults, **change)
        except (KeyError, ValueError):
            raise StationError(
                "upstream.fault",
                f"The fault {part!r} is not known.",
                f"Use {', '.join(f'{known}=N' for known in _NAMES)} or unknown-rma=NUMBER, joined by commas.",
            ) from None
    return faults


@dataclass(slots=True)
class Counter:
    """Ordinals of the requests of one kind, from 1."""

    value: int = field(default=0)

    def next(self) -> int:
        self.value += 1
        return self.value

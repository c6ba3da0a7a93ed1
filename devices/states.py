"""How a scanner is and what happened to it, as values; and what the station needs of any scanner."""

from dataclasses import dataclass
from typing import Literal, Protocol

NoticeKind = Literal["unplugged", "reconnected", "unavailable", "half_scan_discarded"]


@dataclass(frozen=True, slots=True)
class ScannerState:
    """How a scanner is, for a status line; `since` is in seconds of its monotonic clock."""

    connected: bool
    since: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that happened to a scanner; `data` holds the raw bytes of a discarded half scan."""

    device: str
    kind: NoticeKind
    at: float
    sentence: str
    data: bytes = b""


class Scanner(Protocol):
    """A source of frames that can be started, stopped and asked how it is."""

    name: str

    @property
    def state(self) -> ScannerState: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...

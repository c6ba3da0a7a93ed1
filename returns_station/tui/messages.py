"""What happened, as the app is told it by the threads that work beside it; every one in the past tense."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from returns_station.errors import StationError

if TYPE_CHECKING:
    from returns_station.workflow.board import Board


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be given: its number, its words, the code that scans it."""

    number: int
    code: str
    text: str
    scan: str


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked for: the step, a few capital letters, the sentence, the answers; `one_key`: a digit needs no Enter."""

    step: str
    short: str
    text: str
    options: tuple[Option, ...] = ()
    one_key: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one input. `scanned` is its printable text, `at` the station's time of day."""

    signal: str
    text: str
    scanned: str
    device: str
    at: str
    asking: Asking
    worker: str | None
    role: str | None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """Effects not yet upstream, by how far they are."""

    here: int = 0
    sent: int = 0
    refused: int = 0


@dataclass(frozen=True, slots=True)
class Condition:
    """How a device is: band (fine, warning, stopped, unknown) and a sentence; `chosen`: labels go to this printer now."""

    kind: str
    name: str
    band: str
    sentence: str
    chosen: bool = False


class Opened(Message):
    """The station is ready: it goes on where it stood."""

    def __init__(self, asking: Asking, worker: str | None, role: str | None, locked: bool) -> None:
        super().__init__()
        self.asking, self.worker, self.role, self.locked = asking, worker, role, locked


class Answered(Message):
    """An input was answered, and what it changed is durable."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Looked(Message):
    """The tables were read: what is known of the work in hand, and what has not been synced."""

    def __init__(self, board: "Board", counted: Counted) -> None:
        super().__init__()
        self.board, self.counted = board, counted


class Noticed(Message):
    """Something happened to a device or a label; `bad` is told louder."""

    def __init__(self, code: str, text: str, *, bad: bool = False) -> None:
        super().__init__()
        self.code, self.text, self.bad = code, text, bad


class Checked(Message):
    """The devices were asked how they are."""

    def __init__(self, conditions: tuple[Condition, ...]) -> None:
        super().__init__()
        self.conditions = conditions


class Delayed(Message):
    """The database did not take an input yet; it is kept and tried again."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Stopped(Message):
    """Intake has ended: nothing is called saved any more."""

    def __init__(self, error: StationError) -> None:
        super().__init__()
        self.error = error

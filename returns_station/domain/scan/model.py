"""What a scan can mean: kinds, candidates and the reading that holds them beside the raw bytes."""

from dataclasses import dataclass
from enum import StrEnum

from returns_station.errors import Problem


class Kind(StrEnum):
    """What a code names. REFERENCE is free text that only a look-up can name: RMA, order, SKU, serial, place,
    lot."""

    GTIN = "gtin"
    SSCC = "sscc"
    TRACKING = "tracking"
    LPN = "lpn"
    PLATE = "plate"
    CONTAINER = "container"
    BADGE = "badge"
    COMMAND = "command"
    ANSWER = "answer"
    QUANTITY = "quantity"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing the scan may mean.

    `value` is canonical: a GTIN has 14 digits, an SSCC 18, our own codes and tracking numbers are upper case
    without blanks, a command is its word, a quantity is decimal digits, a reference is the text as scanned.
    `problems` are those of this value or of its attributes; the other candidates stand on their own.
    """

    kind: Kind
    value: str
    attributes: tuple[tuple[str, str], ...] = ()
    problems: tuple[Problem, ...] = ()

    def get(self, name: str) -> str | None:
        """The first attribute of that name, or None."""
        return next((value for key, value in self.attributes if key == name), None)

    @property
    def valid(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Reading:
    """A scan understood: its raw bytes untouched, and everything they may mean, most specific first.

    `problems` are those of the scan as a whole (empty, too long, two symbols in one): its candidates should
    not be acted upon.
    """

    raw: bytes
    text: str
    aim: str | None
    candidates: tuple[Candidate, ...]
    problems: tuple[Problem, ...]

    def of(self, *kinds: Kind) -> tuple[Candidate, ...]:
        """The candidates of these kinds, in order."""
        return tuple(candidate for candidate in self.candidates if candidate.kind in kinds)


AGAIN = "Scan the code again, or type the characters printed with it."
SHOWN = 40


def shown(text: str) -> str:
    """Scanned text as it may stand in a sentence: control characters spelt out, at most 40 characters."""
    safe = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text[:SHOWN])
    return safe + "…" if len(text) > SHOWN else safe


def wrong_check(value: str, expected: str, *, what: str = "check digit") -> Problem:
    """The last character of `value` is not the one its other characters ask for."""
    sentence = f"{shown(value)}: the {what} should be {expected}, found {value[-1]}."
    return Problem("scan.check_digit", sentence, AGAIN)

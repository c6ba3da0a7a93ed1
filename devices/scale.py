"""Serial scales by profile: asked or overheard, read to the gram, and never believed while they move."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final, Literal

from devices.errors import DeviceError
from devices.transports import Deadline, Transport

Fault = Literal["motion", "overload", "negative", "broken", "words"]

GRAMS: Final = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "t": Decimal(1_000_000),
    "lb": Decimal("453.59237"),
    "oz": Decimal("28.349523125"),
}
"""The international avoirdupois pound and ounce are exact by definition (1959)."""

_NAMES = {"lbs": "lb", "kgs": "kg", "#": "lb"}
_ANSWER_S = 0.5
_PAUSE_S = 0.05
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Weight:
    """What lies on the scale, at rest."""

    grams: int
    stable: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a scale: a weight or why there is none. `stable` is None where the answer does not say."""

    weight: Decimal | None = None
    stable: bool | None = None
    fault: Fault | None = None
    said: bytes = b""


@dataclass(frozen=True, slots=True)
class Profile:
    """A language: what asks for a weight (nothing: the scale talks by itself), what an answer is, what it means."""

    request: bytes
    answer: re.Pattern[bytes]
    read: Callable[[bytes, str], Reading]


def grams(value: Decimal, unit: str) -> int:
    """Whole grams of a value in g, kg, t, lb or oz, halves away from zero; KeyError for another unit."""
    return int((value * GRAMS[_NAMES.get(unit, unit)]).quantize(Decimal(1), ROUND_HALF_UP))


# --- generic ----------------------------------------------------------------------------------------------------------

_WEIGHT = re.compile(r"([+-]?)\s*(\d+(?:[.,]\d+)?|[.,]\d+)\s*([A-Za-z%#]*)")
_POUNDS = re.compile(r"([+-]?)\s*(\d+)\s*lbs?[ :,]+(\d+(?:\.\d+)?)\s*oz", re.IGNORECASE)
_OVER = re.compile(r"\b(OL|OVER|OVERLOAD|HH+)\b|^S[IT]? \+|\^{3,}|-{4,}")
_UNDER = re.compile(r"\b(UL|UNDER|LL+)\b|^S[IT]? -\s*$|_{3,}")
_MOVES = re.compile(r"\b(US|MO|MOTION)\b|^S D |\?")
_RESTS = re.compile(r"\bST\b|^S S ")


def read_generic(answer: bytes, unit: str) -> Reading:
    """A line such as `ST,GS,+  1.250kg`, `1.25 kg`, ` 12.34 lb`, `2 lb 3.5 oz` or `S S 100.00 g`.

    ST is stable, US unstable, OL overload (A&D, Salter Brecknell and many others; `S S`, `S D`, `S +`, `S -` are
    Mettler Toledo's MT-SICS; a `?` behind the unit is Ohaus's mark of motion).
    """
    text = answer.decode("ascii", "replace").strip()
    if _OVER.search(text.upper()):
        return Reading(fault="overload", said=answer)
    if _UNDER.search(text.upper()):
        return Reading(fault="negative", said=answer)
    weight = _in_grams(text, unit)
    if weight is None:
        return Reading(fault="words", said=answer)
    stable = False if _MOVES.search(text) else True if _RESTS.search(text) else None
    return _reading(weight, stable, answer)


def _in_grams(text: str, unit: str) -> Decimal | None:
    """The weight of a text in grams, not rounded; None when it names none, or a unit that is no weight."""
    if two := _POUNDS.search(text):
        whole = Decimal(two[2]) * GRAMS["lb"] + Decimal(two[3]) * GRAMS["oz"]
        return -whole if two[1] == "-" else whole
    found = _WEIGHT.search(text)
    named = (found[3].lower() if found else "") or unit
    factor = GRAMS.get(_NAMES.get(named, named))
    if found is None or factor is None:
        return None
    value = Decimal(found[2].replace(",", ".")) * factor
    return -value if found[1] == "-" else value


def _reading(weight: Decimal, stable: bool | None, answer: bytes) -> Reading:
    if stable is False:
        return Reading(weight, False, "motion", answer)
    return Reading(weight, stable, "negative" if weight < 0 else None, answer)


# --- Toledo 8217 ------------------------------------------------------------------------------------------------------


def read_toledo(answer: bytes, unit: str) -> Reading:
    """`STX digits CR`, or `STX ? status CR` when there is no weight to tell.

    Status bits (Mettler Toledo 8217 in PSC's Magellan 8500 service manual, 6.1.4.3): 0 motion, 1 over capacity,
    2 under zero, 3 outside of the zero range, 4 centre of zero, 5 net.
    """
    body = answer.strip(b"\x02\r")
    if body.startswith(b"?"):
        status = body[1] if len(body) > 1 else 0
        over: Fault = "overload" if status & 0b10 else "negative" if status & 0b100 else "motion"
        return Reading(fault=over if status & 0b111 else "words", said=answer)
    weight = _in_grams(body.decode("ascii", "replace"), unit)
    return Reading(fault="words", said=answer) if weight is None else _reading(weight, True, answer)


# --- Toledo continuous ------------------------------------------------------------------------------------------------


def read_continuous(answer: bytes, _unit: str) -> Reading:
    """`STX A B C, six digits of weight, six of tare, CR`, sent without being asked.

    A: bits 0-2 place the decimal point, from 100 down to 0.00001. B: 1 negative, 2 out of range, 3 motion, 4 kg
    (else lb). C: bits 0-2 name another unit: 1 g, 2 t, 3 oz (Mettler Toledo, Wildcat technical manual, appendix 2).
    """
    place, state, more, digits = answer[1] & 7, answer[2], answer[3] & 7, answer[4:10]
    if not digits.strip().isdigit() or more not in (0, 1, 2, 3):
        return Reading(fault="words", said=answer)
    if state & 0b100:
        return Reading(fault="negative" if state & 0b10 else "overload", said=answer)
    unit = {1: "g", 2: "t", 3: "oz"}.get(more, "kg" if state & 0b1_0000 else "lb")
    value = Decimal(digits.strip().decode()).scaleb(2 - place) * GRAMS[unit]
    return _reading(-value if state & 0b10 else value, not state & 0b1000, answer)


# --- NCI --------------------------------------------------------------------------------------------------------------


def read_nci(answer: bytes, unit: str) -> Reading:
    """`LF weight unit CR LF status CR ETX`, or the status alone when there is no weight to tell.

    Status (NCI 3835 and 7800 manuals): first byte 0 motion, 1 at zero, 2 RAM error, 3 EEPROM error; second 0 under
    capacity, 1 over capacity, 2 ROM error, 3 faulty calibration. Some put an S before it.
    """
    *weights, status = [part.strip(b"\r\x03") for part in answer.split(b"\n")[1:]] or [b""]
    flags = status.removeprefix(b"S")
    if len(flags) < 2:
        return Reading(fault="words", said=answer)
    fault = _nci_fault(flags)
    if fault is not None:
        return Reading(fault=fault, said=answer)
    weight = _in_grams(weights[0].decode("ascii", "replace"), unit) if weights else None
    return Reading(fault="words", said=answer) if weight is None else _reading(weight, True, answer)


def _nci_fault(flags: bytes) -> Fault | None:
    first, second = flags[0], flags[1]
    if first & 0b1100 or second & 0b1100:
        return "broken"
    if second & 0b10:
        return "overload"
    if second & 0b1:
        return "negative"
    return "motion" if first & 0b1 else None


PROFILES: Final[dict[str, Profile]] = {
    "generic": Profile(b"", re.compile(rb"[^\r\n]+[\r\n]"), read_generic),
    "toledo": Profile(b"W", re.compile(rb"\x02[^\x02\r]*\r"), read_toledo),
    "toledo-continuous": Profile(b"", re.compile(rb"\x02.{3}[ \d]{6}[ \d]{6}\r", re.DOTALL), read_continuous),
    "nci": Profile(b"W\r", re.compile(rb"\n[^\x03]*\x03"), read_nci),
}


class SerialScale:
    """A scale on a line. `request` replaces the profile's, `unit` is meant where an answer names none.

    A weight counts when the scale calls it stable, or, where it does not say, when it says the same twice in a row.
    What was said before the question is thrown away. `within_s` bounds a weighing, coming to rest included.
    """

    def __init__(
        self,
        name: str,
        line: Transport,
        profile: str = "generic",
        *,
        request: bytes | None = None,
        unit: str = "kg",
        within_s: float = 3.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._line = line
        self._profile = PROFILES[profile]
        self._request = self._profile.request if request is None else request
        self._unit = unit
        self._within_s = within_s
        self._clock = clock
        self._sleep = sleep
        self._heard = b""

    def weigh(self) -> Weight:
        """What lies on the scale. Raises `DeviceError`: unplugged, silent, moving, overloaded, below zero, empty."""
        deadline = Deadline(self._within_s, self._clock)
        try:
            self._line.connect(deadline.left)
            self._forget()
            return self._settled(deadline)
        finally:
            self._line.close()

    def _settled(self, deadline: Deadline) -> Weight:
        before: Reading | None = None
        while deadline.left:
            found = self._ask(deadline)
            if found is None:
                continue
            if found.fault in ("overload", "negative", "broken"):
                raise self._problem(found)
            again = before is not None and before.weight == found.weight
            if found.weight is not None and found.fault is None and (found.stable or again):
                return self._weight(found.weight)
            before = found
            if self._request:
                self._sleep(deadline.within(_PAUSE_S))
        raise self._problem(before)

    def _ask(self, deadline: Deadline) -> Reading | None:
        """The next whole answer, or None when none came in good time."""
        if self._request:
            self._line.write(self._request, deadline.left)
        patience = Deadline(deadline.within(_ANSWER_S), self._clock)
        while (found := self._profile.answer.search(self._heard)) is None:
            chunk = self._line.read(patience.left)
            if not chunk:
                return None
            # Lines of 7 data bits and a parity bit arrive as 8 bits on a port that was not told.
            self._heard = (self._heard + bytes(byte & 0x7F for byte in chunk))[-_MOST_BYTES:]
        self._heard = self._heard[found.end() :]
        return self._profile.read(found[0], self._unit)

    def _forget(self) -> None:
        """Throw away what was said before; of a scale that talks by itself, the end of the word it is saying too."""
        self._heard = b""
        for _ in range(_MOST_BYTES):
            if not self._line.read(0):
                break
        if not self._request:
            patience = Deadline(_ANSWER_S, self._clock)
            heard = b"."
            while heard and not heard.endswith((b"\r", b"\n")) and patience.left:
                heard = bytes(byte & 0x7F for byte in self._line.read(patience.left))

    def _weight(self, weight: Decimal) -> Weight:
        whole = int(weight.quantize(Decimal(1), ROUND_HALF_UP))
        if whole == 0:
            raise self._error("scale_empty", "shows nothing", "Put the parcel on it.")
        return Weight(whole)

    def _problem(self, found: Reading | None) -> DeviceError:
        if found is None:
            hint = "Look at its power, its cable and its baud rate, and whether its profile is right."
            return self._error(
                "scale_silent", f"({self._line.place}) said nothing in {self._within_s:g} s", hint
            )
        match found.fault:
            case "overload":
                return self._error(
                    "scale_overload", "is overloaded", "Take the parcel off; weigh it elsewhere."
                )
            case "negative":
                return self._error(
                    "scale_negative", "reads below zero", "Take everything off, set it to zero, weigh again."
                )
            case "broken":
                return self._error(
                    "scale_broken", "reports a fault of its own", "Switch it off and on; have it calibrated."
                )
            case "words":
                said = ascii(found.said[:40].decode("latin-1"))
                return self._error(
                    "scale_words", f"said {said}, which is no weight", "Choose the profile it speaks."
                )
            case _:
                return self._error(
                    "scale_motion", "does not come to rest", "Let go of the parcel and weigh again."
                )

    def _error(self, code: str, what: str, hint: str) -> DeviceError:
        return DeviceError(code, f"Scale {self.name} {what}.", hint)

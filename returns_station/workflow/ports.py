"""What goes into the session, what comes out, and what it may ask: plain values and Protocols."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from returns_station.domain.codes import Signal
from returns_station.domain.effects import Effect, EffectType
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import (
    Container,
    Evidence,
    Parcel,
    ReturnAuthorization,
    ReturnUnit,
    Settlement,
)
from returns_station.domain.policy import Policy


class InputKind(StrEnum):
    """How an input is meant.

    `weight` is grams in digits from a scale, `evidence` a JSON object that says what became of a picture.
    """

    SCAN = "scan"
    ANSWER = "answer"
    COMMAND = "command"
    WEIGHT = "weight"
    EVIDENCE = "evidence"


@dataclass(frozen=True, slots=True)
class Input:
    """One thing a person did: `raw` is kept byte for byte; `key` makes a repeated delivery harmless.

    `meant` is what a device with known habits (keyboard layout, separator) was told to send; it is read instead of `raw`.
    """

    raw: bytes
    device: str
    kind: InputKind = InputKind.SCAN
    key: str | None = None
    typed: bool = False
    meant: bytes | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """What does not change while the station runs: who and where it is, the policy, which targets learn which effects.

    `printers` are the names of the label printers, the default one first.
    """

    station: str
    epoch: int
    site: str
    merchant: str
    policy: Policy = field(hash=False)
    routes: Mapping[str, tuple[str, ...]] = field(hash=False, default_factory=dict)
    printers: tuple[str, ...] = ()

    def targets(self, effect_type: str) -> tuple[str, ...]:
        """Where an effect of this type goes."""
        return self.routes.get(effect_type, self.routes.get("*", ()))


@dataclass(frozen=True, slots=True)
class Match:
    """One thing a text may name."""

    value: str
    kind: str
    ref: str
    merchant: str
    factor: int = 1


@dataclass(frozen=True, slots=True)
class Identify:
    """Every thing that any of `values` names → tuple[Match, ...]."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Load:
    """One noun by its id → the noun or None; a worker by badge code, a place by its code."""

    noun: str
    id: str


@dataclass(frozen=True, slots=True)
class UnitsOf:
    """The living units of a parcel → tuple[ReturnUnit, ...]."""

    parcel_id: str


@dataclass(frozen=True, slots=True)
class OpenReturns:
    """Ids of an order's open authorisations that still await pieces → tuple[str, ...]."""

    order_id: str


@dataclass(frozen=True, slots=True)
class ClosedParcels:
    """How many parcels of an authorisation were closed → int."""

    authorization_id: str
    but: str


@dataclass(frozen=True, slots=True)
class Suggest:
    """A place with one of `purposes` and room → Place or None."""

    purposes: tuple[str, ...]
    quantity: int


@dataclass(frozen=True, slots=True)
class EffectStates:
    """The rows behind effect ids → tuple[(Effect, sync state), ...]."""

    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prints:
    """How many labels were asked for a unit → int."""

    unit_id: str


@dataclass(frozen=True, slots=True)
class ToldOf:
    """Ids of a parcel's effects of one type that were not withdrawn → tuple[str, ...]."""

    parcel_id: str
    type: EffectType


@dataclass(frozen=True, slots=True)
class InCage:
    """How many parcels wait in a cage to be opened → int."""

    code: str


@dataclass(frozen=True, slots=True)
class UnitsIn:
    """The living units in a container, by return and id → tuple[ReturnUnit, ...]."""

    code: str


@dataclass(frozen=True, slots=True)
class UnitsById:
    """These units, in the order of their ids → tuple[ReturnUnit, ...]."""

    ids: tuple[str, ...]


Need = (
    InCage
    | UnitsIn
    | UnitsById
    | ToldOf
    | Identify
    | Load
    | UnitsOf
    | OpenReturns
    | ClosedParcels
    | Suggest
    | EffectStates
    | Prints
)
Facts = Mapping[Need, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence by its code and what fills it; wording.py turns it into a language."""

    code: str
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be given now: by its number, its code, or by scanning `scan`."""

    number: int
    code: str
    text: str
    scan: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What is asked for next; `short` says it in a few capital letters, to be read from two metres."""

    step: str
    message: Message
    choices: tuple[Choice, ...] = ()
    short: Message = Message("short.none")


@dataclass(frozen=True, slots=True)
class Record:
    """Something that happened, with snapshots of the nouns it changed; the store writes both from this one value."""

    type: str
    parcel: Parcel | None = None
    units: tuple[ReturnUnit, ...] = ()
    authorization: ReturnAuthorization | None = None
    settlement: Settlement | None = None
    container: Container | None = None
    evidence: Evidence | None = None
    facts: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class PrintDraft:
    """A label to ask for, on the printer of this name, or on the default one."""

    id: str
    model: LabelModel
    unit_id: str | None = None
    parcel_id: str | None = None
    printer: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoDraft:
    """A picture to take after the commit: of a parcel, or of one of its units."""

    id: str
    parcel_id: str
    unit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The session's answer to an input: what to say, ask, record, tell others, print and photograph.

    With `needs` it is a question back. `weigh`: a scale, if there is one, is to be read now.
    """

    signal: Signal
    message: Message
    prompt: Prompt | None = None
    records: tuple[Record, ...] = ()
    effects: tuple[Effect, ...] = ()
    withdraw: tuple[str, ...] = ()
    prints: tuple[PrintDraft, ...] = ()
    needs: tuple[Need, ...] = ()
    photos: tuple[PhotoDraft, ...] = ()
    weigh: bool = False


class Ids(Protocol):
    """Fresh identifiers, injected."""

    def uuid(self) -> str:
        """A UUIDv7 as text."""

    def number(self, series: str) -> int:
        """The next number of a series, never given twice."""

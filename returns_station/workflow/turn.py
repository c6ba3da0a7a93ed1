"""One turn of the dialogue while it is worked out: what was scanned, what is known, and what will come of it."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from returns_station.domain.codes import Signal
from returns_station.domain.effects import Effect, EffectType
from returns_station.domain.label import LabelModel
from returns_station.domain.nouns import (
    Container,
    Order,
    Parcel,
    Product,
    ReturnAuthorization,
    ReturnUnit,
    Worker,
)
from returns_station.domain.scan import Candidate, Kind, Reading, answer_code
from returns_station.workflow.ports import (
    Choice,
    Facts,
    Identify,
    Ids,
    Input,
    Load,
    Match,
    Message,
    Need,
    PhotoDraft,
    PrintDraft,
    Record,
    Rules,
    Step,
    UnitsIn,
    UnitsOf,
)
from returns_station.workflow.state import UNDO_DEPTH, At, Back, Moved, State

_NAMING = (
    Kind.GTIN,
    Kind.SSCC,
    Kind.TRACKING,
    Kind.LPN,
    Kind.PLATE,
    Kind.CONTAINER,
    Kind.BADGE,
    Kind.REFERENCE,
)


class Missing(Exception):
    """The turn cannot go on before the first of these needs is answered; the others will be wanted soon."""

    def __init__(self, needs: tuple[Need, ...]) -> None:
        super().__init__(needs)
        self.needs = needs


class Turn:
    """Collects the outcome of one input; nothing here is true before the transaction commits."""

    def __init__(
        self,
        state: State,
        given: Input,
        reading: Reading,
        facts: Facts,
        now: datetime,
        ids: Ids,
        rules: Rules,
    ) -> None:
        self.before = state
        self.state = state
        self.given = given
        self.reading = reading
        self.now = now
        self.ids = ids
        self.rules = rules
        self._facts = facts
        self.signal = Signal.ACCEPTED
        self.message = Message("ok")
        self.records: list[Record] = []
        self.effects: list[Effect] = []
        self.withdraw: list[str] = []
        self.prints: list[PrintDraft] = []
        self.settlements: list[str] = []
        self.shorted: list[ReturnAuthorization] = []
        self.photos: list[PhotoDraft] = []
        self.weigh = False
        self.container: Container | None = None
        self.moved: list[Moved] = []
        self.undoable = True
        self._foreseen: tuple[Need, ...] = ()

    # --- knowing -----------------------------------------------------------------------------------------------------

    def ask(self, need: Need) -> Any:
        """The answer to a need, from the facts; raises Missing when it has not been looked up yet."""
        if need not in self._facts:
            wanted = dict.fromkeys((need, *self._foreseen))
            raise Missing(tuple(one for one in wanted if one not in self._facts))
        return self._facts[need]

    def foresee(self, *needs: Need) -> None:
        """What this turn will surely want: looked up with whatever is missing first, so that it is worked out less often."""
        self._foreseen += needs

    def matches(self, *kinds: str) -> tuple[Match, ...]:
        """What the scan may name, of these kinds (all kinds without an argument)."""
        values = dict.fromkeys(c.value for c in self.reading.candidates if c.kind in _NAMING and c.valid)
        values |= dict.fromkeys(
            str(c.get("serial")) for c in self.reading.candidates if c.valid and c.get("serial")
        )
        if not values and not any(c.valid for c in self.reading.candidates):
            return ()
        values |= {self.reading.text.strip(" \t"): None}
        found: tuple[Match, ...] = self.ask(Identify(tuple(values)))
        # One thing may be found under two of its own spellings: it is still one thing.
        once = {
            (match.kind, match.ref): match for match in reversed(found) if not kinds or match.kind in kinds
        }
        return tuple(reversed(once.values()))

    def candidate(self, *kinds: Kind) -> Candidate | None:
        """The first valid candidate of these kinds."""
        return next((c for c in self.reading.of(*kinds) if c.valid), None)

    def command(self) -> str | None:
        """The command this input gives; a command word may also be typed bare."""
        found = self.candidate(Kind.COMMAND)
        return found.value if found else None

    def worker(self) -> Worker:
        """Who is signed in."""
        assert self.state.worker is not None
        return self.state.worker

    def parcel(self) -> Parcel:
        """The parcel in work."""
        assert self.state.parcel is not None
        return self.state.parcel

    def last_received(self) -> Parcel:
        """The parcel that was received last from the load."""
        assert self.state.receiving is not None
        parcel: Parcel = self.ask(Load("parcel", str(self.state.receiving.last)))
        return parcel

    def unit(self) -> ReturnUnit:
        """The unit in hand."""
        assert self.state.unit is not None
        return self.state.unit

    def product(self) -> Product | None:
        """The product of the unit in hand, None when it is unknown."""
        unit = self.unit()
        return self.ask(Load("product", unit.product_id)) if unit.product_id else None

    def returns(self) -> tuple[ReturnAuthorization, ...]:
        """The returns of the parcel in work."""
        return tuple(self.ask(Load("authorization", id)) for id in self.parcel().returns)

    def order(self, authorization: ReturnAuthorization) -> Order | None:
        """The order of a return, None when there is none."""
        return self.ask(Load("order", authorization.order_id)) if authorization.order_id else None

    # --- saying ------------------------------------------------------------------------------------------------------

    def say(self, signal: Signal, code: str, **params: Any) -> None:
        """Sets signal and sentence of the answer."""
        self.signal = signal
        self.message = Message(code, params)

    def no(self, signal: Signal, code: str, **params: Any) -> None:
        """Says why the input was not taken; the state stays as it was."""
        self.say(signal, code, value=self.shown(), **params)
        self.undoable = False

    def shown(self) -> str:
        """The scanned text for a sentence, without control characters and no longer than 60 characters."""
        text = "".join(char if char.isprintable() else "·" for char in self.reading.text)
        return text if len(text) <= 60 else text[:59] + "…"

    # --- doing -------------------------------------------------------------------------------------------------------

    def go(self, at: At, **changes: Any) -> None:
        """Moves to a step; choices, pending matter, question and container do not outlive the step they belong to."""
        fresh: dict[str, Any] = {
            "choices": (),
            "pending": None,
            "question": None,
            "suggestion": None,
            "opening": None,
            "container": None,
        } | changes
        self.state = replace(self.state, at=at, **fresh)

    def keep_unit(self, type: str, unit: ReturnUnit, **facts: Any) -> ReturnUnit:
        """Records a change of the unit in hand."""
        self.records.append(Record(type, self.state.parcel, (unit,), facts=facts))
        self.state = replace(self.state, unit=unit)
        return unit

    def keep_parcel(
        self, type: str, parcel: Parcel, authorization: ReturnAuthorization | None = None, **facts: Any
    ) -> Parcel:
        """Records a change of the parcel in work."""
        self.records.append(Record(type, parcel, authorization=authorization, facts=facts))
        self.state = replace(self.state, parcel=parcel)
        return parcel

    def tell(
        self,
        type: EffectType,
        merchant: str,
        return_id: str,
        body: dict[str, Any],
        *,
        unit_id: str | None = None,
        settlement_id: str | None = None,
        released: bool = True,
        reason: str | None = None,
        parcel_id: str | None = None,
    ) -> None:
        """Adds one outbox row for each target of this type; of the parcel in work unless another is named."""
        parcel = self.state.parcel
        for target in self.rules.targets(type):
            self.effects.append(
                Effect(
                    self.ids.uuid(),
                    type,
                    target,
                    merchant,
                    return_id,
                    body,
                    parcel_id or (parcel.id if parcel else None),
                    unit_id,
                    settlement_id,
                    released,
                    reason,
                )
            )

    def print(self, model: LabelModel, *, unit_id: str | None = None, parcel_id: str | None = None) -> None:
        """Asks for a label, on the printer that was chosen."""
        parcel_id = parcel_id or (self.state.parcel.id if self.state.parcel else None)
        self.prints.append(PrintDraft(self.ids.uuid(), model, unit_id, parcel_id, self.state.printer))

    def step(self) -> Step:
        """The answer, with the way back put on the undo stack when anything changed."""
        if self.undoable and (self.records or self.state.at is not self.before.at):
            self.state = replace(self.state, back=(*self.before.back, self._way_back())[-UNDO_DEPTH:])
        return Step(
            self.signal,
            self.message,
            None,
            tuple(self.records),
            tuple(self.effects),
            tuple(self.withdraw),
            tuple(self.prints),
            photos=tuple(self.photos),
            weigh=self.weigh,
        )

    def _way_back(self) -> Back:
        """What undo needs: the state before, what was made in this turn, and what was changed outside the hand."""
        in_hand = {u.id for u in (self.before.unit, *self.before.waiting) if u is not None}
        in_hand |= {moved.unit_id for moved in self.moved}
        touched = dict.fromkeys(
            u.id
            for record in self.records
            if record.settlement is None
            for u in record.units
            if u.id not in in_hand
        )
        known = {id: self._known("unit", id) for id in touched}
        parcel = next((record.parcel for record in self.records if record.parcel is not None), None)
        outside = parcel is not None and (self.before.parcel is None or self.before.parcel.id != parcel.id)
        parcel_before = self._known("parcel", parcel.id) if outside and parcel else None
        return Back(
            replace(self.before, back=()),
            tuple(effect.id for effect in self.effects),
            tuple(self.settlements),
            tuple(self.shorted),
            tuple(id for id, unit in known.items() if unit is None),
            tuple(unit for unit in known.values() if unit is not None),
            parcel.id if outside and parcel and parcel_before is None else None,
            parcel_before,
            tuple(self.withdraw),
            self.container,
            tuple(self.moved),
        )

    def _known(self, noun: str, id: str) -> Any:
        """The noun as it was looked up in this turn, None when this turn made it."""
        if Load(noun, id) in self._facts:
            return self._facts[Load(noun, id)]
        if noun == "unit":
            units = (
                u for need, found in self._facts.items() if isinstance(need, UnitsOf | UnitsIn) for u in found
            )
            return next((u for u in units if u.id == id), None)
        return None


def numbered(options: Iterable[tuple[str, str]]) -> tuple[Choice, ...]:
    """Choices from (code, text) pairs, numbered from 1."""
    return tuple(Choice(n, code, text, answer_code(n)) for n, (code, text) in enumerate(options, 1))


def pick(turn: Turn) -> Choice | None:
    """The choice this input makes: by number, by name, by YES and NO, or None."""
    words = {c.value for c in turn.reading.of(Kind.ANSWER, Kind.QUANTITY) if c.valid}
    command = turn.command()
    if command:
        words.add(command)
    if not words:
        words = {turn.reading.text.strip().lower()}
    return next(
        (
            choice
            for choice in turn.state.choices
            if str(choice.number) in words or choice.code.lower() in words
        ),
        None,
    )


def same_item(turn: Turn) -> bool:
    """Whether the item in hand was scanned once more."""
    named = turn.candidate(Kind.GTIN)
    return turn.state.item_code is not None and turn.state.item_code in (
        named.value if named else None,
        turn.reading.text,
    )

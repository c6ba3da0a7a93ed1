"""What is noted at the dock beside the scans: carrier, manifest and seal of a load; piece, weight and damage of a parcel."""

import re
from collections.abc import Callable
from dataclasses import replace

from returns_station.domain.codes import Signal
from returns_station.domain.nouns import Parcel
from returns_station.workflow.details import free_text
from returns_station.workflow.ports import InputKind, Record
from returns_station.workflow.state import At, Back
from returns_station.workflow.turn import Turn, numbered, pick

MOST_GRAMS = 10_000_000
_LONGEST = 60
_PIECE = re.compile(r"([0-9]{1,4})\s*/\s*([0-9]{1,4})")
_GRAMS = re.compile(r"[0-9]{1,8}")
_KILOGRAMS = re.compile(r"([0-9]{1,5})[.,]([0-9]{1,3})")

OF_LOAD = {"carrier": At.CARRIER, "manifest": At.MANIFEST, "seal": At.SEAL}
"""Words about a load; they hold for the parcels that follow."""

OF_PARCEL = {"piece": At.PIECE, "weight": At.WEIGHT, "damage": At.DAMAGE}
"""Words about the last parcel received, or the one that is open."""

AT_LOAD = frozenset({At.CAGE, At.RECEIVE})
AT_PARCEL = frozenset({At.RECEIVE, At.ITEM})


def note(turn: Turn, word: str) -> None:
    """Asks for what the word names, and comes back to the step where it was said."""
    if (
        word in OF_PARCEL
        and turn.state.at is At.RECEIVE
        and turn.state.receiving
        and not turn.state.receiving.last
    ):
        return turn.no(Signal.MISMATCH, "receive.nothing")
    choices = {"carrier": turn.rules.policy.carriers, "damage": turn.rules.policy.damages}.get(word, {})
    turn.go((OF_LOAD | OF_PARCEL)[word], pending=turn.state.at, choices=numbered(choices.items()))
    turn.weigh = word == "weight"
    return turn.say(Signal.ACCEPTED, "ok")


def _back(turn: Turn) -> At:
    return At(str(turn.state.pending))


def _skipped(turn: Turn) -> bool:
    if turn.command() != "skip":
        return False
    turn.go(_back(turn))
    turn.say(Signal.ACCEPTED, "receive.skipped")
    return True


# --- of the load ------------------------------------------------------------------------------------------------------


def at_carrier(turn: Turn) -> None:
    """Who brings the load."""
    choice = pick(turn)
    if choice is not None:
        return _of_load(turn, "carrier", choice.code, choice.text)
    if not _skipped(turn):
        turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    return None


def at_manifest(turn: Turn) -> None:
    """The number of the driver's list."""
    return _text(turn, "manifest")


def at_seal(turn: Turn) -> None:
    """The number of the seal."""
    return _text(turn, "seal")


def _text(turn: Turn, name: str) -> None:
    if _skipped(turn):
        return None
    text = free_text(turn)
    if text is None or len(text) > _LONGEST or not text.isprintable():
        return turn.no(Signal.MISMATCH, "receive.want_text", what=name)
    return _of_load(turn, name, text, text)


def _of_load(turn: Turn, name: str, value: str, text: str) -> None:
    load = turn.state.receiving
    assert load is not None
    turn.records.append(Record(f"load.{name}", facts={name: value}))
    changed = {
        "carrier": replace(load, carrier=value),
        "manifest": replace(load, manifest=value),
        "seal": replace(load, seal=value),
    }[name]
    turn.go(_back(turn), receiving=changed)
    return turn.say(Signal.ACCEPTED, "receive.noted", what=name.capitalize(), text=text)


# --- of a parcel ------------------------------------------------------------------------------------------------------


def subject(turn: Turn) -> Parcel | None:
    """The parcel a word or a weight is about: the open one, else the last one received."""
    if turn.state.parcel is not None:
        return turn.state.parcel
    load = turn.state.receiving
    return turn.last_received() if load is not None and load.last is not None else None


def _of_parcel(turn: Turn, type: str, changed: Callable[[Parcel], Parcel], what: str, text: str) -> None:
    parcel = subject(turn)
    assert parcel is not None
    keep(turn, type, changed(parcel))
    turn.go(_back(turn))
    return turn.say(Signal.ACCEPTED, "receive.noted", what=what, text=text)


def keep(turn: Turn, type: str, parcel: Parcel) -> None:
    """Records a change of the open parcel, or of the last one received."""
    if turn.state.parcel is not None:
        turn.keep_parcel(type, parcel)
    else:
        turn.records.append(Record(type, parcel))


def at_piece(turn: Turn) -> None:
    """Piece n of m."""
    if _skipped(turn):
        return None
    found = None if turn.command() else _PIECE.fullmatch(turn.reading.text.strip())
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        return turn.no(Signal.MISMATCH, "receive.want_piece")
    n, of = int(found[1]), int(found[2])
    return _of_parcel(turn, "parcel.piece", lambda p: replace(p, piece=n, of=of), "Piece", f"{n}/{of}")


def at_damage(turn: Turn) -> None:
    """What is damaged outside."""
    choice = pick(turn)
    if choice is not None:
        return _of_parcel(
            turn, "parcel.damaged", lambda p: replace(p, damage=choice.code), "Damage", choice.text
        )
    if not _skipped(turn):
        turn.no(Signal.MISMATCH, "choice.none", count=len(turn.state.choices))
    return None


def at_weight(turn: Turn) -> None:
    """The weight: from the scale, or typed in grams or kilograms."""
    if _skipped(turn):
        return None
    grams = None if turn.command() else _typed_grams(turn.reading.text.strip())
    if grams is None:
        return turn.no(Signal.MISMATCH, "receive.want_weight")
    return _weighed(turn, grams)


def _weighed(turn: Turn, grams: int) -> None:
    return _of_parcel(
        turn, "parcel.weighed", lambda p: replace(p, weight_grams=grams), "Weight", f"{grams} g"
    )


def _typed_grams(text: str) -> int | None:
    """Grams from "1250", or from kilograms "1.25"."""
    kilograms = _KILOGRAMS.fullmatch(text)
    if kilograms:
        return _within(int(kilograms[1]) * 1000 + int(kilograms[2].ljust(3, "0")))
    return _within(int(text)) if _GRAMS.fullmatch(text) else None


def _within(grams: int) -> int | None:
    return grams if 1 <= grams <= MOST_GRAMS else None


def weight_came(turn: Turn) -> None:
    """A scale has weighed: at any step, which stays as it is unless it asked for the weight."""
    assert turn.given.kind is InputKind.WEIGHT
    text = turn.reading.text
    grams = _within(int(text)) if _GRAMS.fullmatch(text) else None
    if grams is None:
        return turn.no(Signal.MISMATCH, "weight.wrong")
    if turn.state.at is At.WEIGHT and turn.state.worker is not None and not turn.state.locked:
        return _weighed(turn, grams)
    parcel = subject(turn)
    if parcel is None:
        return turn.no(Signal.MISMATCH, "weight.nothing", grams=grams)
    turn.undoable = False
    keep(turn, "parcel.weighed", replace(parcel, weight_grams=grams))
    # A weight that nobody asked for is no step: going back one must not lose it.
    back = tuple(_weighed_before(way, parcel.id, grams) for way in turn.state.back)
    turn.state = replace(turn.state, back=back)
    return turn.say(Signal.ACCEPTED, "weight.done", grams=grams)


def _weighed_before(way: Back, parcel_id: str, grams: int) -> Back:
    then, before = way.state.parcel, way.parcel_before
    if then is not None and then.id == parcel_id:
        way = replace(way, state=replace(way.state, parcel=replace(then, weight_grams=grams)))
    if before is not None and before.id == parcel_id:
        way = replace(way, parcel_before=replace(before, weight_grams=grams))
    return way

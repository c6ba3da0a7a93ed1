"""The dialogue, pure: `handle(state, input, facts, now, ids, rules)` gives the next state and the Step."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from returns_station.domain.codes import Signal
from returns_station.domain.scan import Candidate, Kind, Reading, read
from returns_station.domain.scan.model import shown
from returns_station.errors import Problem
from returns_station.workflow import (
    arrivals,
    closing,
    containers,
    details,
    evidence,
    gate,
    inspecting,
    naming,
    parcels,
    placing,
    receiving,
    shelves,
    undo,
)
from returns_station.workflow.ports import (
    Facts,
    Ids,
    Input,
    InputKind,
    Message,
    Prompt,
    Record,
    Rules,
    Step,
)
from returns_station.workflow.state import At, State
from returns_station.workflow.turn import Missing, Turn

HANDLERS: dict[At, Callable[[Turn], None]] = {
    At.PARCEL: parcels.at_parcel,
    At.CHOOSE_RETURN: parcels.at_choose_return,
    At.CONFIRM_BLIND: parcels.at_confirm_blind,
    At.REFUSE_REASON: closing.at_refuse_reason,
    At.ITEM: naming.at_item,
    At.CHOOSE_ITEM: naming.at_choose_item,
    At.CONFIRM_UNKNOWN: naming.at_confirm_unknown,
    At.CONFIRM_EMPTY: closing.at_confirm_empty,
    At.SERIAL: details.at_serial,
    At.LOT: details.at_lot,
    At.EXPIRY: details.at_expiry,
    At.QUANTITY: details.at_quantity,
    At.QUESTION: inspecting.at_question,
    At.SPLIT: inspecting.at_split,
    At.LABEL: placing.at_label,
    At.DESTINATION: placing.at_destination,
    At.PLACE_REASON: placing.at_place_reason,
    At.DISPOSITION_REASON: placing.at_disposition_reason,
    At.HOLD_LABEL: shelves.at_hold_label,
    At.HOLD_SHELF: shelves.at_hold_shelf,
    At.STOP_KIND: shelves.at_stop_kind,
    At.STOP_SHELF: shelves.at_stop_shelf,
    At.CHOOSE_PARCEL: parcels.at_choose_parcel,
    At.PRINTER: placing.at_printer,
    At.CAGE: receiving.at_cage,
    At.RECEIVE: receiving.at_receive,
    At.RECEIVE_AGAIN: receiving.at_receive_again,
    At.CARRIER: arrivals.at_carrier,
    At.MANIFEST: arrivals.at_manifest,
    At.SEAL: arrivals.at_seal,
    At.PIECE: arrivals.at_piece,
    At.WEIGHT: arrivals.at_weight,
    At.DAMAGE: arrivals.at_damage,
    At.CONTAINER: containers.at_container,
    At.CONTAINER_REASON: containers.at_container_reason,
}
FORESEEN: dict[At, Callable[[Turn], None]] = {
    At.ITEM: naming.foresee,
    At.LABEL: placing.foresee_label,
    At.DESTINATION: placing.foresee_put,
}
"""What a scan at these steps nearly always wants, looked up together with what the scan names."""
_UNREADABLE = frozenset({"scan.empty", "scan.too_long", "scan.glued"})


def handle(
    state: State, given: Input, facts: Facts, now: datetime, ids: Ids, rules: Rules
) -> tuple[State, Step]:
    """One input, one answer. A Step with `needs` is a question: look them up, put them into `facts`, call again."""
    turn = Turn(state, given, meaning(given), facts, now, ids, rules)
    try:
        _route(turn)
        step = turn.step()
        return turn.state, replace(step, prompt=_filled(turn, prompt(turn.state)))
    except Missing as missing:
        return state, Step(Signal.ACCEPTED, Message("ok"), needs=missing.needs)


@lru_cache(maxsize=4)
def meaning(given: Input) -> Reading:
    """What an input means: a scan is read, an answer and a command by their word; typed command words need no prefix."""
    text = given.raw.decode("utf-8", "replace").strip()
    if given.kind is InputKind.ANSWER:
        return Reading(given.raw, text, None, (Candidate(Kind.ANSWER, text.lower()),), ())
    if given.kind is InputKind.COMMAND:
        return _commanded(given, text)
    if given.kind in (InputKind.WEIGHT, InputKind.EVIDENCE):
        return Reading(given.raw, text, None, (), ())
    reading = read(given.raw) if given.meant is None else replace(read(given.meant), raw=given.raw)
    if given.typed and text.replace("-", "").isalpha():
        command = read(f"RS-{text.upper()}".encode()).of(Kind.COMMAND)
        if command:
            return Reading(given.raw, text, None, (command[0],), ())
    return reading


def _commanded(given: Input, text: str) -> Reading:
    """A command by its word; one that nobody knows never counts as something scanned."""
    reading = read(f"RS-{text.upper().replace('_', '-')}".encode())
    if reading.of(Kind.COMMAND, Kind.ANSWER, Kind.QUANTITY, Kind.BADGE):
        return reading
    problem = Problem("scan.command", f"{shown(text)!r} is no command.", "HELP tells what can be done here.")
    return Reading(given.raw, text, None, (), (problem,))


def _route(turn: Turn) -> None:
    for problem in turn.reading.problems:
        if problem.code in _UNREADABLE or not turn.reading.candidates:
            return turn.no(Signal.UNKNOWN, "scan.problem", problem=str(problem), fault=problem.code)
    if turn.given.kind in (InputKind.WEIGHT, InputKind.EVIDENCE):
        return arrivals.weight_came(turn) if turn.given.kind is InputKind.WEIGHT else evidence.came(turn)
    command = turn.command()
    if command is None and turn.state.at in FORESEEN and not turn.candidate(Kind.BADGE):
        FORESEEN[turn.state.at](turn)
    if command is None and turn.candidate(Kind.BADGE) and not turn.matches("badge"):
        return turn.no(Signal.UNKNOWN, "badge.unknown")
    if command is None and not turn.reading.of(Kind.ANSWER, Kind.QUANTITY) and turn.matches("badge"):
        return gate.badge(turn)
    if command in ("stop", *shelves.STOPS):
        free = turn.state.worker is not None and not turn.state.locked
        return shelves.stop(turn, command) if free else _stop_unsigned(turn, command)
    if command == "help":
        return _help(turn)
    if turn.state.locked:
        return turn.no(Signal.MISMATCH, "lock.badge")
    if command == "photo":
        return evidence.photo(turn)
    if turn.state.worker is None:
        return turn.no(Signal.MISMATCH, "badge.first")
    if command is not None:
        return _commanded_at(turn, command)
    return HANDLERS[turn.state.at](turn)


def _commanded_at(turn: Turn, command: str) -> None:
    """What can be said at any step, about a load or its last parcel, or at this step alone."""
    anywhere = {
        "undo": undo.undo,
        "hold": shelves.hold,
        "reprint": inspecting.reprint,
        "sign_out": gate.sign_out,
        "lock": gate.lock,
        "status": _status,
    }
    if command in anywhere:
        return anywhere[command](turn)
    at = turn.state.at
    if command in arrivals.OF_LOAD and at in arrivals.AT_LOAD:
        return arrivals.note(turn, command)
    if command in arrivals.OF_PARCEL and at in arrivals.AT_PARCEL:
        return arrivals.note(turn, command)
    return HANDLERS[turn.state.at](turn)


def _stop_unsigned(turn: Turn, command: str) -> None:
    turn.records.append(Record("station.stopped", facts={"kind": command}))
    turn.undoable = False
    return turn.say(Signal.STOP, "stop.unsigned")


def _help(turn: Turn) -> None:
    turn.undoable = False
    at = prompt(turn.state).step
    return turn.say(Signal.ACCEPTED, f"help.{at}")


def _status(turn: Turn) -> None:
    turn.undoable = False
    parcel, load = turn.state.parcel, turn.state.receiving
    if load is not None:
        cage = f", {load.cage}" if load.cage else ""
        return turn.say(Signal.ACCEPTED, "status.receiving", count=load.count, cage=cage)
    return turn.say(
        Signal.ACCEPTED,
        "status.parcel" if parcel else "status.none",
        plate=parcel.plate if parcel else "",
        unit=turn.state.unit.title if turn.state.unit else "-",
    )


def prompt(state: State) -> Prompt:
    """What is asked for next."""
    if state.worker is None or state.locked:
        step = "badge" if state.worker is None else "locked"
        return Prompt(step, Message(f"ask.{step}"), short=Message(f"short.{step}"))
    unit = state.unit
    params = {
        "lpn": unit.lpn if unit else "",
        "title": unit.title if unit else "",
        "quantity": unit.quantity if unit else 0,
        "place": state.suggestion or "",
        "plate": state.parcel.plate if state.parcel else "",
        "value": state.pending or "",
        "disposition": unit.decision.disposition if unit and unit.decision else "",
        "container": state.container.code if state.container else "",
    }
    asked: str = state.at
    if state.at in (At.DESTINATION, At.HOLD_SHELF, At.STOP_SHELF) and not state.suggestion:
        asked += "_any"
    short = Message(f"short.{asked}", params)
    return Prompt(state.at, Message(f"ask.{asked}", params), state.choices, short)


def _filled(turn: Turn, asked: Prompt) -> Prompt:
    """A question of a tree speaks in the policy's own words."""
    if asked.step != At.QUESTION or turn.state.question is None:
        return asked
    text = turn.rules.policy.tree(turn.unit().product_type).question(turn.state.question).text
    return replace(asked, message=Message("ask.question", {**asked.message.params, "text": text}))


def resting(state: State, rules: Rules) -> Prompt:
    """The prompt of a state that nobody has just changed: what a resumed station shows."""
    asked = prompt(state)
    if asked.step == At.QUESTION and state.question and state.unit:
        text = rules.policy.tree(state.unit.product_type).question(state.question).text
        return replace(asked, message=Message("ask.question", {**asked.message.params, "text": text}))
    return asked

"""The table of steps says what the session's own handlers do."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import pytest

from returns_station.domain import policy
from returns_station.domain.axes import Placement
from returns_station.domain.codes import Disposition, Identity, RefundTiming, ReturnType
from returns_station.domain.grading import first_question
from returns_station.domain.nouns import (
    Decision,
    Parcel,
    Place,
    Product,
    ReturnAuthorization,
    ReturnLine,
    ReturnUnit,
    Worker,
)
from returns_station.domain.scan import COMMANDS, Candidate, Kind, command_code, read
from returns_station.workflow import accepts
from returns_station.workflow.ports import (
    Identify,
    InCage,
    Input,
    Load,
    OpenReturns,
    Prints,
    Rules,
    Suggest,
    ToldOf,
    UnitsIn,
    UnitsOf,
)
from returns_station.workflow.session import HANDLERS, handle
from returns_station.workflow.state import At, Receiving, State
from returns_station.workflow.turn import numbered
from tests.commands.dock_kit import Worked

RETURN = ReturnAuthorization(
    "a1", "tea", "RMA-1", "shop", ReturnType.RMA, lines=(ReturnLine("l1", None, "p1", "POT", 3),)
)
PARCEL = Parcel("k1", "P0", "tea", "main", ReturnType.RMA, "1Z", returns=("a1",))
UNIT = ReturnUnit(
    "u1", "k1", "a1", "tea", "POT", "Teapot", 3, Identity.MATCHED, return_line_id="l1", lpn="L1"
)
DECISION = Decision("1", (), Disposition.RETURN_TO_STOCK, "", False, RefundTiming.AFTER_INSPECTION)
FIXED = {
    At.CHOOSE_RETURN: (("returns:a1", ""),),
    At.CONFIRM_BLIND: (("blind", ""), ("again", "")),
    At.CHOOSE_ITEM: (("product:p1:1", ""),),
    At.CONFIRM_UNKNOWN: (("take", ""), ("again", "")),
    At.CONFIRM_EMPTY: (("yes", ""), ("no", "")),
    At.STOP_KIND: (("stop_leak", ""),),
    At.CHOOSE_PARCEL: (("parcel:k1", ""),),
    At.PRINTER: (("zebra", ""), ("office", "")),
    At.RECEIVE_AGAIN: (("yes", ""), ("no", "")),
}
PENDING = {
    At.STOP_SHELF: "stop_leak",
    At.STOP_KIND: "item",
    At.DISPOSITION_REASON: "scrap",
    At.PRINTER: "label",
}
PENDING |= {At(word): "receive" for word in ("carrier", "manifest", "seal", "piece", "weight", "damage")}
PENDING |= {At.RECEIVE_AGAIN: "RMA-1", At.CONTAINER_REASON: "BIN-1"}
TRUCK = (
    At.CAGE,
    At.RECEIVE,
    At.RECEIVE_AGAIN,
    At.CARRIER,
    At.MANIFEST,
    At.SEAL,
    At.PIECE,
    At.WEIGHT,
    At.DAMAGE,
)
AWAY = (At.CONTAINER, At.CONTAINER_REASON)
LOAD = Receiving("CAGE-1", last="k1", count=1)
CAGE = Place("CAGE-1", ("restock",), container=True, location="DOOR-1")


def unused(step: str) -> str:
    """A command word that means nothing at this step."""
    return next(word for word in sorted(COMMANDS) if step not in accepts.COMMANDS.get(word, ()))


class Known(dict[Any, Any]):
    """Answers every look-up of the session at once."""

    def __contains__(self, need: object) -> bool:
        return True

    def __getitem__(self, need: Any) -> Any:
        match need:
            case Load("authorization", _):
                return RETURN
            case Load("parcel", _):
                return PARCEL
            case Load("product", _):
                return Product("p1", "tea", "POT", "Teapot")
            case Load("place", "CAGE-1"):
                return CAGE
            case Suggest() | Load("place", _):
                return Place("BIN-1", ("restock", "hold"))
            case Prints() | InCage():
                return 1
            case Identify() | UnitsOf() | OpenReturns() | UnitsIn() | ToldOf():
                return ()
            case _:
                return None


class Ids:
    def __init__(self) -> None:
        self._count = itertools.count(1)

    def uuid(self) -> str:
        return f"id-{next(self._count)}"

    def number(self, series: str) -> int:
        return next(self._count)


@cache
def rules() -> Rules:
    return Rules(
        "07",
        1,
        "main",
        "tea",
        policy.parse(files("returns_station").joinpath("policy.toml").read_text()),
        printers=("zebra", "office"),
    )


def standing_at(step: str) -> State:
    """A dialogue at this step with a parcel and, from the item on, a unit in hand."""
    if step == accepts.BADGE:
        return State()
    if step == accepts.LOCKED:
        return State(worker=Worker("w-1"), locked=True)
    at = At(step)
    before = at in (At.PARCEL, At.CHOOSE_RETURN, At.CONFIRM_BLIND, At.CHOOSE_PARCEL, *TRUCK, *AWAY)
    bare = before or at in (At.REFUSE_REASON, At.ITEM, At.CHOOSE_ITEM, At.CONFIRM_UNKNOWN, At.CONFIRM_EMPTY)
    labelled = at in (At.DESTINATION, At.PLACE_REASON, At.HOLD_SHELF, At.STOP_SHELF)
    placement = Placement.LABELLED if labelled else Placement.IN_HAND
    question = first_question(rules().policy.tree("default"), None) if at is At.QUESTION else None
    answers = rules().policy.tree("default").question(question).answers if question else ()
    return State(
        at=at,
        worker=Worker("w-1"),
        parcel=None if before else PARCEL,
        unit=None if bare else replace(UNIT, decision=DECISION, placement=placement),
        question=question,
        choices=numbered([(one.code, "") for one in answers] or FIXED.get(at, (("one", ""), ("two", "")))),
        pending=PENDING.get(at),
        receiving=LOAD if at in TRUCK else None,
        container=CAGE if at in AWAY else None,
    )


def said(step: str, code: str) -> tuple[str, str]:
    """Signal and message of the session for a code at a step."""
    given = Input(code.encode(), "gun")
    _, answer = handle(standing_at(step), given, Known(), datetime(2026, 11, 23, tzinfo=UTC), Ids(), rules())
    assert not answer.needs
    return answer.signal.value, answer.message.code


def printed(word: str) -> str:
    return "RS-D-SCRAP" if word == "disposition" else command_code(word)


@pytest.mark.parametrize("step", accepts.STEPS)
def test_a_step_takes_the_commands_of_the_table_and_answers_all_others_like_an_unused_word(step: str) -> None:
    nothing = said(step, printed(unused(step)))
    words = {*COMMANDS, "disposition"}
    taken = {word for word in words if said(step, printed(word)) != nothing}
    assert taken == {word for word, steps in accepts.COMMANDS.items() if step in steps}


def test_every_step_of_the_session_stands_in_the_table_and_no_other() -> None:
    assert set(accepts.STEPS) == {accepts.BADGE, accepts.LOCKED, *HANDLERS}
    assert set(accepts.KINDS) == set(Kind) - {Kind.COMMAND}
    assert {step for steps in accepts.KINDS.values() for step in steps} <= set(accepts.STEPS)


@pytest.mark.parametrize("code", ["RS-A1", "RS-Q1"])
def test_a_step_takes_numbered_answers_and_quantities_exactly_where_the_table_says(code: str) -> None:
    candidate = read(code.encode()).candidates[0]
    # An unknown item that is taken all the same is told with the signal of a mismatch.
    taken = {
        step
        for step in accepts.STEPS
        for signal, message in [said(step, code)]
        if signal in ("accepted", "hold", "stop") or message.startswith("item.found")
    }
    assert taken == set(accepts.steps_of(candidate))


def test_every_scan_of_a_worked_parcel_is_taken_at_the_step_where_it_was_scanned(worked: Worked) -> None:
    assert [step for step, _ in worked.scans] == [
        "badge",
        "parcel",
        "item",
        "question",
        "label",
        "destination",
    ]
    for step, code in worked.scans:
        assert step in accepts.steps_for(read(code.encode())), code


def test_a_spoilt_code_is_taken_nowhere() -> None:
    spoilt = read(b"RS-A0").candidates[0]
    assert (spoilt.valid, accepts.steps_of(spoilt)) == (False, ())
    assert accepts.steps_for(read(b"")) == ()


def test_free_text_counts_only_where_nothing_more_specific_is_valid() -> None:
    assert accepts.steps_for(read(b"4006381333931")) == ("item", "confirm_unknown")
    assert "destination" in accepts.steps_for(read(b"BIN-1"))


def test_digits_may_be_typed_as_a_number_and_a_date_as_an_expiry() -> None:
    assert {"quantity", "split", "question"} <= set(accepts.steps_of(Candidate(Kind.REFERENCE, "2")))
    assert "expiry" in accepts.steps_of(Candidate(Kind.REFERENCE, "2031-12-31"))
    assert "expiry" not in accepts.steps_of(Candidate(Kind.REFERENCE, "BIN-1"))


def test_a_lot_a_serial_and_an_expiry_within_a_gs1_code_are_taken_where_they_are_asked_for() -> None:
    reading = read(b"]C1010952012345678817310101\x1d10LOT7\x1d21S9")
    assert accepts.steps_for(reading) == ("item", "confirm_unknown", "serial", "lot", "expiry")

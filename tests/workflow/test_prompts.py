"""Every step asks in a sentence, in a few capitals that can be read from two metres, and has help."""

from dataclasses import replace
from itertools import product

import pytest

from returns_station.wording import ENGLISH, sentence
from returns_station.workflow import accepts
from returns_station.workflow.session import prompt
from returns_station.workflow.state import At
from tests.workflow.kit import ANNA, DUCK, Dock

LETTERS = 14


@pytest.mark.parametrize("step", accepts.STEPS)
def test_every_step_has_help(step: str) -> None:
    assert len(ENGLISH[f"help.{step}"]) > 20


@pytest.mark.parametrize(("at", "place"), list(product(At, [None, "BIN-1"])))
def test_every_step_asks_at_length_and_in_at_most_fourteen_letters(
    dock: Dock, at: At, place: str | None
) -> None:
    asked = prompt(replace(dock.state, at=at, suggestion=place))
    short = sentence(asked.short.code, asked.short.params)
    assert short == short.upper() != ""
    assert len(short.replace("BIN-1", "").strip()) <= LETTERS
    if asked.step != At.QUESTION:  # a question speaks in the policy's words
        assert sentence(asked.message.code, asked.message.params).endswith((".", "?"))


def test_a_place_to_put_it_stands_in_the_large_type(dock: Dock) -> None:
    said = dock.scans("RMA-1", DUCK, "RS-SEALED", "LPN")
    assert said.step.prompt is not None
    short = said.step.prompt.short
    assert sentence(short.code, short.params) == "PUT IN BIN-1"


def test_without_a_badge_and_locked_a_badge_is_asked_for(dock: Dock) -> None:
    for code in ("RS-LOCK", ANNA, "RS-SIGN-OUT"):
        said = dock.scan(code)
        if code != ANNA:
            assert said.step.prompt is not None
            assert sentence(said.step.prompt.short.code, {}) == "SCAN BADGE"

"""What one known code teaches of a scanner and its host, and what it does not."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain.scan.habits import Habits
from returns_station.domain.scan.layouts import LAYOUTS, NAMES, US
from returns_station.domain.scan.teaching import (
    CODES,
    FIELDS,
    GS,
    KEYS,
    PROOF,
    Learned,
    Stroke,
    TestCode,
    is_typing,
    learn,
    told,
)
from returns_station.errors import Problem


def strokes(text: str | bytes, pause_s: float = 0.01) -> tuple[Stroke, ...]:
    pieces = [text[at : at + 1] for at in range(len(text))]
    return tuple(
        Stroke(piece.encode() if isinstance(piece, str) else piece, at * pause_s)
        for at, piece in enumerate(pieces)
    )


def on(text: str, layout: str) -> str:
    return text.translate(str.maketrans("".join(US), "".join(LAYOUTS[layout])))


def all_taught(layout: str, *, aim: str = "", prefix: str = "", gs: str = "]", end: str = "") -> Learned:
    known: Learned | None = None
    for code in CODES:
        sent = prefix + aim + code.text.replace(GS, gs)
        found = learn(code, strokes(on(sent, layout) + end), "keyboard", known)
        assert isinstance(found, Learned), found
        known = found
    assert known is not None
    return known


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("aim", ["", "]C0"])
@pytest.mark.parametrize(
    ("end", "suffix"), [("", "none"), ("\r", "cr"), ("\n", "lf"), ("\r\n", "crlf"), ("\t", "tab")]
)
def test_layout_suffix_identifiers_prefix_and_separator_are_learned_together(
    layout: str, aim: str, end: str, suffix: str
) -> None:
    learned = all_taught(layout, aim=aim, prefix="x", gs="|", end=end)
    assert (learned.layout, learned.suffix, learned.aim) == (layout, suffix, bool(aim))
    assert learned.habits == Habits(layout, b"x", b"|")
    assert learned.warnings == ()


def test_the_code_of_keys_prints_differently_on_any_two_layouts_by_keys_that_wait_nowhere() -> None:
    for one, other in itertools.combinations(LAYOUTS, 2):
        assert on(KEYS.text, one) != on(KEYS.text, other)
    assert not {"´", "`", "^", "¨", "~"} & {char for layout in LAYOUTS for char in on(KEYS.text, layout)}
    assert set(NAMES) == set(LAYOUTS)


@pytest.mark.parametrize("gs", ["~", "|", "{GS}", "\x1c", "^]", "<GS>"])
def test_whatever_stands_for_the_separator_of_a_serial_scanner_is_learned(gs: str) -> None:
    learned = learn(FIELDS, strokes(FIELDS.text.replace(GS, gs)), "serial")
    assert isinstance(learned, Learned)
    assert learned.separator == gs.encode()


def test_a_separator_that_arrives_as_it_is_needs_no_setting() -> None:
    learned = learn(FIELDS, strokes(FIELDS.text + "\r"), "serial")
    assert isinstance(learned, Learned)
    assert (learned.separator, learned.habits) == (b"", Habits())


def test_a_separator_that_is_lost_is_a_warning_with_a_way_out() -> None:
    learned = learn(FIELDS, strokes(FIELDS.text.replace(GS, "")), "serial")
    assert isinstance(learned, Learned)
    (warning,) = learned.warnings
    assert (learned.separator, warning.code) == (None, "teach.separator")
    assert "Set the scanner to send another character for it" in warning.hint


def test_exchanged_letters_are_a_warning_that_names_caps_lock() -> None:
    learned = learn(KEYS, strokes(on(KEYS.text.swapcase(), "de")), "keyboard")
    assert isinstance(learned, Learned)
    assert [warning.code for warning in learned.warnings] == ["teach.case"]


def refused(code: TestCode, seen: tuple[Stroke, ...], known: Learned | None = None) -> str:
    found = learn(code, seen, "keyboard", known)
    assert isinstance(found, Problem)
    return str(found)


def test_a_code_typed_by_a_person_teaches_nothing() -> None:
    assert refused(KEYS, strokes(KEYS.text, 0.09)) == "That was typed by hand. Scan the code 'Keys'."
    assert is_typing(strokes("q"))
    assert not is_typing(strokes(KEYS.text, 0.017))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_another_code_of_the_page_is_named_whatever_the_layout(layout: str) -> None:
    sentence = "That was the code 'Proof'. Scan the code 'Keys'."
    assert refused(KEYS, strokes(on(PROOF.text, layout))) == sentence


def test_what_no_setting_explains_is_shown_without_control_characters() -> None:
    sentence = refused(KEYS, strokes("\x1b[2Jhello"))
    assert sentence == (
        "\\x1b[2Jhello arrived, which no setting makes of the code 'Keys'. Scan the code 'Keys' of the page again."
    )


def test_a_serial_scanner_has_no_layout() -> None:
    assert isinstance(learn(KEYS, strokes(on(KEYS.text, "de")), "serial"), Problem)


def test_a_code_that_ends_otherwise_than_the_one_before_is_asked_for_again() -> None:
    known = learn(KEYS, strokes(KEYS.text + "\r"), "keyboard")
    assert isinstance(known, Learned)
    assert "another beginning or end" in refused(PROOF, strokes(PROOF.text + "\t"), known)


def test_nobody_is_taught_by_nothing() -> None:
    assert isinstance(learn(KEYS, (), "serial"), Problem)


@pytest.mark.parametrize(("pause_s", "gap_ms"), [(0.002, 50), (0.017, 51), (0.025, 75), (0.04, 80)])
def test_the_pause_within_a_scan_is_three_times_the_slowest_and_stays_under_a_persons(
    pause_s: float, gap_ms: int
) -> None:
    learned = learn(KEYS, strokes(KEYS.text, pause_s), "keyboard")
    assert isinstance(learned, Learned)
    assert learned.gap_ms == gap_ms


def test_one_stall_of_the_machine_does_not_slow_every_later_scan() -> None:
    seen = [*strokes(KEYS.text)]
    late = [*seen[:9], *(Stroke(one.data, one.at + 0.2) for one in seen[9:])]
    learned = learn(KEYS, late, "keyboard")
    assert isinstance(learned, Learned)
    assert learned.gap_ms == 50


def test_what_was_learned_is_told_in_sentences() -> None:
    assert told(all_taught("de", aim="]C1", prefix="x", end="\r"), "keyboard") == (
        "It ends each code with Enter.",
        "It types as on a US keyboard, and this one is German: the station puts that right.",
        "It sends x before each code.",
        "It sends AIM identifiers.",
        "It sends ] for the GS1 separator.",
    )
    assert told(Learned("crlf", separator=b""), "serial") == (
        "It ends each code with CR LF.",
        "It sends no AIM identifiers.",
        "The GS1 separator arrives as it is.",
    )


@given(st.binary(max_size=60), st.sampled_from(CODES), st.sampled_from(["keyboard", "serial"]))
def test_whatever_keys_come_what_is_learned_is_habits_or_a_problem(
    raw: bytes, code: TestCode, source: str
) -> None:
    found = learn(code, strokes(raw), source)  # type: ignore[arg-type]
    assert isinstance(found, Learned | Problem)

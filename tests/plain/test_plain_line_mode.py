"""The line mode: one answer an input, in the shape of its schema, in lines that fit, and nothing in it that a terminal obeys."""

import io
import json
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from returns_station.errors import StationError
from returns_station.plain import (
    ENDED_IN_PARCEL,
    STORE_FAILED,
    End,
    Line,
    LineMode,
    read_lines,
)
from returns_station.printable import cells, wrapped
from returns_station.workflow.drive import Outcome, Render, drive
from returns_station.workflow.ports import Input, Prompt
from returns_station.workflow.session import resting
from returns_station.workflow.state import State
from tests.workflow.kit import ANNA, DUCK, Dock, copied_dock, new_dock

HOSTILE = [
    "[/",
    "[@click=app.quit]",
    "\x1b[2J\x1b[31m",
    "\x1b]0;mine\x07",
    "\u202egnp.exe",
    "\x9b31m",
    "\x7f\x08\x08",
    "a\x00b",
]


class Plain:
    """What the line mode drives: the kit's dock, rendering as the line mode wants it."""

    def __init__(self, dock: Dock) -> None:
        self._dock = dock

    @property
    def state(self) -> State:
        return self._dock.state

    def prompt(self) -> Prompt:
        return resting(self._dock.state, self._dock.rules)

    def play(self, given: Input, render: Render) -> Outcome:
        dock = self._dock
        outcome = drive(dock.uow, dock.state, given, dock.now, dock.rules, render)
        dock.state = outcome.state
        return outcome

    def print_asked(self) -> list[Any]:
        return []


@pytest.fixture(scope="session")
def pond(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pond")
    new_dock(folder).close()
    return folder / "pond.db"


@pytest.fixture
def dock(pond: Path, tmp_path: Path) -> Iterator[Dock]:
    with closing(copied_dock(pond, tmp_path / "d")) as dock:
        yield dock


@pytest.fixture(scope="session")
def schema(checkout: Path) -> Draft202012Validator:
    found = json.loads((checkout / "docs" / "line-mode.schema.json").read_text("utf-8"))
    Draft202012Validator.check_schema(found)
    return Draft202012Validator(found)


def run(dock: Dock, lines: list[str], *, as_json: bool, width: int = 80) -> tuple[int, str]:
    """Exit code and output of these lines typed."""
    queue: SimpleQueue[Any] = SimpleQueue()
    for line in lines:
        queue.put(Line(line))
    queue.put(End())
    out = io.StringIO()
    code = LineMode(Plain(dock), queue, out, as_json=as_json, width=width).run()  # type: ignore[arg-type]
    return code, out.getvalue()


def objects(dock: Dock, lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in run(dock, lines, as_json=True)[1].splitlines()]


def replies(dock: Dock, lines: list[str]) -> list[dict[str, Any]]:
    return [one for one in objects(dock, lines) if one["type"] == "reply"]


PARCEL = [ANNA, "RMA-1", DUCK, "sealed", "${unit.lpn}", "BIN-1"]


def test_every_line_of_a_worked_parcel_fits_the_schema(dock: Dock, schema: Draft202012Validator) -> None:
    lines = [
        *PARCEL,
        "help",
        "undo",
        "RS-HOLD",
        "SHELF-H",
        "RMA-4",
        "R2-D2",
        "1",
        "RS-STOP",
        "1",
        "{broken",
        "who?",
    ]
    found = objects(dock, lines)
    for one in found:
        schema.validate(one)
    assert [one["type"] for one in found].count("reply") == len(lines) - 1


def test_the_schema_refuses_a_reply_with_a_word_more_or_less(
    dock: Dock, schema: Draft202012Validator
) -> None:
    reply = replies(dock, [ANNA])[0]
    assert not schema.is_valid(reply | {"more": 1})
    assert not schema.is_valid({name: value for name, value in reply.items() if name != "seq"})
    assert not schema.is_valid(reply | {"v": 2})


def test_each_input_gets_one_reply_with_its_id_and_its_number(dock: Dock) -> None:
    found = replies(
        dock, [json.dumps({"id": f"n{n}", "scan": code}) for n, code in enumerate([ANNA, "RMA-1", DUCK])]
    )
    assert [(one["in"], one["seq"]) for one in found] == [("n0", 1), ("n1", 2), ("n2", 3)]


def test_a_script_may_name_the_label_that_was_just_made(dock: Dock) -> None:
    code, out = run(dock, PARCEL, as_json=False)
    assert code == 0
    assert "OK Put. Parcel P011000001V finished, 2.55 GBP goes back." in out


def test_a_name_that_stands_for_nothing_stays_as_it_was_typed(dock: Dock) -> None:
    found = replies(dock, [ANNA, "${unit.lpn}", "${unit", "${parcel}"])
    assert [one["message"]["text"].split(" is not")[0] for one in found[1:]] == [
        "${unit.lpn}",
        "${unit",
        "${parcel}",
    ]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "{}",
        '{"scan": 7}',
        '{"scan": "A", "answer": "1"}',
        '{"scan": "A", "colour": "red"}',
        '{"scan": "\\ud800"}',
        '{"id": "\\ud800", "scan": "A"}',
        '{"scan": ' + "[" * 100_000,
        '{"id": ' + "9" * 5_000 + ', "scan": "A"}',
    ],
    ids=lambda line: line[:24],
)
def test_a_line_that_is_no_input_is_told_and_nothing_is_lost(
    dock: Dock, schema: Draft202012Validator, line: str
) -> None:
    found = objects(dock, [ANNA, line, "RMA-1"])
    schema.validate(found[2])
    assert [one["type"] for one in found] == ["notice", "reply", "notice", "reply"]
    assert (
        found[2]["text"]
        == 'The line is no input: {"id": …, "scan" | "answer" | "command": "…"} was expected.'
    )
    assert found[2]["line"] == line
    assert found[3]["parcel"]["open"]


def test_an_answer_and_a_command_are_taken_by_their_word(dock: Dock) -> None:
    lines = [
        ANNA,
        "RMA-1",
        DUCK,
        '{"answer": "opened"}',
        '{"command": "undo"}',
        '{"command": "stop_leak"}',
        '{"command": "dance"}',
    ]
    found = replies(dock, lines)
    assert [one["message"]["text"] for one in found[3:]] == [
        "Opened.",
        "Undone.",
        "Hands off. Gloves. Put it in the safe place.",
        "'dance' is no command. HELP tells what can be done here.",
    ]


def test_the_end_of_the_input_within_a_parcel_is_told_by_the_exit_code_and_loses_nothing(dock: Dock) -> None:
    assert run(dock, PARCEL[:4], as_json=True)[0] == ENDED_IN_PARCEL == 3
    dock.restart()
    ready = objects(dock, [])[0]
    assert (ready["code"], ready["prompt"]["step"]) == ("station.ready", "label")
    assert run(dock, ["${unit.lpn}", "BIN-1"], as_json=True)[0] == 0


def test_an_empty_line_asks_nothing(dock: Dock) -> None:
    assert replies(dock, ["", "   ", "\t"]) == []


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("line", ["RMA-1", "{not an object"])
def test_a_database_that_takes_nothing_stops_the_intake_loudly(dock: Dock, as_json: bool, line: str) -> None:
    dock.scan(ANNA)
    dock.uow._open().exec_driver_sql("PRAGMA query_only = ON")
    if as_json and line != "RMA-1":
        line = '{"id": "k", "scan": "RMA-1"}'
    code, out = run(dock, [line, "never read"], as_json=as_json, width=200)
    assert code == STORE_FAILED == 5
    text = (
        "Nothing was saved: attempt to write a readonly database. "
        "Look at the disk and the database, then start the station again."
    )
    if as_json:
        last = json.loads(out.splitlines()[-1])
        assert (last["type"], last["code"], last["signal"], last["text"]) == (
            "notice",
            "store.failed",
            "stop",
            text,
        )
        assert last["in"] == ("k" if line.startswith("{") else None)
    else:
        assert out.splitlines()[-1] == f"STOP {text}"


def test_a_defect_is_not_mistaken_for_a_full_disk(dock: Dock, monkeypatch: pytest.MonkeyPatch) -> None:
    def spoilt(*_: Any) -> Outcome:
        raise StationError("axis.move", "It cannot be.", "Report it.")

    monkeypatch.setattr(Plain, "play", spoilt)
    with pytest.raises(StationError, match=r"It cannot be\."):
        run(dock, [ANNA], as_json=True)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_code_is_shown_and_not_obeyed(dock: Dock, text: str) -> None:
    for as_json in (True, False):
        _, out = run(dock, [ANNA, text], as_json=as_json)
        assert all(char.isprintable() for char in out.replace("\n", "")), out
    spelt = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    assert spelt in out


@settings(max_examples=25)
@given(text=st.text(min_size=1, max_size=60).filter(lambda text: "\n" not in text), at=st.integers(0, 5))
def test_no_text_at_any_step_makes_a_line_longer_than_the_screen_or_reaches_the_terminal(
    pond: Path, text: str, at: int
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(copied_dock(pond, Path(folder) / "d")) as dock:
        _, out = run(dock, [*PARCEL[:at], text, "RS-HELP"], as_json=False, width=20)
    for line in out.split("\n"):
        assert cells(line) <= 20
        assert line.isprintable()


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_worked_parcel_fits_the_narrowest_screen(dock: Dock, width: int) -> None:
    _, out = run(dock, PARCEL, as_json=False, width=width)
    assert max(map(cells, out.splitlines())) <= width


@pytest.mark.parametrize("width", [-1, 0, 1, 2])
def test_no_width_is_too_narrow_to_end(width: int) -> None:
    assert "".join(wrapped("退货 ab", width)) == "退货ab"
    assert wrapped("退", width, "    ") == ["退"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one two", ["one two"]),
        ("> a duck in a very small pond", ["> a duck in a very", "  small pond"]),
        ("x" * 45, ["x" * 20, "  " + "x" * 18, "  " + "x" * 7]),
        ("鴨" * 12, ["鴨" * 10, "  鴨鴨"]),
        ("", [""]),
    ],
)
def test_lines_break_at_blanks_and_count_wide_letters_twice(text: str, lines: list[str]) -> None:
    assert wrapped(text, 20, "  ") == lines


@given(text=st.text(max_size=200), width=st.integers(20, 60))
def test_wrapping_loses_no_letter_and_fits(text: str, width: int) -> None:
    lines = wrapped(text, width, "    ")
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_input_that_cannot_be_read_further_still_ends_the_line_mode() -> None:
    queue: SimpleQueue[Any] = SimpleQueue()
    stream = io.TextIOWrapper(io.BytesIO(b"RMA-1\n\xff\xfe\n"), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("threading.excepthook", lambda _: None)
        read_lines(stream, queue).join()
    found = [queue.get() for _ in range(queue.qsize())]
    assert isinstance(found[-1], End)

"""`scan`: what bytes mean and who takes them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.commands.scanning import unescape
from tests.commands.dock_kit import Dock


def test_a_scan_is_told_with_its_meanings_and_steps(bare: Dock) -> None:
    result = bare("scan", r"]C1010952012345678810ABC\x1d21S9")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "010952012345678810ABC·21S9 (AIM ]C1)",
        "  gtin 09520123456788 (lot ABC, serial S9)",
        "  reference 010952012345678810ABC·21S9",
        "  taken by: item, confirm_unknown, serial, lot",
    ]


def test_json_is_one_object_a_line_with_kind_validity_candidates_and_steps(bare: Dock) -> None:
    result = bare("scan", "RS-DONE", "4006381333931", "--json")
    done, teapot = (json.loads(line) for line in result.stdout.splitlines())
    assert (done["kind"], done["valid"], done["steps"]) == (
        "command",
        True,
        ["item", "confirm_unknown", "cage", "receive", "receive_again", "container"],
    )
    assert (teapot["kind"], teapot["valid"]) == ("gtin", True)
    assert [one["kind"] for one in teapot["candidates"]] == ["gtin", "reference"]
    assert teapot["candidates"][0]["steps"] == ["item", "confirm_unknown"]


def test_lines_on_standard_input_are_scans(bare: Dock) -> None:
    result = bare("scan", "--json", given=b"RS-UNDO\r\n\\x1d\nRS-STOP")
    raw = [json.loads(line)["raw"] for line in result.stdout.splitlines()]
    assert raw == [b"RS-UNDO".hex(), "1d", b"RS-STOP".hex()]


def test_a_step_is_asked_and_a_scan_it_does_not_take_exits_2(bare: Dock) -> None:
    taken, refused = bare("scan", "RS-DONE", "--step", "item"), bare("scan", "RS-DONE", "--step", "label")
    assert (taken.exit_code, taken.stdout.splitlines()[-1]) == (0, "  The step item takes it.")
    assert (refused.exit_code, refused.stdout.splitlines()[-1]) == (2, "  The step label does not take it.")


def test_a_step_that_there_is_not_is_refused_with_those_there_are(bare: Dock) -> None:
    result = bare("scan", "RS-DONE", "--step", "lunch")
    assert result.exit_code == 2
    assert result.stderr.startswith(
        "There is no step 'lunch'. Steps are badge, locked, parcel, choose_return, "
    )


def test_a_spoilt_code_is_told_beside_what_it_may_mean_all_the_same(bare: Dock) -> None:
    result = bare("scan", "L071000001X")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[1:4] == [
        "  lpn L071000001X (station 07, epoch 1, counter 1)",
        (
            "    wrong: L071000001X: the check character should be J, found X. "
            "Scan the code again, or type the characters printed with it."
        ),
        "  reference L071000001X",
    ]


def test_a_scan_that_means_nothing_valid_exits_2(bare: Dock) -> None:
    assert bare("scan", r"\x1b").exit_code == 2
    empty = bare("scan", given=b"\n")
    assert (empty.exit_code, empty.stdout.splitlines()) == (
        2,
        [
            "(nothing)",
            (
                "  wrong: The scan holds no characters. "
                "Scan the code again, or type the characters printed with it."
            ),
            "  taken by: no step",
        ],
    )


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\x9b31m", "\u202etxet", "a\x07b", "[@click=app.quit]x[/]"])
def test_nothing_scanned_reaches_the_terminal_as_a_command(bare: Dock, hostile: str) -> None:
    for args in (("scan", hostile), ("scan", hostile, "--json")):
        output = bare(*args).output
        assert all(char.isprintable() or char == "\n" for char in output)
    assert "[@click" not in hostile or hostile in bare("scan", hostile).stdout


@given(st.binary(max_size=60))
def test_every_byte_can_be_written_as_an_escape(raw: bytes) -> None:
    assert unescape("".join(f"\\x{byte:02x}" for byte in raw).encode()) == raw


def test_named_escapes_are_understood_and_any_other_backslash_is_itself() -> None:
    assert unescape(rb"a\nb\r\t\0\\n") == b"a\nb\r\t\0\\n"
    assert unescape(rb"C:\path\xZZ") == rb"C:\path\xZZ"

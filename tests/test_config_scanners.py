"""`[[scanner]]` and `[wedge]`: what they hold, and that every mistake in them is named with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.profiles import PROFILES
from returns_station import input_settings
from returns_station.config import Wedge, check, load, show
from returns_station.domain.scan.layouts import LAYOUTS
from returns_station.shapes import escaped, unescaped

WHOLE = r"""
[[scanner]]
name = "bench"
url = "/dev/ttyACM0"
profile = "honeywell"
separator = '{GS}'
good_read = ''
bad_read = '\x15\\'
prefix = '\x02'
suffix = "tab"
idle_ms = 80
aim = false

[[scanner]]
name = "door"
url = "socket://127.0.0.1:4001"

[wedge]
separator = "|"
suffix = "none"
layout = "de"
prefix = "§"
aim = false
gap_ms = 60
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_of_scanners_and_wedge_arrives_as_bytes_numbers_and_words(tmp_path: Path) -> None:
    found = load(written(tmp_path, WHOLE), {})
    bench, door = found.scanners
    assert (bench.profile, bench.separator, bench.good_read, bench.bad_read) == (
        "honeywell",
        b"{GS}",
        b"",
        b"\x15\\",
    )
    assert (bench.prefix, bench.suffix, bench.idle_ms, bench.aim) == (b"\x02", "tab", 80, False)
    assert (door.profile, door.separator, door.good_read, door.suffix, door.aim) == (
        "generic",
        None,
        None,
        None,
        None,
    )
    assert found.wedge == Wedge("none", "de", b"|", "§".encode(), False, 60)


def test_without_them_a_wedge_ends_with_enter_on_its_own_layout_within_50_ms() -> None:
    assert load(None, {}).wedge == Wedge("enter", "us", b"", b"", True, 50)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            '[[scanner]]\nname="a"\nurl="b"\nprofile = "honeywel"\n',
            "config.toml, line 4: 'profile' is 'honeywel'; expected 'generic' or 'honeywell' or 'datalogic' or 'zebra'.",
        ),
        (
            "[[scanner]]\nname='a'\nurl='b'\ngood_read = '\\y'\n",
            "config.toml, line 4: 'good_read' is '\\y'; expected at most 64 bytes in single quotes, as in '\\x06'.",
        ),
        (
            '[[scanner]]\nname="a"\nurl="b"\nbad_read = 21\n',
            "config.toml, line 4: 'bad_read' is 21; expected at most 64 bytes in single quotes, as in '\\x06'.",
        ),
        (
            '[[scanner]]\nname="a"\nurl="b"\nsufix = "cr"\n',
            "config.toml, line 4: unknown key 'sufix'; did you mean 'suffix'?",
        ),
        (
            '[[scanner]]\nname="a"\nurl="b"\nidle_ms = 1\n',
            "config.toml, line 4: 'idle_ms' is 1; expected a whole number from 5 to 2000.",
        ),
        (
            '[[scanner]]\nname="a"\nurl="b"\naim = "yes"\n',
            "config.toml, line 4: 'aim' is 'yes'; expected true or false.",
        ),
        (
            '[wedge]\nlayout = "dvorak"\n',
            (
                "config.toml, line 2: 'layout' is 'dvorak'; expected 'us' or 'uk' or 'de' or 'ch' or 'fr' or 'be' or 'es' "
                "or 'it' or 'pt' or 'se' or 'dk' or 'no'."
            ),
        ),
        (
            '[wedge]\nsuffix = "crlf"\n',
            "config.toml, line 2: 'suffix' is 'crlf'; expected 'enter' or 'tab' or 'none'.",
        ),
        (
            "[wedge]\ngap_ms = 0\n",
            "config.toml, line 2: 'gap_ms' is 0; expected a whole number from 5 to 1000.",
        ),
        ("[[wedge]]\n", "config.toml, line 1: 'wedge' is [{}]; expected a table headed `[wedge]`."),
        ("[wegde]\n", "config.toml, line 1: unknown key 'wegde'; did you mean 'wedge'?"),
    ],
)
def test_a_mistake_is_named_by_line_value_and_expectation(tmp_path: Path, text: str, sentence: str) -> None:
    assert [problem.sentence for problem in check(written(tmp_path, text), {})] == [sentence]


def test_the_environment_sets_them_too() -> None:
    found = load(None, {"RETURNS_STATION_WEDGE_SEPARATOR": "\\x1c", "RETURNS_STATION_WEDGE_LAYOUT": "fr"})
    assert (found.wedge.separator, found.wedge.layout) == (b"\x1c", "fr")


def test_bytes_are_shown_as_they_may_be_written(tmp_path: Path) -> None:
    rows = {row.key: row.value for row in show(load(written(tmp_path, WHOLE), {}), {})}
    assert rows["scanner[1].bad_read"] == r"\x15\x5c"
    assert rows["scanner[1].prefix"] == r"\x02"
    assert rows["wedge.separator"] == "|"


@given(st.binary(max_size=64))
def test_every_byte_can_be_written_and_is_read_back(raw: bytes) -> None:
    assert unescaped(escaped(raw)) == raw
    assert escaped(raw).isprintable()


def test_what_the_configuration_offers_is_what_devices_and_layouts_have() -> None:
    assert set(input_settings.SCANNER_PROFILES) == set(PROFILES)
    assert set(input_settings.KEYBOARD_LAYOUTS) == set(LAYOUTS)

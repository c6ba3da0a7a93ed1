"""Changing a configuration file line by line: what is not meant stays, what cannot be changed is refused, nothing is half."""

import os
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.commands.settings_file import Change, merged, replace_file, toml
from returns_station.errors import StationError
from returns_station.shapes import unescaped

OLD = """\
# Our dock
[station]
name = "Old"  # since May
language = "en"

# The gun at the gate
[[scanner]]
name = "gun"
url = "/dev/ttyACM0"

[[scanner]]
name = "ring"
url = "/dev/ttyACM1"

# Never touch this
[[target]]
name = "wms"
types = [
  "receipt",
]
"""


def test_a_key_that_is_there_is_changed_in_its_line_and_every_other_line_stays() -> None:
    text = merged(OLD, [Change("station", {"name": "New"})])
    assert text == OLD.replace('name = "Old"  # since May', 'name = "New"')


def test_a_new_key_stands_at_the_end_of_its_table_above_what_belongs_to_the_next() -> None:
    text = merged(OLD, [Change("station", {"number": 7}, notes={"number": "ours"})])
    assert text == OLD.replace('language = "en"\n', 'language = "en"\nnumber = 7  # ours\n')


def test_of_several_tables_of_one_kind_the_one_of_that_name_is_changed() -> None:
    text = merged(OLD, [Change("scanner", {"name": "ring", "url": "/dev/ttyACM9"}, "ring")])
    assert text == OLD.replace("ttyACM1", "ttyACM9")


def test_a_table_that_is_not_there_comes_at_the_end_with_its_comment() -> None:
    text = merged(OLD, [Change("wedge", {"layout": "de", "separator": b"\x1c'"}, comment="Keys\nand more")])
    assert text == OLD + '\n[wedge]\n# Keys\n# and more\nlayout = "de"\nseparator = "\\\\x1c\'"\n'
    assert unescaped(tomllib.loads(text)["wedge"]["separator"]) == b"\x1c'"


def test_changing_twice_is_changing_once() -> None:
    changes = [
        Change("station", {"number": 7}),
        Change("wedge", {"layout": "fr"}),
        Change("scanner", {"name": "x"}, "x"),
    ]
    once = merged(OLD, changes)
    assert merged(once, changes) == once


@pytest.mark.parametrize(
    "old",
    [
        'station = {name = "x"}\n',
        'station.name = "x"\n',
        '[station]\nname = """\nx\n"""\n',
        '[station]\n"name" = [\n"x"]\n',
        'scanner = [{name = "gun"}]\n',
    ],
)
def test_a_file_that_is_written_in_another_way_is_refused_and_not_spoilt(old: str) -> None:
    with pytest.raises(StationError) as refused:
        merged(
            old, [Change("station", {"name": "New"}), Change("scanner", {"name": "gun", "baud": 9600}, "gun")]
        )
    assert refused.value.code == "config.edit"


def test_a_file_that_is_no_toml_is_refused_with_its_line() -> None:
    with pytest.raises(StationError, match="line 2"):
        merged("[station]\nname = Dock\n", [Change("station", {"name": "New"})])


@given(st.text(max_size=40) | st.binary(max_size=40) | st.integers(-(2**40), 2**40) | st.booleans())
def test_every_value_is_read_back(value: str | bytes | int | bool) -> None:
    read = tomllib.loads(f"x = {toml(value)}")["x"]
    assert (unescaped(read) if isinstance(value, bytes) else read) == value


def test_the_old_file_is_kept_the_new_one_is_whole_and_its_mode_stays(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "config.toml"
    assert replace_file(path, "one\n") is None
    path.chmod(0o600)
    assert replace_file(path, "two\n") == path.with_name("config.toml.bak")
    assert (path.read_text(), path.with_name("config.toml.bak").read_text()) == ("two\n", "one\n")
    assert path.stat().st_mode & 0o777 == 0o600
    assert sorted(os.listdir(path.parent)) == ["config.toml", "config.toml.bak"]


def test_a_link_stays_a_link_to_the_file_that_is_changed(tmp_path: Path) -> None:
    real, link = tmp_path / "real.toml", tmp_path / "config.toml"
    real.write_text("one\n")
    link.symlink_to(real)
    replace_file(link, "two\n")
    assert (link.is_symlink(), real.read_text()) == (True, "two\n")


def test_a_folder_that_cannot_be_written_to_is_told_and_nothing_is_left(
    tmp_path: Path, bound_by_permissions: None
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("one\n")
    tmp_path.chmod(0o500)
    with pytest.raises(StationError) as refused:
        replace_file(path, "two\n")
    tmp_path.chmod(0o700)
    assert refused.value.sentence == f"{path} cannot be written: Permission denied."
    assert (path.read_text(), os.listdir(tmp_path)) == ("one\n", ["config.toml"])

"""Importing from the command line: all of it or nothing, and every fault in a sentence."""

import gzip
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.commands.dock_kit import Dock


def test_a_file_is_imported_and_counted_and_again_changes_nothing(dock: Dock, tmp_path: Path) -> None:
    file = tmp_path / "locations.csv"
    file.write_text("code,kind,purposes\nATTIC-1,bin,restock\nATTIC-2,shelf,hold\n")
    assert dock("import", "locations", str(file)).stdout == (
        "Imported 2 rows of locations: 2 new, 0 changed, 0 as before.\n"
    )
    assert dock("import", "locations", str(file)).stdout == (
        "Imported 2 rows of locations: 0 new, 0 changed, 2 as before.\n"
    )


def test_every_fault_is_one_sentence_and_nothing_is_imported(dock: Dock, tmp_path: Path) -> None:
    file = tmp_path / "locations.csv"
    file.write_text("code,kind,purposes\nATTIC-1,bin,restock\n,bin,restock\n")
    result = dock("import", "locations", str(file))
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr == (
        "Line 3, column code: it is empty, a value was expected.\n"
        "Nothing was imported: 1 value not as expected.\n"
    )
    assert dock.rows("select code from location where code like 'ATTIC%'") == []


def test_faults_as_json_say_line_column_value_and_expectation(dock: Dock, tmp_path: Path) -> None:
    file = tmp_path / "containers.csv"
    file.write_text("code,kind,purposes,capacity\nK000000000P,tote,restock,plenty\n")
    result = dock("import", "containers", str(file), "--json")
    assert result.exit_code == 2
    (problem,) = dock.json("import", "containers", str(file))["problems"]
    assert (problem["line"], problem["column"], problem["value"]) == (2, "capacity", "plenty")


def test_a_dry_run_counts_and_changes_nothing(dock: Dock, tmp_path: Path) -> None:
    file = tmp_path / "locations.csv"
    file.write_text("code,kind,purposes\nATTIC-1,bin,restock\n")
    assert dock("import", "locations", str(file), "--dry-run").stdout == (
        "Would import 1 row of locations: 1 new, 0 changed, 0 as before.\n"
    )
    assert dock.rows("select code from location where code like 'ATTIC%'") == []


def test_control_characters_of_a_file_do_not_reach_the_terminal(dock: Dock, tmp_path: Path) -> None:
    file = tmp_path / "containers.csv"
    file.write_text("code,kind,purposes,capacity\nK000000000P,tote,restock,\x1b]0;gone\x07[/red]\n")
    result = dock("import", "containers", str(file))
    assert result.exit_code == 2
    assert not any(char in result.output for char in "\x1b\x07\x9b")
    assert "[/red]" in result.stderr


def test_sales_say_how_many_returns_were_matched(dock: Dock, sample: Path, tmp_path: Path) -> None:
    file = tmp_path / "sales.csv.gz"
    file.write_bytes(gzip.compress((sample / "online-retail-sample.csv").read_bytes()))
    result = dock("import", "--sales", str(file), "--source", "history")
    told = dock.json("import", "--sales", str(file), "--source", "history")
    assert result.exit_code == 0
    assert told["full"] + told["partial"] > 0
    assert result.stdout.splitlines()[1:5] == [
        f"{told['lines']:,} lines: {told['orders']:,} orders, {told['products']:,} products.",
        (
            f"Returned lines matched: {told['full'] + told['partial']:,} "
            f"({told['full']:,} in full, {told['partial']:,} in part)."
        ),
        f"Returned lines ambiguous: {told['ambiguous']:,}.",
        f"Returned lines with no sale: {told['none']:,}.",
    ]


def test_an_import_without_a_file_says_how_it_is_called(dock: Dock) -> None:
    for args in (("products",), (), ("products", "a.csv", "--sales", "b.csv")):
        result = dock("import", *args)
        assert (result.exit_code, result.stderr) == (
            2,
            (
                "An import needs a kind and a file, or --sales and a file. "
                "Such as `returns-station import products products.csv`.\n"
            ),
        )


def test_a_missing_file_and_an_unknown_kind_are_refused_in_a_sentence(dock: Dock) -> None:
    missing = dock("import", "products", "gone.csv")
    assert (missing.exit_code, missing.stderr.splitlines()[0].startswith("There is no file gone.csv.")) == (
        2,
        True,
    )
    unknown = dock("import", "teapots", "gone.csv")
    assert unknown.exit_code == 2
    assert unknown.stderr.startswith("There is no import of 'teapots'. Kinds are products, ")


def test_a_person_at_a_terminal_sees_how_far_the_import_is(dock: Dock, sample: Path) -> None:
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "returns_station", "import", "products", str(sample / "products.jsonl")]
    done = subprocess.run(
        [*command, "--config", str(dock.config)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=terminal,
        env=os.environ | {"TERM": "xterm"},
        timeout=120,
        check=False,
    )
    os.close(terminal)
    drawn = os.read(controller, 65_536)
    os.close(controller)
    assert done.returncode == 0
    assert b"Importing products" in drawn
    assert done.stdout.startswith(b"Imported ")

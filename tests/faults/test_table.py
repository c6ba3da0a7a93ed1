"""docs/faults.md is true: every test it names exists, and no row is left without a test or a reason."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`(tests/[\w/.]+\.py)::(test_\w+)`")


def rows() -> Iterator[str]:
    """The rows of every table, without their heads."""
    for line in (ROOT / "docs" / "faults.md").read_text("utf-8").splitlines():
        if line.startswith("| ") and not line.endswith("| held by |"):
            yield line


@cache
def defined_in(path: Path) -> frozenset[str]:
    """The names of the test functions of a file, in classes too."""
    found = ast.walk(ast.parse(path.read_text("utf-8"))) if path.is_file() else iter(())
    return frozenset(
        node.name for node in found if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def test_every_test_named_in_the_table_of_faults_exists() -> None:
    named = {pair for row in rows() for pair in NAMED.findall(row)}
    assert len(named) > 80
    assert {f"{path}::{name}" for path, name in named if name not in defined_in(ROOT / path)} == set()


def test_every_row_of_the_table_of_faults_names_a_test_or_says_what_is_open() -> None:
    silent = [row for row in rows() if not NAMED.search(row) and "open: " not in row]
    assert silent == []
    spoilt = [row for row in rows() if row.count("::") != len(NAMED.findall(row))]
    assert spoilt == []

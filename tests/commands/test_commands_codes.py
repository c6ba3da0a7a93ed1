"""Exit codes as documented, errors as sentences, and a help that loads nothing heavy."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from returns_station.commands.codes import Code, exit_code
from returns_station.commands.common import ago, columns
from returns_station.commands.common import now as system_time
from returns_station.errors import StationError
from tests.commands.dock_kit import Dock

HEAVY = {
    "sqlalchemy",
    "sqlmodel",
    "alembic",
    "reportlab",
    "httpx2",
    "httpcore2",
    "fastapi",
    "uvicorn",
    "textual",
}


def _run(*args: str, config: Path | None = None) -> "subprocess.CompletedProcess[str]":
    named = ["--config", str(config)] if config else []
    command = [sys.executable, "-m", "returns_station", *args, *named]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_the_document_lists_every_exit_code_with_its_name(checkout: Path) -> None:
    text = (checkout / "docs" / "exit-codes.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\| (\d+) \| ([a-z ]+) \|", text, re.MULTILINE)
    assert listed == [(str(code.value), code.name.lower().replace("_", " ")) for code in Code]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("config.unknown_key", Code.BAD_INPUT),
        ("import.columns", Code.BAD_INPUT),
        ("store.missing", Code.BAD_INPUT),
        ("store.locked", Code.LOCKED),
        ("store.unknown", Code.STORE_FAILED),
        ("store.corrupt", Code.STORE_FAILED),
        ("device.scanner_busy", Code.FAILED),
        ("upstream.listen", Code.FAILED),
        ("upstream.address", Code.BAD_INPUT),
    ],
)
def test_the_longest_beginning_of_an_errors_code_decides(error: str, code: Code) -> None:
    assert exit_code(StationError(error, "It went wrong.")) is code


@pytest.mark.parametrize(
    "args",
    [
        ["--help"],
        ["import", "--help"],
        ["labels", "--help"],
        ["labels", "print", "--help"],
        ["outbox", "list", "--help"],
        ["doctor", "--help"],
        ["scan", "RS-DONE"],
        ["config", "check"],
    ],
)
def test_help_scan_and_config_load_nothing_heavy(args: list[str]) -> None:
    code = (
        "import json, sys\n"
        "from returns_station.cli import main\n"
        f"sys.argv[1:] = {args!r}\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert HEAVY & set(json.loads(done.stdout.splitlines()[-1])) == set()


def test_the_program_says_an_error_in_one_line_with_the_documented_code(bare: Dock) -> None:
    done = _run("show", "x", config=bare.config)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        (
            f"There is no database at {bare.database}. "
            "Run `returns-station migrate` to make one, or restore a backup.\n"
        ),
    )


def test_the_program_migrates_scans_and_looks_at_itself(bare: Dock) -> None:
    assert _run("migrate", config=bare.config).returncode == 0
    told = json.loads(_run("doctor", "--json", config=bare.config).stdout)
    assert told["healthy"] is True
    assert json.loads(_run("scan", "RS-DONE", "--json").stdout)["valid"] is True


def test_an_option_that_there_is_not_exits_2() -> None:
    assert _run("doctor", "--teapot").returncode == 2


def test_columns_stand_under_each_other_by_the_width_a_terminal_gives_them() -> None:
    assert columns([("茶壺", "x"), ("teapot", "y\x1b")]) == ["茶壺    x", "teapot  y·"]


def test_an_age_is_told_in_its_largest_whole_unit() -> None:
    at = system_time().replace(year=2031, month=6, day=15, hour=12, minute=0, second=0, microsecond=0)
    assert [ago(f"2031-06-{text}+00:00", at) for text in ("15T11:59:15", "15T11:57:00", "15T09:00:00", "11T12:00:00")] == [
        "45 s", "3 min", "3 h", "4 d",
    ]  # fmt: skip
    assert ago(None, at) == ""

"""The line mode in every language, over pipes of any encoding."""

import os
import re
import subprocess
import sys

import pytest

from tests.commands.conftest import _filled, dock, sample
from tests.commands.dock_kit import BADGE, SKU, TRACKING, Dock

__all__ = ["_filled", "dock", "sample"]
SCANS = (BADGE, TRACKING, SKU, "RS-SEALED", "${unit.lpn}", "${prompt.place}", "RS-HELP")
FIRST = {"zh": "请扫描工牌。", "es": "Escanee su credencial."}
LAST = {"zh": "已放好。包裹", "es": "Colocado. Paquete"}


def lines(dock: Dock, language: str, encoding: str, *options: str) -> str:
    """What the station writes to a pipe of an encoding, whatever the locale says, for the five scans of a parcel."""
    environ = os.environ | {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "PYTHONIOENCODING": encoding,
        "RETURNS_STATION_STATION_LANGUAGE": language,
        "WMS_SECRET": "whsec_c2VjcmV0",
    }
    command = [
        sys.executable,
        "-m",
        "returns_station",
        "run",
        "--plain",
        "--no-sync",
        "--config",
        str(dock.config),
    ]
    given = "".join(f"{code}\n" for code in SCANS).encode()
    done = subprocess.run(
        [*command, *options], input=given, capture_output=True, timeout=120, check=False, env=environ
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr
    return done.stdout.decode(encoding)


@pytest.mark.parametrize("language", ["zh", "es"])
def test_a_parcel_is_worked_in_lines_of_the_language(dock: Dock, language: str) -> None:
    said = lines(dock, language, "utf-8")
    assert FIRST[language] in said
    assert LAST[language] in re.sub(r"\s+", " ", said)
    assert not re.search(r"\b(the|Scan|parcel)\b", said)
    assert dock.rows("SELECT count(*) AS n FROM parcel WHERE work = 'closed'") == [{"n": 1}]


@pytest.mark.parametrize("encoding", ["ascii", "iso8859-15"])
def test_where_the_pipe_has_no_chinese_letters_english_is_spoken_and_the_parcel_is_worked(
    dock: Dock, encoding: str
) -> None:
    said = lines(dock, "zh", encoding)
    assert "Scan your badge." in said
    assert "Put. Parcel" in said
    assert "??" not in said


def test_spanish_without_accents_is_written_where_the_pipe_has_none(dock: Dock) -> None:
    said = lines(dock, "es", "ascii")
    assert "Sesion iniciada" in said
    assert "Como esta el embalaje?" in said
    assert "??" not in said


def test_in_a_chinese_encoding_the_letters_arrive(dock: Dock) -> None:
    assert FIRST["zh"] in lines(dock, "zh", "gb18030")

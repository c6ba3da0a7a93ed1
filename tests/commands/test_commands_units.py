"""The shipped systemd units are ones that systemd takes, and are printed with the paths of this installation."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from returns_station.commands.units import PROGRAM, SETTINGS, folder
from tests.commands.dock_kit import Dock

UNITS = sorted(path.name for path in folder().iterdir() if path.suffix != ".conf")


class _Unit(configparser.RawConfigParser):
    """A unit as an INI file whose keys may come several times: the last one counts here."""

    def __init__(self) -> None:
        super().__init__(strict=False, delimiters=("=",), comment_prefixes=("#",))
        self.optionxform = str  # type: ignore[assignment, method-assign]


def parsed(text: str) -> _Unit:
    unit = _Unit()
    unit.read_string(text)
    return unit


@pytest.fixture
def written(bare: Dock, tmp_path: Path) -> Path:
    out = tmp_path / "units"
    out.mkdir()
    assert bare("systemd", "--write", str(out)).exit_code == 0
    return out


def test_all_are_written_with_this_program_this_configuration_and_its_folders(
    written: Path, bare: Dock
) -> None:
    assert sorted(path.name for path in written.iterdir()) == sorted([*UNITS, "returns-station.conf"])
    text = (written / "returns-station-sync.service").read_text()
    unit = parsed(text)
    program = Path(sys.prefix) / "bin" / "returns-station"
    assert unit["Service"]["ExecStart"] == f"{program} sync --watch --config {bare.config}"
    assert f"ReadWritePaths={bare.folder}\n" in text
    assert PROGRAM not in text
    assert SETTINGS not in text


@pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="by design: there is no systemd here to ask"
)
def test_systemd_itself_finds_nothing_wrong_with_them(written: Path) -> None:
    for name in UNITS:
        (written / name).write_text(
            "".join(
                line
                for line in (written / name).read_text().splitlines(keepends=True)
                # The user is made by returns-station.conf on the machine itself.
                if not line.startswith(("User=", "Group=", "SupplementaryGroups="))
            )
        )
    (written / "returns-station@.service").rename(written / "returns-station@tty1.service")
    names = [name.replace("@.", "@tty1.") for name in UNITS]
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(written / name) for name in names)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    ours = [line for line in run.stderr.splitlines() if "returns-station" in line]
    assert (ours, run.returncode) == ([], 0)


def test_a_misspelt_line_would_be_seen(written: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("by design: there is no systemd here to ask")
    unit = written / "returns-station-sync.service"
    unit.write_text(unit.read_text().replace("ProtectSystem=", "ProtectSistem="))
    run = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert "ProtectSistem" in run.stderr


def test_the_sync_job_is_watched_begun_again_and_bound(written: Path) -> None:
    service = parsed((written / "returns-station-sync.service").read_text())["Service"]
    assert (service["Type"], service["Restart"], service["WatchdogSec"]) == ("notify", "always", "60")
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    dock = parsed((written / "returns-station@.service").read_text())["Service"]
    assert "run --no-sync" in dock["ExecStart"]
    assert dock["TTYPath"] == "/dev/%I"


def test_another_user_and_paths_that_need_quotes_are_written_as_systemd_reads_them(bare: Dock) -> None:
    odd = bare.folder / "50% of it"
    odd.mkdir()
    (odd / "config.toml").write_text(bare.config.read_text())
    told = bare("systemd", "--user", "dock", "--config", str(odd / "config.toml")).stdout
    assert f'--config "{str(odd).replace("%", "%%")}/config.toml"' in told
    assert "User=dock\n" in told
    assert "u dock - " in told
    assert bare("systemd", "--user", "root; rm").exit_code == 2


def test_the_folder_of_a_files_target_is_open_to_the_job_that_may_write_nowhere_else(bare: Dock) -> None:
    drop = bare.folder / "drop & more"
    target = f'\n[[target]]\nname = "erp"\nconnector = "files"\nurl = "{drop.as_uri()}"\n'
    bare.config.write_text(bare.config.read_text() + target)
    told = bare("systemd").stdout
    assert told.count(f'ReadWritePaths=-"{drop}"\n') == 3


def test_units_for_a_folder_that_is_not_there_are_refused_by_its_name(bare: Dock) -> None:
    result = bare("systemd", "--write", str(bare.folder / "none"))
    assert (result.exit_code, result.stderr) == (
        2,
        f"The folder {bare.folder}/none does not exist. Make it, or name another one.\n",
    )

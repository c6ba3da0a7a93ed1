"""What is shipped works where no checkout is: the wheel alone, in a clean environment, migrates and plays a journey."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

needs_commands = pytest.mark.skipif(
    find_spec("returns_station.cli") is None, reason="the commands are not built yet"
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, checkout: Path) -> Path:
    """The wheel, built from the checkout by the backend that the lock holds."""
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(out),
        str(checkout),
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def away(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """A clean environment outside of the checkout: ours from the wheel, the libraries from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("away") / "env"
    venv.create(folder, symlinks=True)
    install = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q"]
    subprocess.run(
        [*install, "--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)], check=True
    )
    site = next(folder.glob("lib/python*/site-packages"))
    # A plain path in a .pth file is added after ours, and the .pth files inside of it, such as the one of an
    # editable install, are not read.
    (site / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder


def run(away: Path, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Runs a program of the clean environment, in a folder of its own."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "RETURNS_STATION_"))
    }
    program = [str(away / "bin" / command[0]), *command[1:]]
    home = {
        f"XDG_{kind}_HOME": str(away.parent / kind.lower()) for kind in ("CONFIG", "DATA", "STATE", "CACHE")
    }
    return subprocess.run(
        program,
        cwd=away.parent,
        env={**clean, **home, **environ},
        capture_output=True,
        text=True,
        check=False,
    )


def test_holds_the_packages_the_migrations_the_policy_and_the_licence_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.partition("/")[0] for name in names} == {
        "returns_station",
        "devices",
        "labels",
        f"{'-'.join(wheel.name.split('-')[:2])}.dist-info",
    }
    for needed in (
        "migrations/env.py",
        "migrations/versions/0001_first_schema.py",
        "migrations/versions/0002_dock.py",
        "migrations/versions/0003_upstreams.py",
        "policy.toml",
        "policy.zh.toml",
        "policy.es.toml",
        "wording/terms/chinese.py",
        "tui/words/spanish.py",
        "py.typed",
    ):
        assert f"returns_station/{needed}" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests")]


def test_everything_of_ours_comes_from_the_wheel(away: Path, checkout: Path) -> None:
    code = (
        "import json, sys, devices, labels, returns_station as r; "
        "print(json.dumps([[m.__file__ for m in (r, devices, labels)], sys.path]))"
    )
    done = run(away, "python", "-c", code)
    assert done.returncode == 0, done.stderr
    files, path = json.loads(done.stdout)
    assert all(Path(file).is_relative_to(away) for file in files)
    assert str(checkout) not in path


def test_migrates_with_the_migrations_inside_of_it(away: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from returns_station.store.migrate import migrate, require; "
        "from returns_station.store.schema import scripts; p = Path(sys.argv[1]); "
        "print(migrate(p).to, require(p), scripts())"
    )
    done = run(away, "python", "-c", code, str(tmp_path / "station.db"))
    assert done.returncode == 0, done.stderr
    to, epoch, folder = done.stdout.split()
    assert (to, epoch) == ("0003", "1")
    assert Path(folder).is_relative_to(away)


@needs_commands
def test_its_command_migrates_a_database(away: Path, tmp_path: Path) -> None:
    database = tmp_path / "station.db"
    done = run(away, "returns-station", "migrate", RETURNS_STATION_DATABASE_PATH=str(database))
    assert done.returncode == 0, done.stdout + done.stderr
    assert database.stat().st_size > 0


@needs_commands
def test_its_command_plays_a_journey_to_the_end(away: Path) -> None:
    done = run(away, "returns-station", "demo", "--plain", "--json", "--script", "one")
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    replies = [line for line in lines if line["type"] == "reply"]
    assert {reply["signal"] for reply in replies} == {"accepted"}
    assert len({effect["type"] for reply in replies for effect in reply["effects"]}) == 4

"""The commands of docs/upstream.md work as they are printed."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from returns_station.testing.upstream.process import free_port

PAGE = (Path(__file__).parents[2] / "docs" / "upstream.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.DOTALL)


def in_folder(folder: Path) -> dict[str, str]:
    """An environment in which `python` is this one and nothing of the tester's own settings is left."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RETURNS_STATION_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**kept, "PATH": path, "PYTHONPATH": str(Path(__file__).parents[2]), "NO_PROXY": "127.0.0.1"}


@pytest.mark.skipif(
    not all(shutil.which(tool) for tool in ("sh", "curl", "openssl", "od", "base64")),
    reason="the page's commands need sh, curl, openssl, od and base64",
)
def test_the_shell_commands_refund_once_and_say_so(tmp_path: Path) -> None:
    script = "set -e\n" + "\n".join(blocks("sh")).replace("8765", str(free_port()))
    script = script.replace("--ready-file ready.json &", "--ready-file ready.json >log 2>&1 & child=$!")
    script = script.replace("set -e\n", "set -e\ntrap 'kill $child; wait $child || true' EXIT\n", 1)
    ran = subprocess.run(
        ["sh", "-c", script],
        cwd=tmp_path,
        env=in_folder(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    first, second, found, refunds, feed = (json.loads(line) for line in ran.stdout.splitlines())
    assert [answer["results"][0]["status"] for answer in (first, second)] == ["accepted", "duplicate"]
    assert first["results"][0]["reference"] == second["results"][0]["reference"] == found["reference"]
    assert [row["amount_minor"] for row in refunds["items"]] == [255]
    assert [row["number"] for row in feed["items"]] == ["536365"]


def test_the_python_lines_run(tmp_path: Path) -> None:
    (tmp_path / "seed").mkdir()
    code = blocks("python")[0]
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=in_folder(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ \[\] \[\]\n", ran.stdout)


def test_without_a_secret_it_does_not_start_and_names_the_variable(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "returns_station.testing.upstream", "--db", str(tmp_path / "u.db")],
        env=in_folder(tmp_path),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 2
    assert ran.stderr == (
        "The environment variable RETURNS_STATION_UPSTREAM_SECRET is empty; it holds the signing secret.\n"
    )
    assert not (tmp_path / "u.db").exists()

"""strace on a child of the fork server: calls that fail on purpose, and a record of every write with its bytes."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.prove.children import PATIENCE_S, Child, Server

WRITES, SYNCS = "pwrite64,write,ftruncate", "fsync,fdatasync"


def need_strace(server: Server, config: Path) -> None:
    """Skips where strace is missing or may not look at our own processes."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    child = server.start("station", config, gated=True)
    try:
        attach(child, Path("/dev/null"), [])
    except PermissionError as refused:
        pytest.skip(f"strace may not trace here: {refused}")
    finally:
        child.kill()


def attach(child: Child, out: Path, options: Sequence[str]) -> subprocess.Popen[str]:
    """strace on a gated child and its threads, which then may begin; it ends when they do."""
    command = ["strace", "-f", "-p", str(child.pid), "-o", str(out), *options]
    tracer = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    assert tracer.stderr is not None
    said = tracer.stderr.readline()
    if "attached" not in said:
        tracer.communicate(timeout=PATIENCE_S)
        raise PermissionError(said.strip())
    child.go()
    return tracer


def ended(tracer: subprocess.Popen[str]) -> None:
    """Waits for the end of a tracer whose process has ended."""
    tracer.communicate(timeout=PATIENCE_S)


def only(paths: Sequence[Path]) -> list[str]:
    """Options that leave out every call on other files."""
    return [option for path in paths for option in ("-P", str(path))]

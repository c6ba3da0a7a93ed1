"""`sync` and `upstream` as processes and in this one, against the reference upstream."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from returns_station.store.engine import ProcessLock
from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET, Upstream
from tests.commands.dock_kit import TARGET, Dock, Worked


def test_once_delivers_everything_and_says_so_in_a_line(served: tuple[Worked, Upstream]) -> None:
    worked, upstream = served
    result = worked.dock("sync", "--once")
    assert (result.exit_code, result.stderr) == (0, "")
    (line,) = result.stdout.splitlines()
    assert line.startswith("wms: 4 delivered, 0 refused, 0 put off, 0 left; ")
    assert worked.dock("outbox", "list").stdout == "Everything is delivered.\n"
    assert [row["lpn"] for row in upstream.movements() if row["lpn"] == worked.lpn] == [worked.lpn]


def test_json_says_what_was_delivered_and_pulled(served: tuple[Worked, Upstream]) -> None:
    told = served[0].dock.json("sync", "--once")
    assert (told["target"], told["acknowledged"], told["left"], told["problems"]) == ("wms", 4, 0, [])
    assert set(told["pulled"]) == {"products", "orders", "authorizations", "customers", "locations"}
    assert told["pulled"]["products"] > 0


def test_an_upstream_that_is_away_exits_1_and_keeps_everything(worked: Worked) -> None:
    result = worked.dock("sync", "--once")
    assert result.exit_code == 1
    assert result.stdout.startswith("wms: 0 delivered, 0 refused, ")
    assert " 4 left; 0 rows pulled." in result.stdout
    assert len(worked.dock.json("outbox", "list")["rows"]) == 4


def test_a_target_that_cannot_work_is_named_and_the_others_are_served(
    served: tuple[Worked, Upstream],
) -> None:
    worked, upstream = served
    broken = '\n[[target]]\nname = "erp"\nurl = "https://erp.invalid"\nsecret_env = "NO_SUCH_SECRET"\n'
    worked.dock.configure(broken + TARGET, url=upstream.url)
    result = worked.dock("sync", "--once")
    assert result.exit_code == 1
    assert result.stderr.startswith("erp: The secret NO_SUCH_SECRET is neither in the environment nor in ")
    assert result.stdout.startswith("wms: 4 delivered, ")


def test_a_second_drainer_is_locked_out_with_exit_4(worked: Worked) -> None:
    lock = ProcessLock(worked.dock.database, "drainer").acquire()
    try:
        result = worked.dock("sync", "--once")
    finally:
        lock.release()
    assert result.exit_code == 4
    assert result.stderr == (
        f"Another drainer process (pid {os.getpid()}) already works on this database. "
        "End that one first, or use its terminal. Reports may read beside it.\n"
    )


def test_without_a_target_there_is_nobody_to_tell(bare: Dock) -> None:
    result = bare("sync", "--once")
    assert (result.exit_code, result.stderr) == (
        2,
        (
            "No target is configured, so there is nobody to tell. "
            "Add a [[target]] with name, url and secret_env to the configuration.\n"
        ),
    )


def test_one_of_once_and_watch_must_be_said(dock: Dock) -> None:
    for args in ((), ("--once", "--watch"), ("--once", "--parent", "1")):
        result = dock("sync", *args)
        assert (result.exit_code, result.stderr) == (
            2,
            (
                "Say either --once or --watch; --parent goes with --watch. "
                "See `returns-station sync --help`.\n"
            ),
        )


def test_a_pulled_row_that_is_wrong_is_named_and_the_others_are_merged(
    worked: Worked, tmp_path: Path
) -> None:
    seed = tmp_path / "seed"
    seed.mkdir()
    rows = [{"merchant": "tea", "code": "ATTIC-1", "kind": "bin", "purposes": ["restock"]}]
    rows.append({"merchant": "tea", "code": "ATTIC-2", "kind": "bin", "purposes": 7})
    (seed / "locations.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    with Upstream(tmp_path / "attic", seed_dir=seed) as upstream:
        worked.dock.configure(TARGET, url=upstream.url)
        result = worked.dock("sync", "--once")
    assert result.exit_code == 1
    assert "wms: locations: Line 2, column purposes: '7' is not " in result.stderr
    assert [
        row["code"] for row in worked.dock.rows("select code from location where code like 'ATTIC%'")
    ] == ["ATTIC-1"]


# --- until stopped ----------------------------------------------------------------------------------------------------


def _watching(worked: Worked, *args: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "returns_station", "sync", "--watch", *args]
    return subprocess.Popen(
        [*command, "--config", str(worked.dock.config)],
        env=os.environ | {"WMS_SECRET": TEST_SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _drained(dock: Dock, within_s: float = 60.0) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if not dock.rows("select 1 from outbox where state in ('local', 'sent')"):
            return True
        time.sleep(0.05)
    return False


def test_watching_two_targets_delivers_to_both_and_ends_after_sigterm_with_0(
    served: tuple[Worked, Upstream],
) -> None:
    worked, upstream = served
    second = '\n[[target]]\nname = "erp"\nurl = "{url}"\nsecret_env = "WMS_SECRET"\n'
    worked.dock.configure(TARGET + second, url=upstream.url)
    query = "insert into outbox select 'erp-' || substr(id, 5), 'erp'"
    columns = [row["name"] for row in worked.dock.rows("select name from pragma_table_info('outbox')")][2:]
    worked.dock.rows(f"{query}, {', '.join(columns)} from outbox")
    child = _watching(worked)
    try:
        assert _drained(worked.dock)
        child.send_signal(signal.SIGTERM)
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.communicate()
    states = worked.dock.rows("select target, state, count(*) as n from outbox group by 1, 2 order by 1")
    assert [(row["target"], row["n"]) for row in states if row["state"] == "acknowledged"] == [
        ("erp", 4),
        ("wms", 4),
    ]


def test_ctrl_c_ends_a_watch_with_130(served: tuple[Worked, Upstream]) -> None:
    child = _watching(served[0])
    try:
        assert _drained(served[0].dock)
        child.send_signal(signal.SIGINT)
        assert child.wait(timeout=60) == 130
    finally:
        child.kill()
        assert "Traceback" not in "".join(child.communicate())


def test_a_watch_ends_when_its_parent_is_gone(served: tuple[Worked, Upstream]) -> None:
    child = _watching(served[0], "--parent", str(os.getppid()))
    try:
        assert child.wait(timeout=60) == 0
    finally:
        child.kill()
        child.communicate()


# --- the reference upstream -------------------------------------------------------------------------------------------


def test_the_reference_upstream_serves_until_it_is_interrupted(bare: Dock, sample: Path) -> None:
    ready = bare.folder / "ready.json"
    command = [sys.executable, "-m", "returns_station", "upstream", "--config", str(bare.config)]
    child = subprocess.Popen(
        [*command, "--port", "0", "--seed-dir", str(sample), "--ready-file", str(ready)],
        env=os.environ | {SECRET_ENV: TEST_SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        said = json.loads(child.stdout.readline())
        bare.configure(TARGET, url=said["url"])
        assert bare("migrate").exit_code == 0
        assert bare.json("sync", "--once")["pulled"]["orders"] > 0
        child.send_signal(signal.SIGTERM)
        child.wait(timeout=60)
    finally:
        child.kill()
        child.communicate()
    assert (bare.folder / "upstream.db").exists()
    assert json.loads(ready.read_text())["url"] == said["url"]


def test_the_upstream_says_what_is_wrong_with_its_call(bare: Dock) -> None:
    assert bare("upstream").stderr.startswith(
        f"The secret {SECRET_ENV} is neither in the environment nor in "
    )
    known = {SECRET_ENV: TEST_SECRET}
    assert bare("upstream", "--db", str(bare.folder / "no" / "u.db"), **known).stderr == (
        f"The folder {bare.folder / 'no'} does not exist. Make it, or name another --db.\n"
    )
    fault = bare("upstream", "--fault", "drop-evry=2", **known)
    assert fault.exit_code == 2
    assert "drop-evry" in fault.stderr

"""`sync status` and `sync targets`: how every upstream stands, what is parked and what to do, on any width of terminal."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from returns_station.store.engine import ProcessLock
from returns_station.testing.upstream.process import TEST_SECRET, Upstream, free_port
from tests.commands.dock_kit import TARGET, Dock, Worked

ERP = '\n[[target]]\nname = "erp"\nurl = "{url}"\nsecret_env = "WMS_SECRET"\n'
SAID = 'https://wms does not take it. It says: "Order 7 is closed; ask\x1b[2J accounting."'


def _refuse(dock: Dock) -> str:
    """One row as the drainer leaves it when an upstream refuses it."""
    (row,) = dock.rows("select id from outbox where type = 'returns.stock' limit 1")
    dock.rows(
        "update outbox set state = 'refused', problem_code = 'order.closed', owner = 'supervisor',"
        f" hint = 'Open the order there.', problem = '{SAID}' where id = '{row['id']}'"
    )
    return str(row["id"])


def _just_worked(dock: Dock) -> None:
    """The rows are a minute old: the shift of the fixture was worked at a fixed time."""
    dock.rows("update outbox set created_at = strftime('%Y-%m-%dT%H:%M:%f000+00:00', 'now', '-1 minute')")


def test_a_target_that_took_everything_is_well_and_exits_0(served: tuple[Worked, Upstream]) -> None:
    dock = served[0].dock
    assert dock("sync", "--once").exit_code == 0
    result = dock("sync", "status", COLUMNS="80")
    assert (result.exit_code, result.stderr) == (0, "")
    head, row, *rest = result.stdout.splitlines()
    assert head.split() == ["target", "state", "to", "send", "parked", "today", "oldest", "last", "answer"]
    assert row.split()[:5] == ["wms", "well", "0", "0", "4"]
    assert "wms: It answers and takes everything." in rest
    assert rest[-1] == "No sync job is running."
    told = dock.json("sync", "status")
    assert (told["person"], told["targets"][0]["state"], told["targets"][0]["lag_seconds"]) == (
        False,
        "well",
        0,
    )
    assert set(told["targets"][0]["feeds"]) == {
        "authorizations",
        "customers",
        "locations",
        "orders",
        "products",
    }


def test_a_parked_row_shows_the_sentence_the_upstreams_words_and_what_to_do_and_exits_1(
    worked: Worked,
) -> None:
    key = _refuse(worked.dock)
    result = worked.dock("sync", "status", COLUMNS="200")
    assert result.exit_code == 1
    assert "PARKED returns.stock of RMA-100001" in result.stdout
    assert 'It says: "Order 7 is closed; ask·[2J accounting."' in result.stdout
    assert "→ Open the order there." in result.stdout
    assert f"row {key}" in result.stdout
    assert "\x1b" not in result.stdout
    (parked,) = worked.dock.json("sync", "status")["targets"][0]["parked"]
    assert (parked["code"], parked["said"]) == ("order.closed", "Order 7 is closed; ask\x1b[2J accounting.")


@pytest.mark.parametrize("width", [40, 80])
def test_no_line_is_wider_than_the_terminal_but_for_what_cannot_be_broken(worked: Worked, width: int) -> None:
    _refuse(worked.dock)
    worked.dock.configure(TARGET + ERP.replace("erp", "an-erp-with-a-long-name"), url="http://127.0.0.1:9")
    lines = worked.dock("sync", "status", COLUMNS=str(width)).stdout.splitlines()
    longest = max((line for line in lines if len(line.split()) > 1), key=len)
    assert len(longest) <= width, longest


def test_rows_that_wait_while_nobody_sends_them_need_a_person(worked: Worked) -> None:
    _just_worked(worked.dock)
    result = worked.dock("sync", "status")
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].startswith("No sync job is running, and rows wait: ")
    lock = ProcessLock(worked.dock.database, "drainer").acquire()
    try:
        told = worked.dock.json("sync", "status")
        assert worked.dock("sync", "status").exit_code == 0
    finally:
        lock.release()
    assert told["drainer"]["pid"] is not None
    assert told["drainer"]["since"] is not None


def test_rows_of_a_target_that_is_not_configured_any_more_need_a_person(
    served: tuple[Worked, Upstream],
) -> None:
    dock = served[0].dock
    assert dock("sync", "--once").exit_code == 0
    dock.rows("update outbox set target = 'shop', state = 'local' where type = 'returns.completed'")
    result = dock("sync", "status", COLUMNS="200")
    assert result.exit_code == 1
    assert (
        "shop: It cannot be worked with as it is set. Rows are open for shop, and no target of the configuration is "
        "called so: nobody sends them. Put it back under this name until they are settled."
    ) in result.stdout.replace("\n  ", " ")
    assert [one["target"] for one in dock.json("sync", "status")["targets"]] == ["wms", "shop"]


def test_an_upstream_that_is_away_says_since_when_and_when_it_is_tried_again(worked: Worked) -> None:
    _just_worked(worked.dock)
    assert worked.dock("sync", "--once").exit_code == 1
    (put_off,) = worked.dock.rows("select next_at from outbox where attempts > 0")
    assert put_off["next_at"] is not None
    # The pause has chance in it and may be over by now.
    worked.dock.rows("update outbox set next_at = '2199-01-01T00:00:00.000000+00:00' where attempts > 0")
    (told,) = worked.dock.json("sync", "status")["targets"]
    assert (told["state"], told["last_answer"]) == ("away", None)
    assert told["next_attempt"].startswith("2199-01-01T00:00:00")
    assert "could not be reached" in told["problem"]["sentence"]
    worked.dock.rows("update outbox set created_at = '2026-01-01T00:00:00.000000+00:00'")
    assert worked.dock.json("sync", "status")["targets"][0]["state"] == "late"


def test_a_connector_that_cannot_be_loaded_leaves_the_others_going_and_is_shown(
    served: tuple[Worked, Upstream], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    worked, upstream = served
    info = tmp_path / "broken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    points = "snuffed = nowhere_to_be_found:Connector\nfails = tests.commands.test_commands_status:Failing\n"
    (info / "entry_points.txt").write_text(f"[returns_station.connectors]\n{points}")
    monkeypatch.syspath_prepend(tmp_path)
    more = "".join(
        f'\n[[target]]\nname = "{name}"\nurl = "https://{name}.example"\nconnector = "{connector}"\n'
        for name, connector in (("crm", "snuffed"), ("pim", "fails"), ("erp", "nobodys"))
    )
    worked.dock.configure(
        more + TARGET + "[target.options]\nwindw = 5\n" + ERP.replace("erp", "shop"), url=upstream.url
    )
    result = worked.dock("sync", "--once")
    assert result.exit_code == 1
    assert result.stdout.startswith("shop: 0 delivered, ")
    assert "crm: The connector snuffed (nowhere_to_be_found:Connector) could not be loaded" in result.stderr
    assert "pim: The connector fails could not be made: KeyError." in result.stderr
    assert "wms: The connector http has no option 'windw'. It has none" in result.stderr
    states = {one["target"]: one for one in worked.dock.json("sync", "status")["targets"]}
    assert {name: one["state"] for name, one in states.items()} == {
        "crm": "broken", "pim": "broken", "erp": "broken", "wms": "broken", "shop": "well",
    }  # fmt: skip
    assert "No module named 'nowhere_to_be_found'" in states["crm"]["sentence"]


class Failing:
    """A connector that does not look at what it was given."""

    def __init__(self, settings: object, **_: object) -> None:
        raise KeyError("database")


def test_a_station_without_targets_lists_no_empty_table(bare: Dock) -> None:
    bare.configure("")
    result = bare("sync", "targets")
    first, installed = result.stdout.splitlines()
    assert (result.exit_code, first) == (0, "No target is configured: nobody is told of anything.")
    assert installed.startswith("Installed connectors: ")


def test_targets_are_listed_with_what_is_installed_and_an_unknown_connector_is_a_problem(dock: Dock) -> None:
    result = dock("sync", "targets")
    assert result.exit_code == 0
    head, row, installed = result.stdout.splitlines()
    assert head.split() == ["target", "connector", "url", "effects", "state"]
    assert row.split() == ["wms", "http", "http://127.0.0.1:9", "all", "new"]
    assert installed.startswith("Installed connectors: ")
    dock.configure('\n[[target]]\nname = "x"\nurl = "https://x.example"\nconnector = "nobodys"\n')
    result = dock("sync", "targets", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["targets"][0]["installed"] is False
    assert result.stderr.startswith("No connector is called 'nobodys'; there are: ")


def test_without_targets_there_is_nothing_to_tell(bare: Dock) -> None:
    assert bare("migrate").exit_code == 0
    result = bare("sync", "status")
    assert (result.exit_code, result.stderr.split(".")[0]) == (
        2,
        "No target is configured, so there is nobody to tell",
    )


def test_a_watch_that_listens_tells_its_manager_and_answers_beside_its_work(
    served: tuple[Worked, Upstream], tmp_path: Path
) -> None:
    worked, upstream = served
    port = free_port()
    worked.dock.configure(TARGET + f'\n[sync]\nlisten = "127.0.0.1:{port}"\n', url=upstream.url)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.bind(str(tmp_path / "notify"))
        heard.settimeout(60)
        environ = os.environ | {"WMS_SECRET": TEST_SECRET, "NOTIFY_SOCKET": str(tmp_path / "notify")}
        command = [
            sys.executable,
            "-m",
            "returns_station",
            "sync",
            "--watch",
            "--config",
            str(worked.dock.config),
        ]
        child = subprocess.Popen(command, env=environ | {"WATCHDOG_USEC": "600000"})
        try:
            assert heard.recv(4096) == b"READY=1\nSTATUS=Working with wms."
            assert heard.recv(4096) == b"WATCHDOG=1"
            answer = httpx2.get(f"http://127.0.0.1:{port}/health", timeout=60)
            assert (answer.status_code, answer.json()["drainer"]["alive"]) == (200, True)
            assert (
                "returns_station_effects_total"
                in httpx2.get(f"http://127.0.0.1:{port}/metrics", timeout=60).text
            )
            assert worked.dock.json("sync", "status")["drainer"]["pid"] == child.pid
            child.send_signal(signal.SIGTERM)
            assert child.wait(timeout=60) == 0
        finally:
            child.kill()
            child.wait()
        heard.setblocking(False)
        words = []
        with suppress(BlockingIOError):
            while True:
                words.append(heard.recv(4096))
    assert words[-1] == b"STOPPING=1"

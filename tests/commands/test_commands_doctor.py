"""`doctor` and `config`: every fault found has a fix, and only a broken part makes the exit code."""

import os
import pty
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from returns_station.commands.locks import holder
from returns_station.store.engine import ProcessLock
from returns_station.testing.upstream.process import Upstream
from tests.commands.dock_kit import PRINTER, TARGET, Dock, Worked

SCANNER = '\n[[scanner]]\nname = "gun"\nurl = "{scanner}"\n'


def found(dock: Dock, area: str) -> list[tuple[str, str]]:
    told = dock.json("doctor")
    assert all(one["fix"] for one in told["findings"] if one["band"] != "fine")
    return [(one["band"], one["sentence"]) for one in told["findings"] if one["area"] == area]


def test_a_station_in_order_exits_0(served: tuple[Worked, Upstream]) -> None:
    worked, upstream = served
    controller, port = pty.openpty()
    try:
        worked.dock.configure(PRINTER + TARGET + SCANNER, url=upstream.url, scanner=os.ttyname(port))
        result = worked.dock("doctor")
        assert result.exit_code == 0, result.stdout
        assert "BROKEN" not in result.stdout
        assert found(worked.dock, "scanner") == [("fine", f"Scanner gun ({os.ttyname(port)}) can be opened.")]
    finally:
        os.close(controller)
        os.close(port)
    assert ("fine", f"wms: {upstream.url} answers.") in found(worked.dock, "upstream")
    clocks = [text for band, text in found(worked.dock, "clock") if band == "fine"]
    assert any(text.startswith("wms: its clock and ours differ by ") for text in clocks)
    assert [band for band, _ in found(worked.dock, "packages")] == ["fine", "fine"]


def test_a_missing_database_is_broken_and_says_how_to_make_one(bare: Dock) -> None:
    result = bare("doctor")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("BROKEN"))
    assert lines[at].split(maxsplit=2)[1:] == ["database", f"There is no database at {bare.database}."]
    assert lines[at + 1] == "  → Run `returns-station migrate` to make one, or restore a backup."


def test_a_damaged_database_is_broken(worked: Worked) -> None:
    dock = worked.dock
    dock.rows("pragma wal_checkpoint(truncate)")
    whole = bytearray(dock.database.read_bytes())
    size = 4096
    root = dock.rows("select rootpage from sqlite_master where name = 'scannable'")[0]["rootpage"]
    whole[(root - 1) * size : root * size] = b"\xa5" * size
    dock.database.write_bytes(whole)
    assert "broken" in [band for band, _ in found(dock, "database")]


def test_what_is_not_configured_is_a_warning_only(bare: Dock) -> None:
    bare("migrate")
    assert bare("doctor").exit_code == 0
    assert found(bare, "printer") == [("warning", "No printer is configured.")]
    assert found(bare, "upstream") == [("warning", "No target is configured: nobody is told of anything.")]


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("/dev/tty-not-there", "has nothing plugged in"),
        ("socket://127.0.0.1:9", "does not answer: Connection refused"),
    ],
)
def test_a_scanner_that_is_not_there_is_a_warning_for_it_is_waited_for(
    dock: Dock, url: str, why: str
) -> None:
    dock.configure(SCANNER, scanner=url)
    assert found(dock, "scanner") == [("warning", f"Scanner gun ({url}) {why}.")]


def test_a_scanner_that_is_no_serial_port_is_broken(dock: Dock) -> None:
    dock.configure(SCANNER, scanner=str(dock.config))
    ((band, sentence),) = found(dock, "scanner")
    assert (band, sentence) == ("broken", f"Scanner gun: {dock.config} is not a serial port.")


def test_a_printer_without_its_folder_is_broken(dock: Dock) -> None:
    (dock.folder / "labels").rmdir()
    ((band, sentence),) = found(dock, "printer")
    assert band == "broken"
    assert sentence.startswith("Printer zebra: ")


def test_a_secret_that_is_not_set_is_broken(dock: Dock) -> None:
    dock.configure('\n[[target]]\nname = "wms"\nurl = "http://127.0.0.1:9"\nsecret_env = "NO_SUCH"\n')
    ((band, sentence),) = found(dock, "upstream")
    assert band == "broken"
    assert sentence.startswith("wms: The secret NO_SUCH is neither in the environment nor in ")


def test_an_upstream_that_does_not_answer_is_broken(dock: Dock) -> None:
    assert [band for band, _ in found(dock, "upstream")] == ["fine", "broken"]
    assert dock("doctor").exit_code == 1


class _Late(BaseHTTPRequestHandler):
    """An upstream whose clock is ten minutes slow."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def date_time_string(self, timestamp: float | None = None) -> str:
        return format_datetime(datetime.now(UTC) - timedelta(minutes=10), usegmt=True)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def test_a_clock_ten_minutes_off_is_broken_for_signatures_would_be_refused(dock: Dock) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Late)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        dock.configure(TARGET, url=f"http://127.0.0.1:{server.server_port}")
        late = [sentence for band, sentence in found(dock, "clock") if band == "broken"]
    finally:
        server.shutdown()
        server.server_close()
    assert len(late) == 1
    assert late[0].startswith("wms: its clock and ours differ by ")


def test_an_event_after_now_says_that_the_clock_was_set_back(worked: Worked) -> None:
    worked.dock.rows("update event set at = '2093-01-01T00:00:00.000000+00:00'")
    assert (
        "warning",
        "The newest event is of 2093-01-01 00:00 UTC, after now: the clock was set back.",
    ) in found(worked.dock, "clock")


def test_parked_effects_are_a_warning(worked: Worked) -> None:
    key = worked.dock.json("outbox", "list")["rows"][0]["id"]
    worked.dock("outbox", "park", key, "--reason", "The buyer called.")
    assert ("warning", "1 effect parked with a person.") in found(worked.dock, "outbox")


def test_a_wrong_configuration_is_found_and_nothing_else_is_looked_at(dock: Dock) -> None:
    dock.config.write_text("[station]\nnumbre = 1\n")
    told = dock.json("doctor")
    (finding,) = told["findings"]
    assert (told["healthy"], finding["area"], finding["band"]) == (False, "configuration", "broken")
    assert finding["sentence"] == "config.toml, line 2: unknown key 'numbre'; did you mean 'number'?"


def test_who_holds_a_lock_is_found_without_taking_it(tmp_path: Path) -> None:
    database = tmp_path / "station.db"
    assert holder(database, "station") is None
    lock = ProcessLock(database, "station").acquire()
    assert holder(database, "station") == os.getpid()
    lock.release()
    assert holder(database, "station") is None


def test_a_running_station_keeps_its_scanner(dock: Dock) -> None:
    dock.configure(SCANNER, scanner="/dev/tty-not-there")
    lock = ProcessLock(dock.database, "station").acquire()
    try:
        assert found(dock, "scanner") == [
            (
                "fine",
                (
                    "Scanner gun (/dev/tty-not-there) was not opened: "
                    f"the station (process {os.getpid()}) uses it."
                ),
            )
        ]
    finally:
        lock.release()


# --- config -----------------------------------------------------------------------------------------------------------


def test_every_value_is_shown_with_its_origin_and_no_secret(dock: Dock) -> None:
    result = dock("config", "show", WMS_SECRET="whsec_aHVzaA==", RETURNS_STATION_STATION_SITE="attic")
    lines = [line.split() for line in result.stdout.splitlines()]
    assert result.stdout.startswith(f"The configuration is {dock.config}.\n")
    assert ["station.number", "7", "config.toml,", "line", "3"] in lines
    assert ["station.site", "attic", "RETURNS_STATION_STATION_SITE"] in lines
    assert "aHVzaA" not in result.output
    values = {row["key"]: row["value"] for row in dock.json("config", "show")["values"]}
    assert values["target[1].secret_env"] == "WMS_SECRET (set by the environment, hidden)"


def test_a_configuration_in_order_says_so(dock: Dock) -> None:
    assert (dock("config", "check").exit_code, dock("config", "check").stdout) == (
        0,
        "The configuration is in order.\n",
    )
    assert dock.json("config", "check") == {"valid": True, "problems": []}


def test_every_mistake_is_named_with_file_line_and_nearest_key_and_exits_2(dock: Dock) -> None:
    dock.config.write_text("[station]\nnumbre = 1\nsite = 7\n")
    result = dock("config", "check")
    assert result.exit_code == 2
    assert sorted(line.split(". ")[0] for line in result.stderr.splitlines()) == [
        "config.toml, line 2: unknown key 'numbre'; did you mean 'number'? Known here: language, merchant, name, number, site.",
        "config.toml, line 3: 'site' is 7; expected a text in quotes",
    ]


def test_a_readable_secrets_file_is_a_warning_and_exits_0(dock: Dock) -> None:
    secrets = dock.folder / "secrets.env"
    secrets.write_text("WMS_SECRET=x\n")
    secrets.chmod(0o644)
    result = dock("config", "check")
    assert (result.exit_code, result.stdout) == (0, "The configuration works.\n")
    assert result.stderr == (
        f"The secrets file {secrets} is open to others (mode 0644). Run `chmod 600 {secrets}`.\n"
    )


def test_where_each_secret_comes_from_is_told_and_what_it_is_never(dock: Dock) -> None:
    folder = dock.folder / "credentials"
    folder.mkdir()
    (folder / "wms_token").write_text("hunter2\n")
    (folder / "wms_token").chmod(0o444)
    dock.configure(
        '\n[[target]]\nname = "wms"\nurl = "http://127.0.0.1:9"\nsecret_env = "WMS_SECRET"\ntoken_env = "WMS_TOKEN"\n'
    )
    result = dock("doctor", CREDENTIALS_DIRECTORY=str(folder))
    assert (
        "secrets are set: WMS_SECRET from the environment, WMS_TOKEN from systemd's credential wms_token."
        in result.stdout
    )
    assert f"The credential {folder}/wms_token is open to others (mode 0444)." in result.stdout
    assert "hunter2" not in result.output

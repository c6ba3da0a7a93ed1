"""`devices`: what is there is listed with how it is; one device is tried out and shown whole."""

import json
import os
from pathlib import Path

from devices.testing_scale import FakeScale
from returns_station.store.engine import ProcessLock
from returns_station.testing.scanner import PtyPair
from returns_station.testing.typist import WedgeTypist
from tests.commands.dock_kit import PRINTER, Dock
from tests.commands.pty_kit import Desk

SCANNER = """
[[scanner]]
name = "gun"
url = "{gun}"
separator = '~'
suffix = "{suffix}"
"""
GONE = '\n[[scanner]]\nname = "ring"\nurl = "{folder}/nowhere"\n'
SCALE = '\n[scale]\nurl = "{scale}"\nprofile = "{profile}"\n'


class TestListing:
    def test_scanners_printers_and_scale_are_told_with_their_state(self, bare: Dock, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "gun") as gun, FakeScale(tmp_path / "scale") as scale:
            bare.configure(
                SCANNER + GONE + PRINTER + SCALE,
                gun=str(gun.link),
                suffix="cr",
                scale=str(scale.link),
                profile="generic",
            )
            (tmp_path / "labels").mkdir()
            found = bare.json("devices")
            words = bare("devices").stdout
        by_name = {row["name"]: row for rows in found.values() for row in rows if "name" in row}
        assert by_name["gun"]["state"] == "connected"
        assert by_name["gun"]["sentence"] == f"Scanner gun is connected ({gun.link})."
        assert by_name["ring"]["state"] == "absent"
        assert by_name["ring"]["sentence"] == f"Scanner ring: {tmp_path}/nowhere has nothing plugged in."
        assert by_name["zebra"]["state"] == "fine"
        assert by_name["scale"]["sentence"] == "It reads 1250 g."
        assert (
            by_name["wedge"]["sentence"] == "A keyboard scanner on this terminal: ends with enter, layout us."
        )
        assert all(name in words for name in by_name)

    def test_every_port_is_told_with_the_path_to_write_down(self, bare: Dock) -> None:
        assert all(Path(row["port"]).exists() for row in bare.json("devices", "list")["ports"])

    def test_scanners_that_a_running_station_uses_are_left_alone(self, dock: Dock, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "gun") as gun:
            dock.configure(SCANNER, gun=str(gun.link), suffix="cr")
            lock = ProcessLock(dock.database, "station")
            lock.acquire()
            try:
                row = dock.json("devices")["scanners"][0]
                refused = dock("devices", "test", "gun")
            finally:
                lock.release()
        assert (row["state"], row["sentence"]) == ("in use", f"The station (process {os.getpid()}) uses it.")
        assert refused.exit_code == 2
        assert refused.stderr.startswith(f"The station (process {os.getpid()}) uses the scanners.")


class TestTrying:
    def test_a_scan_is_shown_with_its_bytes_device_end_and_meaning(self, bare: Dock, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "gun") as gun:
            bare.configure(SCANNER, gun=str(gun.link), suffix="cr")
            gun.send(b"]C1010400638133393110LOT~21S9\rRS-DONE\r")
            done = bare("devices", "test", "gun", "--json", "--scans", "2", "--seconds", "20")
        item, command = (json.loads(line) for line in done.stdout.splitlines())
        assert done.exit_code == 0
        assert (item["device"], item["ended by"], item["aim"]) == ("gun", "cr", "]C1")
        assert item["hex"] == b"]C1010400638133393110LOT~21S9".hex()
        assert item["bytes"] == "]C1010400638133393110LOT~21S9"
        assert item["meant"] == r"]C1010400638133393110LOT\x1d21S9"
        assert item["means"].startswith("gtin 04006381333931 (lot LOT, serial S9)")
        assert (command["meant"], command["means"]) == (None, "command done")

    def test_hostile_bytes_are_shown_and_not_obeyed(self, bare: Dock, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "gun") as gun:
            bare.configure(SCANNER, gun=str(gun.link), suffix="none")
            gun.send(b"\x1b[2J\x07\xff[@click=app.quit]")
            done = bare("devices", "test", "--seconds", "20")
        assert r"\x1b[2J\x07\xff[@click=app.quit]" in done.stdout
        assert all(char.isprintable() or char == "\n" for char in done.stdout)

    def test_the_keyboard_scanner_is_shown_as_the_station_would_take_it(self, bare: Dock) -> None:
        bare.configure('\n[wedge]\nsuffix = "none"\nlayout = "de"\nseparator = "]"\n')
        with Desk("devices", "test", "wedge", "--config", str(bare.config)) as desk:
            desk.shows("Scan something.")
            WedgeTypist(desk.terminal, "de", aim="]C1").scan("010400638133393110LOT\x1d21S9")
            desk.shows("device: wedge")
            desk.shows(r"bytes: +C1010400638133393110LOT+21S9")
            desk.shows(r"meant: ]C1010400638133393110LOT\x1d21S9")
            desk.shows("ended by: idle")
            desk.shows("means: gtin 04006381333931 (lot LOT, serial S9)")
            assert desk.ends() == 0

    def test_when_nothing_comes_that_is_told_and_exits_1(self, bare: Dock, tmp_path: Path) -> None:
        with PtyPair(tmp_path / "gun") as gun:
            bare.configure(SCANNER, gun=str(gun.link), suffix="cr")
            done = bare("devices", "test", "gun", "--seconds", "1")
        assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "Nothing more came within 1 s.")

    def test_a_scanner_that_is_not_there_is_told_with_the_way_out(self, bare: Dock) -> None:
        bare.configure(GONE)
        done = bare("devices", "test", "ring", "--seconds", "1")
        assert f"{bare.folder}/nowhere has nothing plugged in. Plug it in" in done.stdout

    def test_a_scanner_that_is_unplugged_meanwhile_ends_the_test_and_is_told(
        self, bare: Dock, tmp_path: Path
    ) -> None:
        with PtyPair(tmp_path / "gun") as gun:
            bare.configure(SCANNER, gun=str(gun.link), suffix="cr")
            link = str(gun.link)
            with Desk("devices", "test", "gun", "--config", str(bare.config), "--scans", "9") as desk:
                gun.send(b"RS-DONE\r")
                desk.shows("means: command done")
                gun.unplug()
                desk.shows("was unplugged. Plug it in and run this again.")
                assert desk.ends() == 1
        assert link in " ".join(desk.screen.split())

    def test_a_printer_is_asked_and_prints_a_test_label(self, bare: Dock) -> None:
        bare.configure(PRINTER)
        (bare.folder / "labels").mkdir()
        row = bare.json("devices", "test", "zebra")
        assert (row["ok"], row["state"], row["label"]) == (True, "fine", "confirmed")
        (label,) = (bare.folder / "labels").iterdir()
        assert row["reference"] == str(label)
        assert label.read_bytes().startswith(b"%PDF-")

    def test_a_printer_that_is_stopped_exits_1_with_the_reason(self, bare: Dock) -> None:
        bare.configure(PRINTER)
        done = bare("devices", "test", "zebra")
        assert done.exit_code == 1
        assert f"The label folder {bare.folder}/labels does not exist." in done.stdout

    def test_the_scale_is_read(self, bare: Dock, tmp_path: Path) -> None:
        with FakeScale(tmp_path / "scale", "toledo", load="0.730") as scale:
            bare.configure(SCALE, scale=str(scale.link), profile="toledo")
            assert bare.json("devices", "test", "scale") == {
                "ok": True,
                "device": "scale",
                "grams": 730,
                "stable": True,
            }

    def test_a_name_that_nobody_has_is_refused_with_those_there_are(self, bare: Dock) -> None:
        bare.configure(PRINTER)
        done = bare("devices", "test", "lunch")
        assert (done.exit_code, done.stderr) == (2, "There is no device 'lunch'. There are wedge, zebra.\n")

"""`doctor` on printers, scale, camera and sound: each asked now, each fault with its fix."""

import sys
from pathlib import Path

from devices.testing_scale import FakeScale
from devices.testing_zebra import FakeZebra
from tests.commands.dock_kit import Dock

ZEBRA = '\n[[printer]]\nname = "zebra"\nkind = "zpl-tcp"\nhost = "127.0.0.1"\nport = {port}\n'


def found(dock: Dock, area: str) -> list[tuple[str, str]]:
    told = dock.json("doctor")
    assert all(one["fix"] for one in told["findings"] if one["band"] != "fine")
    return [(one["band"], one["sentence"]) for one in told["findings"] if one["area"] == area]


def test_a_label_printer_is_asked_and_its_stop_is_broken(dock: Dock) -> None:
    with FakeZebra() as zebra:
        dock.configure(ZEBRA, port=str(zebra.port))
        assert found(dock, "printer") == [("fine", "Printer zebra: ready.")]
        zebra.head_open = True
        assert found(dock, "printer") == [
            ("broken", "Printer zebra: the print head is open. Close the print head."),
        ]
        zebra.head_open, zebra.mute = False, True
        ((band, sentence),) = found(dock, "printer")
        assert band == "warning"
        assert sentence.startswith("Printer zebra: it takes labels but does not say how it is")


def test_a_queue_without_its_spooler_is_broken(dock: Dock) -> None:
    dock.configure('\n[[printer]]\nname = "office"\nkind = "spooler"\nqueue = "labels"\n')
    told = dock.json("doctor", CUPS_SERVER="127.0.0.1:9")
    (finding,) = [one for one in told["findings"] if one["area"] == "printer"]
    assert finding["band"] == "broken"
    assert finding["sentence"].startswith("Printer office: ")


def test_a_scale_is_asked_for_its_weight(dock: Dock, tmp_path: Path) -> None:
    link = tmp_path / "tty-scale"
    dock.configure(
        '\n[scale]\nname = "floor"\nurl = "{link}"\nprofile = "nci"\nseconds = 2\n', link=str(link)
    )
    where = f"Scale floor ({link}, profile nci)"
    assert found(dock, "scale") == [("warning", f"Scale floor: {link} has nothing plugged in.")]
    with FakeScale(link, "nci", load="12.345") as scale:
        assert found(dock, "scale") == [("fine", f"{where} shows 12,345 g.")]
        scale.load *= 0
        assert found(dock, "scale") == [("fine", f"{where} answers: Scale floor shows nothing.")]
        scale.broken = True
        assert found(dock, "scale") == [("broken", "Scale floor reports a fault of its own.")]


def test_a_camera_is_looked_for_and_takes_no_picture(dock: Dock, tmp_path: Path) -> None:
    dock.configure(f'\n[camera]\ncommand = ["{sys.executable}", "{{{{path}}}}"]\n')
    assert found(dock, "camera") == [("fine", f"Pictures are taken by {sys.executable}.")]
    dock.configure('\n[camera]\ncommand = ["no-such-camera", "{{path}}"]\n')
    assert found(dock, "camera") == [("broken", "The camera command no-such-camera is not installed.")]
    dock.configure('\n[camera]\nfolder = "{shots}"\n', shots=str(tmp_path / "shots"))
    assert found(dock, "camera") == [("broken", f"The watched folder {tmp_path}/shots does not exist.")]
    (tmp_path / "shots").mkdir()
    assert found(dock, "camera") == [("fine", f"Pictures are taken from {tmp_path}/shots.")]


def test_a_player_for_sounds_is_named_and_one_that_was_configured_must_be_there(dock: Dock) -> None:
    dock.configure("\n[sound]\non = false\n")
    assert found(dock, "sound") == [("fine", "Sounds are switched off.")]
    dock.configure(f'\n[sound]\nplayer = ["{sys.executable}", "{{{{path}}}}"]\n')
    assert found(dock, "sound") == [("fine", f"Sounds are played by {sys.executable}.")]
    dock.configure('\n[sound]\nplayer = ["no-such-player", "{{path}}"]\n')
    assert [band for band, _ in found(dock, "sound")] == ["broken"]


def test_what_is_not_configured_is_in_order(bare: Dock) -> None:
    bare("migrate")
    assert found(bare, "scale") == [("fine", "No scale is configured: weights are typed.")]
    assert found(bare, "camera") == [("fine", "No camera is configured.")]

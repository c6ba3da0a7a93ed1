"""`setup`: a scanner of whatever habits ends with a configuration that brings its codes back."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue

import pypdfium2
import pytest
import zxingcpp

from returns_station import config as configuration
from returns_station.config import Config
from returns_station.domain.scan import Kind, Reading, mint
from returns_station.domain.scan.teaching import CODES, GS
from returns_station.hardware.habits import repair_of
from returns_station.hardware.scanners import Arrived, Scanners
from returns_station.hardware.wedge import NAME, Wedge
from returns_station.testing.scanner import PtyPair
from returns_station.testing.typist import Layout, WedgeTypist
from returns_station.workflow.ports import Input
from returns_station.workflow.session import meaning
from tests.commands.dock_kit import Dock
from tests.commands.pty_kit import Desk
from tests.devices.scanner_inbox import until

LPN = mint("L", "07", 1, 42)
FIELDS = f"010400638133393110LOT-7{GS}21ZY-9"
ANSWERS = (
    ("What is this station called? [Dock 1]", "Dock 7"),
    ("Its number", "7"),
    ("The site", "leeds"),
    ("The merchant", "candles"),
    ("Labels to:", "folder"),
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def places(folder: Path) -> dict[str, str]:
    return {
        f"RETURNS_STATION_FOLDERS_{name}": str(folder / name.lower()) for name in ("DATA", "LOG", "STATE")
    }


def set_up(file: Path, *more: str, columns: int = 80) -> Desk:
    codes = file.with_name("codes.pdf")
    return Desk(
        "setup", "--config", str(file), "--codes", str(codes), *more, columns=columns, **places(file.parent)
    )


def taught(desk: Desk, scan: Callable[[str], None]) -> None:
    """Scans each code when it is asked for, again when that is asked for."""
    for number, code in enumerate(CODES, 1):
        for _ in range(6):
            desk.shows(f"Scan code {number} of {len(CODES)}")
            scan(code.text)
            if desk.shows("OK.", "again", "Scan the code") == "OK.":
                break
        else:
            pytest.fail(f"{code.title} was never understood:\n{desk.screen}")


def typed_meaning(typist: WedgeTypist, code: str, config: Config) -> Reading:
    """What a station with this configuration takes the typist's scan of a code for."""
    arrived: list[bytes] = []
    wedge = Wedge.of(config.wedge, arrived.append)
    keys = b"".join(wedge.feed(key.encode(), 0.017 * at) for at, key in enumerate(typist.arriving(code)))
    assert keys + wedge.idle(3600.0) == b""
    (scan,) = arrived
    return meaning(Input(scan, NAME, meant=repair_of(config.wedge)(scan)))


def proves(typist: WedgeTypist, config: Config) -> None:
    fields = typed_meaning(typist, FIELDS, config)
    (item,) = fields.of(Kind.GTIN)
    assert (item.value, item.get("lot"), item.get("serial")) == ("04006381333931", "LOT-7", "ZY-9")
    assert [one.value for one in typed_meaning(typist, LPN, config).candidates] == [LPN]
    assert [one.value for one in typed_meaning(typist, "RS-SIGN-OUT", config).of(Kind.COMMAND)] == [
        "sign_out"
    ]
    tracking = typed_meaning(typist, "1Z999AA10300079196", config)
    assert tracking.of(Kind.TRACKING)[0].value == "1Z999AA10300079196"
    order = typed_meaning(typist, "Order_Zay/07:#9", config)
    assert order.candidates[-1].value == "Order_Zay/07:#9"


@pytest.mark.parametrize(
    ("layout", "options", "columns"),
    [
        ("de", {}, 80),
        ("de", {"aim": "]C1", "suffix": "\r"}, 40),
        ("fr", {}, 40),
        ("fr", {"aim": "]C1", "separator": "|", "suffix": "\t"}, 80),
        ("us", {"suffix": "\r"}, 80),
    ],
)
def test_a_keyboard_scanner_on_a_host_of_another_layout_ends_with_a_working_configuration(
    file: Path, layout: Layout, options: dict[str, str], columns: int
) -> None:
    with set_up(file, columns=columns) as desk:
        typist = WedgeTypist(desk.terminal, layout, seed=9, **options)  # type: ignore[arg-type]
        for question, answer in ANSWERS:
            desk.answer(question, answer)
        taught(desk, typist.scan)
        desk.shows("This scanner types like a keyboard.")
        desk.answer("Teach another scanner?", "n")
        assert desk.ends() == 0, desk.screen
    config = configuration.load(file, places(file.parent))
    assert (config.station.name, config.station.number) == ("Dock 7", 7)
    assert (config.station.site, config.station.merchant) == ("leeds", "candles")
    assert config.wedge.layout == layout
    assert config.wedge.suffix == {"": "none", "\r": "enter", "\t": "tab"}[options.get("suffix", "")]
    assert config.printers[0].folder.is_dir()
    proves(typist, config)
    wide = [line for line in desk.screen.splitlines() if len(line) > columns and str(file.parent) not in line]
    assert wide == []


@pytest.mark.parametrize(
    ("aim", "separator", "end", "suffix"),
    [("]C1", "~", "", "none"), ("", GS, "\r\n", "crlf"), ("]C1", "{GS}", "\t", "tab")],
)
def test_a_serial_scanner_ends_with_a_working_configuration(
    file: Path, aim: str, separator: str, end: str, suffix: str
) -> None:
    def sent(code: str) -> bytes:
        return (aim + code.replace(GS, separator) + end).encode()

    with PtyPair(file.with_name("gun")) as gun:
        with set_up(file, "--scanner", str(gun.link), "--yes") as desk:
            taught(desk, lambda code: gun.send(sent(code)))
            desk.shows("This scanner is on")
            assert desk.ends() == 0, desk.screen
        config = configuration.load(file, places(file.parent))
        (scanner,) = config.scanners
        assert (scanner.name, scanner.url, scanner.suffix) == ("serial-1", str(gun.link), suffix)
        assert scanner.separator == (b"" if separator == GS else separator.encode())
        arrived: SimpleQueue[Arrived] = SimpleQueue()
        scanners = Scanners(config.scanners, arrived.put)
        scanners.start()
        meant = []
        for code in (FIELDS, LPN, "RS-SIGN-OUT"):
            gun.send(sent(code))
            given = arrived.get(timeout=20).given
            assert given is not None
            assert given.raw == sent(code).removesuffix(end.encode())
            meant.append(meaning(given))
        scanners.stop()
    (item,) = meant[0].of(Kind.GTIN)
    assert (item.value, item.get("lot"), item.get("serial")) == ("04006381333931", "LOT-7", "ZY-9")
    assert meant[1].candidates[0].value == LPN
    assert meant[2].candidates[0].value == "sign_out"


def test_the_page_holds_the_codes_that_are_asked_for(bare: Dock, tmp_path: Path) -> None:
    page = tmp_path / "page.pdf"
    assert bare("setup", "--yes", "--codes", str(page)).exit_code == 0
    picture = pypdfium2.PdfDocument(page)[0].render(scale=203 / 72, grayscale=True).to_pil()
    read = {one.bytes: one.symbology_identifier for one in zxingcpp.read_barcodes(picture)}
    assert read.keys() == {code.text.encode() for code in CODES}
    assert read[CODES[1].text.encode()] == "]C1"


def test_a_keyboard_scanner_and_a_serial_one_are_taught_one_after_the_other(file: Path) -> None:
    with PtyPair(file.with_name("gun")) as gun, set_up(file, "--scanner", str(gun.link)) as desk:
        for question, answer in ANSWERS:
            desk.answer(question, answer)
        taught(desk, WedgeTypist(desk.terminal, "de", suffix="\r").scan)
        desk.answer("Teach another scanner?", "y")
        taught(desk, lambda code: gun.send(f"{code}\r".encode()))
        desk.answer("Teach another scanner?", "n")
        assert desk.ends() == 0, desk.screen
    config = configuration.load(file, places(file.parent))
    assert (config.wedge.layout, [one.suffix for one in config.scanners]) == ("de", ["cr"])


class TestThePerson:
    def test_ctrl_c_ends_it_with_the_terminal_as_it_was_and_nothing_written(self, file: Path) -> None:
        with set_up(file, "--yes") as desk:
            assert not desk.is_raw()
            desk.shows("Scan code 1 of 3")
            assert desk.is_raw()
            os.write(desk.terminal, b"\x03")
            assert desk.ends() == 130
            assert not desk.is_raw()
        assert not file.exists()

    def scans_wrongly(self, desk: Desk, typist: WedgeTypist, code: str, told: str) -> None:
        desk.shows("Scan code 1 of 3")
        typist.scan(code)
        assert desk.shows(told, "OK.") == told

    def test_who_scans_another_code_types_or_leaves_is_told_and_nothing_is_learned(self, file: Path) -> None:
        with set_up(file, "--yes") as desk:
            typist = WedgeTypist(desk.terminal, "de")
            self.scans_wrongly(desk, typist, CODES[2].text, "That was the code 'Proof'.")
            self.scans_wrongly(desk, typist, "SOMETHING ELSE", "which no setting makes of the code 'Keys'.")
            desk.shows("Scan code 1 of 3")
            os.write(desk.terminal, b"q")
            desk.shows("No scanner was taught.")
            assert desk.ends() == 0, desk.screen
        assert "[wedge]" not in file.read_text()

    def test_who_says_no_keeps_the_old_file_and_who_says_yes_finds_it_beside_the_new_one(
        self, file: Path
    ) -> None:
        old = '# mine\n[station]\nname = "Old"  # ours\nlanguage = "en"\n\n[sync]\nbatch = 7\n'
        file.write_text(old)
        file.chmod(0o640)
        for answer, code in (("n", 1), ("y", 0)):
            with set_up(file, "--no-teach") as desk:
                desk.answer("What is this station called? [Old]", "New")
                for question in ("Its number", "The site", "The merchant", "Labels to:"):
                    desk.answer(question)
                desk.answer(f"Change {file}?", answer)
                assert desk.ends() == code, desk.screen
            assert (file.read_text() == old) is (answer == "n")
        assert file.with_name("config.toml.bak").read_text() == old
        assert file.stat().st_mode & 0o777 == 0o640
        config = configuration.load(file, {})
        assert (config.station.name, config.sync.batch, config.station.number) == ("New", 7, 0)
        assert file.read_text().startswith("# mine\n")

    def test_answers_over_a_pipe_are_taken_and_without_a_scanner_the_rest_is_set(
        self, bare: Dock, tmp_path: Path
    ) -> None:
        bare.config.unlink()
        page = str(tmp_path / "page.pdf")
        done = bare("setup", "--codes", page, given="Dock 3\n33\n\n\nfolder\n", **places(tmp_path))
        assert done.exit_code == 0, done.output
        assert "so no scanner can be taught" in " ".join(done.output.split())
        assert configuration.load(bare.config, {}).station.number == 33

    def test_an_answer_that_cannot_be_used_is_told_and_over_a_pipe_it_ends(self, bare: Dock) -> None:
        bare.config.unlink()
        done = bare("setup", "--no-teach", given="Dock 3\n676\n")
        assert done.exit_code == 2
        assert "A number from 0 to 675 is needed." in done.output
        assert not bare.config.exists()

    def test_over_a_pipe_a_file_that_is_there_is_not_changed_without_a_yes(self, bare: Dock) -> None:
        before = bare.config.read_text()
        done = bare("setup", "--no-teach", given="Dock 3\n")
        assert (done.exit_code, bare.config.read_text()) == (1, before)
        assert "Nothing was changed." in done.output

    def test_a_configuration_that_is_not_in_order_is_left_to_a_person(self, bare: Dock) -> None:
        bare.config.write_text("[station]\nnumbr = 3\n")
        done = bare("setup", "--yes", "--no-teach")
        assert done.exit_code == 2
        assert "did you mean 'number'?" in done.output


def test_teaching_again_changes_only_that_device(file: Path) -> None:
    file.write_text('[station]\nname = "Dock 7"\n\n[wedge]\nlayout = "fr"  # was\n\n[sync]\nbatch = 7\n')
    with Desk(
        "devices", "teach", "--config", str(file), "--codes", str(file.with_name("page.pdf")), "--yes"
    ) as desk:
        taught(desk, WedgeTypist(desk.terminal, "de", suffix="\r").scan)
        assert desk.ends() == 0, desk.screen
    config = configuration.load(file, {})
    assert (config.station.name, config.sync.batch) == ("Dock 7", 7)
    assert (config.wedge.layout, config.wedge.suffix) == ("de", "enter")


def test_the_station_itself_works_a_parcel_by_a_scanner_that_setup_has_taught(
    dock: Dock, tmp_path: Path
) -> None:
    """On the full screen, on a German host, without suffix; what was typed is kept as it was typed."""
    before = dock.rows("SELECT * FROM parcel")
    codes = ("RS-B-1001", "1Z999AA10300079196", f"0104006381333931{'10'}A/Z-1{GS}21_Y", "RS-DONE")
    with set_up(dock.config, "--yes") as desk:
        typist = WedgeTypist(desk.terminal, "de", aim="]C1", seed=4)
        taught(desk, typist.scan)
        assert desk.ends() == 0, desk.screen
    typed = [typist.arriving(code).encode() for code in codes]
    raws = "SELECT device, raw, signal, reply FROM raw_input ORDER BY sequence"
    with Desk("run", "--no-sync", "--config", str(dock.config)) as desk:
        desk.shows("badge")
        typist = WedgeTypist(desk.terminal, "de", aim="]C1", seed=4)
        for number, code in enumerate(codes, 1):
            typist.scan(code)
            assert until(lambda wanted=number: desk.looks() and len(dock.rows(raws)) >= wanted), desk.screen
    rows = dock.rows(raws)
    assert [row["raw"] for row in rows] == typed
    said = [json.loads(row["reply"])["message"]["text"] for row in rows]
    assert said[0] == "Signed in: w-1, worker."
    assert said[1].endswith(": return RMA-100001, 1 awaited.")
    assert said[2] == "010400638133393110A/Z-1·21_Y is in no product list."
    assert len(dock.rows("SELECT * FROM parcel")) == len(before) + 1

"""`returns-station sheets`: what the database knows, on paper; numbers that are given once, whatever fails."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from returns_station.commands.sheet_items import command_groups
from returns_station.domain.scan import Kind, read
from returns_station.domain.scan.plates import COUNTERS, parse_plate
from returns_station.store.engine import open_engine
from returns_station.store.numbers import take_plates
from returns_station.workflow import accepts
from tests.commands.dock_kit import Dock, Worked


def pages(pdf: bytes) -> list[pypdfium2.PdfPage]:
    return list(pypdfium2.PdfDocument(pdf))


def codes(pdf: bytes) -> list[str]:
    """Every code that is read from the pages at 203 dpi, each once, in the order of pages and rows."""
    found: dict[str, None] = {}
    for page in pages(pdf):
        grey = page.render(scale=203 / 72, grayscale=True).to_numpy()
        read_ = zxingcpp.read_barcodes(grey.reshape(grey.shape[:2]))
        at = {code.text: (code.position.top_left.y // 60, code.position.top_left.x) for code in read_}
        found.update(dict.fromkeys(sorted(at, key=lambda text: at[text])))
    return list(found)


def written(dock: Dock, *args: str) -> bytes:
    out = dock.folder / "out.pdf"
    result = dock("sheets", *args, "--out", str(out))
    assert result.exit_code == 0, result.stderr
    return out.read_bytes()


# --- from the database ------------------------------------------------------------------------------------------------


def test_badges_are_those_of_active_workers_and_show_no_name(dock: Dock) -> None:
    dock.rows("update badge set revoked_at = '2026-01-01' where code = 'RS-B-1002'")
    pdf = written(dock, "badges", "--sheet", "cards")
    assert codes(pdf) == ["RS-B-1001", "RS-B-1003"]
    (page,) = pages(pdf)
    said = page.get_textpage().get_text_range().split()
    assert {"w-1", "w-3", "Worker", "Supervisor"} <= set(said)
    assert set(said) <= {
        "RETURNS",
        "STATION",
        "Dock",
        "7",
        "w-1",
        "w-3",
        "Worker",
        "Supervisor",
        "RS-B-1001",
        "RS-B-1003",
    }


def test_locations_are_all_of_the_site_or_those_that_are_named(dock: Dock) -> None:
    known = [row["code"] for row in dock.rows("select code from location where site = 'main' order by code")]
    assert codes(written(dock, "locations")) == known
    assert codes(written(dock, "locations", "restock-2", "RESTOCK-1", "--size", "sign")) == [
        "RESTOCK-2",
        "RESTOCK-1",
    ]


def test_a_location_shows_what_belongs_there(dock: Dock) -> None:
    (page,) = pages(written(dock, "locations", "RESTOCK-1"))
    assert {"BIN", "Restock"} <= set(page.get_textpage().get_text_range().split())


def test_containers_start_at_the_first_free_label_of_a_sheet(dock: Dock) -> None:
    pdf = written(dock, "containers", "K000000000P", "--sheet", "2x5", "--start-cell", "10")
    (page,) = pages(pdf)
    grey = page.render(scale=1, grayscale=True).to_numpy()
    dark = (grey.reshape(grey.shape[:2]) < 128).nonzero()
    assert dark[0].min() > page.get_height() * 0.75
    assert dark[1].min() > page.get_width() * 0.5
    assert codes(pdf) == ["K000000000P"]


def test_new_containers_are_known_at_once_with_kind_and_purpose(dock: Dock) -> None:
    pdf = written(
        dock, "containers", "--new", "3", "--kind", "cage", "--purpose", "restock", "--capacity", "40"
    )
    made = codes(pdf)
    assert [parse_plate(code) is not None for code in made] == [True] * 3
    rows = dock.rows(
        "select code, kind, purposes, capacity, state, site from container where kind = 'cage' order by code"
    )
    assert [row.pop("code") for row in rows] == made
    assert (
        rows
        == [{"kind": "cage", "purposes": '["restock"]', "capacity": 40, "state": "open", "site": "main"}] * 3
    )
    assert [row["kind"] for row in dock.rows(f"select kind from scannable where value = '{made[0]}'")] == [
        "container"
    ]


def test_every_command_that_a_step_takes_is_on_the_page_and_reads_back_as_itself(dock: Dock) -> None:
    read_back = codes(written(dock, "commands"))
    meant = [
        candidate
        for code in read_back
        for candidate in read(code.encode()).of(Kind.COMMAND)
        if candidate.valid
    ]
    words = {candidate.value for candidate in meant}
    assert words >= {word for word in accepts.COMMANDS if word != "disposition"}
    assert {f"RS-A{n}" for n in range(1, 10)} | {f"RS-Q{n}" for n in range(1, 11)} <= set(read_back)
    assert len(read_back) == sum(len(rows) for _, rows in command_groups())
    assert sum(candidate.value == "disposition" for candidate in meant) == 13


def test_commands_come_as_labels_too(dock: Dock) -> None:
    assert len(codes(written(dock, "commands", "--sheet", "2x7"))) == sum(
        len(rows) for _, rows in command_groups()
    )


def test_a_disposition_has_its_words_beside_its_code(dock: Dock) -> None:
    pdf = written(dock, "dispositions", "RS-D-RETURN-TO-STOCK-RESALE", "rs-d-scrap")
    assert codes(pdf) == ["RS-D-RETURN-TO-STOCK-RESALE", "RS-D-SCRAP"]
    assert "Sell as used" in pages(pdf)[0].get_textpage().get_text_range()


# --- numbers ----------------------------------------------------------------------------------------------------------


def test_the_roll_gives_each_number_once_and_none_that_the_station_gives(worked: Worked) -> None:
    dock = worked.dock
    first, second = (codes(written(dock, "roll", "--count", "24", "--sheet", "3x8")) for _ in range(2))
    assert len({*first, *second}) == 48
    plates = [parse_plate(code) for code in (*first, *second)]
    own = parse_plate(worked.lpn)
    assert own is not None
    assert {(p.prefix, p.station, p.epoch) for p in plates if p} == {("L", own.station, own.epoch)}
    assert [p.counter for p in plates if p] == [COUNTERS // 2 + n for n in range(1, 49)]
    assert own.counter < COUNTERS // 2


def test_numbers_are_gone_even_when_the_file_cannot_be_written(dock: Dock) -> None:
    failed = dock("sheets", "roll", "--count", "5", "--out", str(dock.folder / "usb" / "roll.pdf"))
    assert failed.exit_code == 2
    assert failed.stderr.endswith("Name another file with --out.\n")
    (code,) = codes(written(dock, "roll", "--count", "1"))
    plate = parse_plate(code)
    assert plate is not None
    assert plate.counter == COUNTERS // 2 + 6


def test_two_rolls_at_once_share_no_number(dock: Dock) -> None:
    def take(_: int) -> list[str]:
        engine = open_engine(dock.database)
        try:
            return [plate for _ in range(10) for plate in take_plates(engine, "07", 1, 10)]
        finally:
            engine.dispose()

    with ThreadPoolExecutor(4) as pool:
        taken = [plate for plates in pool.map(take, range(4)) for plate in plates]
    assert len(set(taken)) == 400


def test_a_mistake_in_the_options_takes_no_number(dock: Dock) -> None:
    for wrong in (
        ("--sheet", "9x9"),
        ("--sheet", "3x8", "--start-cell", "25"),
        ("--zpl", "--dpi", "72"),
        ("--start-cell", "3"),
    ):
        assert dock("sheets", "roll", *wrong).exit_code == 2
    assert dock.rows("select key from meta where key = 'counter.roll'") == []


def test_a_roll_in_zpl_prints_each_plate_once(dock: Dock) -> None:
    out = dock.folder / "roll.zpl"
    result = dock("sheets", "roll", "--count", "300", "--zpl", "--size", "compact", "--out", str(out))
    zpl = out.read_text()
    assert (zpl.count("^XA"), zpl.count("^XZ"), zpl.count("^PQ1,")) == (300, 300, 300)
    first, last = (part for part in result.stdout.split() if part.startswith("L07"))
    last = last.removesuffix(":")
    assert result.stdout == f"300 labels from {first} to {last}: {out}\n"
    assert zpl.count(f"^FD{first}^FS") == 1


# --- mistakes and ways out --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "sentence"),
    [
        (("roll", "--sheet", "9x9"), "There is no sheet '9x9'. There are 3x8, 2x7, 2x5, 3x10, cards, cards-letter, signs."),
        (("locations", "--start-cell", "2"), "--start-cell needs a sheet. Name it with --sheet; `sheets list` names them."),
        (
            ("badges", "--sheet", "cards", "--start-cell", "11"),
            "The sheet cards has labels 1 to 10, and --start-cell is 11. Count its labels row by row, from the left.",
        ),
        (
            ("containers", "--sheet", "2x5", "--zpl"),
            "A sheet of labels is for an office printer, which takes no ZPL. Leave out --sheet or --zpl.",
        ),
        (("roll", "--zpl", "--dpi", "72"), "--dpi is 203, 300 or 600, not 72. Take what stands on the printer's type plate."),
        (("locations", "DUCK-1"), "There is no location 'DUCK-1'. Check the code; without codes all are printed."),
        (
            ("containers", "K000000000P", "--new", "2"),
            "Containers are printed by their codes, or made by --new. Use the one or the other.",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_with_a_way_out(dock: Dock, args: tuple[str, ...], sentence: str) -> None:
    result = dock("sheets", *args)
    assert (result.exit_code, result.stderr) == (2, f"{sentence}\n")


def test_nothing_to_print_says_what_to_import(bare: Dock) -> None:
    bare("migrate")
    result = bare("sheets", "locations")
    assert (result.exit_code, result.stderr) == (
        2,
        "There is no location to print. Import some: `returns-station import locations FILE`.\n",
    )


def test_a_letter_that_no_font_has_is_told(dock: Dock) -> None:
    dock.rows("update worker set role = '\ue000'")
    result = dock("sheets", "badges", "--out", str(dock.folder / "badges.pdf"))
    assert result.exit_code == 0
    assert result.stderr == (
        "No font here has \\ue000 (U+E000): printed as ?. docs/labels.md tells which fonts are looked for.\n"
    )


def test_standard_output_carries_the_document_alone(dock: Dock) -> None:
    assert dock("sheets", "commands", "--out", "-").stdout_bytes.startswith(b"%PDF")
    assert dock("sheets", "badges", "--zpl", "--out", "-").stdout_bytes.startswith(b"^XA")


def test_the_sheets_are_listed_with_their_geometry(dock: Dock) -> None:
    lines = dock("sheets", "list").stdout.splitlines()
    assert "3x8           70 × 37 mm, 24 on A4; Avery 3474" in lines


def test_a_file_goes_where_the_worker_stands(
    dock: Dock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert dock("sheets", "dispositions").stdout.endswith(": dispositions.pdf\n")
    assert (tmp_path / "dispositions.pdf").read_bytes().startswith(b"%PDF")

"""Where a customer's name may stand: in one row of the station's database, and nowhere else that a parcel leaves traces."""

from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]

from returns_station.testing.upstream.process import TEST_SECRET, Upstream
from tests.commands.dock_kit import PRINTER, TARGET, Dock
from tests.faults.fault_kit import ANNA, SEALED, Words, opened, written
from tests.journeys.journey_kit import command

NAME, EMAIL, STREET, PHONE = (
    "Wilhelmina Quackenbush",
    "wilhelmina@pond.example",
    "7 Reed Lane",
    "+44 7700 900123",
)
TRACES = (b"Wilhelmina", b"Quackenbush", b"wilhelmina@pond", b"Reed Lane", b"7700 900123")


def _with_customer(dock: Dock) -> None:
    """The order of the parcel belongs to somebody with a name."""
    number = dock.rows(
        "select c.number from sales_order o join customer c on c.id = o.customer_id where o.number = '536368'"
    )
    file = dock.folder / "customers.csv"
    head = "number,name,email,address,phone\n"
    file.write_text(f"{head}{number[0]['number']},{NAME},{EMAIL},{STREET},{PHONE}\n", "utf-8")
    done = dock("import", "customers", str(file), "--source", "wms")
    assert done.exit_code == 0, done.output
    file.unlink()


def _found_in(content: bytes) -> bool:
    return any(trace in content for trace in TRACES)


def test_no_file_of_a_worked_and_delivered_parcel_holds_the_customer_but_the_stations_database(
    dock: Dock, tmp_path: Path
) -> None:
    _with_customer(dock)
    with Upstream(tmp_path / "upstream") as upstream:
        dock.configure(PRINTER + TARGET, url=upstream.url)
        with opened(dock) as station:
            said = Words(station)(ANNA, *SEALED).output
        sync = command("sync", "--once", "--config", str(dock.config), WMS_SECRET=TEST_SECRET)
        shown = [
            dock(*args) for args in (("show", SEALED[0], "--json"), ("outbox", "list", "--json"), ("doctor",))
        ]
        assert len(upstream.receipts()) == 1, sync.stdout + sync.stderr
    outputs = [said, sync.stdout, sync.stderr, *(one.output for one in shown)]
    assert not any(_found_in(output.encode()) for output in outputs)
    files = written(tmp_path)
    assert any("log" in path.parts for path in files)
    holding = {path.name for path, content in files.items() if _found_in(content)}
    assert holding <= {"station.db", "station.db-wal"}
    assert holding, "the search finds what is there"
    labels = [pypdfium2.PdfDocument(pdf) for path, pdf in files.items() if path.suffix == ".pdf"]
    assert len(labels) == 1
    assert not any(_found_in(page.get_textpage().get_text_range().encode()) for page in labels[0])


def test_of_all_tables_the_subject_row_alone_holds_the_customer(dock: Dock) -> None:
    _with_customer(dock)
    with opened(dock) as station:
        Words(station)(ANNA, *SEALED)
    names = [row["name"] for row in dock.rows("select name from sqlite_master where type = 'table'")]
    holding = {
        name for name in names for row in dock.rows(f"select * from {name}") if _found_in(repr(row).encode())
    }
    assert holding == {"subject"}

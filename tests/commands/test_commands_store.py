"""migrate, outbox, labels and show on a database that was really worked on."""

from pathlib import Path

import pypdfium2
import zxingcpp

from returns_station.store.engine import ProcessLock
from tests.commands.dock_kit import BADGE, RMA, TRACKING, Dock, Worked, scan, working

# --- migrate ----------------------------------------------------------------------------------------------------------


def test_a_database_is_made_once_and_then_left_alone(bare: Dock) -> None:
    made, again = bare("migrate"), bare("migrate")
    assert (made.exit_code, made.stdout) == (0, f"Made the database {bare.database} with schema 0003.\n")
    assert (again.exit_code, again.stdout) == (
        0,
        f"The database {bare.database} has schema 0003 already; nothing was changed.\n",
    )
    assert bare.json("migrate") == {
        "database": str(bare.database),
        "from": "0003",
        "to": "0003",
        "backup": None,
    }


def test_a_backup_is_put_back_and_the_replaced_database_is_kept(worked: Worked, tmp_path: Path) -> None:
    from returns_station.store.migrate import backup

    dock = worked.dock
    saved = backup(dock.database, tmp_path / "monday.db")
    dock.rows("delete from print_job")
    result = dock("migrate", "--restore", str(saved))
    assert (result.exit_code, result.stdout) == (
        0,
        (
            f"Restored {saved} (schema 0003) as {dock.database}; epoch 2 begins. "
            f"What was there is kept as {dock.database}.replaced-2.\n"
        ),
    )
    assert len(dock.rows("select id from print_job")) == 1


def test_a_running_station_locks_the_restore_out_with_exit_4(worked: Worked, tmp_path: Path) -> None:
    from returns_station.store.migrate import backup

    saved = backup(worked.dock.database, tmp_path / "monday.db")
    lock = ProcessLock(worked.dock.database, "station").acquire()
    try:
        result = worked.dock("migrate", "--restore", str(saved))
    finally:
        lock.release()
    assert result.exit_code == 4
    assert result.stderr.startswith("Another station process (pid ")


def test_a_folder_that_somebody_named_and_that_is_missing_is_not_made(bare: Dock) -> None:
    result = bare("migrate", RETURNS_STATION_DATABASE_PATH=str(bare.folder / "usb" / "station.db"))
    assert (result.exit_code, result.stderr) == (
        2,
        (
            f"The folder {bare.folder / 'usb'} does not exist. "
            "Make the folder, or name another one in the configuration.\n"
        ),
    )


def test_a_missing_database_exits_2_and_says_how_to_make_one(bare: Dock) -> None:
    for args in (("outbox", "list"), ("show", "x"), ("labels", "list"), ("sync", "--once")):
        bare.configure('\n[[target]]\nname = "wms"\nurl = "http://127.0.0.1:9"\n')
        result = bare(*args)
        assert (result.exit_code, result.stderr) == (
            2,
            (
                f"There is no database at {bare.database}. "
                "Run `returns-station migrate` to make one, or restore a backup.\n"
            ),
        )


def test_a_damaged_database_exits_5(worked: Worked) -> None:
    dock = worked.dock
    dock.rows("pragma wal_checkpoint(truncate)")
    whole = dock.database.read_bytes()
    dock.database.write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))
    result = dock("outbox", "list")
    assert result.exit_code == 5
    assert result.stderr.startswith(f"The database {dock.database} is damaged: SQLite says ")


# --- outbox -----------------------------------------------------------------------------------------------------------


def test_the_outbox_is_listed_with_the_return_as_people_call_it(worked: Worked) -> None:
    told = worked.dock.json("outbox", "list")
    assert told["counts"] == {"local": 4, "sent": 0, "refused": 0, "held": 0, "shadow": 0}
    assert [row["type"] for row in told["rows"]] == [
        "returns.receipt",
        "returns.stock",
        "returns.completed",
        "returns.refund",
    ]
    assert {(row["return"], row["target"], row["state"]) for row in told["rows"]} == {(RMA, "wms", "local")}
    assert told["rows"][0]["sentence"] == "It is due."
    text = worked.dock("outbox", "list").stdout.splitlines()
    assert text[0].split() == ["id", "state", "target", "type", "return", "age", "next", "attempt", "why"]
    assert text[-1] == "Open: 4 to send."


def test_an_empty_outbox_says_that_everything_is_delivered(dock: Dock) -> None:
    assert dock("outbox", "list").stdout == "Everything is delivered.\n"
    assert dock.json("outbox", "list")["rows"] == []


def test_a_row_is_parked_explained_and_retried(worked: Worked) -> None:
    dock = worked.dock
    key = dock.json("outbox", "list")["rows"][0]["id"]
    parked = dock("outbox", "park", key, "--reason", "The buyer called.", "--owner", "Ada")
    assert parked.stdout == f"The row {key} is parked with Ada: The buyer called.\n"
    assert dock("outbox", "why", key).stdout == (
        "It is parked with Ada: The buyer called.\n"
        f"What to do: Run `returns-station outbox retry {key}` when the cause is gone.\n"
        "It is with: Ada\n"
    )
    assert [row["id"] for row in dock.json("outbox", "list", "--state", "refused")["rows"]] == [key]
    assert dock("outbox", "retry", key).stdout == (
        f"The row {key} is due; the sync job takes it with its next batch.\n"
    )
    assert dock.json("outbox", "list", "--state", "refused")["rows"] == []


def test_what_waits_for_another_row_names_it(worked: Worked) -> None:
    receipt, stock, *_ = worked.dock.json("outbox", "list")["rows"]
    told = worked.dock.json("outbox", "why", stock["id"])
    assert told["waits_for"] == receipt["id"]
    assert told["sentence"] == (
        f"It waits for returns.receipt {receipt['id']} of return {receipt['return_id']}, which is local. It is due."
    )


def test_an_unknown_row_exits_2(dock: Dock) -> None:
    for args in (("why", "no-such"), ("retry", "no-such"), ("park", "no-such", "--reason", "x")):
        result = dock("outbox", *args)
        assert (result.exit_code, result.stderr) == (
            2,
            "There is no outbox row 'no-such'. `returns-station outbox list` shows those that are open.\n",
        )


def test_a_state_that_there_is_not_is_refused(dock: Dock) -> None:
    assert dock("outbox", "list", "--state", "lost").stderr == (
        "There is no state 'lost'. States are held, local, sent, acknowledged, refused, withdrawn, shadow.\n"
    )


# --- labels -----------------------------------------------------------------------------------------------------------


def _read(pdf: bytes) -> set[str]:
    page = pypdfium2.PdfDocument(pdf)[0]
    image = page.render(scale=203 / 72, grayscale=True).to_numpy()
    return {found.text for found in zxingcpp.read_barcodes(image.reshape(image.shape[:2]))}


def test_a_label_is_rendered_again_and_reads_back_as_the_unit(worked: Worked) -> None:
    dock, out = worked.dock, worked.dock.folder / "again.pdf"
    result = dock("labels", worked.lpn, "--out", str(out))
    assert (result.exit_code, result.stdout) == (0, f"The label {worked.lpn} is in {out}.\n")
    assert worked.lpn in _read(out.read_bytes())
    assert len(dock.rows("select id from print_job")) == 1


def test_standard_output_carries_the_pdf_alone(worked: Worked) -> None:
    result = worked.dock("labels", worked.lpn, "--out", "-")
    assert result.stdout_bytes.startswith(b"%PDF")
    assert worked.lpn in _read(result.stdout_bytes)


def test_a_reprint_goes_to_the_printer_marked_and_is_on_record(worked: Worked) -> None:
    dock = worked.dock
    for number in (1, 2):
        assert dock("labels", worked.lpn, "--reprint").stdout == (
            f"The label {worked.lpn} is printed on zebra, marked as reprint {number}.\n"
        )
    jobs = dock.json("labels", "list")["jobs"]
    assert [(job["label"], job["state"], job["reprint"]) for job in jobs] == [
        (worked.lpn, "confirmed", 2),
        (worked.lpn, "confirmed", 1),
        (worked.lpn, "confirmed", 0),
    ]
    assert worked.lpn in _read(Path(jobs[0]["reference"]).read_bytes())


def test_a_printer_that_fails_exits_1_and_the_job_says_why(worked: Worked) -> None:
    dock = worked.dock
    for file in (dock.folder / "labels").iterdir():
        file.unlink()
    (dock.folder / "labels").rmdir()
    result = dock("labels", worked.lpn, "--reprint")
    assert result.exit_code == 1
    (job, _first) = dock.json("labels", "list")["jobs"]
    assert (job["state"], result.stderr.startswith(job["problem"])) == ("failed", True)


def test_a_plate_of_a_parcel_has_its_label_too(worked: Worked) -> None:
    out = worked.dock.folder / "plate.pdf"
    assert worked.dock("labels", worked.plate, "--out", str(out)).exit_code == 0
    assert worked.plate in _read(out.read_bytes())


def test_a_label_that_nothing_carries_exits_2(dock: Dock) -> None:
    result = dock("labels", "L000000000P")
    assert result.exit_code == 2
    assert result.stderr == (
        "Nothing here carries the label 'L000000000P'. Check the number; "
        "`returns-station show` finds a unit by its serial number or its return.\n"
    )


def test_without_a_printer_a_reprint_says_how_to_have_one(worked: Worked) -> None:
    worked.dock.configure()
    result = worked.dock("labels", worked.lpn, "--reprint")
    assert (result.exit_code, result.stderr) == (
        2,
        (
            "No printer is configured. "
            "Add a [[printer]] to the configuration, or render the label with --out FILE.\n"
        ),
    )


def test_no_label_was_asked_for_yet_is_said(dock: Dock) -> None:
    assert dock("labels", "list").stdout == "No label was asked for yet.\n"


# --- show -------------------------------------------------------------------------------------------------------------


def test_everything_that_can_be_scanned_leads_to_the_same_history(worked: Worked) -> None:
    dock = worked.dock
    order = dock.rows(f"select order_number as n from authorization where number = '{RMA}'")[0]["n"]
    unit = dock.json("show", worked.lpn)["found"][0]
    types = [event["type"] for event in unit["history"]]
    assert types == [
        "unit.started",
        "unit.answered",
        "unit.graded",
        "unit.labelled",
        "unit.put",
        "settlement.closed",
    ]
    for what, noun in (
        (worked.plate, "parcel"),
        (TRACKING, "authorization"),
        (RMA, "authorization"),
        (order, "order"),
    ):
        found = next(one for one in dock.json("show", what)["found"] if one["noun"] == noun)
        assert set(types) < {event["type"] for event in found["history"]}, what
        assert [effect["type"] for effect in found["effects"]] == [
            "returns.receipt",
            "returns.stock",
            "returns.completed",
            "returns.refund",
        ]
        assert [label["label"] for label in found["labels"]] == [worked.lpn]


def test_a_unit_is_told_with_state_history_effects_and_labels(worked: Worked) -> None:
    lines = worked.dock("show", worked.lpn).stdout.splitlines()
    assert lines[0] == f"Unit {worked.lpn}"
    assert [line for line in lines if line.endswith(":")] == ["History:", "Effects:", "Labels:"]
    put = next(line for line in lines if "unit.put" in line)
    assert " UTC  unit.put " in put
    assert "  w-1  station 07, epoch 1  event " in put


def test_an_event_and_an_effect_are_found_by_their_ids(worked: Worked) -> None:
    dock = worked.dock
    event = dock.rows("select id, type from event order by sequence desc limit 1")[0]
    assert dock.json("show", event["id"])["found"][0]["history"][0]["type"] == event["type"]
    effect = dock.json("outbox", "list")["rows"][1]
    (told,) = dock.json("show", effect["id"])["found"]
    assert (told["noun"], told["state"]["body"]["lpn"]) == ("effect", worked.lpn)


def test_a_badge_a_place_and_a_product_are_found(worked: Worked) -> None:
    dock = worked.dock
    (badge,) = dock.json("show", "RS-B-1001")["found"]
    assert (badge["noun"], badge["state"]["worker_id"], badge["history"][0]["type"]) == (
        "worker",
        "w-1",
        "worker.signed_in",
    )
    place = worked.scans[-1][1]
    assert dock.json("show", place)["found"][0]["noun"] in ("location", "container")
    assert dock.json("show", "22960")["found"][0]["state"]["sku"] == "22960"


def test_what_nobody_knows_exits_2(dock: Dock) -> None:
    result = dock("show", "\x1b[31mBOO")
    assert (result.exit_code, result.stderr) == (
        2,
        (
            "Nothing here is called '\\x1b[31mBOO'. Scan or type a plate, label, tracking, return or order number, "
            "or the id of an event or effect.\n"
        ),
    )


def test_hostile_text_in_the_database_is_shown_as_text(worked: Worked) -> None:
    worked.dock.rows("update return_unit set title = '[@click=app.quit]' || char(27) || '[2J' || char(8238)")
    output = worked.dock("show", worked.lpn).output
    assert "[@click=app.quit]·[2J·" in output
    assert all(char.isprintable() or char == "\n" for char in output)


def test_a_label_left_for_later_is_listed_with_the_place_of_its_unit_until_it_is_printed(
    worked: Worked,
) -> None:
    dock = worked.dock
    assert dock("labels", "later").stdout == "No unit waits for its label.\n"
    with working(dock) as station:
        for code in (BADGE, "1Z999AA10300712714", "22720", "RS-SEALED", "RS-LATER"):
            scan(station, code)
        place = str(station.state.suggestion)
        scan(station, place)
        assert station.state.parcel is None
    (unit,) = dock.json("labels", "later")["units"]
    assert unit["place"] == place
    assert unit["lpn"] in dock("labels", "later").stdout

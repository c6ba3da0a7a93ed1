"""Targets without an API through the real commands: a folder with a reader, a list with a person, and `reconcile`."""

from pathlib import Path

from tests.commands.dock_kit import BADGE, PRINTER, RMA, Worked
from tests.connectors.drop_kit import Reader, made

FILES = (
    '\n[[target]]\nname = "wms"\nconnector = "files"\nurl = "{url}"\n[target.options]\nsettle_seconds = "0"\n'
)
MANUAL = '\n[[target]]\nname = "wms"\nconnector = "manual"\nurl = "manual:"\n'


def told_once(reader: Reader) -> None:
    """The reader has every effect of the parcel, each once."""
    kinds = sorted(event["type"].removeprefix("returns.") for event in reader.taken)
    assert {"receipt", "stock", "refund"} <= set(kinds)
    assert len({event["key"] for event in reader.taken}) == len(reader.taken)
    assert {event["data"]["return_number"] for event in reader.taken} == {RMA}


def test_a_parcel_goes_out_as_files_and_reconcile_says_what_nobody_took(
    worked: Worked, tmp_path: Path
) -> None:
    dock, drop = worked.dock, made(tmp_path / "drop")
    dock.configure(PRINTER + FILES, url=drop.as_uri())
    assert dock("sync", "--once").exit_code == 0
    assert dock("outbox", "list").stdout == "Everything is delivered.\n"
    assert "stands unfinished" in dock("reconcile").stdout
    reader = Reader(drop)
    reader.work()
    told_once(reader)
    assert dock("reconcile").exit_code == 0


def test_with_acknowledgements_a_return_goes_step_by_step_and_is_delivered_by_the_readers_word(
    worked: Worked, tmp_path: Path
) -> None:
    dock, drop = worked.dock, made(tmp_path / "drop")
    dock.configure(PRINTER + FILES + 'await_ack = "true"\nack_seconds = "0"\n', url=drop.as_uri())
    reader = Reader(drop)
    while rows := dock.json("outbox", "list")["rows"]:
        for row in rows:
            dock("outbox", "retry", row["id"])
        dock("sync", "--once")
        assert reader.work() <= 1, "the next step waits for the word on this one"
        assert len(reader.taken) <= 10
    told_once(reader)
    references = [row["reference"] for row in dock.rows("select reference from outbox order by ordinal")]
    assert references == [f"R-{number}" for number in range(1, len(references) + 1)]
    assert dock("reconcile").exit_code == 0


def test_reconcile_shows_what_is_not_ticked(worked: Worked) -> None:
    dock = worked.dock
    dock.configure(PRINTER + MANUAL)
    assert dock("sync", "--once").exit_code == 0
    assert dock("reconcile").exit_code != 0
    keys = [task["key"] for task in dock.json("worklist")["tasks"]]
    assert dock("worklist", "done", *keys, "--by", BADGE).exit_code == 0
    told = dock("reconcile")
    assert told.exit_code == 0, told.stdout

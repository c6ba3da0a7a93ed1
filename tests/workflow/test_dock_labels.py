"""A label may come from another printer, later, or not at all: none of it holds up a disposition."""

import json
from dataclasses import replace

import pytest

from returns_station.domain.policy import parse
from returns_station.errors import StationError
from returns_station.store.print_jobs import unprinted
from tests.workflow.kit import DUCK, Dock, policy
from tests.workflow.test_undo_walk import rebuilt, snapshot

LPN1 = "L011000001S"
TO_LABEL = ("RMA-1", DUCK, "RS-SEALED")


def jobs(dock: Dock) -> list[tuple[str | None, str, int]]:
    rows = dock.rows("SELECT printer, state, reprint FROM print_job ORDER BY rowid")
    return [(row["printer"], row["state"], row["reprint"]) for row in rows]


def without_labels(dock: Dock) -> Dock:
    """The house puts clean goods back without a label."""
    dock.rules = replace(dock.rules, policy=replace(policy(), labelling={"return_to_stock": "none"}))
    return dock


# --- another printer --------------------------------------------------------------------------------------------------


def test_another_printer_prints_the_label_once_more_and_those_that_follow(dock: Dock) -> None:
    dock.scans(*TO_LABEL)
    asked = dock.scan("RS-PRINTER")
    assert (asked.text, asked.choices, asked.at) == (
        "Labels come from another printer now: choose it.",
        ("zebra", "office"),
        "printer",
    )
    chosen = dock.type("2")
    assert (chosen.text, chosen.at) == (f"office prints {LPN1} now.", "label")
    assert jobs(dock) == [(None, "asked", 0), ("office", "asked", 1)]
    dock.scans("LPN", "BIN-1", "RMA-2", DUCK, "2", "RS-SEALED")
    assert jobs(dock)[-1] == ("office", "asked", 0)


def test_the_printer_stays_when_a_step_is_taken_back(dock: Dock) -> None:
    dock.scans(*TO_LABEL, "RS-PRINTER", "RS-A2", "RS-UNDO", "RS-UNDO")
    assert (dock.state.at, dock.state.printer) == ("label", "office")


def test_with_one_printer_there_is_no_other(dock: Dock) -> None:
    dock.rules = replace(dock.rules, printers=("zebra",))
    dock.scans(*TO_LABEL)
    assert dock.scan("RS-PRINTER").text == "There is no other printer."


def test_a_label_of_what_is_held_comes_from_another_printer_or_later_too(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-HOLD", "RS-PRINTER", "RS-A2")
    assert dock.state.at == "hold_label"
    assert dock.scan("RS-LATER").at == "hold_shelf"
    assert dock.scan("SHELF-H").text == f"{LPN1} waits on SHELF-H for a person. Go on."
    assert [one.lpn for one in unprinted(dock.engine)] == [LPN1] * 2


# --- later ------------------------------------------------------------------------------------------------------------


def test_a_printer_that_stopped_holds_up_nothing_and_the_label_is_listed_until_it_is_printed(
    dock: Dock,
) -> None:
    dock.scans(*TO_LABEL)
    dock.do("UPDATE print_job SET state = 'failed', problem = 'Out of paper.'")
    later = dock.scan("RS-LATER")
    assert (later.text, later.at) == (f"{LPN1} goes on without its label: print it later.", "destination")
    assert jobs(dock) == [(None, "asked", 0)]
    dock.scan("BIN-1")
    (one,) = unprinted(dock.engine)
    assert (one.lpn, one.title, one.place) == (LPN1, "Rubber duck, admiral", "BIN-1")
    dock.do("UPDATE print_job SET state = 'sent'")
    assert unprinted(dock.engine) == ()
    assert dock.one("SELECT labelling FROM return_unit") == "later"


def test_a_label_that_is_only_waiting_to_be_scanned_is_not_listed(dock: Dock) -> None:
    dock.scans(*TO_LABEL)
    assert unprinted(dock.engine) == ()


def test_the_list_reads_the_index_on_states(dock: Dock) -> None:
    plan = dock.rows(
        "EXPLAIN QUERY PLAN SELECT * FROM print_job j JOIN return_unit u ON u.id = j.unit_id"
        " WHERE j.state IN ('asked', 'failed') AND u.labelling = 'later'"
    )
    assert all("SCAN" not in row["detail"] for row in plan)


def test_later_is_taken_back_by_undo(dock: Dock) -> None:
    dock.scans(*TO_LABEL)
    before = snapshot(dock)
    dock.scans("RS-LATER", "RS-UNDO")
    assert snapshot(dock) == before
    assert dock.scan("LPN").at == "destination"
    assert dock.one("SELECT labelling FROM return_unit") is None
    rebuilt(dock)


# --- none -------------------------------------------------------------------------------------------------------------


def test_goods_that_need_no_label_go_straight_to_their_place_and_keep_their_number(dock: Dock) -> None:
    without_labels(dock).scans("RMA-1", DUCK)
    said = dock.scan("RS-SEALED")
    assert (said.text, said.asked) == (
        "Grade A: Return to stock. Sealed and as new. It needs no label.",
        "Put it into BIN-1 and scan that.",
    )
    assert jobs(dock) == []
    dock.scan("BIN-1")
    (unit,) = dock.rows("SELECT lpn, labelling, placement FROM return_unit")
    assert (unit["lpn"], unit["labelling"], unit["placement"]) == (LPN1, "none", "put")
    assert json.loads(dock.one("SELECT body FROM outbox WHERE type = 'returns.stock'"))["lpn"] == LPN1
    assert dock.scan(LPN1).text == f"{LPN1} lies in BIN-1 already."


def test_other_goods_of_that_house_get_their_label(dock: Dock) -> None:
    without_labels(dock).scans("RMA-2", DUCK, "2", "RS-A2", "RS-A3")
    assert (dock.state.at, len(jobs(dock))) == ("label", 1)


def test_another_disposition_can_still_be_chosen_and_gets_its_label(dock: Dock) -> None:
    without_labels(dock).scans("RMA-1", DUCK, "RS-SEALED", "RS-D-SCRAP")
    said = dock.scan("RS-A3")
    assert (said.text, said.at) == ("Scrap it is. Stick on the new label.", "label")
    dock.scans("LPN", "SKIP-1")
    assert dock.one("SELECT labelling FROM return_unit") is None


def test_goods_without_a_label_are_labelled_before_they_are_held(dock: Dock) -> None:
    without_labels(dock).scans("RMA-1", DUCK, "RS-SEALED")
    assert dock.scan("RS-HOLD").text == "It is set aside. It needs its label first."
    assert len(jobs(dock)) == 1
    assert dock.scans("LPN", "SHELF-H").signal == "hold"


def test_labels_none_is_taken_back_by_undo(dock: Dock) -> None:
    without_labels(dock).scans("RMA-1", DUCK)
    before = snapshot(dock)
    dock.scans("RS-SEALED", "RS-UNDO")
    assert snapshot(dock) == before
    rebuilt(dock)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ('scrap = "often"', 'Policy, labelling.scrap: \'often\' is not one of "unit", "none".'),
        ('moon = "none"', "Policy, labelling: 'moon' is not one of return_to_stock,"),
    ],
)
def test_a_policy_that_says_anything_else_is_refused(line: str, sentence: str) -> None:
    from importlib.resources import files

    text = files("returns_station").joinpath("policy.toml").read_text("utf-8")
    with pytest.raises(StationError) as refused:
        parse(text.replace("[labelling]", f"[labelling]\n{line}"))
    assert refused.value.sentence.startswith(sentence)

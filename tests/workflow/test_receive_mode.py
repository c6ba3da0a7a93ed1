"""At the truck: one scan a parcel into a cage, and what becomes of it when it is opened later."""

import json
from typing import Any

import pytest

from returns_station.store.board import StationBoard
from returns_station.workflow.ports import InputKind
from tests.workflow.kit import DUCK, Dock
from tests.workflow.test_undo_walk import rebuilt

UPS = "1Z999AA10123456784"
P1, P2 = "P011000001V", "P011000002X"


def receiving(dock: Dock, *codes: str, cage: str = "CAGE-1") -> str:
    """Receive mode into a cage, these parcels taken; the last sentence."""
    said = [dock.scan(code).text for code in ("RS-RECEIVE", cage, *codes)]
    return said[-1]


def parcels(dock: Dock) -> list[dict[str, Any]]:
    return dock.rows("SELECT * FROM parcel WHERE work != 'voided' ORDER BY id")


def receipts(dock: Dock) -> list[tuple[str, str, str]]:
    rows = dock.rows("SELECT type, return_id, state FROM outbox WHERE type LIKE '%receipt%' ORDER BY rowid")
    return [(row["type"], row["return_id"], row["state"]) for row in rows]


def plates(dock: Dock) -> list[str]:
    return [row["plate"] for row in parcels(dock)]


# --- one scan a parcel ------------------------------------------------------------------------------------------------


def test_a_cage_then_one_scan_a_parcel_and_the_count_is_told(dock: Dock) -> None:
    said = [dock.scan(code) for code in ("RS-RECEIVE", "CAGE-1", "RMA-1", "HOME-23", UPS, "RS-DONE")]
    assert [one.text for one in said] == [
        "Receiving. Scan the cage or pallet first.",
        "Parcels waiting in CAGE-1: 0. Scan the next one.",
        "1: parcel received for RMA-1.",
        "2: parcel received for RMA-2, RMA-3.",
        "3: parcel received; what it is shows when it is opened.",
        "Parcels received in CAGE-1: 3.",
    ]
    assert {one.signal for one in said} == {"accepted"}
    assert [one.at for one in said] == ["cage", "receive", "receive", "receive", "receive", "parcel"]


def test_a_received_parcel_has_arrived_waits_and_its_age_starts_there(dock: Dock) -> None:
    receiving(dock, "RMA-1")
    (parcel,) = parcels(dock)
    assert (parcel["arrival"], parcel["work"], parcel["cage"]) == ("arrived", "waiting", "CAGE-1")
    assert parcel["opened_at"] is None
    arrived = parcel["arrived_at"]
    assert arrived == dock.one("SELECT at FROM event WHERE type = 'parcel.arrived'")
    dock.scans("RS-DONE", "RMA-1")
    (parcel,) = parcels(dock)
    assert parcel["work"] == "open"
    assert parcel["arrived_at"] == arrived < parcel["opened_at"]


def test_the_customer_hears_of_it_at_the_truck_and_not_again_when_it_is_opened(dock: Dock) -> None:
    receiving(dock, "HOME-23")
    told = [("returns.receipt", f"a-RMA-{n}", "local") for n in (2, 3)]
    assert receipts(dock) == told
    dock.scans("RS-DONE", "HOME-23")
    assert dock.state.parcel is not None
    assert receipts(dock) == told
    assert dock.rows("SELECT parcel_id FROM outbox WHERE parcel_id IS NULL") == []


def test_a_parcel_opened_at_once_is_told_at_its_opening_and_its_age_starts_there(dock: Dock) -> None:
    dock.scan("RMA-1")
    assert receipts(dock) == [("returns.receipt", "a-RMA-1", "local")]
    (parcel,) = parcels(dock)
    assert parcel["arrived_at"] == parcel["opened_at"] is not None


@pytest.mark.parametrize("code", ["SAME-7", "536365", "who knows"])
def test_a_number_that_is_unknown_or_fits_several_returns_takes_one_scan_and_is_told_nobody(
    dock: Dock, code: str
) -> None:
    assert receiving(dock, code) == "1: parcel received; what it is shows when it is opened."
    (parcel,) = parcels(dock)
    assert (parcel["returns"], parcel["work"], receipts(dock)) == ("[]", "waiting", [])


def test_a_parcel_without_a_label_gets_a_plate(dock: Dock) -> None:
    assert receiving(dock, "RS-NO-LABEL") == f"1: stick on plate {P1}."
    (job,) = dock.rows("SELECT kind, parcel_id FROM print_job")
    assert (job["kind"], job["parcel_id"]) == ("plate", parcels(dock)[0]["id"])
    dock.scan("RS-DONE")
    assert dock.scan(P1).text == f"Parcel {P1}: nobody announced it. Scan what is inside."


def test_goods_places_and_damaged_codes_are_no_parcels_at_the_truck_either(dock: Dock) -> None:
    receiving(dock)
    assert (
        dock.scan(DUCK).text == f"{DUCK} is a product; a parcel was expected. Scan the label on the parcel."
    )
    assert dock.scan("BIN-1").signal == "mismatch"
    assert dock.scan("RS-SEALED").signal == "mismatch"
    assert parcels(dock) == []


def test_a_closed_tote_takes_no_parcels_and_a_place_is_no_cage(dock: Dock) -> None:
    dock.scan("RS-RECEIVE")
    assert dock.scan("TOTE-SHUT").text == "TOTE-SHUT is closed. Scan an open one."
    assert dock.scan("BIN-1").text == "BIN-1 is not a cage or pallet. Scan one, or NO-LABEL for none."
    assert dock.scan("RS-NO-LABEL").text == "No cage. Scan the first parcel."
    assert dock.scan("RMA-1").text == "1: parcel received for RMA-1."
    assert parcels(dock)[0]["cage"] is None


def test_another_cage_is_scanned_between_parcels_and_goes_on_counting_where_it_was(dock: Dock) -> None:
    receiving(dock, "RMA-1", "HOME-23")
    assert dock.scan("CAGE-2").text == "Parcels waiting in CAGE-2: 0. Scan the next one."
    assert dock.scan("RMA-4").text == "1: parcel received for RMA-4."
    assert dock.scan("CAGE-1").text == "Parcels waiting in CAGE-1: 2. Scan the next one."
    assert dock.scan("CAGE-1").signal == "duplicate"


# --- the same number again --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["HOME-1", UPS, "who knows"])
def test_the_same_tracking_number_again_is_a_duplicate_before_and_after_opening(
    dock: Dock, code: str
) -> None:
    receiving(dock, code)
    again = dock.scan(code)
    assert (again.signal, again.text) == ("duplicate", f"{code} was received already: parcel {P1}.")
    dock.scans("RS-DONE", code, "RS-A1")
    dock.scans("RS-HOLD", "SHELF-H", "RS-RECEIVE", "CAGE-1")
    assert dock.scan(code).text == f"{code} was received and opened already: parcel {P1}."
    assert len(parcels(dock)) == 1


@pytest.mark.parametrize("code", ["RMA-1", "SAME-7", "536365"])
def test_the_same_return_again_may_be_another_box_and_one_more_scan_takes_it(dock: Dock, code: str) -> None:
    receiving(dock, code)
    asked = dock.scan(code)
    assert (asked.signal, asked.at) == ("duplicate", "receive_again")
    assert asked.text == f"A parcel for {code} waits already: {P1}. Another box of it: YES."
    assert len(parcels(dock)) == 1
    assert dock.scan("RS-YES").signal == "accepted"
    assert len(parcels(dock)) == 2
    assert len({row["id"] for row in parcels(dock)}) == 2


def test_the_same_box_scanned_twice_is_not_counted_twice_and_any_other_parcel_goes_on(dock: Dock) -> None:
    receiving(dock, "RMA-1", "RMA-1")
    assert dock.type("2").text == "Not counted twice."
    dock.scan("RMA-1")
    assert dock.scan("RMA-2").text == "2: parcel received for RMA-2."
    assert len(parcels(dock)) == 2


# --- opening ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["HOME-1", "RMA-1", P1])
def test_a_received_parcel_is_opened_by_its_tracking_number_its_return_or_its_plate(
    dock: Dock, code: str
) -> None:
    receiving(dock, "HOME-1", "RS-DONE")
    assert dock.scan(code).text == f"Parcel {P1}: return RMA-1, 1 awaited."
    assert dock.rows("SELECT * FROM waiting_parcel") == []
    said = [dock.scan(one).text for one in (DUCK, "RS-SEALED", "LPN", "BIN-1")]
    assert said[-1] == f"Put. Parcel {P1} finished, 2.55 GBP goes back."
    assert len(parcels(dock)) == 1


def test_by_its_order_number_too(dock: Dock) -> None:
    receiving(dock, "RMA-5", "RS-DONE")
    assert dock.scan("700002").text == f"Parcel {P1}: return RMA-5, 4 awaited."
    assert len(parcels(dock)) == 1


def test_of_several_waiting_parcels_of_one_return_the_one_in_hand_is_chosen_by_its_plate(dock: Dock) -> None:
    receiving(dock, "RMA-2", "RMA-2", "RS-YES", "RS-PIECE", "2/2", "RS-DONE")
    asked = dock.scan("RMA-2")
    assert (asked.at, asked.text) == (
        "choose_parcel",
        "RMA-2 fits 2 received parcels. Choose one by its plate.",
    )
    assert asked.choices == (f"{P1} · CAGE-1", f"{P2} · CAGE-1 · 2/2")
    dock.type("2")
    assert dock.state.parcel is not None
    assert dock.state.parcel.plate == P2
    dock.scans("RS-UNDO")
    assert dock.scan(P1).text == f"Parcel {P1}: return RMA-2, 2 awaited."
    assert receipts(dock) == [("returns.receipt", "a-RMA-2", "local")] * 2


def test_a_parcel_that_nobody_could_name_keeps_its_id_and_plate_when_it_is_named(dock: Dock) -> None:
    receiving(dock, "SAME-7", "RS-DONE")
    before = parcels(dock)[0]
    assert dock.scan("SAME-7").text == "SAME-7 fits 2 returns. Choose one."
    dock.scan("RS-A1")
    (after,) = parcels(dock)
    assert (after["id"], after["plate"], after["arrived_at"]) == tuple(
        before[name] for name in ("id", "plate", "arrived_at")
    )
    assert after["work"] == "open"
    assert after["returns"] != "[]"
    assert len(receipts(dock)) == 1


def test_a_number_of_several_returns_names_no_parcel_for_ever(dock: Dock) -> None:
    """Once it is known whose it is, the next parcel with that order number is another one."""
    receiving(dock, "SAME-7", "RS-DONE")
    dock.scans("SAME-7", "RS-A1", "RS-DONE", "RS-YES")
    assert dock.scan("SAME-7").text == "SAME-7 fits 2 returns. Choose one."


def test_an_unknown_parcel_is_named_by_what_lies_inside_or_taken_as_blind(dock: Dock) -> None:
    receiving(dock, "who knows", "nobody", "RS-DONE")
    assert dock.scan("who knows").at == "confirm_blind"
    assert dock.scan("RMA-1").text == f"Parcel {P1}: return RMA-1, 1 awaited."
    assert len(parcels(dock)) == 2
    dock.scans("RS-HOLD", "SHELF-H", "nobody")
    assert dock.scan("RS-A1").text == f"Parcel {P2}: nobody announced it. Scan what is inside."
    assert len(parcels(dock)) == 2


def test_another_parcels_own_number_never_becomes_the_name_of_the_one_in_hand(dock: Dock) -> None:
    receiving(dock, "who knows", "RS-DONE", "who knows")
    dock.scan(UPS)
    assert dock.state.parcel is not None
    assert dock.state.parcel.plate == P2
    assert parcels(dock)[0]["work"] == "waiting"


def test_after_a_restart_it_goes_on_at_the_same_step(dock: Dock) -> None:
    receiving(dock, "RMA-1")
    dock.restart()
    assert dock.scan("RMA-2").text == "2: parcel received for RMA-2."


# --- what is noted ----------------------------------------------------------------------------------------------------


def test_carrier_manifest_and_seal_hold_for_the_parcels_that_follow(dock: Dock) -> None:
    receiving(dock, "RMA-1", "RS-CARRIER", "RS-A2", "RS-MANIFEST", "ROUTE 7", "RS-SEAL", "S-123", "RMA-2")
    first, second = parcels(dock)
    assert (first["carrier"], first["manifest"], first["seal"]) == (None, None, None)
    assert (second["carrier"], second["manifest"], second["seal"]) == ("fedex", "ROUTE 7", "S-123")


def test_a_return_number_is_no_tracking_number_whoever_brought_it(dock: Dock) -> None:
    receiving(dock, "RS-CARRIER", "RS-A2", "RMA-1", UPS, "HOME-23")
    bodies = [json.loads(row["body"]) for row in dock.rows("SELECT body FROM outbox ORDER BY rowid")]
    assert [(body["carrier"], body["tracking"]) for body in bodies] == [
        ("fedex", None),
        ("fedex", "HOME-23"),
        ("fedex", "HOME-23"),
    ]


def test_the_carrier_is_known_from_the_number_where_only_one_writes_such(dock: Dock) -> None:
    receiving(dock, UPS)
    assert parcels(dock)[0]["carrier"] == "ups"


def test_piece_weight_and_damage_are_of_the_last_parcel_by_ten_keys(dock: Dock) -> None:
    receiving(dock, "RMA-1")
    for command, typed in (("piece", "2/3"), ("weight", "1.25"), ("damage", "3")):
        dock.command(command)
        assert dock.type(typed).signal == "accepted"
    dock.scan("RMA-2")
    first, second = parcels(dock)
    assert [first[name] for name in ("piece", "of", "weight_grams", "damage")] == [2, 3, 1250, "wet"]
    assert [second[name] for name in ("piece", "of", "weight_grams", "damage")] == [None] * 4


@pytest.mark.parametrize(
    ("command", "wrong", "sentence"),
    [
        ("piece", "4/3", "4/3 is no piece. Type it as 2/3, or SKIP."),
        ("piece", "0/3", "0/3 is no piece. Type it as 2/3, or SKIP."),
        ("weight", "0", "0 is no weight. Type grams as 1250 or kilograms as 1.25, or SKIP."),
        ("weight", "99999999", "99999999 is no weight. Type grams as 1250 or kilograms as 1.25, or SKIP."),
        ("damage", "77", "77 is none of the 5 answers. Scan or type one of them."),
        ("manifest", DUCK, f"{DUCK} does not fit here. Scan or type the manifest, or SKIP."),
        ("seal", "x" * 61, f"{'x' * 59}… does not fit here. Scan or type the seal, or SKIP."),
    ],
)
def test_what_does_not_fit_is_told_and_can_be_left_out(
    dock: Dock, command: str, wrong: str, sentence: str
) -> None:
    receiving(dock, "RMA-1")
    dock.command(command)
    said = dock.type(wrong)
    assert (said.signal, said.text, said.at) == ("mismatch", sentence, command)
    assert (dock.command("skip").text, dock.state.at) == ("Left out.", "receive")


def test_a_word_about_the_last_parcel_needs_one(dock: Dock) -> None:
    receiving(dock)
    for word in ("piece", "weight", "damage", "refuse"):
        assert dock.command(word).text == "No parcel was received yet: scan one first."
    assert dock.command("photo").text == "There is no parcel to take a picture of."


def test_the_scale_is_asked_and_its_weight_ends_the_step(dock: Dock) -> None:
    receiving(dock, "RMA-1")
    assert dock.command("weight").step.weigh
    said = dock.scan("1250", kind=InputKind.WEIGHT)
    assert (said.text, said.at, said.step.weigh) == ("Weight: 1250 g.", "receive", False)
    assert parcels(dock)[0]["weight_grams"] == 1250


def test_a_weight_nobody_asked_for_changes_no_step_and_outlives_an_undo(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK)
    depth = len(dock.state.back)
    said = dock.scan("900", kind=InputKind.WEIGHT)
    assert (said.text, said.at, len(dock.state.back)) == ("900 g.", "question", depth)
    dock.scan("RS-UNDO")
    assert parcels(dock)[0]["weight_grams"] == 900
    assert dock.state.parcel is not None
    assert dock.state.parcel.weight_grams == 900


@pytest.mark.parametrize("raw", ["", "-1", "1e9", "٣", "12 kg", "999999999999"])
def test_a_broken_weight_is_not_taken(dock: Dock, raw: str) -> None:
    dock.scan("RMA-1")
    assert dock.scan(raw, kind=InputKind.WEIGHT).signal == "mismatch"
    assert parcels(dock)[0]["weight_grams"] is None


# --- refusing, undoing ------------------------------------------------------------------------------------------------


def test_a_parcel_is_refused_at_the_truck_and_its_receipt_taken_back(dock: Dock) -> None:
    receiving(dock, "RMA-1", "RMA-2")
    assert dock.command("refuse").at == "refuse_reason"
    assert (
        dock.type("3").text
        == f"Parcel {P2} refused: Wet or leaking. Give it back to the driver. Parcels left: 1."
    )
    refused = parcels(dock)[1]
    assert (refused["arrival"], refused["work"], refused["note"]) == ("refused", "closed", "wet")
    assert receipts(dock)[1] == ("returns.receipt", "a-RMA-2", "withdrawn")
    assert dock.command("refuse").signal == "mismatch"
    dock.scan("RS-UNDO")
    assert parcels(dock)[1]["work"] == "waiting"
    assert [state for *_, state in receipts(dock)] == ["local", "withdrawn", "local"]


def test_a_received_parcel_can_be_refused_when_it_is_opened(dock: Dock) -> None:
    receiving(dock, "RMA-1", "RS-DONE")
    dock.do("UPDATE outbox SET state = 'acknowledged'")
    dock.scans("RMA-1", "RS-REFUSE", "RS-A1")
    assert [kind for kind, *_ in receipts(dock)] == ["returns.receipt", "returns.receipt.reversed"]


def test_undo_takes_every_step_at_the_truck_back(dock: Dock) -> None:
    codes = (
        "RS-RECEIVE",
        "CAGE-1",
        "RMA-1",
        "RS-PIECE",
        "1/2",
        "RMA-1",
        "RS-YES",
        "RS-DONE",
        "RMA-1",
        "RS-A1",
    )
    states = []
    for code in codes:
        states.append((str(dock.state.at), len(parcels(dock)), dock.state.receiving))
        dock.scan(code)
    while dock.state.back:
        assert dock.scan("RS-UNDO").text == "Undone."
        known = states[len(dock.state.back) + len(codes) - 8]
        assert (str(dock.state.at), len(parcels(dock)), dock.state.receiving) == known
    rebuilt(dock)


def test_danger_at_the_truck_is_written_down_and_receiving_goes_on(dock: Dock) -> None:
    receiving(dock, "RMA-1", "RS-STOP")
    assert dock.scan("RS-A1").signal == "stop"
    assert dock.scan("RMA-2").text == "2: parcel received for RMA-2."


# --- what is shown ----------------------------------------------------------------------------------------------------


def test_the_board_shows_the_cage_and_the_newest_parcels_in_it(dock: Dock) -> None:
    receiving(dock, "RMA-1", UPS, "RS-WEIGHT", "900")
    board = StationBoard(dock.engine).look(dock.state)
    assert board.load is not None
    assert (board.load.cage, board.load.count) == ("CAGE-1", 2)
    shown = [
        (one.plate, one.number, one.returns, one.carrier, one.weight_grams) for one in board.load.parcels
    ]
    assert shown == [(P2, UPS, (), "ups", 900), (P1, "RMA-1", ("RMA-1",), None, None)]

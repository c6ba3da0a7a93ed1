"""The dialogue as a dock worker meets it: each test is one sentence of law."""

from collections.abc import Callable

import pytest

from tests.workflow.kit import ANNA, BERT, BOSS, CREAM, DUCK, DUCK_CASE, GONE, RIVAL_GOOSE, ROBOT, TWIN, Dock

LPN1 = "L011000001S"
UPS = "1Z999AA10123456784"


def test_a_sealed_matched_parcel_takes_five_scans_and_no_key(dock: Dock) -> None:
    said = [dock.scan(code).text for code in ("RMA-1", DUCK, "RS-SEALED", "LPN", "BIN-1")]
    assert said == [
        "Parcel P011000001V: return RMA-1, 1 awaited.",
        "Rubber duck, admiral × 1.",
        "Grade A: Return to stock. Sealed and as new.",
        f"{LPN1} goes to BIN-1.",
        "Put. Parcel P011000001V finished, 2.55 GBP goes back.",
    ]
    inputs = dock.rows("SELECT device FROM raw_input WHERE sequence > 1")
    assert [row["device"] for row in inputs] == ["gun"] * 5
    effects = dock.rows("SELECT type, state FROM outbox ORDER BY ordinal")
    assert [(row["type"], row["state"]) for row in effects] == [
        ("returns.receipt", "local"),
        ("returns.stock", "local"),
        ("returns.completed", "local"),
        ("returns.refund", "local"),
    ]


# --- naming a parcel --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "sentence", "type"),
    [
        ("RMA-1", "Parcel P011000001V: return RMA-1, 1 awaited.", "rma"),
        ("HOME-1", "Parcel P011000001V: return RMA-1, 1 awaited.", "rma"),
        ("HOME-23", "Parcel P011000001V: return RMA-2, RMA-3, 3 awaited.", "rma"),
        ("(00)123456789012345675", "Parcel P011000001V: return RMA-4, 1 awaited.", "rma"),
        (
            "700003",
            "Parcel P011000001V: order 700003, of which no return was announced. Scan what is inside.",
            "blind",
        ),
        ("OUT-OF-THE-DOOR", "Parcel P011000001V: order 700003 was never delivered.", "rts"),
        (UPS, "Parcel P011000001V: nobody announced it. Scan what is inside.", "blind"),
        (
            "RMA-OLD",
            "Parcel P011000001V: return RMA-OLD came too late; it is taken in, its money needs a person.",
            "rma",
        ),
        ("RS-NO-LABEL", "Parcel without label: stick on plate P011000001V.", "blind"),
    ],
)
def test_every_number_on_a_parcel_opens_it(dock: Dock, code: str, sentence: str, type: str) -> None:
    answer = dock.scan(code)
    assert (answer.signal, answer.text, answer.asked) == ("accepted", sentence, "Scan the item, or DONE.")
    assert dock.one("SELECT return_type FROM parcel") == type


def test_two_returns_on_one_tracking_number_are_one_parcel_with_two_receipts(dock: Dock) -> None:
    dock.scan("HOME-23")
    assert dock.one("SELECT COUNT(*) FROM parcel") == 1
    receipts = dock.rows("SELECT return_id FROM outbox WHERE type = 'returns.receipt' ORDER BY return_id")
    assert [row["return_id"] for row in receipts] == ["a-RMA-2", "a-RMA-3"]


def test_a_number_that_fits_several_returns_asks_which(dock: Dock) -> None:
    answer = dock.scan("536365")
    assert (answer.text, answer.asked) == ("536365 fits 4 returns. Choose one.", "Which return is it?")
    assert answer.choices == (
        "RMA RMA-1 · quack",
        "RMA RMA-2 · quack",
        "RMA RMA-3 · quack",
        "RMA RMA-OLD · quack",
    )
    assert dock.scan("9").text == "9 is none of the 4 answers. Scan or type one of them."
    assert dock.scan("2").text == "Parcel P011000001V: return RMA-2, 2 awaited."


def test_a_number_of_two_merchants_is_never_guessed(dock: Dock) -> None:
    assert dock.scan("SAME-7").choices == ("Order SAME-7 · quack", "RMA SAME-7 · rival")
    dock.scan("RS-A2")
    assert dock.one("SELECT merchant FROM parcel") == "rival"


def test_an_unknown_number_becomes_a_blind_return_only_after_asking(dock: Dock) -> None:
    answer = dock.scan("WHO-KNOWS")
    assert (answer.signal, answer.text) == (
        "unknown",
        "WHO-KNOWS is not known as a parcel, return or order. Take it as a blind return, or scan again.",
    )
    assert dock.one("SELECT COUNT(*) FROM parcel") == 0
    dock.scan("1")
    assert dock.rows("SELECT return_type, scanned FROM parcel") == [
        {"return_type": "blind", "scanned": "WHO-KNOWS"}
    ]


def test_a_known_number_scanned_after_an_unknown_one_keeps_its_own_name(dock: Dock) -> None:
    dock.scans("WHO-KNOWS", "HOME-1")
    assert dock.one("SELECT scanned FROM parcel") == "HOME-1"
    assert dock.rows("SELECT value FROM scannable WHERE kind = 'parcel'") == [{"value": "HOME-1"}]


@pytest.mark.parametrize(
    "again", ["(00)123456789012345675", "]C100123456789012345675", "00123456789012345675"]
)
def test_a_parcel_is_known_again_in_every_form_of_its_number(dock: Dock, again: str) -> None:
    dock.scans("(00)123456789012345675", "RS-HOLD", "SHELF-H")
    assert dock.scan(again).text == "Parcel P011000001V: going on."
    assert dock.one("SELECT COUNT(*) FROM parcel") == 1


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (DUCK, f"{DUCK} is a product; a parcel was expected. Scan the label on the parcel."),
        ("BIN-1", "BIN-1 is a place; a parcel was expected. Scan the label on the parcel."),
        ("RS-Q7", "RS-Q7 names no parcel. Scan the label on the parcel, or NO-LABEL."),
        (
            "P0110000091",
            "P0110000091 is one of our labels, but nothing carries it yet. Scan the parcel's own label, or NO-LABEL.",
        ),
        ("RS-SEALED", "RS-SEALED does not fit here: a parcel is awaited. Scan a parcel, or NO-LABEL."),
        ("RS-B-NOBODY", "RS-B-NOBODY is a badge nobody here has. Scan your own, or ask a supervisor."),
        (GONE, "This badge is not valid any more. Ask a supervisor."),
    ],
)
def test_what_is_no_parcel_opens_none(dock: Dock, code: str, sentence: str) -> None:
    from returns_station.domain.scan import mint

    plate = mint("P", "01", 1, 9)
    assert dock.scan(code.replace("P0110000091", plate)).text == sentence.replace("P0110000091", plate)
    assert (dock.state.at, dock.one("SELECT COUNT(*) FROM parcel")) == ("parcel", 0)


def test_a_finished_parcel_says_so_and_its_plate_opens_it_again(dock: Dock) -> None:
    dock.scans("HOME-1", DUCK, "RS-SEALED", "LPN", "BIN-1")
    assert (
        dock.scan("HOME-1").text == "HOME-1: parcel P011000001V is finished. Scan its plate to open it again."
    )
    assert dock.scan("P011000001V").text == "Parcel P011000001V: going on."


def test_a_second_parcel_of_the_same_return_awaits_what_the_first_did_not_bring(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1", "RS-SEALED", "LPN", "BIN-1", "RS-DONE")
    assert dock.scan("RMA-2").text == "Parcel P011000002X: return RMA-2, 1 awaited."
    assert (
        dock.scans(DUCK, "RS-SEALED", "LPN", "BIN-1").text
        == "Put. Parcel P011000002X finished, 2.55 GBP goes back."
    )


# --- refusing, undelivered, empty -------------------------------------------------------------------------------------


def test_a_refused_parcel_takes_its_receipt_back_and_stays_refused_from_everywhere(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-REFUSE")
    assert dock.scan("1").text == "Parcel P011000001V refused: Damaged outside. Give it back to the driver."
    assert dock.rows("SELECT state FROM outbox") == [{"state": "withdrawn"}]
    assert dock.scan("P011000001V").text == "P011000001V: parcel P011000001V was refused before."
    dock.scan("RMA-2")
    assert dock.scan("P011000001V").text == "P011000001V: parcel P011000001V was refused before."


def test_undoing_a_refusal_tells_the_receipt_again_and_undoing_the_opening_takes_that_back_too(
    dock: Dock,
) -> None:
    dock.scans("RMA-1", "RS-REFUSE", "1", "RS-UNDO")
    assert dock.one("SELECT COUNT(*) FROM outbox WHERE state = 'local'") == 1
    dock.scans("RS-UNDO", "RS-UNDO")
    assert dock.one("SELECT COUNT(*) FROM outbox WHERE state = 'local'") == 0


def test_a_parcel_something_was_received_from_is_not_refused(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1", "RS-SEALED", "LPN", "BIN-1")
    assert (
        dock.scan("RS-REFUSE").text
        == "Something of this parcel was received already, so it cannot be refused. Use HOLD."
    )


def test_what_was_never_delivered_pays_the_shipping_back_once_the_whole_order_is_here(dock: Dock) -> None:
    dock.scans("OUT-OF-THE-DOOR", DUCK, "RS-SEALED", "LPN", "BIN-1")
    assert dock.scan("RS-DONE").text == "Parcel P011000001V finished, 6.90 GBP goes back."
    assert dock.rows("SELECT amount_minor, shipping_minor FROM settlement") == [
        {"amount_minor": 690, "shipping_minor": 390}
    ]


def test_undelivered_by_command_pays_no_shipping_while_a_part_is_missing(dock: Dock) -> None:
    dock.scans("RMA-20", "RS-RTS", DUCK, "3", "RS-SEALED", "LPN", "BIN-1")
    assert dock.scan("RS-DONE").text == "Parcel P011000001V finished, 3.00 GBP goes back."


def test_an_empty_parcel_is_finished_only_after_asking(dock: Dock) -> None:
    dock.scan("RMA-1")
    assert dock.scan("RS-DONE").asked == "Is the parcel really empty?"
    assert dock.scan("RS-NO").text == "Go on scanning."
    answer = dock.scans("RS-DONE", "RS-YES")
    assert (answer.signal, answer.text) == (
        "hold",
        "Parcel P011000001V finished as empty. A person will look at it.",
    )
    assert dock.one("SELECT note FROM parcel") == "empty"


# --- items ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parcel", "code", "sentence", "identity"),
    [
        ("RMA-1", DUCK, "Rubber duck, admiral × 1.", "matched"),
        ("RMA-1", "DUCK", "Rubber duck, admiral × 1.", "matched"),
        (
            "RMA-1",
            "SOCK",
            "One sock, left: this was not expected back. Go on; a person will decide.",
            "mismatch_class",
        ),
        ("RMA-4", "R2-D2", "Robot that folds socks × 1.", "matched"),
        (
            "RMA-1",
            DUCK_CASE,
            "Rubber duck, admiral: more than was expected back. Go on; a person will decide.",
            "mismatch_quantity",
        ),
        ("RMA-20", DUCK_CASE, "Rubber duck, admiral × 12.", "matched"),
        (
            "700003",
            DUCK_CASE,
            "Rubber duck, admiral: more than was expected back. Go on; a person will decide.",
            "mismatch_quantity",
        ),
    ],
)
def test_an_item_is_recognised_and_compared_with_what_was_expected(
    dock: Dock, parcel: str, code: str, sentence: str, identity: str
) -> None:
    assert dock.scans(parcel, code).text == sentence
    assert dock.one("SELECT identity FROM return_unit") == identity


def test_a_serial_that_was_never_sent_out_is_another_instance(dock: Dock) -> None:
    assert dock.scans("RMA-4", ROBOT).asked == "Scan the serial number."
    answer = dock.scan("HAL-9000")
    assert (
        answer.text
        == "Robot that folds socks: this serial number was never sent out. Go on; a person will decide."
    )


def test_a_gs1_code_brings_lot_expiry_and_count_with_it(dock: Dock) -> None:
    code = f"]C101{CREAM.zfill(14)}17310131" + "10LOT7\x1d" + "373"
    assert dock.scans("RMA-5", code).text == "Cream against Mondays × 3."
    rows = dock.rows("SELECT lot, expiry, quantity, identity FROM return_unit")
    assert rows == [{"lot": "LOT7", "expiry": "2031-01-31", "quantity": 3, "identity": "matched"}]


def test_a_gs1_code_of_no_pieces_or_of_too_many_is_no_unit(dock: Dock) -> None:
    code = f"(01){DUCK.zfill(14)}(37)0"
    assert dock.scans("RMA-1", code).text == (
        f"{code} says 0 pieces; 1 to 1000000 were expected. Scan a single piece and give the number."
    )
    dock.scan(f"(01){DUCK.zfill(14)}(37)99999999")
    assert dock.one("SELECT COUNT(*) FROM return_unit") == 0


def test_lot_expiry_and_quantity_are_asked_for_one_after_another(dock: Dock) -> None:
    assert dock.scans("RMA-5", CREAM).asked == "Scan the lot."
    assert dock.scan("BIN-1").text == "BIN-1 is no lot. Scan the one on the item."
    assert dock.scan(DUCK).text == f"{DUCK} is no lot. Scan the one on the item."
    assert dock.scan("LOT-7").asked == "Scan or type the expiry date."
    assert dock.scan("2031-02-30").text == "2031-02-30 is no date. Scan it, or type it as YYYY-MM-DD."
    assert dock.scan("2031-01-31").asked == "How many pieces, all alike?"
    assert dock.scan("0").text == (
        "0 is no number of pieces from 1 to 1000000. Scan a quantity code, type digits, or scan ALL."
    )
    assert dock.scan("RS-ALL").text == "Cream against Mondays × 3."


@pytest.mark.parametrize("pieces", ["0", "-1", "0.005", "1000000000", "NaN", "²", "٣"])
def test_a_quantity_that_is_no_number_of_pieces_is_refused(dock: Dock, pieces: str) -> None:
    answer = dock.scans("RMA-2", DUCK, pieces)
    assert (answer.signal, answer.at) == ("mismatch", "quantity")


def test_more_pieces_than_the_order_has_left_need_a_person_with_their_money_and_their_stock(
    dock: Dock,
) -> None:
    dock.scans(UPS, "RS-UNDO", "SAME-7", "1", DUCK)
    dock.scans("RS-UNDO", "RS-UNDO", "RS-UNDO", "RMA-2", DUCK)
    assert (
        dock.scan("7").text
        == "Rubber duck, admiral: more than was expected back. Go on; a person will decide."
    )
    dock.scans("RS-SEALED", "LPN", "SHELF-H")
    assert dock.rows("SELECT disposition, acceptance FROM return_unit WHERE reception = 'received'") == [
        {"disposition": "hold_for_merchant", "acceptance": "needs_human"}
    ]


def test_a_code_of_two_products_asks_which_and_keeps_what_the_symbol_said(dock: Dock) -> None:
    answer = dock.scans("RS-NO-LABEL", f"]C101{TWIN.zfill(14)}10SEA\x1d373")
    assert answer.choices == ("PEPPER · Pepper, mild", "SALT · Salt, sweet")
    assert dock.scan("2").text == "Salt, sweet × 3."
    assert dock.rows("SELECT sku, lot, quantity FROM return_unit") == [
        {"sku": "SALT", "lot": "SEA", "quantity": 3}
    ]


def test_another_merchants_product_is_never_taken_for_ones_own(dock: Dock) -> None:
    answer = dock.scans("RMA-1", RIVAL_GOOSE)
    assert (answer.signal, answer.text) == ("unknown", f"{RIVAL_GOOSE} is in no product list.")
    assert (
        dock.scan("1").text
        == f"Unknown item {RIVAL_GOOSE}: this was not expected back. Go on; a person will decide."
    )
    assert dock.rows("SELECT product_id, merchant FROM return_unit") == [
        {"product_id": None, "merchant": "quack"}
    ]


def test_the_same_item_within_its_step_is_a_duplicate_and_after_the_put_a_new_unit(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1")
    for step in (None, "RS-SEALED"):
        if step:
            dock.scan(step)
        again = dock.scan(DUCK)
        assert (again.signal, again.text) == ("duplicate", "The same item again: it is in work already.")
    assert dock.scans("LPN", "BIN-1").text == f"{LPN1} lies in BIN-1."
    assert dock.scan(DUCK).text == "Rubber duck, admiral × 1."
    assert dock.one("SELECT COUNT(*) FROM return_unit") == 2


# --- label and place --------------------------------------------------------------------------------------------------


def test_a_fresh_label_from_the_roll_takes_the_place_of_the_printed_one(dock: Dock) -> None:
    from returns_station.domain.scan import mint

    roll = mint("L", "01", 1, 77)
    dock.scans("RMA-1", DUCK, "RS-SEALED", roll, "BIN-1")
    assert dock.one("SELECT lpn FROM return_unit") == roll
    assert dock.rows("SELECT value FROM scannable WHERE kind = 'lpn'") == [{"value": roll}]


def test_a_label_that_is_on_another_unit_is_not_taken(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1", "RS-SEALED", "LPN", "BIN-1", DUCK, "RS-SEALED")
    assert dock.scan(LPN1).text == f"{LPN1} is on another unit already. Take a fresh label."


def test_another_place_asks_why_and_the_reason_is_kept(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED", "LPN")
    assert dock.scan("USED-1").text == "USED-1 is not a place for: Return to stock."
    dock.scan("1")
    assert dock.rows("SELECT location, override_reason FROM return_unit") == [
        {"location": "USED-1", "override_reason": "full"}
    ]


def test_another_disposition_asks_why_and_prints_the_label_anew(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED")
    assert dock.scan("RS-D-NOWHERE").text == "RS-D-NOWHERE is no disposition."
    dock.scan("RS-D-SCRAP")
    assert dock.scan("3").text == "Scrap it is. Stick on the new label."
    assert dock.one("SELECT COUNT(*) FROM print_job") == 2
    assert dock.scan("LPN").text == f"{LPN1} goes to SKIP-1."


def test_a_closed_or_full_container_is_not_filled(dock: Dock) -> None:
    dock.do("INSERT INTO container VALUES ('TINY', 'pond', 'tote', '[\"restock\"]', 1, 'open', 'AISLE-9')")
    dock.do("INSERT INTO scannable VALUES ('TINY', 'container', 'TINY', '', 1)")
    dock.scans("RMA-2", DUCK, "2", "RS-SEALED", "LPN")
    assert dock.scan("TINY").text == "TINY has room for 1 more only. Scan another one."
    assert dock.scan("TOTE-SHUT").text == "TOTE-SHUT is closed. Scan an open one."
    assert dock.state.at == "destination"


def test_a_reprint_is_marked_and_counted(dock: Dock) -> None:
    assert dock.scans("RMA-1", DUCK, "RS-REPRINT").text == "There is no label to print again."
    dock.scan("RS-SEALED")
    assert dock.scan("RS-REPRINT").text == f"Label {LPN1} is printed again, marked as reprint 1."
    assert dock.scans("LPN", "RS-REPRINT").text == f"Label {LPN1} is printed again, marked as reprint 2."
    assert [row["reprint"] for row in dock.rows("SELECT reprint FROM print_job ORDER BY reprint")] == [
        0,
        1,
        2,
    ]


# --- setting aside ----------------------------------------------------------------------------------------------------


def test_a_held_unit_waits_under_its_plate_and_its_plate_takes_it_up_again(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1", "RS-HOLD", "LPN")
    answer = dock.scan("SHELF-H")
    assert (answer.signal, answer.text) == ("hold", f"{LPN1} waits on SHELF-H for a person. Go on.")
    assert dock.scan(LPN1).text == "Going on with Rubber duck, admiral × 1."


def test_a_unit_held_before_it_was_counted_is_counted_when_it_is_taken_up(dock: Dock) -> None:
    dock.scans("RMA-5", CREAM, "RS-HOLD", "LPN", "SHELF-H")
    assert dock.scan(LPN1).asked == "Scan the lot."
    assert dock.scans("LOT-7", "2031-01-31").asked == "How many pieces, all alike?"


def test_a_unit_held_amid_its_questions_is_asked_from_the_start_and_may_be_sealed(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "2", "RS-HOLD", "LPN", "SHELF-H", LPN1)
    assert dock.scan("RS-SEALED").text == "Grade A: Return to stock. Sealed and as new."


def test_the_last_unit_held_says_where_it_waits_and_not_that_it_was_put(dock: Dock) -> None:
    answer = dock.scans("RMA-1", DUCK, "RS-HOLD", "LPN", "SHELF-H")
    assert (answer.signal, answer.text) == ("hold", f"{LPN1} waits on SHELF-H for a person. Go on.")
    assert dock.one("SELECT work FROM parcel") == "closed"


def test_undo_of_taking_up_a_parcel_puts_it_back_on_its_shelf(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-HOLD", "SHELF-H", "P011000001V", "RS-UNDO")
    rows = dock.rows("SELECT work, shelf FROM parcel ORDER BY plate")
    assert rows == [{"work": "held", "shelf": "SHELF-H"}]


STEPS = [
    [],
    ["WHO-KNOWS"],
    ["536365"],
    ["RMA-1"],
    ["RMA-1", "RS-REFUSE"],
    ["RMA-1", "RS-DONE"],
    ["RMA-1", "what is it"],
    ["RS-NO-LABEL", TWIN],
    ["RMA-4", ROBOT],
    ["RMA-5", CREAM],
    ["RMA-5", CREAM, "LOT-7"],
    ["RMA-2", DUCK],
    ["RMA-2", DUCK, "2"],
    ["RMA-2", DUCK, "2", "RS-SPLIT"],
    ["RMA-1", DUCK, "RS-SEALED"],
    ["RMA-1", DUCK, "RS-SEALED", "RS-D-SCRAP"],
    ["RMA-1", DUCK, "RS-SEALED", "LPN"],
    ["RMA-1", DUCK, "RS-SEALED", "LPN", "USED-1"],
    ["RMA-1", DUCK, "RS-HOLD"],
    ["RMA-1", "RS-HOLD"],
    ["RMA-1", "RS-STOP"],
    ["RMA-1", DUCK, "RS-STOP-LEAK"],
]
at_every_step = pytest.mark.parametrize("path", STEPS, ids=lambda path: " ".join(path) or "nothing")


@at_every_step
def test_stop_at_every_step_is_written_down_and_the_dialogue_goes_on(
    docks: Callable[[], Dock], path: list[str]
) -> None:
    for kind in ("LEAK", "BATTERY", "BIOHAZARD", "PROPERTY"):
        dock = docks()
        for code in path:
            dock.scan(code)
        events = dock.one("SELECT COUNT(*) FROM event")
        assert dock.scan("RS-STOP").asked == "What is wrong?"
        answer = dock.scan({"LEAK": "1", "BATTERY": "2", "BIOHAZARD": "3", "PROPERTY": "4"}[kind])
        assert answer.signal == "stop"
        assert dock.one("SELECT COUNT(*) FROM event") > events
        if dock.state.at == "stop_shelf":
            place = "LOST-1" if kind == "PROPERTY" else "FIREBOX"
            assert dock.scan(place).text == f"Set apart in {place}. A person will look at it. Go on."
        assert dock.scan("RS-HELP").text


@at_every_step
def test_help_badge_and_sign_out_at_every_step_leave_the_work_where_it_is(
    dock: Dock, path: list[str]
) -> None:
    for code in path:
        dock.scan(code)
    state = dock.state
    assert dock.scan("RS-HELP").text
    assert dock.state == state
    assert dock.scan(BERT).text == "Handed over to w-bert, worker. Earlier work stays with its worker."
    assert (dock.state.at, dock.state.unit, dock.state.choices) == (state.at, state.unit, state.choices)
    assert dock.scan("RS-SIGN-OUT").text == "w-bert signed out. The work stays as it is."
    assert dock.scan("RMA-1").text == "Sign in first: RMA-1 was not taken. Scan your badge."
    assert dock.scan(ANNA).text == "Signed in: w-anna, worker."
    assert (dock.state.at, dock.state.unit, dock.state.choices) == (state.at, state.unit, state.choices)


@at_every_step
def test_hold_at_every_step_ends_on_a_shelf_or_says_why_not(dock: Dock, path: list[str]) -> None:
    for code in path:
        dock.scan(code)
    answer = dock.scan("RS-HOLD")
    if answer.at == "hold_label":
        answer = dock.scan("LPN")
    if answer.at != "hold_shelf":
        assert answer.text in (
            "There is nothing in work to hold.",
            "It is dangerous or not ours: put it where it is safe and scan that place. It cannot be held elsewhere.",
        )
    else:
        assert dock.scan("SHELF-H").signal == "hold"


def test_work_before_a_hand_over_stays_with_its_worker(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED", BERT, "LPN", "BIN-1")
    assert dock.rows("SELECT graded_by, put_by FROM return_unit") == [
        {"graded_by": "w-anna", "put_by": "w-bert"}
    ]


# --- short, several returns, money gone -------------------------------------------------------------------------------


def test_only_a_supervisor_says_that_the_rest_will_not_come(dock: Dock) -> None:
    assert dock.scans("RMA-2", "RS-SHORT").text == "Only a supervisor can say that the rest will not come."
    assert dock.scans(BOSS, "RS-SHORT").text == "2 pieces will not come."
    assert dock.scan("RS-SHORT").text == "Nothing is awaited any more."
    assert dock.one("SELECT short FROM return_line WHERE id = 'a-RMA-2/1'") == 2


@pytest.mark.parametrize(("number", "by"), [("RMA-ONE", "last_piece"), ("RMA-OLD", "expiry")])
def test_the_last_piece_or_the_end_of_the_permission_makes_the_rest_short(
    dock: Dock, number: str, by: str
) -> None:
    dock.scans(number, "SOCK", "1", "RS-SEALED", "LPN", "SHELF-H", "RS-DONE")
    assert f'"by":"{by}"' in dock.one("SELECT body FROM outbox WHERE type = 'returns.short'")


def test_two_returns_of_one_order_in_one_parcel_share_one_ceiling(dock: Dock) -> None:
    dock.do("UPDATE payment SET captured_minor = 600 WHERE order_id = 'o-536365'")
    dock.scans("HOME-23", DUCK, "2", "RS-SEALED", "LPN", "BIN-1")
    answer = dock.scans("SOCK", "RS-SEALED", "LPN", "BIN-1")
    assert (
        answer.text
        == "Put. Parcel P011000001V finished. Its money waits for a person: more money than is left."
    )
    rows = dock.rows("SELECT amount_minor, state FROM settlement ORDER BY return_id")
    assert rows == [{"amount_minor": 510, "state": "released"}, {"amount_minor": 499, "state": "needs_human"}]


@pytest.mark.parametrize("gone", ["state = 'sent'", "state = 'acknowledged'", "unknown = 1"])
def test_money_that_may_have_moved_is_not_taken_back_here(dock: Dock, gone: str) -> None:
    dock.scans("RMA-1", DUCK, "RS-SEALED", "LPN", "BIN-1")
    dock.do(f"UPDATE outbox SET {gone} WHERE type = 'returns.refund'")
    answer = dock.scan("RS-UNDO")
    assert (answer.signal, answer.text) == (
        "stop",
        "The money for this is on its way and cannot be taken back here. Ask a supervisor.",
    )
    assert dock.one("SELECT state FROM settlement") == "released"


def test_stock_that_was_sent_is_reversed_and_stock_that_was_not_is_withdrawn(dock: Dock) -> None:
    dock.scans("RMA-2", DUCK, "1", "RS-SEALED", "LPN", "BIN-1")
    dock.do("UPDATE outbox SET state = 'acknowledged' WHERE type = 'returns.stock'")
    dock.scans("RS-UNDO", "BIN-1", "RS-UNDO")
    rows = dock.rows("SELECT type, state FROM outbox WHERE type LIKE 'returns.stock%' ORDER BY ordinal")
    assert [(row["type"], row["state"]) for row in rows] == [
        ("returns.stock", "acknowledged"),
        ("returns.stock.reversed", "local"),
        ("returns.stock", "withdrawn"),
    ]


def test_an_expired_return_is_taken_in_and_its_money_waits(dock: Dock) -> None:
    answer = dock.scans("RMA-OLD", DUCK, "RS-SEALED", "LPN", "BIN-1")
    assert (
        answer.text
        == "Put. Parcel P011000001V finished. Its money waits for a person: the return came too late."
    )

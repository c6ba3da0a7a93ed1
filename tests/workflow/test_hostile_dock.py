"""Whatever is scanned in whatever order: never an exception, and the tables stay true."""

import json
import os
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from returns_station.wording import sentence
from returns_station.workflow.ports import InputKind
from tests.workflow.kit import (
    ANNA,
    BERT,
    BOSS,
    CREAM,
    DUCK,
    DUCK_CASE,
    GONE,
    RIVAL_GOOSE,
    ROBOT,
    TWIN,
    Dock,
    copied_dock,
)
from tests.workflow.phase_laws import (
    completions_are_true,
    no_parcel_is_left_open,
    restock_is_within_what_was_sold,
)

COMMANDS = [
    f"RS-{word}"
    for word in [
        "UNDO",
        "HOLD",
        "REPRINT",
        "HELP",
        "DONE",
        "STOP",
        "STOP-LEAK",
        "STOP-BATTERY",
        "STOP-BIOHAZARD",
        "STOP-PROPERTY",
        "NO-LABEL",
        "REFUSE",
        "RTS",
        "BLIND",
        "SEALED",
        "ALL",
        "SPLIT",
        "SHORT",
        "SIGN-OUT",
        "YES",
        "NO",
        "SKIP",
        "STATUS",
        "RECEIVE",
        "WORK",
        "PUT-AWAY",
        "CLOSE",
        "EMPTY",
        "PHOTO",
        "PRINTER",
        "LATER",
        "LOCK",
        "PIECE",
        "SEAL",
        "MANIFEST",
        "CARRIER",
        "DAMAGE",
        "WEIGHT",
        "D-SCRAP",
        "D-RETURN-TO-STOCK",
        "D-NOWHERE",
        "A1",
        "A2",
        "A3",
        "A4",
        "A99",
        "Q1",
        "Q2",
        "Q3",
        "Q600",
    ]
]
THINGS = [
    *(ANNA, ANNA, BERT, BOSS, GONE, "RS-B-NOBODY"),
    *("RMA-1", "RMA-2", "RMA-4", "RMA-5", "RMA-OLD", "RMA-ONE", "HOME-1", "HOME-23", "536365", "SAME-7"),
    *("OUT-OF-THE-DOOR", "1Z999AA10123456784", "(00)123456789012345675", "L011000009L", "P011000009T"),
    *(
        DUCK,
        DUCK,
        DUCK_CASE,
        ROBOT,
        CREAM,
        TWIN,
        RIVAL_GOOSE,
        "DUCK",
        "SOCK",
        "SOUP",
        "KIT",
        "R2-D2",
        "4006381333930",
    ),
    *(
        "]C101" + CREAM.zfill(14) + "1731010110LOT7",
        "(01)04006381333931(37)0",
        "(01)04006381333931(37)99999999",
    ),
    *("BIN-1", "SHELF-H", "FIREBOX", "TOTE-SHUT", "USED-1", "SKIP-1", "LOST-1", "2031-01-31", "2", "7"),
    *("CAGE-1", "CAGE-1", "CAGE-2", "TOTE-1", "ROW-1", "DOOR-1", "1/2", "1.25"),
]
HOSTILE = [
    *(
        "",
        "   ",
        "[/",
        "[@click=app.quit]",
        "\x1b[2J",
        "\x1b]0;x\x07",
        "\u202eabc",
        "'; DROP TABLE parcel; --",
        "{lpn}",
        "%s",
    ),
    *(
        "\x00",
        "😀" * 50,
        "é́",
        "鴨",
        "-1",
        "0.005",
        "1000000000",
        "NaN",
        "A" * 5000,
        "\x1d\x1d",
        "]",
        "]C1",
        "(01)",
        "²",
    ),
    "٣",
]
INPUTS = st.one_of(
    st.sampled_from(COMMANDS),
    st.sampled_from(THINGS),
    st.sampled_from(
        ["LPN", "PLATE", "OLD-LPN", "OLD-PLATE", "RS-A1", "RS-A2", "RS-SEALED", "LPN", "BIN-1", DUCK]
    ),
    st.sampled_from(HOSTILE),
    st.text(max_size=12),
    st.binary(max_size=12),
)


def throw(dock: Dock, what: str | bytes, kind: InputKind = InputKind.SCAN, typed: bool = False) -> None:
    """One input, as it is; the names of codes in hand or of earlier ones are filled where there are any."""
    if what in ("LPN", "PLATE"):
        held = dock.state.unit.lpn if what == "LPN" and dock.state.unit else None
        parcel = dock.state.parcel.plate if what == "PLATE" and dock.state.parcel else None
        what = held or parcel or str(what)
    if what in ("OLD-LPN", "OLD-PLATE"):
        table, column = ("return_unit", "lpn") if what == "OLD-LPN" else ("parcel", "plate")
        found = dock.rows(
            f"SELECT {column} AS code FROM {table} WHERE {column} IS NOT NULL ORDER BY id LIMIT 1"
        )
        what = found[0]["code"] if found else what
    raw = what if isinstance(what, bytes) else what.encode()
    answer = dock.scan(raw, kind=kind, typed=typed)
    assert answer.text.strip(), f"{what!r} got an empty sentence ({answer.step.message.code})"
    assert answer.asked.strip()


def check(dock: Dock) -> None:
    """What holds after every input."""
    for unit in dock.rows("SELECT * FROM return_unit WHERE reception = 'received'"):
        living = _stock(dock, unit["id"])
        assert unit["quantity"] >= 1
        assert living == (1 if unit["placement"] == "put" else 0), (unit, living)
        if unit["placement"] in ("put", "held"):
            assert unit["lpn"]
            assert unit["location"] or unit["container"]
        available = _told(dock, unit["id"], "returns.available")
        assert available in ((0, 1) if unit["placement"] == "put" else (0,)), (unit, available)
    for parcel in dock.rows("SELECT * FROM parcel WHERE work != 'voided'"):
        listed = dock.rows(f"SELECT 1 FROM waiting_parcel WHERE parcel_id = '{parcel['id']}'")
        assert bool(listed) == (parcel["work"] == "waiting"), parcel
        if parcel["work"] != "closed":
            assert (parcel["opened_at"] is None) == (parcel["work"] == "waiting"), parcel
    _receipts(dock)
    no_parcel_is_left_open(dock)
    completions_are_true(dock)
    restock_is_within_what_was_sold(dock)
    plates = [row["lpn"] for row in dock.rows("SELECT lpn FROM return_unit WHERE lpn IS NOT NULL")]
    assert len(plates) == len(set(plates))
    over = dock.rows(
        "SELECT s.order_id FROM settlement s JOIN (SELECT order_id, SUM(captured_minor - refunded_minor) AS paid FROM payment"
        " GROUP BY order_id) p ON p.order_id = s.order_id WHERE s.state = 'released'"
        " GROUP BY s.order_id HAVING SUM(s.amount_minor) > MAX(p.paid)"
    )
    assert not over


def _stock(dock: Dock, unit_id: str) -> int:
    return _told(dock, unit_id, "returns.stock")


def _told(dock: Dock, unit_id: str, type: str) -> int:
    rows = dock.rows(f"SELECT type FROM outbox WHERE unit_id = '{unit_id}' AND state != 'withdrawn'")
    return sum(1 if row["type"] == type else -1 for row in rows if row["type"].startswith(type))


def _receipts(dock: Dock) -> None:
    """A living parcel is told once for each of its returns, a refused or a voided one never."""
    counted: dict[tuple[str, str], int] = {}
    for row in dock.rows(
        "SELECT type, parcel_id, return_id FROM outbox WHERE type LIKE 'returns.receipt%' AND state != 'withdrawn'"
    ):
        key = (row["parcel_id"], row["return_id"])
        counted[key] = counted.get(key, 0) + (1 if row["type"] == "returns.receipt" else -1)
    living = {
        (row["id"], authorization)
        for row in dock.rows("SELECT * FROM parcel WHERE work != 'voided' AND arrival = 'arrived'")
        for authorization in json.loads(row["returns"])
    }
    assert {key for key, count in counted.items() if count} == living
    assert all(counted[key] == 1 for key in living)


def play(pond: Path, inputs: list[tuple[str | bytes, InputKind, bool]], start: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(copied_dock(pond, Path(folder) / "d")) as dock:
        for code in (ANNA, *start):
            throw(dock, code)
        for what, kind, typed in inputs:
            throw(dock, what, kind, typed)
            check(dock)


ONE = st.tuples(
    INPUTS,
    st.sampled_from(
        [InputKind.SCAN] * 12 + [InputKind.ANSWER, InputKind.COMMAND, InputKind.WEIGHT, InputKind.EVIDENCE]
    ),
    st.booleans(),
)
STARTS: list[list[str]] = [
    [],
    ["RMA-1"],
    ["RMA-1", DUCK],
    ["RMA-1", DUCK, "RS-SEALED"],
    ["RMA-1", DUCK, "RS-SEALED", "LPN"],
    ["HOME-23"],
    ["RMA-2", DUCK],
    ["RMA-2", DUCK, "2"],
    ["RMA-2", DUCK, "2", "RS-SPLIT"],
    ["RMA-2", DUCK, "2", "RS-SPLIT", "1", "RS-SEALED", "LPN"],
    ["RMA-4", ROBOT],
    ["RMA-5", CREAM],
    ["536365", DUCK],
    ["RS-NO-LABEL", "KIT"],
    ["RMA-1", "RS-HOLD"],
    ["RMA-1", "RS-STOP-LEAK"],
    ["RMA-1", DUCK, "RS-STOP"],
    ["nobody knows me"],
    ["SAME-7"],
    ["RS-RECEIVE"],
    ["RS-RECEIVE", "CAGE-1", "RMA-1", "SAME-7"],
    ["RS-RECEIVE", "CAGE-1", "RMA-1", "RMA-1"],
    ["RS-RECEIVE", "CAGE-1", "who knows", "RS-DONE", "who knows"],
    ["RS-RECEIVE", "CAGE-1", "RMA-1", "RS-WEIGHT"],
    ["RS-RECEIVE", "CAGE-1", "RMA-2", "RMA-2", "RS-YES", "RS-DONE", "RMA-2"],
    ["RMA-1", DUCK, "RS-SEALED", "LPN", "TOTE-1", "RS-A1", "TOTE-1"],
    ["RMA-1", DUCK, "RS-SEALED", "LPN", "TOTE-1", "RS-A1", "TOTE-1", "BIN-1"],
    ["RMA-1", DUCK, "RS-SEALED", "RS-PRINTER"],
    ["RMA-1", "RS-PHOTO", "RS-LOCK"],
]


@pytest.mark.parametrize("start", STARTS, ids=" ".join)
@settings(
    max_examples=int(os.environ.get("FUZZ", "4")),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    phases=[Phase.generate],
    print_blob=False,
)
@given(inputs=st.lists(ONE, min_size=8, max_size=25))
def test_no_sequence_of_inputs_breaks_the_dialogue_or_the_tables(
    pond: Path, start: list[str], inputs: list[tuple[str | bytes, InputKind, bool]]
) -> None:
    play(pond, inputs, start)


def test_a_sentence_with_braces_in_it_is_shown_and_not_filled() -> None:
    assert sentence("item.unknown", {"value": "{lpn}"}) == "{lpn} is in no product list."

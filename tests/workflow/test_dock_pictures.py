"""Pictures: asked for at any step, they change none, hold up nothing and are kept by hash."""

import json
from typing import Any

import pytest

from returns_station.store.board import StationBoard
from returns_station.store.rebuild import rebuild
from returns_station.workflow.ports import InputKind
from tests.workflow.kit import ANNA, DUCK, Dock, Said

SHA = "ab" * 32


def came(dock: Dock, value: Any) -> Said:
    """What a camera says."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return dock.scan(raw, kind=InputKind.EVIDENCE)


def stored(id: str, **change: Any) -> dict[str, Any]:
    return {"id": id, "sha256": SHA, "name": "front.jpg", "bytes": 12_345} | change


def evidence(dock: Dock) -> list[dict[str, Any]]:
    return dock.rows("SELECT * FROM evidence ORDER BY id")


@pytest.mark.parametrize(
    "codes",
    [
        ("RMA-1",),
        ("RMA-1", DUCK),
        ("RMA-1", DUCK, "RS-SEALED"),
        ("RMA-1", DUCK, "RS-SEALED", "LPN"),
        ("RMA-1", "RS-STOP-LEAK"),
        ("RMA-1", "RS-REFUSE"),
        ("RS-RECEIVE", "CAGE-1", "RMA-1"),
        ("RS-RECEIVE", "CAGE-1", "RMA-1", "RS-DAMAGE"),
        ("RMA-1", DUCK, "RS-SIGN-OUT"),
    ],
    ids=" ".join,
)
def test_a_picture_is_asked_for_at_any_step_and_the_step_stays(dock: Dock, codes: tuple[str, ...]) -> None:
    before = dock.scans(*codes)
    state = dock.state
    said = dock.scan("RS-PHOTO")
    assert (said.signal, said.asked, dock.state) == ("accepted", before.asked, state)
    (draft,) = said.step.photos
    (row,) = evidence(dock)
    unit = state.unit.id if state.unit else None
    assert (row["id"], row["parcel_id"], row["unit_id"], row["state"]) == (
        draft.id,
        dock.one("SELECT id FROM parcel"),
        unit,
        "asked",
    )
    assert row["worker"] == ("w-anna" if state.worker else None)
    assert came(dock, stored(draft.id)).text == "The picture is kept."
    assert dock.state == state
    (row,) = evidence(dock)
    assert (row["state"], row["sha256"], row["name"], row["bytes"]) == ("stored", SHA, "front.jpg", 12_345)
    assert row["asked_at"] < row["stored_at"]
    events = dock.rows(
        "SELECT type, parcel_id, unit_id FROM event WHERE type LIKE 'evidence.%' ORDER BY sequence"
    )
    assert [one["type"] for one in events] == ["evidence.asked", "evidence.stored"]
    assert {(one["parcel_id"], one["unit_id"]) for one in events} == {(row["parcel_id"], unit)}


def test_the_reply_names_the_pictures_to_take(dock: Dock) -> None:
    dock.scan("RMA-1")
    reply = json.loads(dock.scan("RS-PHOTO").reply)
    (row,) = evidence(dock)
    assert reply["photos"] == [{"id": row["id"], "parcel": row["parcel_id"], "unit": None}]
    assert "photos" not in json.loads(dock.scan(DUCK).reply)


def test_a_picture_that_comes_when_the_parcel_is_long_done_is_kept_all_the_same(dock: Dock) -> None:
    dock.scan("RMA-1")
    id = dock.scan("RS-PHOTO").step.photos[0].id
    dock.scans(DUCK, "RS-SEALED", "LPN", "BIN-1", "RS-LOCK")
    assert came(dock, stored(id)).signal == "accepted"
    assert evidence(dock)[0]["state"] == "stored"
    assert dock.state.locked


def test_a_camera_that_failed_says_why_and_nothing_waits_for_it(dock: Dock) -> None:
    dock.scan("RMA-1")
    id = dock.scan("RS-PHOTO").step.photos[0].id
    said = came(dock, {"id": id, "problem": "The camera is\x1b[2J gone."})
    assert (said.text, said.at) == ("No picture: The camera is·[2J gone.", "item")
    assert (evidence(dock)[0]["state"], evidence(dock)[0]["problem"]) == ("failed", "The camera is·[2J gone.")


def test_undo_goes_past_a_picture_and_leaves_it(dock: Dock) -> None:
    dock.scans("RMA-1", DUCK)
    depth = len(dock.state.back)
    dock.scan("RS-PHOTO")
    assert len(dock.state.back) == depth
    dock.scans("RS-UNDO", "RS-UNDO")
    assert dock.state.parcel is None
    assert len(evidence(dock)) == 1


def test_without_a_parcel_there_is_nothing_to_take_a_picture_of(dock: Dock) -> None:
    assert dock.scan("RS-PHOTO").text == "There is no parcel to take a picture of."
    assert evidence(dock) == []


def test_what_nobody_asked_for_or_was_kept_before_changes_nothing(dock: Dock) -> None:
    dock.scan("RMA-1")
    id = dock.scan("RS-PHOTO").step.photos[0].id
    assert (
        came(dock, stored("0199-of-another-station")).text == "A picture that nobody asked for was not taken."
    )
    came(dock, stored(id))
    again = came(dock, stored(id, sha256="cd" * 32))
    assert (again.signal, again.text) == ("duplicate", "That picture is kept already.")
    assert evidence(dock)[0]["sha256"] == SHA


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b"{}",
        b'{"id": 7}',
        {"id": "x", "sha256": SHA.upper(), "name": "n", "bytes": 1},
        {"id": "x", "sha256": "../../etc/passwd", "name": "n", "bytes": 1},
        {"id": "x", "sha256": SHA, "name": "a\x1b[2J", "bytes": 1},
        {"id": "x", "sha256": SHA, "name": "n", "bytes": -1},
        {"id": "x", "sha256": SHA, "name": "n", "bytes": True},
        {"id": "x", "sha256": SHA, "name": "n", "bytes": 1.5},
        {"id": "x", "problem": ["no"]},
        {"id": "x" * 65, "problem": "no"},
    ],
    ids=range(13),
)
def test_what_a_broken_camera_says_is_told_and_not_taken(dock: Dock, value: Any) -> None:
    dock.scan("RMA-1")
    assert came(dock, value).text == "What the camera said cannot be read."
    assert evidence(dock) == []


def test_the_history_makes_the_pictures_again(dock: Dock) -> None:
    dock.scan("RMA-1")
    came(dock, stored(dock.scan("RS-PHOTO").step.photos[0].id))
    dock.scan("RS-PHOTO")
    before = evidence(dock)
    dock.do("UPDATE evidence SET sha256 = 'forged', state = 'failed'")
    rebuild(dock.engine, dock.rules.site)
    assert evidence(dock) == before


def test_the_board_counts_the_pictures_of_the_parcel_in_work(dock: Dock) -> None:
    dock.scans("RMA-1", "RS-PHOTO", "RS-PHOTO")
    card = StationBoard(dock.engine).look(dock.state).parcel
    assert card is not None
    assert card.pictures == 2


def test_before_anybody_signed_in_a_picture_needs_no_badge_but_a_parcel(dock: Dock) -> None:
    dock.scan("RS-SIGN-OUT")
    assert dock.scan("RS-PHOTO").signal == "mismatch"
    dock.scans(ANNA, "RMA-1", "RS-SIGN-OUT")
    assert dock.scan("RS-PHOTO").signal == "accepted"

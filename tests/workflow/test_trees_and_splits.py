"""Every question tree walked to every leaf, and splits that neither make nor lose a piece."""

import itertools
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from returns_station.domain import grading
from returns_station.domain.axes import MOVES, Placement, move
from returns_station.domain.codes import GRADES_BEST_FIRST, Disposition
from returns_station.domain.nouns import Product
from returns_station.domain.policy import decide, parse
from returns_station.errors import StationError
from tests.workflow.kit import ANNA, Dock, copied_dock, policy

WHOLE = Product("p", "quack", "KIT", "Build a moustache", components=("Glue", "Mirror", "Hair"))
PLAIN = Product("p", "quack", "DUCK", "Rubber duck")
Path_ = tuple[tuple[str, str], ...]


def leaves(type: str, product: Product | None, code: str | None, path: Path_ = ()) -> Iterator[Path_]:
    """Every way through a tree."""
    tree = policy().tree(type)
    if code is None:
        yield path
        return
    for answer in grading.answers_of(tree.question(code), product):
        then = grading.skip(tree, answer.next, product)
        yield from leaves(type, product, then, (*path, (code, answer.code)))


WAYS = [
    (type, product, way)
    for type in policy().trees
    for product in (WHOLE, PLAIN, None)
    for way in leaves(type, product, grading.first_question(policy().tree(type), product))
]


def test_there_are_many_ways_through_the_trees() -> None:
    assert len(WAYS) > 100
    assert {type for type, _, _ in WAYS} == set(policy().trees)


def test_the_grade_never_gets_better_by_one_more_answer() -> None:
    for type, product, way in WAYS:
        tree = policy().tree(type)
        grades = [grading.fold(tree, way[:n], product).grade for n in range(len(way) + 1)]
        places = [GRADES_BEST_FIRST.index(grade) for grade in grades]
        assert places == sorted(places), (type, way)


def test_the_order_of_the_answers_does_not_change_the_grade() -> None:
    for type, product, way in WAYS:
        tree = policy().tree(type)
        for other in itertools.islice(itertools.permutations(way), 6):
            assert grading.fold(tree, other, product).grade == grading.fold(tree, way, product).grade


def test_every_leaf_has_a_disposition_with_a_reason_and_a_place_for_it() -> None:
    for type, product, way in WAYS:
        found = grading.fold(policy().tree(type), way, product)
        facts = {
            "grade": (found.grade.value,),
            "identity": ("matched",),
            "product_type": (type,),
            "finding": tuple(finding.code for finding in found.findings),
            "packaging": (found.packaging.value,) if found.packaging else (),
        }
        decision = decide(policy(), facts)
        assert decision == decide(policy(), facts)
        assert decision.reason != "No rule fits it."
        assert policy().destinations[decision.disposition]


def test_without_a_rule_that_holds_a_person_decides_and_nothing_is_paid() -> None:
    found = decide(parse(_without_rules()), {"grade": ("grade_a",)})
    assert (found.disposition, found.needs_human, found.timing, found.refund_percent) == (
        Disposition.HOLD_FOR_MERCHANT,
        True,
        "none",
        0,
    )


def _without_rules() -> str:
    return (
        'version = "bare"\ndisposition = []\nrefund = []\n[destinations]\n[shelves]\n[override_reasons]\n[refuse_reasons]\n'
        '[types.default]\nfirst = "q"\n[types.default.questions.q]\ntext = "?"\n'
    )


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (('first = "q"', 'first = "z"'), "Policy, types.default: 'z' is not a question of this tree."),
        (('text = "?"', 'text = "?"\nnext = "q"'), "Policy, types.default: 'q → q' is not a path that ends."),
        (
            ("refund = []", 'refund = [{when = {}, timing = "none", percent = 101}]'),
            "Policy, refund 1: 101 is not a whole number from 0 to 100.",
        ),
        (
            ("disposition = []", 'disposition = [{when = {}, to = "the_moon", reason = "x"}]'),
            "Policy, disposition 1: 'the_moon' is not one of " + ", ".join(Disposition) + ".",
        ),
        (('version = "bare"\n', ""), "The policy lacks 'version'."),
    ],
)
def test_a_policy_that_cannot_hold_is_refused_with_its_place(change: tuple[str, str], sentence: str) -> None:
    with pytest.raises(StationError) as caught:
        parse(_without_rules().replace(*change))
    assert caught.value.sentence == sentence


def test_an_axis_moves_only_as_its_pairs_say() -> None:
    for axis, pairs in MOVES.items():
        for one, other in itertools.product(axis, axis):
            if one is other or (one, other) in pairs:
                assert move(one, other) is other
            else:
                with pytest.raises(StationError):
                    move(one, other)
    with pytest.raises(StationError) as caught:
        move(Placement.PUT, Placement.HELD)
    assert caught.value.sentence == "Placement cannot go from put to held."


# --- at the dock ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def signed_in(pond: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dock = copied_dock(pond, tmp_path_factory.mktemp("split") / "d")
    dock.scan(ANNA)
    dock.close()
    return dock.path


def test_a_product_with_parts_is_asked_for_each_of_them(dock: Dock) -> None:
    answer = dock.scans("RMA-5", "KIT", "RS-A2")
    assert answer.choices == ("Everything is there", "Missing: Glue", "Missing: Mirror", "Missing: Hair")
    dock.scans("3", "1")
    assert dock.rows("SELECT code, component FROM unit_finding") == [
        {"code": "component_missing", "component": "Mirror"}
    ]
    assert dock.one("SELECT disposition FROM return_unit") == "rework"


def test_sealed_fits_only_as_the_first_answer(dock: Dock) -> None:
    answer = dock.scans("RMA-1", "DUCK", "2", "RS-SEALED")
    assert (answer.signal, answer.text) == (
        "mismatch",
        "SEALED fits only as the first answer for goods that come sealed. Answer the question.",
    )


def test_some_pieces_of_a_quantity_are_set_apart_and_each_part_has_a_plate(dock: Dock) -> None:
    dock.scans("RMA-20", "DUCK", "20")
    assert dock.scan("RS-SPLIT").asked == "How many of 20 are different?"
    assert dock.scan("20").text == "20 does not fit: a number from 1 to 19 was expected."
    assert dock.scan("5").text == "5 apart, 15 wait for their turn."
    answer = dock.scans("RS-SEALED", "LPN", "BIN-1", "RS-SEALED", "LPN", "BIN-1")
    assert answer.text == "Put. Parcel P011000001V finished, 20.00 GBP goes back."
    rows = dock.rows("SELECT quantity, lpn FROM return_unit ORDER BY quantity")
    assert [row["quantity"] for row in rows] == [5, 15]
    assert len({row["lpn"] for row in rows}) == 2


STEPS = st.sampled_from(["split", "split", "put", "put", "hold", "undo", "answer", "resume", "restart"])


@settings(max_examples=20)
@given(steps=st.lists(st.tuples(STEPS, st.integers(1, 19)), min_size=5, max_size=25))
def test_splits_holds_and_undos_neither_make_nor_lose_a_piece(
    signed_in: Path, steps: list[tuple[str, int]]
) -> None:
    with tempfile.TemporaryDirectory() as folder, closing(copied_dock(signed_in, Path(folder) / "d")) as dock:
        dock.restart()
        dock.scans("RMA-20", "DUCK", "20")
        for name, n in steps:
            if name == "undo" and len(dock.state.back) <= 3:
                continue
            _do(dock, name, n)
            living = dock.one("SELECT SUM(quantity) FROM return_unit WHERE reception = 'received'")
            assert living == 20, (name, n)


def _do(dock: Dock, name: str, n: int) -> None:
    unit = dock.state.unit
    if name == "restart":
        dock.restart()
    elif name == "undo":
        dock.scan("RS-UNDO")
    elif name == "split" and dock.state.at == "question":
        dock.scans("RS-SPLIT", str(n))
        if dock.state.at == "split":
            dock.scan("RS-UNDO")
    elif name == "answer" and dock.state.at == "question":
        dock.scan(str(1 + n % 3))
    elif name == "put" and dock.state.at == "question":
        dock.scan("RS-SEALED")
        if dock.state.at == "label":
            dock.scans("LPN", "BIN-1")
    elif name == "hold" and unit is not None:
        dock.scan("RS-HOLD")
        dock.scans(*(["LPN"] if dock.state.at == "hold_label" else []), "SHELF-H")
    elif name == "resume" and unit is None:
        held = dock.rows(
            "SELECT lpn FROM return_unit WHERE placement = 'held' AND reception = 'received' ORDER BY id"
        )
        if held:
            dock.scan(held[n % len(held)]["lpn"])


def test_the_dialogue_loads_no_screen_no_database_no_port_and_no_paper() -> None:
    script = (
        "import sys, returns_station.workflow.session\n"
        "print([name for name in ('textual', 'rich', 'sqlalchemy', 'sqlmodel', 'serial', 'reportlab') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

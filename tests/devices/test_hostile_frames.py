"""The generator of hostile scans covers each class and is repeatable; framing, reading and repair survive what it makes."""

import json
from collections import Counter, defaultdict

import pytest

from devices.frame import Framer
from returns_station.domain.scan import Kind, explain, read
from returns_station.domain.scan.habits import Habits, meant
from returns_station.domain.scan.layouts import LAYOUTS, understand
from tests.hostile_frames import CLASSES, OBEYED, SPELT, VALID, classified, frames

OURS = {Kind.COMMAND, Kind.ANSWER, Kind.QUANTITY, Kind.LPN, Kind.PLATE, Kind.CONTAINER, Kind.BADGE}
HABITS = [
    Habits(layout, prefix, separator, aim)
    for layout in LAYOUTS
    for prefix, separator, aim in (
        (b"", b"", True),
        (b"\x02", b"~", True),
        (b"A", b"]", False),
        (b"", b"{GS}", True),
    )
]


@pytest.fixture(scope="module")
def by_class() -> dict[str, list[bytes]]:
    found = defaultdict(list)
    for name, frame in classified(7, 20_000):
        found[name].append(frame)
    return found


def test_a_seed_gives_the_same_frames_and_another_one_others() -> None:
    assert list(frames(1, 3000)) == list(frames(1, 3000))
    assert list(frames(1, 3000)) != list(frames(2, 3000))


@pytest.mark.parametrize("count", [0, 1, len(CLASSES), 1001, 2500])
def test_any_number_of_frames_is_given(count: int) -> None:
    assert len(list(frames(3, count))) == count


def test_every_class_is_there_from_the_first_frames_on() -> None:
    assert {name for name, _ in classified(5, len(CLASSES))} == set(CLASSES)


def test_classes_come_as_often_as_their_weight() -> None:
    whole = sum(weight for weight, _ in CLASSES.values())
    met = Counter(name for name, _ in classified(11, 50_000))
    for name, (weight, _) in CLASSES.items():
        assert met[name] == pytest.approx(50_000 * weight / whole, rel=0.25)


def test_classes_left_out_do_not_come_and_what_stays_is_never_one_of_our_codes() -> None:
    for name, frame in classified(13, 20_000, without=OBEYED):
        assert name not in OBEYED
        assert not read(frame).of(*OURS)


SIGNS = {
    "sequence": lambda raw: any(byte < 0x20 or byte >= 0x7F for byte in raw),
    "markup": lambda raw: b"[" in raw or b"]" in raw,
    "zero": lambda raw: 0 in raw,
    "latin-1": lambda raw: any(byte >= 0xA0 for byte in raw),
    "line ends": lambda raw: not raw.decode().isprintable(),
    "blank": lambda raw: not raw.decode().strip(),
    "empty": lambda raw: raw == b"",
    "4 KB": lambda raw: 4095 <= len(raw) <= 5000,
    "spelt": lambda raw: raw in SPELT,
    "cut": lambda raw: any(raw in code for code in VALID),
    "doubled": lambda raw: any(raw.startswith(code) and len(raw) > len(code) for code in VALID),
    "glued": lambda raw: sum(raw.count(code) for code in VALID) >= 2,
}


@pytest.mark.parametrize("name", SIGNS)
def test_each_frame_of_a_class_is_of_its_kind(name: str, by_class: dict[str, list[bytes]]) -> None:
    assert by_class[name]
    assert all(SIGNS[name](raw) for raw in by_class[name])


def test_damaged_layouts_are_among_them_in_german_and_french(by_class: dict[str, list[bytes]]) -> None:
    told = Counter(one.get("layout") for raw in by_class["layout"] if (one := understand(_text(raw))))
    assert told["de"] > 20
    assert told["fr"] > 20


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def test_what_some_terminal_or_program_obeys_in_the_table_of_faults_has_its_class(
    by_class: dict[str, list[bytes]],
) -> None:
    """Each control character, bracket and script of the fault tests' own list is met here too."""
    from tests.faults.fault_kit import HOSTILE

    everything = b"".join(raw for found in by_class.values() for raw in found)
    for raw in HOSTILE.values():
        for piece in {bytes([byte]) for byte in raw if byte < 0x20 or byte in b"[]<>{}^~%'\"\x7f\x9b"}:
            assert piece in everything


def run_through(seed: int, count: int) -> Counter[str]:
    """Frames as a scanner sends them, framed, read, repaired and read again."""
    framer, met = Framer(), Counter[str]()
    for number, raw in enumerate(frames(seed, count)):
        for data, ended_by in framer.feed(raw + b"\r", float(number)):
            met[ended_by] += 1
            reading = read(data)
            assert reading.raw == data
            assert all(problem.sentence.isprintable() for problem in reading.problems)
            changed = meant(data, HABITS[number % len(HABITS)])
            if changed is not None:
                met["changed"] += 1
                json.dumps(explain(read(changed)))
    return met


def test_framing_reading_and_repair_survive_5000_of_them() -> None:
    met = run_through(17, 5_000)
    assert met["cr"] > 4_000
    assert met["overflow"] > 3
    assert met["changed"] > 1_000


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(8))
def test_framing_reading_and_repair_survive_200000_of_them(seed: int) -> None:
    assert run_through(100 + seed, 25_000)["cr"] > 20_000

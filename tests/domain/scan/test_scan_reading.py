"""A scan as a whole: bytes, prefixes, control characters, two symbols in one, and what is never lost."""

import json
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from returns_station.domain.scan import Candidate, Kind, Reading, explain, mint, read
from returns_station.domain.scan.reading import LONGEST

AGAIN = "Scan the code again, or type the characters printed with it."
ONE = "Scan one code at a time; check that the scanner ends each with Enter."
TWO = "Scan the two codes again, one after the other."
LPN, PLATE = mint("L", "00", 0, 17), mint("P", "0B", 3, 12345)
EAN, UPS = "4006381333931", "1Z5R89390357567127"
OURS = {Kind.COMMAND, Kind.ANSWER, Kind.QUANTITY, Kind.LPN, Kind.PLATE, Kind.CONTAINER, Kind.BADGE}

gs1_like = st.lists(
    st.sampled_from(
        [
            "01",
            "00",
            "02",
            "10",
            "17",
            "21",
            "310",
            "8008",
            "\x1d",
            "]C1",
            "(",
            ")",
            EAN,
            "https://x/",
            "%",
            "RS-",
        ]
    )
    | st.text("0123456789", max_size=14)
).map(lambda parts: "".join(parts).encode())

links = st.from_regex(
    r"https?://[a-z\[\]:]{1,5}/(01|00|gtin|414)/[0-9%٣]{8,18}(/(10|21|30)/.{0,5})?(\?.{0,20})?"
).map(lambda text: text.encode("utf-8", "ignore"))


def problems(reading: Reading) -> list[str]:
    return [str(problem) for problem in reading.problems]


class TestNothingIsLost:
    @given(
        st.binary(max_size=200)
        | gs1_like
        | st.text(max_size=60).map(lambda text: text.encode("utf-8", "ignore"))
    )
    @example(b"0109501101530003" + b"30")
    @example(b"]")
    @example(b"]C")
    @example(b"]C1")
    @example(b"(01)")
    @example(b"\x1d\x1d")
    @example(b"]Q3https://[::1/01/09506000134352")
    @example("1Z٣".encode())
    def test_no_bytes_raise_and_the_raw_ones_stay(self, raw: bytes) -> None:
        reading = read(raw)
        assert reading.raw == raw
        json.dumps(explain(reading))

    @pytest.mark.prove
    @settings(max_examples=10_000, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.binary(max_size=300) | gs1_like | links)
    def test_no_bytes_raise_in_ten_thousand(self, raw: bytes) -> None:
        assert read(raw).raw == raw

    @given(st.binary(max_size=80) | gs1_like)
    def test_a_text_that_is_not_ours_is_always_a_reference_last(self, raw: bytes) -> None:
        reading = read(raw)
        if reading.text and reading.candidates[0].kind not in OURS:
            assert (reading.candidates[-1].kind, reading.candidates[-1].value) == (
                Kind.REFERENCE,
                reading.text,
            )

    @given(st.binary(max_size=80) | gs1_like)
    def test_valid_meanings_come_before_invalid_ones(self, raw: bytes) -> None:
        valid = [candidate.valid for candidate in read(raw).candidates[:-1]]
        assert valid == sorted(valid, reverse=True)

    @given(st.binary(max_size=80) | gs1_like)
    def test_no_problem_speaks_in_control_characters(self, raw: bytes) -> None:
        reading = read(raw)
        told = [*reading.problems, *(problem for c in reading.candidates for problem in c.problems)]
        assert all(problem.sentence.isprintable() for problem in told)

    def test_reading_twice_is_reading_once(self) -> None:
        assert read(EAN.encode()) == read(EAN.encode())


class TestText:
    def test_outer_blanks_and_line_ends_are_trimmed_and_kept_raw(self) -> None:
        reading = read(b"  RMA 10\t\r\n")
        assert (reading.text, reading.raw) == ("RMA 10", b"  RMA 10\t\r\n")
        assert reading.candidates == (Candidate(Kind.REFERENCE, "RMA 10"),)

    def test_a_separator_is_no_blank(self) -> None:
        assert read(b"\x1d21X").text == "\x1d21X"

    def test_utf_8_then_latin_1(self) -> None:
        assert read("Größe 42".encode()).text == read("Größe 42".encode("latin-1")).text == "Größe 42"

    @pytest.mark.parametrize("prefix", ["]C0", "]E0", "]E4", "]d1", "]Q1", "]I1", "]L0", "]z0", "]X0", "]A0"])
    def test_a_known_symbology_identifier_is_taken_off(self, prefix: str) -> None:
        reading = read(f"{prefix}RMA-10".encode())
        assert (reading.aim, reading.text) == (prefix, "RMA-10")

    @pytest.mark.parametrize("text", ["]", "]C", "]?1X", "]W0X", "[C1X"])
    def test_what_only_looks_like_one_stays_text(self, text: str) -> None:
        reading = read(text.encode())
        assert (reading.aim, reading.text) == (None, text)

    @pytest.mark.parametrize("code", [LPN, "RS-DONE", UPS])
    def test_our_codes_and_tracking_numbers_are_known_behind_a_prefix(self, code: str) -> None:
        assert read(f"]C0{code}".encode()).candidates == read(code.encode()).candidates


class TestControlCharacters:
    @pytest.mark.parametrize(
        ("raw", "sentence"),
        [
            (b"RMA\x1b[2J", "RMA\\x1b[2J: expected printable characters, found '\\x1b'."),
            (b"RMA\x0010", "RMA\\x0010: expected printable characters, found '\\x00'."),
            ("RMA\x9b10".encode(), "RMA\\x9b10: expected printable characters, found '\\x9b'."),
            ("RMA\u202e10".encode(), "RMA\\u202e10: expected printable characters, found '\\u202e'."),
            (b"R\x1dMA", "R\\x1dMA: expected printable characters, found '\\x1d'."),
        ],
    )
    def test_a_reference_with_them_is_invalid_and_says_so_in_plain_letters(
        self, raw: bytes, sentence: str
    ) -> None:
        (reference,) = read(raw).candidates
        (problem,) = reference.problems
        assert (problem.code, str(problem)) == ("scan.control", f"{sentence} {AGAIN}")

    def test_a_separator_within_gs1_is_no_fault(self) -> None:
        assert read(b"]C121A\x1d10B").candidates[-1].valid

    def test_a_long_text_is_shown_short(self) -> None:
        (reference,) = read(b"\x07" + b"A" * 100).candidates
        assert (
            reference.problems[0].sentence
            == f"\\x07{'A' * 39}…: expected printable characters, found '\\x07'."
        )


class TestWholeScan:
    @pytest.mark.parametrize("raw", [b"", b"\r\n", b"   ", b"]C1"])
    def test_an_empty_scan_says_so(self, raw: bytes) -> None:
        reading = read(raw)
        assert (reading.candidates, problems(reading)) == ((), [f"The scan holds no characters. {AGAIN}"])

    def test_a_scan_of_4096_bytes_is_read_and_one_more_is_not(self) -> None:
        assert read(b"A" * LONGEST).candidates == (Candidate(Kind.REFERENCE, "A" * LONGEST),)
        reading = read(b"A" * (LONGEST + 1))
        assert reading.candidates == ()
        assert problems(reading) == [f"{'A' * 40}…: expected at most 4096 bytes, found 4097. {ONE}"]
        assert len(reading.raw) == LONGEST + 1


class TestTwoSymbolsInOne:
    @pytest.mark.parametrize(
        ("left", "right"),
        [
            (EAN, "4006381333948"),
            (EAN, EAN),
            ("036000291452", "036000291452"),
            ("40170725", "40170725"),
            (LPN, LPN),
            (LPN, PLATE),
            (LPN, EAN),
            (EAN, LPN),
            (UPS, UPS),
            (UPS, LPN),
            ("RS-YES", "RS-DONE"),
            ("RS-G-SEALED", "RS-D-SCRAP"),
            ("RS-B-ADA", "RS-DONE"),
            (LPN, "RS-DONE"),
            ("RS-DONE", LPN),
            ("RS-Q1", EAN),
        ],
    )
    def test_they_are_named_and_asked_for_again(self, left: str, right: str) -> None:
        reading = read((left + right).encode())
        whole = left + right
        assert problems(reading) == [f"{whole}: expected one code, found two, {left} and {right}. {TWO}"]
        assert reading.problems[0].code == "scan.glued"
        assert reading.candidates[-1] == Candidate(Kind.REFERENCE, whole)

    def test_a_symbology_identifier_in_the_middle_tells_them_apart(self) -> None:
        reading = read(b"]C0ABC]C0DEF")
        assert problems(reading) == [f"ABCDEF: expected one code, found two, ABC and DEF. {TWO}"]

    def test_a_message_with_two_items_is_two_messages(self) -> None:
        reading = read(b"]C101095011015300030109501101530003")
        sentence = "01095011015300030109501101530003: expected (01) once, found it twice."
        assert problems(reading) == [f"{sentence} {TWO}"]

    @pytest.mark.parametrize("text", [EAN, UPS, "92748931507708513018050063", LPN, "RMA-10RMA-11", "A" * 26])
    def test_one_code_is_not_two(self, text: str) -> None:
        assert read(text.encode()).problems == ()


class TestImport:
    def test_the_gs1_tables_wait_until_they_are_asked_for(self) -> None:
        code = (
            "import sys; from returns_station.domain import scan; scan.read(b'RMA-10'); "
            "before = 'biip' in sys.modules; scan.prepare(); print(before, 'biip' in sys.modules)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert done.stdout == "False True\n"


class TestExplain:
    def test_it_is_plain_and_complete(self) -> None:
        assert explain(read(b"]E04006381333932")) == {
            "kind": "gtin",
            "valid": False,
            "text": "4006381333932",
            "aim": "]E0",
            "raw": "5d453034303036333831333333393332",
            "candidates": [
                {
                    "kind": "gtin",
                    "value": "04006381333932",
                    "valid": False,
                    "attributes": {"symbology": "ean13"},
                    "problems": [
                        {
                            "code": "scan.check_digit",
                            "sentence": "4006381333932: the check digit should be 1, found 2.",
                            "hint": AGAIN,
                        }
                    ],
                },
                {
                    "kind": "reference",
                    "value": "4006381333932",
                    "valid": True,
                    "attributes": {},
                    "problems": [],
                },
            ],
            "problems": [],
        }

    def test_an_empty_scan_has_no_kind(self) -> None:
        explained = explain(read(b""))
        assert (explained["kind"], explained["valid"], len(explained["problems"])) == (None, False, 1)

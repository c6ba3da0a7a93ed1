"""Our own codes: plates, commands, answers, quantities, badges."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from returns_station.domain.scan import (
    ALPHABET,
    COMMANDS,
    Candidate,
    Kind,
    Plate,
    answer_code,
    badge_code,
    command_code,
    disposition_code,
    mint,
    parse_plate,
    quantity_code,
    read,
    station_code,
)
from returns_station.domain.scan.plates import COUNTERS, STATIONS
from returns_station.errors import StationError

AGAIN = "Scan the code again, or type the characters printed with it."
CORRECT = "Nothing was printed; correct the number and try again."


def only(text: str) -> Candidate:
    (candidate,) = read(text.encode()).candidates
    return candidate


plates = st.builds(
    Plate,
    st.sampled_from("LPK"),
    st.integers(0, STATIONS - 1).map(station_code),
    st.integers(0, 25),
    st.integers(0, COUNTERS - 1),
)


class TestMint:
    @given(plates)
    def test_a_minted_plate_is_parsed_back_to_its_numbers(self, plate: Plate) -> None:
        text = mint(plate.prefix, plate.station, plate.epoch, plate.counter)
        assert parse_plate(text) == plate
        assert len(text) == 11

    @given(plates)
    def test_a_minted_plate_uses_only_characters_that_survive_other_layouts(self, plate: Plate) -> None:
        assert set(mint(plate.prefix, plate.station, plate.epoch, plate.counter)) <= set(ALPHABET)

    def test_the_alphabet_is_fixed_for_printed_rolls_outlive_releases(self) -> None:
        assert ALPHABET == "0123456789BCDFGHJKLNPRSTVX"
        printed = ["L000000000R", "P0B3000L6RG", "KXXXXXXXXX0"]
        assert [
            mint("L", "00", 0, 0),
            mint("P", "0B", 3, 12345),
            mint("K", "XX", 25, COUNTERS - 1),
        ] == printed

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (("Q", "00", 0, 0), "Prefix 'Q': expected one of L, P, K."),
            (("L", "A0", 0, 0), "Station 'A0': expected two characters of 0123456789BCDFGHJKLNPRSTVX."),
            (("L", "000", 0, 0), "Station '000': expected two characters of 0123456789BCDFGHJKLNPRSTVX."),
            (("L", "00", 26, 0), "Epoch 26: expected a number from 0 to 25."),
            (("L", "00", 0, -1), "Counter -1: expected a number from 0 to 308915775."),
            (("L", "00", 0, 26**6), "Counter 308915776: expected a number from 0 to 308915775."),
        ],
    )
    def test_numbers_out_of_range_are_refused(
        self, arguments: tuple[str, str, int, int], sentence: str
    ) -> None:
        with pytest.raises(StationError) as refused:
            mint(*arguments)
        assert str(refused.value) == f"{sentence} {CORRECT}"

    def test_stations_count_up_to_675(self) -> None:
        assert [station_code(0), station_code(26), station_code(675)] == ["00", "10", "XX"]
        with pytest.raises(StationError) as refused:
            station_code(676)
        assert str(refused.value) == f"Station 676: expected a number from 0 to 675. {CORRECT}"


class TestCheckCharacter:
    def test_no_single_substitution_passes(self) -> None:
        for text in sample(200):
            changed = (text[:i] + c + text[i + 1 :] for i in range(11) for c in ALPHABET if c != text[i])
            assert not any(parse_plate(other) for other in changed)

    def test_no_swap_of_neighbours_passes(self) -> None:
        for text in sample(5000):
            swapped = (
                text[:i] + text[i + 1] + text[i] + text[i + 2 :] for i in range(10) if text[i] != text[i + 1]
            )
            assert not any(parse_plate(other) for other in swapped)

    def test_every_pair_of_neighbours_in_every_place_is_told_from_its_swap(self) -> None:
        for place in range(3, 9):
            for a in ALPHABET:
                for b in ALPHABET:
                    if a < b:
                        head, tail = "L00" + "0" * (place - 3), "0" * (8 - place)
                        assert check(head + a + b + tail) != check(head + b + a + tail)

    def test_one_random_text_in_26_passes_and_no_more(self) -> None:
        rng = random.Random(7)
        texts = ("L" + "".join(rng.choices(ALPHABET, k=10)) for _ in range(26_000))
        passed = sum(parse_plate(text) is not None for text in texts)
        assert 850 < passed < 1150


class TestPlate:
    @pytest.mark.parametrize(("prefix", "kind"), [("L", Kind.LPN), ("P", Kind.PLATE), ("K", Kind.CONTAINER)])
    def test_a_plate_is_its_kind_and_nothing_else(self, prefix: str, kind: Kind) -> None:
        text = mint(prefix, "0B", 3, 12345)
        attributes = (("station", "0B"), ("epoch", "3"), ("counter", "12345"))
        assert only(text) == Candidate(kind, text, attributes)

    def test_lower_case_is_read_for_caps_lock_may_be_on(self) -> None:
        text = mint("L", "0B", 3, 12345)
        assert only(text.lower()).value == text

    def test_a_wrong_check_character_is_a_problem_and_the_text_stays_a_reference(self) -> None:
        good = mint("L", "00", 0, 17)
        bad = good[:-1] + ("0" if good[-1] != "0" else "1")
        lpn, reference = read(bad.encode()).candidates
        (problem,) = lpn.problems
        assert str(problem) == f"{bad}: the check character should be {good[-1]}, found {bad[-1]}. {AGAIN}"
        assert problem.code == "scan.check_digit"
        assert (lpn.kind, reference) == (Kind.LPN, Candidate(Kind.REFERENCE, bad))

    @pytest.mark.parametrize("text", ["", "L", "L000000000", "A0000000000", "L0000000000A", "Lı000000000"])
    def test_what_is_no_plate_is_none(self, text: str) -> None:
        assert parse_plate(text) is None


class TestCommands:
    @pytest.mark.parametrize("word", sorted(COMMANDS))
    def test_each_command_is_read_back_from_what_is_printed(self, word: str) -> None:
        assert only(command_code(word)) == Candidate(Kind.COMMAND, word)
        assert only(command_code(word).lower()) == Candidate(Kind.COMMAND, word)

    def test_the_printed_form_has_hyphens(self) -> None:
        assert command_code("stop_leak") == command_code("STOP-LEAK") == "RS-STOP-LEAK"

    def test_an_unknown_word_is_not_printed(self) -> None:
        with pytest.raises(StationError) as refused:
            command_code("dance")
        assert (
            str(refused.value) == f"Command 'dance': expected one of {', '.join(sorted(COMMANDS))}. {CORRECT}"
        )

    def test_an_unknown_word_that_was_scanned_is_only_a_reference(self) -> None:
        assert only("RS-10023") == Candidate(Kind.REFERENCE, "RS-10023")

    @pytest.mark.parametrize("n", [1, 9, 99])
    def test_numbered_answers_are_read_back(self, n: int) -> None:
        assert only(answer_code(n)) == Candidate(Kind.ANSWER, str(n))

    def test_named_answers_are_words_of_their_own_beside_the_commands(self) -> None:
        assert only("RS-G-SEALED") == Candidate(Kind.ANSWER, "sealed")
        assert only("RS-SEALED") == Candidate(Kind.COMMAND, "sealed")
        assert only(answer_code("no_power")) == Candidate(Kind.ANSWER, "no_power")

    def test_dispositions_carry_their_code(self) -> None:
        expected = Candidate(Kind.COMMAND, "disposition", (("disposition", "return_to_stock"),))
        assert only("RS-D-RETURN-TO-STOCK") == only(disposition_code("return_to_stock")) == expected

    @given(st.integers(1, 999_999))
    def test_quantities_are_read_back(self, n: int) -> None:
        assert only(quantity_code(n)) == Candidate(Kind.QUANTITY, str(n))

    def test_a_badge_is_its_whole_text(self) -> None:
        assert only("rs-b-ada-07") == Candidate(Kind.BADGE, "RS-B-ADA-07")
        assert badge_code("ada-07") == "RS-B-ADA-07"

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("RS-Q0", "0: the quantity should be between 1 and 999999, found 0."),
            ("RS-Q1000000", "1000000: the quantity should be between 1 and 999999, found 1000000."),
            ("RS-A0", "0: the answer should be between 1 and 99, found 0."),
            ("RS-A100", "100: the answer should be between 1 and 99, found 100."),
        ],
    )
    def test_numbers_beyond_the_printed_ones_are_problems(self, text: str, sentence: str) -> None:
        candidate, reference = read(text.encode()).candidates
        assert [str(problem) for problem in candidate.problems] == [f"{sentence} {AGAIN}"]
        assert reference == Candidate(Kind.REFERENCE, text)

    @pytest.mark.parametrize(
        ("call", "sentence"),
        [
            (lambda: answer_code(0), "Answer 0: expected a number from 1 to 99."),
            (lambda: quantity_code(0), "Quantity 0: expected a number from 1 to 999999."),
            (
                lambda: disposition_code("5 stars"),
                "Word '5 stars': expected letters and underscores, at most 40.",
            ),
            (
                lambda: badge_code("a b"),
                "Badge 'a b': expected 1 to 40 letters, digits and inner hyphens, without RS-.",
            ),
        ],
    )
    def test_nothing_is_printed_that_would_not_be_read_back(self, call: object, sentence: str) -> None:
        assert callable(call)
        with pytest.raises(StationError) as refused:
            call()
        assert str(refused.value) == f"{sentence} {CORRECT}"


def check(body: str) -> str:
    return next(c for c in ALPHABET if parse_plate(body + c))


def sample(n: int) -> list[str]:
    rng = random.Random(n)
    return [
        mint(rng.choice("LPK"), station_code(rng.randrange(676)), rng.randrange(26), rng.randrange(COUNTERS))
        for _ in range(n)
    ]

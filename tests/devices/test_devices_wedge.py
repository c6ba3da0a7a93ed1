"""Bursts of a keyboard-wedge scanner among a person's keys: what is a scan, what is a key, what may act."""

import random

import pytest

from devices.wedge import Burst, Keyed, Piece, Scanned

LPN = b"L011000001S"


def typed(burst: Burst, data: bytes, *, at: float = 0.0, pace: float = 0.008) -> tuple[list[Piece], float]:
    """Keys one by one, `pace` seconds apart; what they made, and when the last one came."""
    found: list[Piece] = []
    for n in range(len(data)):
        found += burst.idle(at + pace * 0.99)
        at += pace
        found += burst.feed(data[n : n + 1], at)
    return found, at


def settled(burst: Burst, at: float) -> list[Piece]:
    return burst.idle(at + 1)


class TestAScanOfAWedge:
    def test_is_whole_at_its_enter_and_the_enter_is_no_key(self) -> None:
        burst = Burst()
        found, at = typed(burst, LPN + b"\r")
        assert found == [Scanned(LPN, at, "enter")]
        assert settled(burst, at) == []

    @pytest.mark.parametrize("pace", [0.002, 0.017, 0.049])
    def test_is_one_at_every_pace_of_a_scanner(self, pace: float) -> None:
        found, at = typed(Burst(), LPN + b"\r", pace=pace)
        assert found == [Scanned(LPN, at, "enter")]

    def test_may_end_with_cr_lf_whose_lf_comes_late(self) -> None:
        burst = Burst()
        found, at = typed(burst, b"\n".join([LPN + b"\r", LPN + b"\r", b""]))
        assert [piece.data for piece in found] == [LPN, LPN]
        assert settled(burst, at) == []

    def test_may_end_with_tab_where_that_is_its_suffix(self) -> None:
        found, at = typed(Burst(suffix="tab"), LPN + b"\t")
        assert found == [Scanned(LPN, at, "tab")]
        held, _ = typed(Burst(), b"AB\tCD\r")
        assert [piece.data for piece in held] == [b"AB\tCD"]

    def test_without_suffix_ends_with_silence(self) -> None:
        burst = Burst(suffix="none")
        found, at = typed(burst, LPN)
        assert found == []
        assert burst.idle(at + 0.04) == []
        assert burst.idle(at + 0.05) == [Scanned(LPN, at, "idle")]

    def test_keeps_its_separator_and_every_other_byte(self) -> None:
        raw = b"01040063813339311726\x1d10A\xe9\x00\x1b[A\x7f"
        found, at = typed(Burst(), raw + b"\r")
        assert found == [Scanned(raw, at, "enter")]

    def test_is_not_cut_in_two_by_a_stall_of_the_machine(self) -> None:
        burst = Burst()
        first, at = typed(burst, LPN[:2])
        assert burst.idle(at + 0.2) == []
        second, last = typed(burst, LPN[2:] + b"\r", at=at + 0.3)
        assert first + second == [Scanned(LPN, last, "enter")]

    def test_is_not_cut_in_two_by_a_reader_that_is_late(self) -> None:
        burst = Burst()
        found = burst.feed(LPN[:1], 1.0) + burst.feed(LPN[1:] + b"\r", 1.3)
        assert found == [Scanned(LPN, 1.3, "enter")]

    def test_whose_suffix_never_comes_is_typed_text(self) -> None:
        burst = Burst()
        _, at = typed(burst, LPN)
        assert burst.idle(at + 0.4) == []
        assert burst.idle(at + 0.5) == [Keyed(LPN)]

    def test_longer_than_any_code_comes_out_once_and_its_rest_is_swallowed(self) -> None:
        burst = Burst(max_bytes=16)
        found = (
            burst.feed(b"9" * 40, 1.0) + burst.feed(b"9" * 40 + b"\r", 1.01) + burst.feed(LPN + b"\r", 1.02)
        )
        assert found == [Scanned(b"9" * 16, 1.0, "overflow"), Scanned(LPN, 1.02, "enter")]

    def test_read_in_any_pieces_is_the_same(self) -> None:
        stream = b"".join(b"%d-%s\r" % (n, LPN) for n in range(30))
        whole = [piece.data for piece in Burst().feed(stream, 1.0)]
        chance = random.Random(7)
        for _ in range(50):
            burst, cut, found = Burst(), 0, []
            while cut < len(stream):
                size = chance.randint(1, 40)
                found += burst.feed(stream[cut : cut + size], 1.0 + cut / 1e4)
                cut += size
            assert [piece.data for piece in found] == whole


class TestAPersonsKeys:
    def test_are_keys_one_by_one(self) -> None:
        burst = Burst()
        found, at = typed(burst, b"12\r", pace=0.09)
        assert [*found, *settled(burst, at)] == [Keyed(b"1"), Keyed(b"2"), Keyed(b"\r")]

    @pytest.mark.parametrize("key", [b"\x1bOP", b"\x1b[15~", b"\x1b[A", b"\x1b", b"\x10", b"\x1bx", b"\t"])
    def test_that_are_sequences_act_when_they_are_alone(self, key: bytes) -> None:
        burst = Burst()
        found = burst.feed(key, 1.0)
        assert [*found, *settled(burst, 1.0)] == [Keyed(key)]

    def test_held_down_repeat(self) -> None:
        burst = Burst()
        found, at = typed(burst, b"\x1b[B" * 1, pace=0)
        for n in range(1, 5):
            found += burst.feed(b"\x1b[B", at + n * 0.03)
        assert [*found, *settled(burst, at + 1)] == [Keyed(b"\x1b[B" * 5)]

    def test_of_two_and_enter_at_once_are_typed_not_scanned(self) -> None:
        burst = Burst()
        assert burst.feed(b"12\r", 1.0) == [Keyed(b"12\r")]


class TestTheTerminalsOwnReports:
    def test_pass_alone(self) -> None:
        burst = Burst()
        report = b"\x1b[?2026;2$y\x1b[?2048;0$y"
        assert [*burst.feed(report, 1.0), *settled(burst, 1.0)] == [Keyed(report)]

    def test_in_the_middle_of_a_scan_do_not_spoil_it(self) -> None:
        burst = Burst()
        found = burst.feed(LPN[:4], 1.0) + burst.feed(b"\x1b[O" + LPN[4:] + b"\r", 1.01)
        assert found == [Keyed(b"\x1b[O"), Scanned(LPN, 1.01, "enter")]


class TestAHostileCode:
    @pytest.mark.parametrize(
        "code", [b"\x1bOP", b"\x11", b"\x03", b"\x1b[<0;5;5M", b"\x1b[21~", b"\x10x", b"y\x1b"]
    )
    def test_of_keys_is_a_scan_and_acts_as_none(self, code: bytes) -> None:
        assert Burst().feed(code + b"\r", 1.0) == [Scanned(code, 1.0, "enter")]

    @pytest.mark.parametrize("code", [b"-1", b"+", b"/", b"*", b".", b" ", b"[", b"(9", "é".encode()])
    def test_of_a_sign_or_two_is_a_scan_and_no_key_of_a_ten_key_pad(self, code: bytes) -> None:
        assert Burst().feed(code + b"\r", 1.0) == [Scanned(code, 1.0, "enter")]

    @pytest.mark.parametrize(
        "code",
        [b"\x1bOPq\x11", b"\x1bOP\x1bOQ", b"abc\x11", b"\x1b[21~y\x1b[21~", b"\x03\x11\x10", b"\x1b]0;x\x07"],
    )
    def test_without_its_suffix_may_type_but_never_acts(self, code: bytes) -> None:
        burst = Burst()
        for piece in [*burst.feed(code, 1.0), *settled(burst, 1.0)]:
            assert isinstance(piece, Keyed)
            assert not any(byte < 0x20 for byte in piece.data)

    def test_of_any_bytes_is_never_lost_when_it_has_a_suffix(self) -> None:
        chance = random.Random(11)
        for _ in range(2_000):
            code = bytes(chance.choice([*range(256)]) for _ in range(chance.randint(3, 40)))
            code = code.replace(b"\r", b"").replace(b"\n", b"")
            found = Burst().feed(code + b"\r", 1.0)
            scanned = b"".join(piece.data for piece in found if isinstance(piece, Scanned))
            reports = b"".join(piece.data for piece in found if isinstance(piece, Keyed))
            assert len(scanned) + len(reports.rstrip(b"\r")) == len(code)


def test_settings_that_cannot_work_are_refused() -> None:
    with pytest.raises(ValueError, match="gap_s 0 must be more than 0"):
        Burst(0)

"""Laws of framing: what ends a frame, what is content, and that reads may cut anywhere."""

import itertools
from typing import get_args

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.frame import EndedBy, Framed, Framer, Terminator

EVERY_SET = [chosen for size in (1, 2, 3) for chosen in itertools.combinations(get_args(Terminator), size)]
streams = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b"\x1d", b"\x00", b"\xe9", b"]C1", b"0104012345678901", b"LPN-7"])
    | st.binary(max_size=6),
    max_size=30,
).map(b"".join)


def fed(chunks: list[bytes], **options: object) -> tuple[list[Framed], Framer]:
    framer = Framer(**options)  # type: ignore[arg-type]
    return [frame for chunk in chunks for frame in framer.feed(chunk, 0.0)], framer


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[a:b] for a, b in itertools.pairwise(edges)]


def blind_to_lf(frames: list[Framed]) -> list[tuple[bytes, str]]:
    """A CR LF whose LF comes with the next read is known as CR."""
    return [(content, "cr" if ended_by == "crlf" else ended_by) for content, ended_by in frames]


@pytest.mark.parametrize(
    ("stream", "ended_by"), [(b"PLT-1\r", "cr"), (b"PLT-1\n", "lf"), (b"PLT-1\r\n", "crlf")]
)
def test_each_terminator_ends_a_frame_and_is_no_part_of_it(stream: bytes, ended_by: EndedBy) -> None:
    assert fed([stream])[0] == [(b"PLT-1", ended_by)]


def test_cr_and_lf_split_over_two_reads_end_one_frame() -> None:
    assert fed([b"PLT-1\r", b"\nPLT-2\r", b"\n"])[0] == [(b"PLT-1", "cr"), (b"PLT-2", "cr")]


@given(streams, st.lists(st.integers(0, 500), max_size=20))
@example(b"A\r\nB\r\r\n\nC", [2, 6])
def test_any_cutting_of_a_stream_gives_the_same_frames_and_the_same_rest(
    stream: bytes, places: list[int]
) -> None:
    whole, one = fed([stream], max_bytes=24)
    pieces, other = fed(cut(stream, places), max_bytes=24)
    assert blind_to_lf(pieces) == blind_to_lf(whole)
    assert other.discard() == one.discard()


@given(streams)
def test_frames_are_what_splitting_at_every_cr_and_lf_leaves_without_the_empty_ones(stream: bytes) -> None:
    *lines, rest = stream.replace(b"\r", b"\n").split(b"\n")
    frames, framer = fed([stream])
    assert [content for content, _ in frames] == [line for line in lines if line]
    assert framer.discard() == rest


@pytest.mark.parametrize("terminators", EVERY_SET)
@given(stream=streams, places=st.lists(st.integers(0, 500), max_size=20))
def test_cutting_never_matters_whichever_terminators_count(
    terminators: tuple[Terminator, ...], stream: bytes, places: list[int]
) -> None:
    whole, one = fed([stream], max_bytes=16, terminators=terminators)
    pieces, other = fed(cut(stream, places), max_bytes=16, terminators=terminators)
    assert blind_to_lf(pieces) == blind_to_lf(whole)
    assert other.discard() == one.discard()


@pytest.mark.parametrize(
    ("terminators", "frames"),
    [
        (("cr",), [(b"A\nB", "cr"), (b"\nC", "cr")]),
        (("lf",), [(b"A", "lf"), (b"B\r", "lf"), (b"C\r", "lf")]),
        (("crlf",), [(b"A\nB", "crlf"), (b"C\r\nD"[:1], "crlf")]),
        (("cr", "crlf"), [(b"A\nB", "crlf"), (b"C", "crlf")]),
    ],
)
def test_terminators_that_do_not_count_are_content(
    terminators: tuple[Terminator, ...], frames: list[Framed]
) -> None:
    assert fed([b"A\nB\r\nC\r\n"], terminators=terminators)[0] == frames


@given(st.binary(min_size=1, max_size=4096).map(lambda raw: raw.replace(b"\r", b"").replace(b"\n", b"")))
@example(bytes(set(range(256)) - {10, 13}))
def test_every_other_byte_is_kept_as_it_came(content: bytes) -> None:
    assert fed([content + b"\r"])[0] == ([(content, "cr")] if content else [])


def test_a_frame_of_exactly_4096_bytes_is_whole() -> None:
    assert fed([b"9" * 4096 + b"\r\n"])[0] == [(b"9" * 4096, "crlf")]


@pytest.mark.parametrize("terminators", [("crlf", "cr", "lf"), ("crlf",)])
def test_one_byte_more_is_framed_once_as_overflow_and_its_rest_glues_to_nothing(
    terminators: tuple[Terminator, ...],
) -> None:
    stream = b"9" * 4097 + b"8" * 9000 + b"\r\nPLT-2\r\n"
    frames = [(b"9" * 4096, "overflow"), (b"PLT-2", "crlf")]
    assert fed([stream], terminators=terminators)[0] == frames
    assert fed([bytes([byte]) for byte in stream], terminators=("crlf",))[0] == frames


def test_silence_ends_the_frame_of_a_scanner_without_suffix() -> None:
    frames, framer = fed([b"4006381333931"])
    assert frames == []
    assert framer.idle(0.049) == []
    assert framer.idle(0.05) == [(b"4006381333931", "idle")]
    assert framer.idle(9.0) == []


def test_silence_ends_an_overflow_so_that_the_next_scan_is_clean() -> None:
    framer = Framer(max_bytes=4)
    assert framer.feed(b"BABBLE", 0.0) == [(b"BABB", "overflow")]
    assert framer.due_in(0.0) == 0.05
    assert framer.idle(0.05) == []
    assert framer.feed(b"OK\r", 1.0) == [(b"OK", "cr")]


def test_a_scanner_that_has_shown_a_suffix_may_stall_in_the_middle_of_a_scan() -> None:
    framer = Framer()
    framer.feed(b"PLT-1\r", 0.0)
    framer.feed(b"PLT", 1.0)
    assert framer.idle(1.2) == []
    assert framer.feed(b"-2\r", 1.3) == [(b"PLT-2", "cr")]


def test_a_missing_suffix_is_made_up_for_by_the_longer_silence() -> None:
    framer = Framer()
    framer.feed(b"PLT-1\r", 0.0)
    framer.feed(b"PLT-2", 1.0)
    assert framer.due_in(1.0) == 0.5
    assert framer.idle(1.5) == [(b"PLT-2", "idle")]


def test_a_cr_held_back_for_its_lf_is_content_when_silence_comes_instead() -> None:
    framer = Framer(terminators=("crlf",))
    assert framer.feed(b"A\r", 0.0) == []
    assert framer.idle(0.05) == [(b"A\r", "idle")]


def test_a_late_reader_is_no_silence() -> None:
    framer = Framer()
    framer.feed(b"PLT", 0.0)
    assert framer.feed(b"-2\r", 30.0) == [(b"PLT-2", "cr")]


def test_what_is_discarded_is_returned_and_never_glued_to_what_follows() -> None:
    framer = Framer(max_bytes=8)
    framer.feed(b"HALF", 0.0)
    assert framer.discard() == b"HALF"
    assert framer.feed(b"WHOLE\r", 1.0) == [(b"WHOLE", "cr")]
    framer.feed(b"TOO LONG BY FAR", 2.0)
    assert framer.discard() == b""
    assert framer.feed(b"WHOLE\r", 3.0) == [(b"WHOLE", "cr")]


def test_empty_frames_are_dropped() -> None:
    frames, framer = fed([b"\r\n\r\n", b"", b"\n", b"\r"])
    assert frames == []
    assert framer.due_in(0.0) is None


@pytest.mark.parametrize("options", [{"max_bytes": 0}, {"terminators": ()}])
def test_a_framer_that_could_frame_nothing_is_refused(options: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must be 1 or more"):
        fed([], **options)

"""Laws of recordings: what a line means, at which pace it is played, and what is wrong with a bad one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.errors import DeviceError
from devices.replay import ReplayScanner, escape, read_recording, unescape
from tests.devices.scanner_inbox import Inbox, until

HINT = (
    'A line is plain text or {"at": seconds, "data": text}; bytes are written as \\x1d, a backslash as \\\\.'
)


@given(st.binary())
def test_any_bytes_can_be_written_and_read_back(raw: bytes) -> None:
    written = escape(raw)
    assert unescape(written.encode()) == raw
    assert written.isascii()
    assert written.isprintable()


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        (rb"01\x1D10", b"01\x1d10"),
        (rb"C:\\x1d", rb"C:\x1d"),
        (rb"\q", rb"\q"),
        ("Größe".encode(), "Größe".encode()),
    ],
)
def test_an_escape_is_one_byte_and_everything_else_itself(written: bytes, raw: bytes) -> None:
    assert unescape(written) == raw


def test_a_file_may_mix_plain_lines_json_and_line_ends(tmp_path: Path) -> None:
    recording = tmp_path / "shift.jsonl"
    recording.write_bytes(b'PLT-1\r\n\n{"at": 0.5, "data": "01\\\\x1dAB"}\n{"data": "LPN"}\nlast')
    scans = read_recording(recording)
    assert [(s.data, s.at, s.ended_by) for s in scans] == [
        (b"PLT-1", None, "crlf"),
        (b"01\x1dAB", 0.5, "lf"),
        (b"LPN", None, "lf"),
        (b"last", None, "close"),
    ]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{broken", 'Line 2 of the recording: expected a JSON object with "data".'),
        ('{"at": 1}', 'Line 2 of the recording: expected a JSON object with "data".'),
        (
            '{"at": 1, "data": 7}',
            'Line 2 of the recording: expected "data" as text and "at" as seconds, found 7 and 1.',
        ),
        (
            '{"at": true, "data": "A"}',
            'Line 2 of the recording: expected "data" as text and "at" as seconds, found \'A\' and True.',
        ),
        ('{"at": 1, "data": "A"}', 'Line 2 of the recording: "at" is 1.0, expected 2.0 seconds or later.'),
        ('{"at": NaN, "data": "A"}', 'Line 2 of the recording: "at" is nan, expected 2.0 seconds or later.'),
    ],
)
def test_a_bad_line_is_named_with_its_number(line: str, sentence: str) -> None:
    with pytest.raises(DeviceError) as refused:
        read_recording(['{"at": 2, "data": "A"}', line])
    assert (refused.value.code, refused.value.sentence, refused.value.hint) == ("replay_line", sentence, HINT)


def test_a_recording_that_is_not_there_is_refused(tmp_path: Path, inbox: Inbox) -> None:
    with pytest.raises(DeviceError) as refused:
        ReplayScanner("film", tmp_path / "gone", inbox.queue)
    assert (
        refused.value.sentence
        == f"The recording {tmp_path / 'gone'} cannot be read: No such file or directory."
    )


def test_at_once_plays_everything_in_order_and_says_how_far_it_came(inbox: Inbox) -> None:
    scans = [b"PLT-%d" % n for n in range(500)]
    scanner = ReplayScanner("film", scans, inbox.queue, "at_once")
    assert scanner.state.sentence == "Scanner film is not started."
    scanner.start()
    assert scanner.join(20)
    assert inbox.wait(500, "film")
    assert inbox.data("film") == scans
    assert [f.number for f in inbox.frames["film"]] == list(range(1, 501))
    assert scanner.state.sentence == "Scanner film has replayed 500 of 500 scans."
    assert not scanner.state.connected


def played_at(pace: object, lines: list[str]) -> list[float]:
    """The pauses a replay asks for, on a clock that stands still."""
    asked: list[float] = []
    inbox = Inbox()
    scanner = ReplayScanner("film", lines, inbox.queue, pace, clock=lambda: 100.0)  # type: ignore[arg-type]
    scanner._stopping.wait = lambda timeout=None: bool(asked.append(timeout))  # type: ignore[method-assign, arg-type, func-returns-value]
    scanner.start()
    assert scanner.join(20)
    assert inbox.wait(len(lines), "film")
    return asked


def test_the_recorded_pace_is_kept_and_lines_without_time_follow_at_once() -> None:
    lines = ['{"at": 0.5, "data": "A"}', "B", '{"at": 2, "data": "C"}']
    assert played_at("recorded", lines) == [0.5, 0.5, 2.0]


def test_a_rate_is_in_scans_per_second() -> None:
    assert played_at(4, ["A", "B", "C"]) == [0.0, 0.25, 0.5]


@pytest.mark.parametrize("pace", [0, -1.5, float("nan")])
def test_a_rate_that_plays_nothing_is_refused(pace: float, inbox: Inbox) -> None:
    with pytest.raises(ValueError, match="must be more than 0 scans per second"):
        ReplayScanner("film", [], inbox.queue, pace)


def test_stopping_a_replay_leaves_the_rest_unplayed(inbox: Inbox) -> None:
    scanner = ReplayScanner("film", ["A", '{"at": 3600, "data": "B"}'], inbox.queue)
    scanner.start()
    assert inbox.wait(1, "film")
    scanner.stop()
    assert until(lambda: not scanner.state.connected)
    assert inbox.data("film") == [b"A"]
    assert scanner.state.sentence == "Scanner film has replayed 1 of 2 scans."

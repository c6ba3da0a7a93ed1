"""Laws of signals: told apart by rhythm and by pitch, heard without anybody waiting, and the last one is what counts."""

import io
import itertools
import wave
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from devices.sound import RATE, SIGNALS, Player, wav
from returns_station.config import Sound
from returns_station.domain.codes import Signal
from returns_station.hardware.sounds import Sounds
from tests.devices.scanner_inbox import until

Heard = list[tuple[int, float]]


def heard(signal: str, volume: int = 80) -> Heard:
    """The tones of a WAV file as an ear takes them: dominant frequency in Hz, length in seconds, silences between."""
    with wave.open(io.BytesIO(wav(signal, volume))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(float)
    # A sine passes zero too: loud is what was loud within the last five milliseconds.
    window = RATE // 200
    loud = np.convolve(np.abs(samples) > 200, np.ones(window), "same") > 0
    edges = np.flatnonzero(np.diff(np.concatenate([[0], loud.astype(int), [0]])))
    return [(dominant(samples[a:b]), round((b - a) / RATE, 2)) for a, b in edges.reshape(-1, 2)]


def dominant(samples: "np.ndarray[tuple[int], np.dtype[np.float64]]") -> int:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n=RATE))
    return int(np.argmax(spectrum))


def test_there_is_a_sound_for_every_signal_of_the_station() -> None:
    assert set(SIGNALS) == {signal.value for signal in Signal}


@pytest.mark.parametrize("signal", SIGNALS)
def test_what_is_heard_is_what_is_written_down(signal: str) -> None:
    written = [(pitch, length) for pitch, length in SIGNALS[signal] if pitch]
    measured = heard(signal)
    assert [pitch for pitch, _ in measured] == pytest.approx([pitch for pitch, _ in written], abs=8)
    assert [length for _, length in measured] == pytest.approx([length for _, length in written], abs=0.02)


def test_any_two_signals_differ_in_rhythm_and_in_pitch() -> None:
    ears = {signal: heard(signal) for signal in SIGNALS}
    for one, other in itertools.combinations(ears, 2):
        pitches = [{pitch for pitch, _ in ears[signal]} for signal in (one, other)]
        rhythms = [[length for _, length in ears[signal]] for signal in (one, other)]
        apart = min(max(a, b) / min(a, b) for a in pitches[0] for b in pitches[1])
        assert apart > 1.18, f"{one} and {other} are less than three semitones apart"
        alike = len(rhythms[0]) == len(rhythms[1]) and all(
            max(a, b) / min(a, b) < 1.5 for a, b in zip(*rhythms, strict=True)
        )
        assert not alike, f"{one} and {other} have one rhythm"


@pytest.mark.parametrize("signal", SIGNALS)
def test_a_signal_is_short_low_enough_to_be_heard_at_any_age_and_clips_nowhere(signal: str) -> None:
    with wave.open(io.BytesIO(wav(signal, 100))) as file:
        frames = file.readframes(file.getnframes())
        assert file.getnframes() / RATE < 0.8
    peak = int(np.abs(np.frombuffer(frames, dtype="<i2").astype(int)).max())
    assert 28_000 < peak < 32_767
    assert all(250 < pitch < 2_000 for pitch, _ in heard(signal))


def test_the_same_signal_is_the_same_bytes_and_volume_changes_loudness_alone() -> None:
    assert wav("hold") == wav("hold")
    assert heard("hold", 40) == heard("hold", 100)
    assert set(wav("hold", 0)[44:]) == {0}


# --- playing ----------------------------------------------------------------------------------------------------------


class Box:
    """A player that writes down what it plays, and stays at it while the gate is shut."""

    def __init__(self, folder: Path, name: str = "player", code: int = 0) -> None:
        self.path, self.log, self.gate = folder / name, folder / f"{name}.log", folder / f"{name}.gate"
        self.path.write_text(
            f'#!/bin/sh\necho "$1" >> {self.log}\nwhile [ -e {self.gate} ]; do sleep 0.01; done\nexit {code}\n'
        )
        self.path.chmod(0o755)
        self.command = (str(self.path), "{path}")

    @property
    def played(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [Path(line).name.partition("-")[0] for line in lines]

    def has(self, *signals: str) -> Callable[[], bool]:
        return lambda: self.played == list(signals)


def test_a_signal_is_played_from_a_file_made_once(tmp_path: Path) -> None:
    box = Box(tmp_path)
    player = Player(tmp_path / "sounds", [box.command])
    player.play("accepted")
    assert until(box.has("accepted"))
    made = tmp_path / "sounds" / "accepted-80.wav"
    assert made.read_bytes() == wav("accepted")
    before = made.stat().st_mtime_ns
    player.play("accepted")
    assert until(box.has("accepted", "accepted"))
    player.close()
    assert made.stat().st_mtime_ns == before


def test_of_all_that_wait_only_the_newest_is_heard(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.gate.touch()
    player = Player(tmp_path, [box.command])
    player.play("accepted")
    assert until(box.has("accepted"))
    for signal in ("duplicate", "unknown", "mismatch", "stop"):
        player.play(signal)
    box.gate.unlink()
    assert until(box.has("accepted", "stop"))
    player.close()
    assert box.played == ["accepted", "stop"]


def test_a_player_that_fails_makes_room_for_the_next_and_the_signal_is_heard_all_the_same(
    tmp_path: Path,
) -> None:
    broken, good = Box(tmp_path, "broken", code=1), Box(tmp_path, "good")
    player = Player(tmp_path, [("no-such-player", "{path}"), broken.command, good.command])
    assert player.command == broken.command
    player.play("hold")
    assert until(good.has("hold"))
    player.play("stop")
    assert until(good.has("hold", "stop"))
    player.close()
    assert broken.played == ["hold"]
    assert player.command == good.command


def test_without_a_player_or_for_a_signal_nobody_knows_nothing_happens(tmp_path: Path) -> None:
    silent = Player(tmp_path / "sounds", [("no-such-player", "{path}")])
    silent.play("accepted")
    assert silent.command is None
    box = Box(tmp_path)
    player = Player(tmp_path / "sounds", [box.command])
    player.play("applause")
    player.close()
    player.play("accepted")
    assert (box.played, (tmp_path / "sounds").exists()) == ([], False)


def test_a_folder_that_cannot_be_made_ends_in_silence_and_not_in_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    player = Player(tmp_path / "file" / "sounds", [Box(tmp_path).command])
    player.play("accepted")
    assert until(lambda: player.command is None)
    player.close()


def test_closing_ends_what_is_heard_and_leaves_no_process_and_no_thread(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.gate.touch()
    player = Player(tmp_path, [box.command])
    player.play("hold")
    assert until(box.has("hold"))
    playing = player._playing
    assert playing is not None
    player.close()
    assert playing.returncode is not None
    assert player._thread is not None
    assert not player._thread.is_alive()


def test_the_station_plays_by_its_configuration_and_is_silent_when_told_so(tmp_path: Path) -> None:
    box = Box(tmp_path)
    sounds = Sounds(Sound(volume=40, player=box.command), tmp_path / "sounds")
    assert sounds.there
    sounds.play("mismatch")
    assert until(box.has("mismatch"))
    sounds.close()
    assert [path.name for path in (tmp_path / "sounds").iterdir()] == ["mismatch-40.wav"]
    off = Sounds(Sound(on=False, player=box.command), tmp_path / "off")
    off.play("mismatch")
    off.close()
    assert (off.there, (tmp_path / "off").exists(), box.played) == (False, False, ["mismatch"])

"""Signals as sounds: short tones that differ in rhythm and in pitch, and a player that is never waited for."""

import contextlib
import io
import math
import shutil
import struct
import subprocess
import threading
import wave
from collections.abc import Sequence
from pathlib import Path
from typing import Final

RATE: Final = 22_050
PLACE: Final = "{path}"

Tone = tuple[float, float]
"""Frequency in Hz (0 is silence) and length in seconds."""

SIGNALS: Final[dict[str, tuple[Tone, ...]]] = {
    "accepted": ((1047, 0.12),),
    "duplicate": ((784, 0.09), (0, 0.08), (784, 0.09)),
    "unknown": ((587, 0.09), (0, 0.08), (587, 0.09), (0, 0.08), (587, 0.09)),
    "mismatch": ((440, 0.30), (0, 0.08), (440, 0.10)),
    "hold": ((330, 0.50),),
    "stop": ((1319, 0.07), (0, 0.05)) * 5 + ((1319, 0.07),),
}
"""No two have the same count and length of tones, nor a pitch in common; all lie below 2 kHz, where age and noise
take hearing last. Signals that stop somebody are long or many, so that a single tone is always good news or a hold."""

PLAYERS: Final[tuple[tuple[str, ...], ...]] = (
    ("pw-play", PLACE),
    ("paplay", PLACE),
    ("aplay", "-q", PLACE),
    ("afplay", PLACE),
)
"""Commands of PipeWire, PulseAudio, ALSA and macOS, in the order in which they are tried."""

_FADE_S = 0.006
_LONGEST_S = 5.0


def wav(signal: str, volume: int = 80) -> bytes:
    """The WAV file of a signal: mono, 16 bits, 22,050 samples a second; `volume` in per cent. The same bytes always."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(_samples(tone, volume) for tone in SIGNALS[signal]))
    return out.getvalue()


def _samples(tone: Tone, volume: int) -> bytes:
    pitch, length = tone
    count, fade = int(length * RATE), int(_FADE_S * RATE)
    loudest = 32_767 * 0.9 * volume / 100
    # A tone that begins or ends at full strength clicks.
    return b"".join(
        struct.pack(
            "<h",
            round(
                loudest * min(1.0, at / fade, (count - at) / fade) * math.sin(2 * math.pi * pitch * at / RATE)
            ),
        )
        for at in range(count)
    )


class Player:
    """Plays signals one after the other in a thread of its own; `play` never waits and never raises.

    At most one signal waits: a newer one replaces it, for what a worker hears must be of the last scan. The files are
    made in `folder` when they are first needed. `players` are command lines; one that is not installed, or that ends
    with an error, is not tried again.
    """

    def __init__(self, folder: Path, players: Sequence[Sequence[str]] = PLAYERS, *, volume: int = 80) -> None:
        self._folder = folder
        self._volume = volume
        self._players = [tuple(one) for one in players if one and shutil.which(one[0])]
        self._waiting: str | None = None
        self._playing: subprocess.Popen[bytes] | None = None
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def command(self) -> tuple[str, ...] | None:
        """What plays, or None when this machine has no player that works."""
        return next(iter(self._players), None)

    def play(self, signal: str) -> None:
        """Let a signal be heard soon; nothing happens for one that is not known, or without a player."""
        if signal not in SIGNALS:
            return
        with self._changed:
            if self._closed or not self._players:
                return
            self._waiting = signal
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self, within_s: float = 5.0) -> None:
        """End what is heard and the thread."""
        with self._changed:
            self._closed, self._waiting = True, None
            if self._playing is not None:
                with contextlib.suppress(OSError):
                    self._playing.kill()
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(within_s)

    def _run(self) -> None:
        while (signal := self._next()) is not None:
            while self._players and not self._played(self._players[0], signal):
                self._players.pop(0)

    def _next(self) -> str | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closed)
            signal, self._waiting = self._waiting, None
            return signal

    def _played(self, player: tuple[str, ...], signal: str) -> bool:
        """Whether this player is good for more; its process is gone when this returns."""
        null = subprocess.DEVNULL
        try:
            path = self._file(signal)
            command = [word.replace(PLACE, str(path)) for word in player]
            with self._changed:
                if self._closed:
                    return True
                self._playing = subprocess.Popen(command, stdin=null, stdout=null, stderr=null)
            return self._ended(self._playing) or self._closed
        except OSError:
            return False

    def _ended(self, playing: subprocess.Popen[bytes]) -> bool:
        try:
            return playing.wait(_LONGEST_S) == 0
        except subprocess.TimeoutExpired:
            playing.kill()
            playing.wait()
            return True
        finally:
            with self._changed:
                self._playing = None

    def _file(self, signal: str) -> Path:
        path = self._folder / f"{signal}-{self._volume}.wav"
        content = wav(signal, self._volume)
        if not path.is_file() or path.stat().st_size != len(content):
            self._folder.mkdir(parents=True, exist_ok=True)
            part = path.with_name(f".{path.name}.part")
            part.write_bytes(content)
            part.rename(path)
        return path

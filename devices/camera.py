"""Pictures as evidence: by a command or from a watched folder, and kept under the name of what is in them."""

import contextlib
import errno
import hashlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from devices.errors import DeviceError
from devices.transports import Deadline

PLACE = "{path}"
MOST_BYTES = 20_000_000
_LOOK_S = 0.1
_TAIL = 65_536
_KINDS = ((b"\xff\xd8\xff", b"\xff\xd9", "jpg"), (b"\x89PNG\r\n\x1a\n", b"IEND", "png"))
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})
# One name a picture: what a crash leaves is overwritten by the next try, so two threads may not try at once.
_keeping = threading.Lock()


@dataclass(frozen=True, slots=True)
class Kept:
    """A picture that is kept: the hash of its bytes, where it lies, and how many bytes it has."""

    sha256: str
    path: Path
    bytes: int


class Camera(Protocol):
    """Anything a picture can be had from."""

    def shoot(self) -> bytes:
        """One picture, whole, in bounded time; raises `DeviceError`."""
        ...


class CommandCamera:
    """A program that takes a picture: an argument list in which `{path}` stands for the file it is to write.

    It runs without a shell, in a process group of its own that ends with the time, and with nothing to read.
    """

    def __init__(
        self, command: Sequence[str], *, within_s: float = 10.0, most_bytes: int = MOST_BYTES
    ) -> None:
        self._command = tuple(command)
        self._within_s = within_s
        self._most_bytes = most_bytes

    def shoot(self) -> bytes:
        with tempfile.TemporaryDirectory(prefix="picture-") as folder:
            path, said = Path(folder, "picture.jpg"), Path(folder, "said")
            code = self._run([word.replace(PLACE, str(path)) for word in self._command], said)
            if code != 0:
                told = said.read_bytes()[:200].decode("utf-8", "replace").strip().partition("\n")[0]
                why = f": {''.join(filter(str.isprintable, told))}" if told else ""
                raise self._error(
                    "camera_failed", f"ended with code {code}{why}", "Run it by hand to see why."
                )
            if not path.is_file():
                raise self._error("camera_no_file", "wrote no picture", "See that it writes to {path}.")
            return checked(path, self._most_bytes)

    def _run(self, command: list[str], said: Path) -> int:
        null = subprocess.DEVNULL
        try:
            with said.open("wb") as log:
                process = subprocess.Popen(
                    command, stdin=null, stdout=null, stderr=log, start_new_session=True
                )
        except OSError as fault:
            hint = "Install the program, or correct the command under [camera]."
            raise self._error("camera_no_command", f"cannot be run: {fault.strerror}", hint) from fault
        try:
            return process.wait(self._within_s)
        except subprocess.TimeoutExpired as fault:
            hint = "Look whether the camera is switched on and free."
            raise self._error("camera_slow", f"took longer than {self._within_s:g} s", hint) from fault
        finally:
            # Helpers that the command left behind would keep the camera.
            with contextlib.suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _error(self, code: str, what: str, hint: str) -> DeviceError:
        return DeviceError(code, f"The camera command {self._command[0]} {what}.", hint)


class FolderCamera:
    """The newest picture that comes into a watched folder after it was asked for, such as a phone or an FTP camera's.

    "After" goes by what was there when it was asked, not by clocks, for a camera's clock is its own. A file counts
    when two looks find the same size and time and its end is there; what lay there is never taken, so none is twice.
    """

    def __init__(
        self,
        folder: Path,
        *,
        within_s: float = 10.0,
        most_bytes: int = MOST_BYTES,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = folder
        self._within_s = within_s
        self._most_bytes = most_bytes
        self._clock = clock
        self._sleep = sleep

    def shoot(self) -> bytes:
        deadline = Deadline(self._within_s, self._clock)
        old = self._files()
        before: set[tuple[str, int, int]] = set()
        fault: DeviceError | None = None
        while deadline.left:
            now = self._files() - old
            for name, _, _ in sorted(now & before, key=lambda file: (file[2], file[0]), reverse=True):
                try:
                    content = checked(self._folder / name, self._most_bytes)
                except DeviceError as error:
                    fault = error
                else:
                    return content
            before = now
            self._sleep(deadline.within(_LOOK_S))
        raise fault or DeviceError(
            "camera_no_picture",
            f"No picture came into {self._folder} within {self._within_s:g} s.",
            "Take it after the code was scanned; look whether the camera still sends.",
        )

    def _files(self) -> set[tuple[str, int, int]]:
        """Name, size and time of every picture that lies there."""
        found: set[tuple[str, int, int]] = set()
        try:
            for entry in os.scandir(self._folder):
                with contextlib.suppress(FileNotFoundError):
                    if (
                        Path(entry.name).suffix.lower() in _SUFFIXES
                        and entry.name[0] != "."
                        and entry.is_file()
                    ):
                        facts = entry.stat()
                        found.add((entry.name, facts.st_size, facts.st_mtime_ns))
        except OSError as fault:
            raise DeviceError(
                "camera_folder",
                f"The watched folder {self._folder} cannot be read: {fault.strerror}.",
                "Make it, or correct `folder` under [camera].",
            ) from fault
        return found


def checked(path: Path, most_bytes: int) -> bytes:
    """The bytes of a picture file: JPEG or PNG by its magic bytes, whole, and not too large; else `DeviceError`."""
    size = path.stat().st_size
    if size > most_bytes:
        raise DeviceError(
            "camera_too_large",
            f"The picture {path.name} has {size} bytes; at most {most_bytes} are taken.",
            "Set the camera to a smaller size, or raise `megabytes` under [camera].",
        )
    content = path.read_bytes()
    kind(content)
    return content


def kind(content: bytes) -> str:
    """`jpg` or `png`; `DeviceError` for anything else, and for a picture that is cut off."""
    for begin, end, suffix in _KINDS:
        if content.startswith(begin) and end in content[-_TAIL:]:
            return suffix
    cut = any(content.startswith(begin) for begin, _, _ in _KINDS)
    what = "is cut off" if cut else "is neither JPEG nor PNG"
    raise DeviceError("camera_no_image", f"The picture of {len(content)} bytes {what}.", "Take it again.")


def keep(root: Path, content: bytes) -> Kept:
    """Put a picture durably below `root` as `ab/cdef….jpg` by the SHA-256 of its bytes; the same one lies there once.

    It appears whole or not at all: written beside its name, synced, renamed, folder synced. Raises `DeviceError`.
    """
    digest = hashlib.sha256(content).hexdigest()
    path = root / digest[:2] / f"{digest[2:]}.{kind(content)}"
    part = path.with_name(f".{path.name}.part")
    try:
        with _keeping:
            _make(path.parent)
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
            _sync(path.parent)
    except OSError as fault:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        full = fault.errno in (errno.ENOSPC, errno.EDQUOT)
        raise DeviceError(
            "evidence_disk_full" if full else "evidence_failed",
            f"The picture cannot be kept in {root}: {fault.strerror}.",
            "Free space."
            if full
            else "Give this account the right to write there, or set `evidence` under [camera].",
        ) from fault
    return Kept(digest, path, len(content))


def _make(folder: Path) -> None:
    """The folder with its parents, each durable before the next."""
    if folder.is_dir():
        return
    _make(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

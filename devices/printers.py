"""Printers as places that take finished documents: what was sent, what is confirmed, and how the place is."""

import contextlib
import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from devices.errors import DeviceError

LOW_SPACE = 100_000_000
"""Free bytes under which the folder printer warns: some thirty thousand labels of 3 kB."""

_BEGINS = {"application/pdf": b"%PDF-", "application/zpl": b"^XA"}
_LANGUAGES = {"application/pdf": "PDF", "application/zpl": "ZPL"}
_JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True, slots=True)
class Submitted:
    """What became of a job: "sent" is out of our hands, "confirmed" exists; `reference` finds it again."""

    state: Literal["sent", "confirmed"]
    reference: str


Band = Literal["fine", "warning", "stopped", "unknown"]


@dataclass(frozen=True, slots=True)
class PrinterStatus:
    """How a printer is, in one of four bands and a sentence that names what a person does about it."""

    band: Band
    sentence: str


class Printer(Protocol):
    """Anything labels can be sent to; `media_types` are the languages it takes, the one it likes best first."""

    @property
    def media_types(self) -> tuple[str, ...]: ...

    def submit(self, job_id: str, content: bytes, media_type: str) -> Submitted:
        """Print one document; the same `job_id` again is the same job, where the printer can know.

        Raises `DeviceError` when nothing was printed, or when the same job can safely be submitted again.
        """
        ...

    def confirm(self, reference: str) -> bool | None:
        """Ask what became of a job that was sent: True printed, False given up, None not known (yet)."""
        ...

    def status(self) -> PrinterStatus:
        """Ask the printer now; never raises."""
        ...


class PdfFolderPrinter:
    """Puts each label as `<job_id>.pdf` into a folder that exists, such as an office printer's hot folder.

    A file appears whole and durable or not at all: written beside its name, synced, renamed, folder synced.
    A job that is already there keeps its first content.
    """

    media_types = ("application/pdf",)

    def __init__(self, folder: Path, *, low_space: int = LOW_SPACE) -> None:
        self._folder = folder
        self._low_space = low_space
        self._lock = threading.Lock()

    def submit(self, job_id: str, content: bytes, media_type: str) -> Submitted:
        """Write the label; "confirmed" with the file's path once it is durable.

        Raises `DeviceError` for a job id that is no plain file name, for content that is not PDF, and for a
        folder that is missing, full, read-only or not ours to write to.
        """
        check_job("folder", job_id, content, media_type, self.media_types)
        target = self._folder / f"{job_id}.pdf"
        with self._lock, self._explained():
            if target.exists():
                _sync(target)
            else:
                self._write(target, content)
            _sync(self._folder)
        return Submitted("confirmed", str(target))

    def confirm(self, reference: str) -> bool | None:
        """True while the file is there; whoever prints from the folder may have taken it away."""
        return (Path(reference).parent == self._folder and Path(reference).is_file()) or None

    def status(self) -> PrinterStatus:
        """Whether the folder can be written to, and its free space."""
        if not self._folder.is_dir():
            return PrinterStatus("stopped", f"The label folder {self._folder} does not exist.")
        if not os.access(self._folder, os.W_OK | os.X_OK):
            return PrinterStatus("stopped", f"The label folder {self._folder} cannot be written to.")
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as fault:
            return PrinterStatus(
                "unknown", f"The label folder {self._folder} does not answer: {fault.strerror}."
            )
        sentence = f"Labels go to {self._folder}; {free // 1_000_000} MB are free."
        return PrinterStatus("fine" if free >= self._low_space else "warning", sentence)

    def _write(self, target: Path, content: bytes) -> None:
        # One fixed name per job: what a crash leaves is overwritten by the retry, not added to.
        part = target.with_name(f".{target.name}.part")
        try:
            with part.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.rename(target)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as fault:
            raise self._refusal(fault) from fault

    def _refusal(self, fault: OSError) -> DeviceError:
        folder = self._folder
        match fault.errno:
            case errno.ENOENT | errno.ENOTDIR:
                code, found, hint = "printer_folder_missing", "does not exist", "Make it, or mount its disk."
            case errno.EACCES | errno.EPERM | errno.EROFS:
                code, found = "printer_folder_read_only", "cannot be written to"
                hint = "Give this account the right to write there, or choose another folder."
            case errno.ENOSPC | errno.EDQUOT:
                code, found, hint = "printer_disk_full", "is full", "Free space or choose another folder."
            case _:
                code, found = "printer_failed", f"failed: {fault.strerror}"
                hint = "Look at its disk; the job is the same when it is sent again."
        return DeviceError(code, f"The label folder {folder} {found}.", hint)


def check_job(name: str, job_id: str, content: bytes, media_type: str, taken: Sequence[str]) -> None:
    """Refuse with `DeviceError` a job id that is no plain name, and a document in no language of `taken`."""
    if not _JOB_ID.fullmatch(job_id):
        raise DeviceError(
            "printer_job_id",
            f"The print job id {job_id!r} cannot name a file: expected 1 to 120 of A-Z a-z 0-9 . _ -",
            "Use the job's UUID.",
        )
    if media_type not in taken or not content.startswith(_BEGINS[media_type]):
        raise DeviceError(
            "printer_media",
            f"The {name} printer takes {_LANGUAGES[taken[0]]}: "
            f"job {job_id} is {media_type!r} of {len(content)} bytes.",
            f"Render the label as {_LANGUAGES[taken[0]]}, or set a printer that takes this language.",
        )


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

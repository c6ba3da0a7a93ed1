"""The station's camera: a picture kept as evidence under its hash, or a problem that says what to do."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from devices.errors import DeviceError
from returns_station import config
from returns_station.errors import Problem

if TYPE_CHECKING:
    from devices.camera import Camera as Device


@dataclass(frozen=True, slots=True)
class Taken:
    """A picture that is kept: the hash of its bytes, where it lies, how many bytes it has."""

    sha256: str
    path: Path
    bytes: int

    @property
    def name(self) -> str:
        """Its place below the evidence folder: `ab/cdef….jpg`."""
        return f"{self.path.parent.name}/{self.path.name}"


def evidence_folder(configured: config.Config) -> Path:
    """Where pictures are kept: the configured folder, or `evidence` beside the database."""
    return configured.camera.evidence or configured.database.path.parent / "evidence"


class Camera:
    """The camera of `[camera]`, keeping its pictures in `folder`."""

    def __init__(self, configured: config.Camera, folder: Path) -> None:
        self._configured = configured
        self._folder = folder
        self._device: Device | None = None

    @property
    def there(self) -> bool:
        """Whether one is configured."""
        return bool(self._configured.command) or self._configured.folder is not None

    def take(self, evidence_id: str) -> Taken | Problem:
        """A picture, taken and kept durably; may take the configured time, so call it from a thread.

        `evidence_id` names the picture in a problem's sentence alone: what is kept is named by its bytes.
        """
        if not self.there:
            hint = "Set a command or a folder under [camera]."
            return Problem("camera_none", f"No camera is configured for picture {evidence_id}.", hint)
        from devices.camera import keep

        try:
            kept = keep(self._folder, self._source().shoot())
        except DeviceError as error:
            return Problem(error.code, error.sentence, error.hint)
        except OSError as error:
            hint = "Look at the disk and the camera; take it again."
            return Problem("camera_failed", f"The picture cannot be read: {error.strerror}.", hint)
        return Taken(kept.sha256, kept.path, kept.bytes)

    def _source(self) -> "Device":
        from devices.camera import CommandCamera, FolderCamera

        one = self._configured
        most, seconds = one.megabytes * 1_000_000, float(one.seconds)
        if self._device is None and one.folder is not None:
            self._device = FolderCamera(one.folder, within_s=seconds, most_bytes=most)
        return self._device or CommandCamera(one.command, within_s=seconds, most_bytes=most)

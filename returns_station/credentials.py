"""Where a secret is kept: the environment, systemd's credentials, the secrets file, or a keyring where one is named.

systemd puts what `LoadCredential=` names into files of the folder `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
"""

import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from returns_station.errors import Problem, StationError
from returns_station.shapes import shown

FOLDER_VARIABLE: Final = "CREDENTIALS_DIRECTORY"
_LARGEST: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Held:
    """A secret, and where it is kept in words."""

    value: str = field(repr=False)
    source: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where secrets may be kept; an empty `keyring` asks none, otherwise it is the service they are stored under."""

    file: Path
    keyring: str
    environ: Mapping[str, str]

    def find(self, name: str) -> Held | None:
        """The secret called `name`: environment first, then systemd's credentials, the secrets file, the keyring.

        Raises StationError `config.keyring` when a keyring was named that cannot be asked.
        """
        if value := self.environ.get(name):
            return Held(value, "the environment")
        for path in self.credentials(name):
            if value := _content(path):
                return Held(value, f"systemd's credential {path.name}")
        if value := _lines(self.file).get(name):
            return Held(value, f"the file {self.file.name}")
        value = _from_keyring(self.keyring, name) if self.keyring else ""
        return Held(value, f"the keyring, service {self.keyring}") if value else None

    def credentials(self, name: str) -> Iterator[Path]:
        """The files that systemd may have put it into: called as the variable, or the same in lower case."""
        folder = self.environ.get(FOLDER_VARIABLE)
        if folder and name and "/" not in name:
            yield from (Path(folder) / name, Path(folder) / name.lower())

    def looked(self) -> str:
        """The places in words, for a sentence about a secret that is in none."""
        more = [f"in {self.environ[FOLDER_VARIABLE]}"] if self.environ.get(FOLDER_VARIABLE) else []
        more += [f"in the keyring under {shown(self.keyring)}"] if self.keyring else []
        return "".join(f" nor {place}" for place in [f"in {self.file}", *more])

    def open_to_others(self, names: tuple[str, ...]) -> Iterator[Problem]:
        """Files with secrets that others can read, each with its fix.

        A credential of systemd's shows group bits, which are the mask of the access list for the service's user.
        """
        if (mode := _mode(self.file)) is not None and mode & 0o077:
            yield _readable(f"The secrets file {self.file}", self.file, mode)
        for name in names:
            for path in self.credentials(name):
                if (mode := _mode(path)) is not None and mode & 0o007:
                    yield _readable(f"The credential {path}", path, mode)


def _readable(what: str, path: Path, mode: int) -> Problem:
    sentence = f"{what} is open to others (mode {mode:04o})."
    return Problem("config.readable", sentence, f"Run `chmod 600 {path}`.")


def _mode(path: Path) -> int | None:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return None


def _content(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8-sig").strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _lines(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    pairs = (
        line.strip().removeprefix("export ").partition("=")
        for line in lines
        if not line.strip().startswith("#")
    )
    return {name.strip(): value.strip().strip("\"'") for name, mark, value in pairs if mark}


def _from_keyring(service: str, name: str) -> str:
    try:
        import keyring
    except ImportError:
        raise StationError(
            "config.keyring",
            "A keyring is named under [secrets], and the package keyring is not installed.",
            "Install `returns-station[keyring]`, or take the line `keyring = …` out.",
        ) from None
    try:
        return keyring.get_password(service, name) or ""
    except Exception as error:
        # Its backends raise what they like: a locked collection, a bus that is not there.
        raise StationError(
            "config.keyring",
            f"The keyring cannot be asked for {shown(name)}: {type(error).__name__}.",
            "Unlock it, or see `keyring diagnose`; a service without a session has no keyring.",
        ) from error

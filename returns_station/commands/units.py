"""`returns-station systemd`: the units that are shipped, with the paths of this installation."""

import re
import sys
from pathlib import Path
from typing import Annotated, Final
from urllib.parse import unquote, urlsplit

import typer

import returns_station
from returns_station.commands.codes import Code
from returns_station.commands.common import ConfigFile, configured, guarded, say, usage
from returns_station.commands.settings_file import replace_file
from returns_station.config import Config

PROGRAM: Final = "/opt/returns-station/bin/returns-station"
SETTINGS: Final = "/etc/returns-station/config.toml"
_HOMES: Final = (Path("/home"), Path("/root"), Path("/run/user"))
_PLAIN: Final = re.compile(r"[A-Za-z0-9/_.+@:,=-]+")


def register(app: typer.Typer) -> None:
    """Adds `systemd`."""
    app.command(name="systemd")(guarded(systemd))


def systemd(
    write: Annotated[
        Path | None, typer.Option("--write", help="Write them into this folder, such as /etc/systemd/system.")
    ] = None,
    user: Annotated[str, typer.Option(help="The user that dock and sync job run as.")] = "returns-station",
    config: ConfigFile = None,
) -> Code:
    """Print the systemd units of sync job, dock and nightly reconciliation, for this installation."""
    if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", user):
        raise usage(f"{user!r} is no name of a user.", "Name one such as returns-station.")
    found = configured(config)
    made = {path.name: _rendered(path, found, user) for path in sorted(folder().iterdir())}
    if write is None:
        for name, text in made.items():
            print(f"# {name}\n{text}")
        return Code.OK
    if not write.is_dir():
        raise usage(f"The folder {write} does not exist.", "Make it, or name another one.")
    for name, text in made.items():
        replace_file(write / name, text)
        say(f"Wrote {write / name}.")
    say(
        "`returns-station.conf` belongs into /etc/sysusers.d; then run `systemd-sysusers` and `systemctl daemon-reload`."
    )
    return Code.OK


def folder() -> Path:
    """The shipped units: inside the package in an installed wheel, beside it in a checkout."""
    package = Path(returns_station.__file__).parent
    places = (package / "deploy" / "systemd", package.parent / "deploy" / "systemd")
    return next(place for place in places if place.is_dir())


def _rendered(path: Path, config: Config, user: str) -> str:
    text = path.read_text(encoding="utf-8").replace(PROGRAM, _quoted(_program()))
    if config.file is not None:
        text = text.replace(SETTINGS, _quoted(config.file))
    if user != "returns-station":
        text = re.sub(r"^(User|Group)=returns-station$", rf"\1={user}", text, flags=re.MULTILINE)
        text = text.replace("u returns-station ", f"u {user} ")
    return _with_folders(text, config) if "[Service]" in text else text


def _with_folders(text: str, config: Config) -> str:
    """Folders that the configuration names are opened to the service; the defaults lie in its state directory."""
    named = [
        path
        for key, path in (
            ("database.path", config.database.path.parent),
            ("folders.data", config.folders.data),
            ("folders.log", config.folders.log),
        )
        if config.origins.get(key, ("default", ""))[0] != "default"
    ]
    lines = "".join(f"ReadWritePaths={_quoted(path)}\n" for path in dict.fromkeys(named))
    # With a minus one that is not there keeps no unit from starting: `sync status` says so instead.
    lines += "".join(f"ReadWritePaths=-{_quoted(path)}\n" for path in _drops(config))
    if lines:
        text = text.replace("ProtectSystem=strict\n", f"ProtectSystem=strict\n{lines}")
    reached = [*named, *_drops(config), Path(sys.prefix), *([config.file] if config.file else [])]
    if any(path.is_relative_to(home) for path in reached for home in _HOMES):
        text = text.replace("ProtectHome=yes\n", "ProtectHome=no\n")
    return text


def _drops(config: Config) -> list[Path]:
    """The folders that targets of files write into."""
    urls = [urlsplit(one.url) for one in config.targets if one.connector == "files"]
    return [Path(unquote(url.path)) for url in urls if url.scheme == "file" and url.path.startswith("/")]


def _program() -> Path:
    script = Path(sys.prefix) / "bin" / "returns-station"
    return script if script.exists() else Path(sys.argv[0]).absolute()


def _quoted(path: Path) -> str:
    """A path as a word of a unit: percent and dollar signs doubled, blanks in quotes (systemd.syntax(7))."""
    text = str(path).replace("\\", "\\\\").replace("%", "%%").replace("$", "$$").replace('"', '\\"')
    return text if _PLAIN.fullmatch(text) else f'"{text}"'

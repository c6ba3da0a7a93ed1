"""`returns-station upstream`: the reference WMS/ERP, for the demo, for tests and for people who write their own."""

import os
from pathlib import Path
from typing import Annotated

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import ConfigFile, configured, guarded
from returns_station.config import Config, secret
from returns_station.errors import StationError


def register(app: typer.Typer) -> None:
    """Adds `upstream`."""
    app.command()(guarded(upstream))


def upstream(
    db: Annotated[
        Path | None, typer.Option("--db", help="Its SQLite file; `upstream.db` in the data folder otherwise.")
    ] = None,
    host: Annotated[str, typer.Option(help="The address it listens on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free port.", min=0, max=65_535)] = 8711,
    fault: Annotated[str, typer.Option(help="Faults on purpose, such as drop-every=2,delay=0.5.")] = "",
    seed_dir: Annotated[
        Path | None, typer.Option("--seed-dir", help="Folder with products.jsonl, orders.jsonl and so on.")
    ] = None,
    ready_file: Annotated[
        Path | None, typer.Option("--ready-file", help="Gets the JSON line with the URL once it serves.")
    ] = None,
    config: ConfigFile = None,
) -> Code:
    """Serve the reference upstream of docs/openapi.yaml until it is interrupted."""
    from returns_station.testing.upstream.process import SECRET_ENV, TOKEN_ENV
    from returns_station.testing.upstream.serve import serve

    found = configured(config)
    where = db or found.folders.data / "upstream.db"
    key = secret(found, SECRET_ENV)
    token = os.environ.get(TOKEN_ENV) or _token(found, TOKEN_ENV)
    _folder(where, named=db is not None)
    try:
        serve(where, host, port, fault, key, seed_dir, token=token, ready_file=ready_file)
    except OSError as error:
        raise StationError(
            "upstream.listen",
            f"The reference upstream cannot listen on {host}:{port}: {error.strerror or error}.",
            "Name another --port; 0 takes a free one.",
        ) from error
    return Code.OK


def _token(config: Config, name: str) -> str | None:
    try:
        return secret(config, name)
    except StationError:
        return None


def _folder(path: Path, *, named: bool) -> None:
    if not named:
        path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.is_dir():
        raise StationError(
            "usage.folder", f"The folder {path.parent} does not exist.", "Make it, or name another --db."
        )

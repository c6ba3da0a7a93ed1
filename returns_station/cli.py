"""`returns-station`: the commands, each importing what it needs only when it runs."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from returns_station.ending import ending

app = typer.Typer(
    name="returns-station",
    help="The dock terminal for returned parcels: scan, grade, label, put, refund; once each.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="The configuration file.", envvar="RETURNS_STATION_CONFIG")
]


@app.command()
def run(
    config: ConfigFile = None,
    plain: Annotated[
        bool, typer.Option("--plain", help="Line mode: one input a line, one answer a line.")
    ] = False,
    json: Annotated[
        bool, typer.Option("--json", help="Line mode in JSON Lines, as docs/line-mode.schema.json says.")
    ] = False,
    scanner: Annotated[
        list[str] | None, typer.Option("--scanner", help="URL of a serial scanner beside standard input.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes ids and clock, for repeatable runs.")] = None,
    sync: Annotated[
        bool, typer.Option("--sync/--no-sync", help="Deliver effects from a child process.")
    ] = True,
) -> None:
    """Work at the dock: sign in by badge, scan parcels, grade, label, put."""
    from returns_station.running import work

    on_screen = not (plain or json) and sys.stdin.isatty() and sys.stdout.isatty()
    raise typer.Exit(
        work(
            config,
            as_json=json,
            scanners=tuple(scanner or ()),
            seed=seed,
            sync=sync,
            on_screen=on_screen,
        )
    )


@app.command()
def demo(
    plain: Annotated[bool, typer.Option("--plain", help="Line mode.")] = False,
    json: Annotated[bool, typer.Option("--json", help="JSON Lines.")] = False,
    script: Annotated[str | None, typer.Option(help="Play a script: `shift`, `one`, or a file.")] = None,
    folder: Annotated[Path | None, typer.Option(help="Keep everything in this folder.")] = None,
    seed: Annotated[int | None, typer.Option(help="Fixes ids and clock.")] = None,
    fault: Annotated[str, typer.Option(help="Faults of the reference upstream, such as drop-every=2.")] = "",
    offline: Annotated[
        bool, typer.Option("--offline", help="With --script: the upstream is away until it has ended.")
    ] = False,
) -> None:
    """Work through a day's real parcels, with a simulated scanner and an upstream to watch."""
    from returns_station.demo.play import demo as play

    raise typer.Exit(
        play(as_json=json, script=script, folder=folder, seed=seed, fault=fault, offline=offline, plain=plain)
    )


def main() -> None:
    """The entry point: errors of ours are one sentence, never a traceback."""
    # The screen's first paint waits for every import: the other commands are loaded for their own calls alone.
    if sys.argv[1:2] not in (["run"], ["demo"]):
        from returns_station.commands import register

        register(app)
    with ending():
        app(standalone_mode=True)

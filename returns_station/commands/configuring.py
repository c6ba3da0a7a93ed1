"""`returns-station config`: what is set and from where, and everything that is wrong with it."""

from pathlib import Path

import typer

from returns_station import config as configuration
from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    columns,
    complain,
    configured,
    emit,
    guarded,
    say,
)

app = typer.Typer(
    name="config", help="What is set, from where, and what is wrong with it.", no_args_is_help=True
)


@app.command()
@guarded
def show(config: ConfigFile = None, json: AsJson = False) -> Code:
    """Show every value with its origin; of a secret only whether it is set."""
    found = configured(config)
    rows = configuration.show(found)
    if json:
        values = [{"key": row.key, "value": row.value, "origin": row.origin} for row in rows]
        emit({"file": str(found.file) if found.file else None, "values": values})
        return Code.OK
    say(f"The configuration is {found.file}." if found.file else f"There is no {_looked_for(config)}.")
    say(*columns([(row.key, row.value, row.origin) for row in rows]))
    return Code.OK


@app.command()
@guarded
def check(config: ConfigFile = None, json: AsJson = False) -> Code:
    """Name everything that is wrong with the configuration; exits 2 when a start would fail."""
    problems = configuration.check(config)
    wrong = [problem for problem in problems if problem.code not in configuration.WARNINGS]
    if json:
        told = [
            {
                "code": problem.code,
                "sentence": problem.sentence,
                "hint": problem.hint,
                "warning": problem not in wrong,
            }
            for problem in problems
        ]
        emit({"valid": not wrong, "problems": told})
    else:
        for problem in problems:
            complain(str(problem))
        if not wrong:
            say("The configuration is in order." if not problems else "The configuration works.")
    return Code.BAD_INPUT if wrong else Code.OK


def _looked_for(config: Path | None) -> str:
    return f"configuration file {config or configuration.default_file()}; these are the defaults"

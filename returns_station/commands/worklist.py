"""`returns-station worklist`: what a person does where no system is told, and the ticks."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    ago,
    columns,
    complain,
    configured,
    database,
    emit,
    guarded,
    now,
    say,
)
from returns_station.commands.reconciling import asked_targets

if TYPE_CHECKING:
    from returns_station.store.worklist import OpenMoney, Task

app = typer.Typer(name="worklist", help="What a person does where no system is told, ticked when it is done.")

Keys = Annotated[
    list[str], typer.Argument(help="The tasks, by the keys that `worklist` shows, or by the end of a key.")
]
Badge = Annotated[str, typer.Option("--by", help="The badge of whoever did it.")]
_MARKS = {"open": "[ ]", "done": "[x]", "withdrawn": "[-]"}
_COLUMNS = (
    "key",
    "target",
    "type",
    "number",
    "at",
    "state",
    "sentence",
    "amount",
    "currency",
    "by",
    "done_at",
)


@app.callback(invoke_without_command=True)
def worklist(
    context: typer.Context,
    all_: Annotated[bool, typer.Option("--all", help="Ticked and withdrawn tasks too.")] = False,
    target: Annotated[str | None, typer.Option(help="Of one target alone.")] = None,
    export: Annotated[Path | None, typer.Option(help="Write them to a .csv or .jsonl file.")] = None,
    json: AsJson = False,
    config: ConfigFile = None,
) -> None:
    """List what is to be done, by target, oldest first."""
    if context.invoked_subcommand is None:
        guarded(_list)(all_, target, export, json, config)


def _list(all_: bool, target: str | None, export: Path | None, as_json: bool, config: Path | None) -> Code:
    from returns_station.commands.exports import check_export
    from returns_station.commands.exports import export as write
    from returns_station.store.worklist import TaskState, open_money, tasks

    check_export(export)
    config_ = configured(config)
    with database(config_) as engine:
        found, money = tasks(engine, target), open_money(engine)
    if target is not None and not found:
        # A target that was taken out of the configuration may have left tasks; a name that was mistyped has none.
        asked_targets(config_, target)
    shown = [task for task in found if all_ or task.state is TaskState.OPEN]
    if export is not None:
        write(export, _COLUMNS, [_told(task) for task in shown])
    if as_json:
        emit({"tasks": [_told(task) for task in shown], "money": [_money(one) for one in money]})
        return Code.OK
    _say(shown, [one for one in money if target in (None, one.target)])
    return Code.OK


@app.command()
@guarded
def done(keys: Keys, by: Badge, json: AsJson = False, config: ConfigFile = None) -> Code:
    """Tick tasks: they are done."""
    return _change(keys, by, json, config, done=True)


@app.command()
@guarded
def undo(keys: Keys, by: Badge, json: AsJson = False, config: ConfigFile = None) -> Code:
    """Take the tick away: they are to be done after all."""
    return _change(keys, by, json, config, done=False)


def _change(keys: list[str], by: str, as_json: bool, config: Path | None, *, done: bool) -> Code:
    from returns_station.store.badges import bearer
    from returns_station.store.outbox import stamp
    from returns_station.store.worklist import tick, untick

    with database(configured(config)) as engine:
        worker, at = bearer(engine, by), now()
        changed = (tick if done else untick)(engine, keys, worker.id, at)
    earlier = [task for task in changed if task.done_at is not None and task.done_at < stamp(at)]
    if as_json:
        emit({"tasks": [_told(task) for task in changed], "earlier": [task.key for task in earlier]})
    else:
        say(*columns([(_MARKS[task.state.value], task.key, _words(task)) for task in changed]))
    for task in earlier:
        complain(
            f"{task.key} was ticked by {task.by} {ago(task.done_at, at)} ago already. "
            "If it was done a second time now, take that back there."
        )
    return Code.OK


def _say(shown: "Sequence[Task]", money: "Sequence[OpenMoney]") -> None:
    from returns_station.store.worklist import TaskState
    from returns_station.wording import sentence

    if not shown:
        say(sentence("work.none", {}))
        return
    at = now()
    say(
        *columns(
            [(_MARKS[t.state.value], t.target, ago(t.at, at), t.key, t.by or "", _words(t)) for t in shown]
        )
    )
    say(sentence("work.open", {"count": sum(task.state is TaskState.OPEN for task in shown)}))
    for one in money:
        say(sentence("work.money", {"target": one.target, "amount": one.amount, "count": one.tasks}))


def _words(task: "Task") -> str:
    from returns_station.store.worklist import TaskState
    from returns_station.wording import sentence

    withdrawn = task.state is TaskState.WITHDRAWN
    return sentence("work.withdrawn", {"task": task.sentence}) if withdrawn else task.sentence


def _told(task: "Task") -> dict[str, Any]:
    from returns_station.domain.money import decimal

    amount = decimal(task.minor, task.currency) if task.minor is not None and task.currency else None
    told = asdict(task) | {"amount": amount, "state": task.state.value}
    return {name: told[name] for name in _COLUMNS}


def _money(one: "OpenMoney") -> dict[str, Any]:
    from returns_station.domain.money import decimal

    return asdict(one) | {"amount": decimal(one.minor, one.currency)}

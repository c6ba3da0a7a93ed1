"""`returns-station outbox`: what others must still learn, why it has not gone, and what a person does about it."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from returns_station.commands.codes import Code
from returns_station.commands.common import (
    AsJson,
    ConfigFile,
    ago,
    columns,
    configured,
    database,
    emit,
    guarded,
    now,
    say,
    usage,
)
from returns_station.errors import StationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.domain.axes import SyncState
    from returns_station.store.outbox import OutboxRow, Why

app = typer.Typer(
    name="outbox", help="What others must still learn, and why it has not gone.", no_args_is_help=True
)

Key = Annotated[str, typer.Argument(help="The id of the row; `outbox list` shows it.")]
_HEAD = ("id", "state", "target", "type", "return", "age", "next attempt", "why")


@app.command("list")
@guarded
def list_(
    state: Annotated[
        list[str] | None,
        typer.Option(help="held, local, sent, refused, acknowledged, withdrawn or shadow; repeatable."),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Done, withdrawn and shadow rows too.")] = False,
    limit: Annotated[int, typer.Option(help="Rows at most, oldest first.", min=1, max=100_000)] = 100,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """List what is not delivered yet, oldest first."""
    from returns_station.store import outbox

    states = _states(state, all_)
    with database(configured(config)) as engine:
        rows = outbox.listing(engine, states, limit=limit + 1)
        shown, counts = rows[:limit], {**asdict(outbox.counts(engine)), "shadow": outbox.shadowed(engine)}
        told = [_row(engine, row, numbers) for numbers in [_numbers(engine, shown)] for row in shown]
    if json:
        emit({"counts": counts, "rows": told, "more": len(rows) > limit})
        return Code.OK
    if told:
        say(*columns([_HEAD, *(_cells(row) for row in told)]))
    say(_summary(counts) + (f" Only the first {limit} are shown." if len(rows) > limit else ""))
    return Code.OK


@app.command()
@guarded
def retry(
    key: Key,
    checked: Annotated[
        bool,
        typer.Option("--checked", help="You looked upstream: it never arrived. It is sent without asking."),
    ] = False,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Make a refused row, or one that was put off, due at once."""
    from returns_station.store import outbox

    with database(configured(config)) as engine:
        told = _row(engine, outbox.retry(engine, key, checked=checked))
    return _changed(told, f"The row {told['id']} is due; the sync job takes it with its next batch.", json)


@app.command()
@guarded
def park(
    key: Key,
    reason: Annotated[str, typer.Option(help="Why it waits, for the person who finds it.")],
    owner: Annotated[str, typer.Option(help="Who looks after it.")] = "supervisor",
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """Set a row that has not gone aside with a person until it is retried."""
    from returns_station.store import outbox

    if not reason.strip():
        raise usage("A row cannot be parked without a reason.", "Say why with --reason.")
    with database(configured(config)) as engine:
        told = _row(engine, outbox.park(engine, key, reason, owner))
    return _changed(told, f"The row {told['id']} is parked with {told['owner']}: {told['problem']}", json)


@app.command()
@guarded
def why(key: Key, json: AsJson = False, config: ConfigFile = None) -> Code:
    """Say where a row stands, what it waits for and what can be done."""
    from returns_station.store import outbox

    with database(configured(config)) as engine:
        found = outbox.why(engine, key)
    if json:
        emit({**asdict(found), "state": found.state.value})
        return Code.OK
    say(found.sentence, f"What to do: {found.advice}", *_more(found))
    return Code.OK


def _more(found: "Why") -> list[str]:
    said = (
        ("The upstream said", found.upstream),
        ("It is with", found.owner),
        ("Next attempt", found.next_at),
    )
    return [f"{name}: {value}" for name, value in said if value]


def _changed(told: dict[str, Any], sentence: str, as_json: bool) -> Code:
    if as_json:
        emit(told)
    else:
        say(sentence)
    return Code.OK


def _states(names: list[str] | None, all_: bool) -> tuple["SyncState", ...]:
    from returns_station.domain.axes import SyncState
    from returns_station.store.outbox.rows import DONE

    unknown = [name for name in names or () if name not in set(SyncState)]
    if unknown:
        known = ", ".join(state.value for state in SyncState)
        raise usage(f"There is no state {unknown[0]!r}.", f"States are {known}.")
    if names:
        return tuple(SyncState(name) for name in names)
    return tuple(state for state in SyncState if all_ or state.value not in DONE)


def _numbers(engine: "Engine", rows: Iterable["OutboxRow"]) -> dict[str, str]:
    """Return numbers as people know them, by id; some hundred ids a question."""
    from sqlalchemy import select

    from returns_station.store import tables

    held = tables.table(tables.Authorization)
    ids = sorted({row.return_id for row in rows})
    found: dict[str, str] = {}
    with engine.connect() as connection:
        for start in range(0, len(ids), 500):
            asked = select(held.c.id, held.c.number).where(held.c.id.in_(ids[start : start + 500]))
            found |= {row.id: row.number for row in connection.execute(asked)}
    return found


def _row(engine: "Engine", row: "OutboxRow", numbers: dict[str, str] | None = None) -> dict[str, Any]:
    from returns_station.store import outbox

    numbers = _numbers(engine, [row]) if numbers is None else numbers
    names = (
        *("id", "target", "type", "merchant", "return_id", "ordinal", "parcel_id", "unit_id", "created_at"),
        *("attempts", "next_at", "unknown", "sent_at", "settled_at", "reference"),
        *("problem_code", "problem", "hint", "owner"),
    )
    told = {name: getattr(row, name) for name in names}
    try:
        sentence = outbox.why(engine, row.id).sentence
    except StationError as error:
        sentence = error.sentence
    return {**told, "state": row.state.value, "return": numbers.get(row.return_id), "sentence": sentence}


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    due = row["next_at"][:19].replace("T", " ") if row["next_at"] else ""
    number = row["return"] or row["return_id"]
    kind = row["type"].removeprefix("returns.")
    age = ago(row["created_at"], now())
    return (row["id"], row["state"], row["target"], kind, number, age, due, row["sentence"])


def _summary(counts: dict[str, int]) -> str:
    open_ = {name: number for name, number in counts.items() if name != "shadow"}
    aside = f" In the shadow, never sent: {counts['shadow']}." if counts["shadow"] else ""
    if not any(open_.values()):
        return f"Everything is delivered.{aside}"
    words = {
        "local": "to send",
        "sent": "on the way",
        "refused": "parked with a person",
        "held": "not released",
    }
    told = ", ".join(f"{counts[name]} {word}" for name, word in words.items() if counts[name])
    return f"Open: {told}.{aside}"

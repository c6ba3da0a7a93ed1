"""`returns-station labels`: a unit's label again from the database, and what became of the labels asked for."""

import json as jsons
import random
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

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
from returns_station.config import Config
from returns_station.errors import StationError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from returns_station.domain.label import LabelModel

_INTERRUPTED = "The print was interrupted before the printer answered."


class _LabelFirst(TyperGroup):
    """`labels L00…` means `labels print L00…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the command `print` where a label or an option stands."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["print", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    name="labels", cls=_LabelFirst, help="A label again, and the labels asked for.", no_args_is_help=True
)


@dataclass(frozen=True, slots=True)
class Labelled:
    """What carries a label: the model made from its row, and whose it is."""

    model: "LabelModel"
    site: str
    unit_id: str | None
    parcel_id: str | None


@app.command("print")
@guarded
def print_(
    lpn: Annotated[str, typer.Argument(help="The label of a unit, or the plate of a parcel.")],
    out: Annotated[
        Path | None, typer.Option(help="The PDF to write; `LPN.pdf` here otherwise, - is standard output.")
    ] = None,
    reprint: Annotated[
        bool, typer.Option("--reprint", help="Print it on the station's printer, marked as a reprint.")
    ] = False,
    config: ConfigFile = None,
) -> Code:
    """Render a label again from the database as PDF; --reprint prints it on the station's printer."""
    found = configured(config)
    with database(found) as engine:
        labelled = _labelled(engine, lpn, again=reprint)
        sentence = _reprinted(engine, found, labelled) if reprint else ""
    if out is not None or not reprint:
        sentence = f"{sentence} {_rendered(labelled.model, out, found)}".strip()
    if str(out) != "-":
        say(sentence)
    return Code.OK


@app.command("list")
@guarded
def list_(
    limit: Annotated[int, typer.Option(help="Jobs at most, newest first.", min=1, max=100_000)] = 50,
    json: AsJson = False,
    config: ConfigFile = None,
) -> Code:
    """List the labels that were asked for, newest first, and what became of them."""
    from sqlalchemy import select

    from returns_station.store import tables

    job = tables.table(tables.PrintJob)
    with database(configured(config)) as engine, engine.connect() as connection:
        rows = connection.execute(
            select(job).order_by(job.c.asked_at.desc(), job.c.id.desc()).limit(limit)
        ).all()
    told = [_job(row) for row in rows]
    if json:
        emit({"jobs": told})
    elif told:
        head = ("id", "state", "label", "kind", "reprint", "age", "problem or place")
        say(*columns([head, *(_cells(one) for one in told)]))
    else:
        say("No label was asked for yet.")
    return Code.OK


@app.command()
@guarded
def later(json: AsJson = False, config: ConfigFile = None) -> Code:
    """List the units whose label was left for later and not printed yet, oldest first, and where they lie."""
    from returns_station.store.print_jobs import unprinted

    with database(configured(config)) as engine:
        found = unprinted(engine)
    if json:
        emit({"units": [asdict(one) for one in found]})
    elif found:
        rows = [(one.lpn, one.place or "", ago(one.asked_at, now()), one.title) for one in found]
        say(*columns([("label", "place", "age", "unit"), *rows]))
    else:
        say("No unit waits for its label.")
    return Code.OK


def _job(row: Any) -> dict[str, Any]:
    names = (
        "id",
        "kind",
        "state",
        "unit_id",
        "parcel_id",
        "reprint",
        "asked_at",
        "sent_at",
        "reference",
        "problem",
    )
    return {"label": jsons.loads(row.model)["code"], **{name: getattr(row, name) for name in names}}


def _cells(job: dict[str, Any]) -> tuple[str, ...]:
    names = ("id", "state", "label", "kind", "reprint")
    return (
        *(str(job[name]) for name in names),
        ago(job["asked_at"], now()),
        job["problem"] or job["reference"] or "",
    )


# --- from the rows ----------------------------------------------------------------------------------------------------


def _labelled(engine: "Engine", text: str, *, again: bool) -> Labelled:
    from sqlalchemy import func, select

    from returns_station.domain.scan import Kind, read
    from returns_station.store import tables

    named = [one.value for one in read(text.encode("utf-8", "surrogateescape")).of(Kind.LPN, Kind.PLATE)]
    unit, parcel, job = (tables.table(one) for one in (tables.ReturnUnit, tables.Parcel, tables.PrintJob))
    with engine.connect() as connection:
        row = connection.execute(select(unit).where(unit.c.lpn.in_(named))).first()
        if row is not None:
            mine = select(job.c.model).where(job.c.unit_id == row.id).order_by(job.c.asked_at.desc()).limit(1)
            count = connection.execute(select(func.count()).where(job.c.unit_id == row.id)).scalar_one()
            last = connection.execute(mine).scalar()
            return Labelled(
                _unit_label(row, last, int(count) if again else 0), row.site, row.id, row.parcel_id
            )
        row = connection.execute(select(parcel).where(parcel.c.plate.in_(named))).first()
        if row is not None:
            plates = select(func.count()).where(job.c.parcel_id == row.id, job.c.kind == "plate")
            count = connection.execute(plates).scalar_one()
            return Labelled(_plate_label(row, int(count) if again else 0), row.site, None, row.id)
    raise StationError(
        "labels.unknown",
        f"Nothing here carries the label {text!r}.",
        "Check the number; `returns-station show` finds a unit by its serial number or its return.",
    )


def _unit_label(row: Any, last: str | None, reprint: int) -> "LabelModel":
    from returns_station.domain.codes import Disposition
    from returns_station.domain.label import LabelModel

    place = row.container or row.location or (jsons.loads(last)["destination"] if last else "")
    disposition = row.disposition or Disposition.QUARANTINE.value
    return LabelModel(
        "unit", row.lpn, row.title, row.sku, row.quantity, row.grade or "", disposition, place, row.lot,
        row.expiry, reprint,
    )  # fmt: skip


def _plate_label(row: Any, reprint: int) -> "LabelModel":
    from returns_station.domain.label import LabelModel

    return LabelModel("plate", row.plate, "Parcel without label", reprint=reprint)


# --- onto paper -------------------------------------------------------------------------------------------------------


def _rendered(model: "LabelModel", out: Path | None, config: Config) -> str:
    from returns_station.hardware.printing import label_pdf

    pdf = label_pdf(model, config.station.name)
    if str(out) == "-":
        sys.stdout.buffer.write(pdf)
        sys.stdout.buffer.flush()
        return ""
    path = out or Path(f"{model.code}.pdf")
    try:
        path.write_bytes(pdf)
    except OSError as error:
        raise usage(
            f"{path} cannot be written: {error.strerror}.", "Name another file with --out."
        ) from error
    return f"The label {model.code} is in {path}."


def _reprinted(engine: "Engine", config: Config, labelled: Labelled) -> str:
    """Prints and keeps what became of it: the job is on disk as not printed before the printer is asked."""
    from returns_station.hardware.printing import LabelPrinter
    from returns_station.store.identity import uuid7

    if not config.printers:
        hint = "Add a [[printer]] to the configuration, or render the label with --out FILE."
        raise StationError("config.no_printer", "No printer is configured.", hint)
    job, at = uuid7(now(), random.SystemRandom()), now()
    _keep(engine, _new_job(job, labelled, at.isoformat(timespec="microseconds")))
    printer = LabelPrinter(config.printers[0])
    printed = printer.print(job, labelled.model)
    problem = printed.problem
    sentence = problem.sentence if problem else None
    _settle(engine, job, {"state": printed.state, "reference": printed.reference, "problem": sentence})
    if problem is not None:
        code = problem.code if "." in problem.code else f"device.{problem.code}"
        raise StationError(code, problem.sentence, problem.hint)
    model = labelled.model
    mark = f"marked as reprint {model.reprint}" if model.reprint else "its first print"
    return f"The label {model.code} is printed on {printer.name}, {mark}."


def _new_job(job: str, labelled: Labelled, at: str) -> dict[str, Any]:
    model = labelled.model
    return {
        "id": job,
        "kind": model.kind,
        "unit_id": labelled.unit_id,
        "parcel_id": labelled.parcel_id,
        "site": labelled.site,
        "model": jsons.dumps(asdict(model)),
        "state": "failed",
        "reprint": model.reprint,
        "problem": _INTERRUPTED,
        "asked_at": at,
    }


def _keep(engine: "Engine", values: dict[str, Any]) -> None:
    from returns_station.store import tables
    from returns_station.store.outbox import writing

    with writing(engine) as connection:
        connection.execute(tables.table(tables.PrintJob).insert(), values)


def _settle(engine: "Engine", job: str, values: dict[str, Any]) -> None:
    from returns_station.store import tables
    from returns_station.store.outbox import writing

    held = tables.table(tables.PrintJob)
    sent = now().isoformat(timespec="microseconds")
    with writing(engine) as connection:
        connection.execute(held.update().where(held.c.id == job).values(**values, sent_at=sent))

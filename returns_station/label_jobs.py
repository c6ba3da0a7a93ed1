"""The station's print jobs: printed when asked for, again when their printer is back, never again once they were sent."""

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, select, update

from returns_station import logs
from returns_station.domain.axes import ParcelWork, Placement, PrintState, Reception
from returns_station.domain.label import LabelModel
from returns_station.errors import StationError
from returns_station.hardware.printing import Comebacks, LabelPrinters, Printed, PrinterState
from returns_station.store import tables as t
from returns_station.store.faults import explained
from returns_station.store.unit_of_work import stamp

WATCH_S = 5.0
# A spooler that does not answer would cost its time-out for each label that was sent; the newest come first.
_CONFIRM_S = 1.0
_job, _unit, _parcel = t.table(t.PrintJob), t.table(t.ReturnUnit), t.table(t.Parcel)
_GONE = (ParcelWork.CLOSED.value, ParcelWork.VOIDED.value)
_ASKED = select(_job).where(_job.c.state == PrintState.ASKED.value).order_by(_job.c.id)
# A job without `sent_at` is in another program's hands right now, which prints it or tells its own person.
_FAILED = (
    select(_job)
    .where(_job.c.state == PrintState.FAILED.value, _job.c.sent_at.is_not(None))
    .order_by(_job.c.id)
)
_SENT = (
    select(_job.c.id, _job.c.reference)
    .where(_job.c.state == PrintState.SENT.value, _job.c.reference.is_not(None))
    .order_by(_job.c.id.desc())
    .limit(20)
)
_PRINTED = (
    update(_job)
    .where(_job.c.id == bindparam("job"))
    .values(
        state=bindparam("new_state"),
        reference=bindparam("ref"),
        problem=bindparam("why"),
        sent_at=bindparam("at"),
    )
)


@dataclass(frozen=True, slots=True)
class PrintNotice:
    """What became of a label, for the person at the station."""

    job_id: str
    code: str
    unit_id: str | None
    printed: Printed


class LabelJobs:
    """Prints what the tables ask for; `checkpoint` is told before ("print") and after ("printed") each hand-over.

    `print_asked` and `look` may be called from different threads: what a job is lives in the tables alone, and a job
    goes from failed back to asked only while it is failed.
    """

    def __init__(
        self,
        engine: Engine,
        path: Path,
        printers: LabelPrinters,
        now: Callable[[], datetime],
        checkpoint: Callable[[str], None],
    ) -> None:
        self.printers = printers
        self._engine = engine
        self._path = path
        self._now = now
        self._checkpoint = checkpoint
        self._comebacks = Comebacks()
        self._hopeless: set[str] = set()
        self._printing = threading.Lock()

    def print_asked(self) -> list[PrintNotice]:
        """Prints every label that was asked for and not handed over yet; no fault of a printer stops the work.

        Labels behind one that failed for a reason that passes stay asked for, so that a dead printer costs one time-out.
        """
        if not self.printers.names:
            return []
        with self._printing:
            with explained(self._path), self._engine.connect() as connection:
                rows = connection.execute(_ASKED).all()
            return list(self._in_turn(rows))

    def look(self) -> tuple[PrinterState, ...]:
        """Asks every printer how it is, and lets its labels follow: sent ones are confirmed where that is known, failed
        ones are asked for again on a printer that came back. May take a second for each printer."""
        states = self.printers.statuses()
        back = self._comebacks.seen(states)
        if back:
            self._ask_again(back)
        self._confirm()
        return states

    def waiting(self) -> bool:
        """Whether a label is asked for right now."""
        with explained(self._path), self._engine.connect() as connection:
            return connection.execute(_ASKED.limit(1)).first() is not None

    def _in_turn(self, rows: Iterable[Any]) -> Iterator[PrintNotice]:
        stopped: set[str | None] = set()
        for row in rows:
            printer = self.printers.chosen(row.printer)
            if printer in stopped:
                continue
            told = self._print(row)
            if told.printed.passes:
                stopped.add(printer)
            yield told

    def _print(self, row: Any) -> PrintNotice:
        model = LabelModel(**json.loads(row.model))
        self._checkpoint("print")
        printed = self.printers.print(row.id, model, row.printer)
        self._checkpoint("printed")
        if printed.problem is not None:
            self._comebacks.failed(printed.printer)
            if not printed.passes:
                self._hopeless.add(row.id)
        values = {
            "job": row.id,
            "new_state": printed.state,
            "ref": printed.reference,
            "why": printed.problem.sentence if printed.problem else None,
            "at": stamp(self._now()),
        }
        self._write(lambda connection: connection.execute(_PRINTED, values))
        return PrintNotice(row.id, model.code, row.unit_id, printed)

    def _ask_again(self, back: Collection[str | None]) -> None:
        with explained(self._path), self._engine.connect() as connection:
            rows = connection.execute(_FAILED).all()
            again = [
                row.id
                for row in rows
                if row.id not in self._hopeless
                and self.printers.chosen(row.printer) in back
                and _still_wanted(connection, row)
            ]
        if again:
            values = {"state": PrintState.ASKED.value, "problem": None}
            failed = _job.c.state == PrintState.FAILED.value
            change = update(_job).where(_job.c.id.in_(again), failed).values(values)
            self._write(lambda connection: connection.execute(change))

    def _confirm(self) -> None:
        with explained(self._path), self._engine.connect() as connection:
            rows = connection.execute(_SENT).all()
        until = time.monotonic() + _CONFIRM_S
        done = [row.id for row in rows if time.monotonic() < until and self.printers.confirm(row.reference)]
        if done:
            sent = _job.c.state == PrintState.SENT.value
            change = update(_job).where(_job.c.id.in_(done), sent).values(state=PrintState.CONFIRMED.value)
            self._write(lambda connection: connection.execute(change))

    def _write(self, change: Callable[[Connection], object]) -> None:
        with explained(self._path), self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            change(connection)
            connection.exec_driver_sql("COMMIT")


class PrinterWatch:
    """Looks at the printers again and again, in a thread, for a station whose worker scans nothing meanwhile.

    `look` asks them, `waiting` says whether a label is asked for; then `tell` gets a sentence, after which somebody prints.
    """

    def __init__(
        self,
        look: Callable[[], tuple[PrinterState, ...]],
        waiting: Callable[[], bool],
        tell: Callable[[str], None],
        every_s: float = WATCH_S,
    ) -> None:
        self._look = look
        self._waiting = waiting
        self._tell = tell
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="printers", daemon=True)

    def start(self) -> None:
        """Begins to look, the first time after the pause."""
        self._thread.start()

    def stop(self) -> None:
        """Ends the looking; waits for a printer that is being asked."""
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(self._every_s):
            try:
                fine = [one.name for one in self._look() if one.band in ("fine", "warning")]
                if fine and self._waiting():
                    self._tell(f"Printer {', '.join(fine)}: ready again for the labels that wait.")
            except StationError as error:
                # Whoever writes next meets the same database and stops the intake; this only looks.
                logs.logger("printers").warning("printers.look", code=error.code)


def _still_wanted(connection: Connection, row: Any) -> bool:
    """Whether the label would still be stuck on something: no later one was asked for, the thing carries its code, and
    nobody scanned another label of that code instead, unless a copy is what was asked for."""
    model = json.loads(row.model)
    later = select(_job.c.model).where(
        _job.c.id > row.id,
        _job.c.kind == row.kind,
        _job.c.unit_id.is_(row.unit_id),
        _job.c.parcel_id.is_(row.parcel_id),
    )
    if any(json.loads(other)["code"] == model["code"] for other in connection.execute(later).scalars()):
        return False
    if row.unit_id is not None:
        unit = connection.execute(select(_unit).where(_unit.c.id == row.unit_id)).first()
        return unit is not None and unit.lpn == model["code"] and _unit_waits(unit, model["reprint"])
    if row.parcel_id is not None:
        parcel = connection.execute(select(_parcel).where(_parcel.c.id == row.parcel_id)).first()
        return parcel is not None and parcel.plate == model["code"] and parcel.work not in _GONE
    return True


def _unit_waits(unit: Any, reprint: int) -> bool:
    if unit.reception == Reception.VOIDED.value:
        return False
    return bool(reprint or unit.labelling == "later" or unit.placement == Placement.IN_HAND.value)

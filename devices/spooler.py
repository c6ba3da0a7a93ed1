"""The system's spooler: a label is handed to `lp`, and the spooler is asked what became of it."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from devices import ipp
from devices.errors import DeviceError
from devices.printers import Band, PrinterStatus, Submitted, check_job

PDF = "application/pdf"
_TAKEN = re.compile(r"request id is (\S+)-(\d+)\b")
_POLL_S = 0.05
_LOST = ("canceled", "aborted")
_STATES = {
    3: "pending",
    4: "held",
    5: "processing",
    6: "stopped",
    7: "canceled",
    8: "aborted",
    9: "completed",
}
_JOB = ("job-id", "job-name", "job-state", "job-printer-state-message")
_QUEUE = (
    "printer-state",
    "printer-state-reasons",
    "printer-state-message",
    "printer-is-accepting-jobs",
    "queued-job-count",
)

_REASONS: tuple[tuple[str, str], ...] = (
    ("media-empty", "is out of labels: load a roll"),
    ("media-needed", "asks for labels: load the roll it wants"),
    ("media-jam", "is jammed: open it and take the label out"),
    ("cover-open", "is open: close the cover"),
    ("door-open", "is open: close the door"),
    ("interlock-open", "is open: close it"),
    ("marker-supply-empty", "is out of ribbon or toner: change it"),
    ("offline", "is off line: switch it on and look at its cable"),
    ("shutdown", "is switched off: switch it on"),
    ("timed-out", "does not answer: switch it on and look at its cable"),
    ("spool-area-full", "has no room for more jobs: free its memory"),
)
"""Reasons of RFC 8011, 5.4.12, that no label passes, whatever their severity."""

_GONE = re.compile(
    r"unavailable|not respond|unreachable|not connected|offline|unable to (locate|connect)", re.IGNORECASE
)
"""What CUPS's backends say in English of a printer they cannot reach; they give no reason beside it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the spooler has it; `state` is pending, held, processing, stopped, canceled, aborted or completed."""

    number: int
    title: str
    state: str
    told: str = ""


class SpoolerPrinter:
    """A queue of CUPS, reached as `lp` reaches it (CUPS_SERVER, client.conf, the local socket).

    A job is "sent" once `lp` took it and "confirmed" when the spooler calls it completed; that is as far as the
    queue's driver knows, and a driver for a raw port knows little. The job's id is its title: the same id again
    is looked for by title and not printed twice, as long as the spooler remembers its jobs. `options` are `lp`
    options such as `media=Custom.100x150mm`; `connect_s` and `within_s` bound every question and a whole submit.
    """

    media_types = (PDF,)

    def __init__(
        self,
        name: str,
        queue: str,
        *,
        options: Sequence[str] = (),
        environ: Mapping[str, str] | None = None,
        connect_s: float = 1.0,
        within_s: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name = name
        self._queue = queue
        self._options = tuple(options)
        # Sentences are read by this program, so they are asked for in one language.
        self._environ = {**(os.environ if environ is None else environ), "LC_ALL": "C"}
        self._connect_s = connect_s
        self._within_s = within_s
        self._clock = clock
        self._sleep = sleep
        self._server = ""

    def submit(self, job_id: str, content: bytes, media_type: str) -> Submitted:
        """Hand the label to `lp` and wait, bounded, for the spooler to call it completed.

        Raises `DeviceError` for a spooler that does not run, a queue that is not there or takes no jobs, and for
        a job that the spooler cancelled or gave up.
        """
        check_job("spooler", job_id, content, media_type, self.media_types)
        until = self._clock() + self._within_s
        known = [job for job in self._jobs() if job.title == job_id and job.state not in _LOST]
        number = known[-1].number if known else self._lp(job_id, content, until)
        return self._settled(number, until)

    def confirm(self, reference: str) -> bool | None:
        """Whether this job was printed; False when it was given up, None while it waits or cannot be known."""
        queue, _, number = reference.rpartition("-")
        if queue != self._queue or not number.isdecimal():
            return None
        try:
            job = self._job(int(number))
        except DeviceError:
            return None
        if job is None or job.state not in ("completed", *_LOST):
            return None
        return job.state == "completed"

    def status(self) -> PrinterStatus:
        """How the queue is; never raises."""
        try:
            told = self._ask(ipp.GET_PRINTER, _QUEUE)
        except DeviceError as error:
            return PrinterStatus("stopped", str(error))
        return self._status(told[0] if told else {})

    # --- the queue -----------------------------------------------------------------------------------------------

    def _status(self, told: ipp.Attributes) -> PrinterStatus:
        reasons = [str(reason) for reason in told.get("printer-state-reasons", [])]
        message = str(_one(told, "printer-state-message", ""))
        for reason, sentence in _REASONS:
            if any(found.startswith(reason) for found in reasons):
                return self._says("stopped", f"the printer {sentence}")
        if _one(told, "printer-state", 0) == ipp.STOPPED_PRINTER:
            why = f" ({message.rstrip('.')})" if message not in ("", "Idle", "Paused") else ""
            return self._says(
                "stopped", f"switched off in the spooler{why}: look at the printer, then `cupsenable`"
            )
        if not _one(told, "printer-is-accepting-jobs", True):
            return self._says("stopped", "no jobs are taken: `cupsaccept` lets it take them again")
        waiting = int(_one(told, "queued-job-count", 0))
        if waiting and _GONE.search(message):
            return self._says("stopped", "the printer cannot be reached: switch it on and look at its cable")
        other = sorted(found for found in reasons if found != "none" and not found.startswith("cups-"))
        if other:
            return self._says("warning", f"{', '.join(other)}: look at the printer")
        return self._says("fine", f"ready, {waiting} to be printed" if waiting else "ready")

    def _says(self, band: Band, what: str) -> PrinterStatus:
        return PrinterStatus(band, f"Queue {self._queue}: {what}.")

    # --- jobs ----------------------------------------------------------------------------------------------------

    def _settled(self, number: int, until: float) -> Submitted:
        reference = f"{self._queue}-{number}"
        while True:
            try:
                job = self._job(number)
            except DeviceError:
                job = None  # it was taken, so it is sent, whatever else cannot be asked now
            if job is not None and job.state == "completed":
                return Submitted("confirmed", reference)
            if job is not None and job.state in _LOST:
                raise self._lost(job)
            if (
                job is None
                or job.state in ("held", "stopped")
                or self._hopeless(job)
                or self._clock() >= until
            ):
                return Submitted("sent", reference)
            self._sleep(_POLL_S)

    def _hopeless(self, job: Job) -> bool:
        """Whether waiting on would only keep the worker: what stops it needs a person."""
        return bool(_GONE.search(job.told)) or self.status().band == "stopped"

    def _lost(self, job: Job) -> DeviceError:
        why = f": {job.told}" if job.told else ""
        return DeviceError(
            f"printer_job_{job.state}",
            f"Printer {self.name}: the spooler {job.state} job {self._queue}-{job.number}{why.rstrip('.')}.",
            "Look at the queue and its options (media); the label can be printed again.",
        )

    def _job(self, number: int) -> Job | None:
        return next((job for job in self._jobs() if job.number == number), None)

    def _jobs(self) -> list[Job]:
        told = self._ask(ipp.GET_JOBS, _JOB, which_jobs="all")
        return [
            Job(
                int(_one(one, "job-id", 0)),
                str(_one(one, "job-name", "")),
                _STATES.get(int(_one(one, "job-state", 0)), "unknown"),
                str(_one(one, "job-printer-state-message", "")),
            )
            for one in told
        ]

    # --- the programs --------------------------------------------------------------------------------------------

    def _lp(self, job_id: str, content: bytes, until: float) -> int:
        options = [word for option in self._options for word in ("-o", option)]
        command = ["lp", "-d", self._queue, "-t", job_id, *options, "-"]
        done = self._run(command, content, max(0.1, until - self._clock()))
        taken = _TAKEN.search(done.stdout.decode("utf-8", "replace"))
        if done.returncode or not taken:
            said = done.stderr.decode("utf-8", "replace").strip().removeprefix("lp: ")
            raise DeviceError(
                "printer_refused",
                f"Printer {self.name}: lp did not take job {job_id}: {said or 'it gave no request id'}",
                "Look at the queue with `lpstat -p -a`.",
            )
        return int(taken[2])

    def _ask(self, operation: int, wanted: Sequence[str], **more: str) -> tuple[ipp.Attributes, ...]:
        try:
            self._server = self._server or self._found()
            answer = ipp.ask(self._server, operation, self._queue, wanted, self._connect_s, **more)
        except (OSError, ValueError) as fault:
            self._server = ""
            raise DeviceError(
                "printer_spooler_down",
                f"Printer {self.name}: the spooler does not answer: {getattr(fault, 'strerror', None) or fault}.",
                "Start CUPS on this machine, or look at CUPS_SERVER.",
            ) from fault
        if answer.status >= 0x0100:
            raise DeviceError(
                "printer_queue_unknown",
                f"Printer {self.name}: the spooler has no queue {self._queue}.",
                "`lpstat -a` lists the queues there are.",
            )
        return answer.groups

    def _found(self) -> str:
        """Where `lp` would go, as `lpstat -H` says it."""
        done = self._run(["lpstat", "-H"], b"", self._connect_s)
        return done.stdout.decode("utf-8", "replace").strip()

    def _run(self, command: list[str], given: bytes, within_s: float) -> subprocess.CompletedProcess[bytes]:
        try:
            # In a session of its own it has no terminal, on which it would ask for a password.
            return subprocess.run(
                command,
                input=given,
                capture_output=True,
                env=self._environ,
                timeout=within_s,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError as fault:
            raise DeviceError(
                "printer_no_spooler",
                f"Printer {self.name}: this machine has no {command[0]}.",
                "Install CUPS's client programs (cups-client on Debian), or choose another kind of printer.",
            ) from fault
        except subprocess.TimeoutExpired as fault:
            raise DeviceError(
                "printer_slow",
                f"Printer {self.name}: {command[0]} did not end within {within_s:.1f} s.",
                "Look whether the spooler is overloaded; the same label is looked for before it is sent again.",
            ) from fault


def _one(told: ipp.Attributes, name: str, otherwise: ipp.Value) -> ipp.Value:
    return next(iter(told.get(name, [])), otherwise)

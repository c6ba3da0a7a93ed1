"""Laws of printing through the system's spooler, on a real cupsd with a real IPP printer behind it."""

import os
import stat
import struct
from pathlib import Path

import pytest

from devices import ipp, testing_spooler
from devices.errors import DeviceError
from devices.printers import Printer, PrinterStatus
from devices.spooler import PDF, SpoolerPrinter
from devices.testing_spooler import PrivateSpooler
from returns_station.config import Printer as Configured
from returns_station.domain.label import LabelModel
from returns_station.hardware.printing import LabelPrinters
from tests.devices.scanner_inbox import until
from tests.devices.spooler_kit import private_spooler, spooler
from tests.labels.label_reading import both, pages, symbols

__all__ = ["private_spooler", "spooler"]
DOCUMENT = b"%PDF-1.4 goose\n%%EOF\n"


def on(spooler: PrivateSpooler, **options: object) -> SpoolerPrinter:
    return SpoolerPrinter("office", spooler.queue, environ=spooler.environ, within_s=20, **options)  # type: ignore[arg-type]


def refused(printer: Printer, job: str, content: bytes = DOCUMENT, media_type: str = PDF) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        printer.submit(job, content, media_type)
    return caught.value


def test_a_label_goes_through_the_spooler_to_paper_and_its_symbols_still_read_back(
    spooler: PrivateSpooler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", spooler.environ)
    printers = LabelPrinters([Configured("office", Path(), "spooler", queue=spooler.queue, seconds=20)])
    printed = printers.print("job-read", LabelModel("unit", "L051000001L", "SPOTTY TEAPOT"))
    assert (printed.state, printed.problem, printed.printer) == ("confirmed", None, "office")
    assert printers.confirm(str(printed.reference)) is True
    (document,) = spooler.printed()
    (pixels,) = pages(document)
    assert symbols(pixels) == both("L051000001L")


def test_the_request_id_is_the_reference_and_a_completed_job_is_confirmed(spooler: PrivateSpooler) -> None:
    printer: Printer = on(spooler)
    done = printer.submit("job-plain", DOCUMENT, PDF)
    assert done.state == "confirmed"
    assert done.reference in spooler.run("lpstat", "-W", "completed", "-o", spooler.queue)
    assert spooler.printed() == [DOCUMENT]
    assert printer.confirm(done.reference) is True
    assert printer.status() == PrinterStatus("fine", "Queue labels: ready.")


def test_the_same_job_is_found_by_its_title_and_not_printed_twice_even_by_another_process(
    spooler: PrivateSpooler,
) -> None:
    first = on(spooler).submit("job-once", DOCUMENT, PDF)
    assert on(spooler).submit("job-once", DOCUMENT, PDF) == first
    assert spooler.printed() == [DOCUMENT]


def test_a_job_that_somebody_cancelled_is_not_confirmed_and_can_be_printed_again(
    spooler: PrivateSpooler,
) -> None:
    spooler.disable()
    printer = on(spooler)
    first = printer.submit("job-cancelled", DOCUMENT, PDF)
    assert first.state == "sent"
    spooler.run("cancel", first.reference)
    assert printer.confirm(first.reference) is False
    spooler.enable()
    again = printer.submit("job-cancelled", DOCUMENT, PDF)
    assert again.state == "confirmed"
    assert again.reference != first.reference
    assert spooler.printed() == [DOCUMENT]


def test_a_job_the_printer_cannot_do_is_given_up_by_name_and_may_not_be_called_printed(
    spooler: PrivateSpooler,
) -> None:
    error = refused(on(spooler, options=("media=Custom.100x150mm",)), "job-media")
    assert error.code == "printer_job_canceled"
    assert error.sentence.startswith("Printer office: the spooler canceled job labels-")
    assert error.sentence.endswith(": Printer cannot print with supplied options.")
    assert error.hint == "Look at the queue and its options (media); the label can be printed again."
    assert spooler.printed() == []


def test_without_labels_the_printer_is_stopped_the_job_stays_sent_and_comes_out_when_there_are_some(
    spooler: PrivateSpooler,
) -> None:
    spooler.state("paper-out", True)
    printer = on(spooler)
    done = printer.submit("job-paper", DOCUMENT, PDF)
    assert done.state == "sent"
    told = PrinterStatus("stopped", "Queue labels: the printer is out of labels: load a roll.")
    assert until(lambda: printer.status() == told)
    assert printer.confirm(done.reference) is None
    assert printer.submit("job-paper", DOCUMENT, PDF).reference == done.reference
    spooler.state("paper-out", False)
    assert until(lambda: printer.confirm(done.reference) is True)
    assert spooler.printed() == [DOCUMENT]


def test_a_printer_without_power_is_stopped_the_job_stays_sent_and_is_printed_once_when_it_is_back(
    spooler: PrivateSpooler,
) -> None:
    spooler.printer_off()
    printer = on(spooler)
    done = printer.submit("job-power", DOCUMENT, PDF)
    assert done.state == "sent"
    reason = "Queue labels: the printer cannot be reached: switch it on and look at its cable."
    assert until(lambda: printer.status() == PrinterStatus("stopped", reason))
    spooler.printer_on()
    assert until(lambda: printer.confirm(done.reference) is True, 60)
    assert spooler.printed() == [DOCUMENT]


def test_a_disabled_queue_is_stopped_keeps_the_job_and_prints_it_when_enabled(
    spooler: PrivateSpooler,
) -> None:
    spooler.disable()
    printer = on(spooler)
    done = printer.submit("job-disabled", DOCUMENT, PDF)
    assert done.state == "sent"
    assert printer.status() == PrinterStatus(
        "stopped", "Queue labels: switched off in the spooler (away): look at the printer, then `cupsenable`."
    )
    spooler.enable()
    assert until(lambda: printer.confirm(done.reference) is True)
    assert spooler.printed() == [DOCUMENT]


def test_a_slow_printer_leaves_the_job_sent_when_the_time_is_over(spooler: PrivateSpooler) -> None:
    spooler.state("slow", True)
    printer = SpoolerPrinter("office", spooler.queue, environ=spooler.environ, within_s=0.5)
    done = printer.submit("job-slow", DOCUMENT, PDF)
    assert done.state == "sent"
    assert printer.status().band == "fine"
    spooler.state("slow", False)
    assert until(lambda: printer.confirm(done.reference) is True)


def test_a_printer_that_prints_twice_got_the_job_once(spooler: PrivateSpooler) -> None:
    spooler.state("twice", True)
    assert on(spooler).submit("job-twice", DOCUMENT, PDF).state == "confirmed"
    assert until(lambda: spooler.printed() == [DOCUMENT, DOCUMENT])
    assert spooler.run("lpstat", "-o", spooler.queue) == ""


def test_a_queue_that_takes_no_jobs_is_stopped_and_says_so(spooler: PrivateSpooler) -> None:
    spooler.run("cupsreject", spooler.queue)
    printer = on(spooler)
    error = refused(printer, "job-rejected")
    assert error.sentence == (
        'Printer office: lp did not take job job-rejected: Destination "labels" is not accepting jobs.'
    )
    assert printer.status() == PrinterStatus(
        "stopped", "Queue labels: no jobs are taken: `cupsaccept` lets it take them again."
    )


def test_a_queue_that_is_not_there_is_named(spooler: PrivateSpooler) -> None:
    printer = SpoolerPrinter("office", "nowhere", environ=spooler.environ)
    error = refused(printer, "job-1")
    assert (error.code, error.sentence, error.hint) == (
        "printer_queue_unknown",
        "Printer office: the spooler has no queue nowhere.",
        "`lpstat -a` lists the queues there are.",
    )
    assert printer.status() == PrinterStatus("stopped", str(error))


def test_a_reference_of_another_queue_is_not_known(spooler: PrivateSpooler) -> None:
    assert [on(spooler).confirm(text) for text in ("laser-1", "labels-", "labels-999999", "")] == [None] * 4


def test_a_spooler_that_does_not_run_is_named(spooler: PrivateSpooler) -> None:
    environ = {**spooler.environ, "CUPS_SERVER": "127.0.0.1:9"}
    printer = SpoolerPrinter("office", "labels", environ=environ)
    error = refused(printer, "job-1")
    assert (error.code, error.sentence) == (
        "printer_spooler_down",
        "Printer office: the spooler does not answer: Connection refused.",
    )
    assert printer.status().band == "stopped"
    assert printer.confirm("labels-1") is None


def test_where_it_cannot_run_the_private_spooler_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(testing_spooler, "_PATH", str(tmp_path))
    assert testing_spooler.missing() == (
        "cupsd, lp, lpstat, lpadmin, cupsenable, cupsdisable, cancel, ippeveprinter, dbus-daemon, avahi-daemon, unshare "
        "not installed (Debian packages cups-daemon cups-client cups-ipp-utils avahi-daemon dbus)"
    )


# --- without CUPS -----------------------------------------------------------------------------------------------------


def test_a_machine_without_the_programs_is_told_what_to_install(tmp_path: Path) -> None:
    printer = SpoolerPrinter("office", "labels", environ={"PATH": str(tmp_path)})
    error = refused(printer, "job-1")
    assert (error.code, error.sentence) == (
        "printer_no_spooler",
        "Printer office: this machine has no lpstat.",
    )
    assert error.hint == (
        "Install CUPS's client programs (cups-client on Debian), or choose another kind of printer."
    )


def test_a_program_that_hangs_ends_with_the_time(tmp_path: Path) -> None:
    stuck = tmp_path / "lpstat"
    stuck.write_text("#!/bin/sh\nexec /bin/sleep 3600\n")
    stuck.chmod(stat.S_IRWXU)
    printer = SpoolerPrinter("office", "labels", environ={"PATH": str(tmp_path)}, connect_s=0.2)
    error = refused(printer, "job-1")
    assert error.code == "printer_slow"
    assert error.sentence == "Printer office: lpstat did not end within 0.2 s."


def test_what_is_no_pdf_is_refused_before_anything_is_asked() -> None:
    error = refused(SpoolerPrinter("office", "labels", environ={}), "job-1", b"^XA^XZ", "application/zpl")
    assert error.sentence == "The spooler printer takes PDF: job job-1 is 'application/zpl' of 6 bytes."


# --- the protocol -----------------------------------------------------------------------------------------------------


def attribute(tag: int, name: bytes, content: bytes) -> bytes:
    return struct.pack(">BH", tag, len(name)) + name + struct.pack(">H", len(content)) + content


ANSWER = b"".join(
    [
        struct.pack(">BBHI", 2, 0, 0, 1), b"\x01", attribute(0x47, b"attributes-charset", b"utf-8"), b"\x02",
        attribute(0x42, b"job-name", b"job-1"), attribute(0x23, b"job-state", struct.pack(">i", 9)), b"\x02",
        attribute(0x22, b"printer-is-accepting-jobs", b"\x00"), attribute(0x44, b"reasons", b"none"),
        attribute(0x44, b"", b"paused"), b"\x03",
    ]
)  # fmt: skip


def test_an_answer_is_read_group_by_group_with_all_values_of_an_attribute() -> None:
    assert ipp.parse(ANSWER) == ipp.Answer(
        0,
        (
            {"job-name": ["job-1"], "job-state": [9]},
            {"printer-is-accepting-jobs": [False], "reasons": ["none", "paused"]},
        ),
    )


@pytest.mark.parametrize("size", range(len(ANSWER)))
def test_an_answer_cut_off_anywhere_is_no_answer(size: int) -> None:
    with pytest.raises(ValueError, match="is cut off"):
        ipp.parse(ANSWER[:size])

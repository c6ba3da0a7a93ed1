"""Laws of ZPL printers: sent is not confirmed, a stop is named with its way out, and nothing is printed twice unasked."""

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.printers import Printer, PrinterStatus, Submitted
from devices.testing_zebra import FakeZebra
from devices.transports import SerialTransport, TcpTransport
from devices.zebra import ZPL, HostStatus, ZplPrinter

LABEL = b"^XA^FO50,50^FDGOOSE^FS^XZ"
STOPS = {
    "paper_out": ("printer_out_of_paper", "there are no labels in it", "Load a roll of labels."),
    "head_open": ("printer_head_open", "the print head is open", "Close the print head."),
    "paused": ("printer_paused", "it is paused", "Press PAUSE on the printer."),
    "ribbon_out": ("printer_out_of_ribbon", "the ribbon has run out", "Load a ribbon."),
    "too_hot": ("printer_too_hot", "the print head is too hot", "Wait: it goes on when it is cool."),
}


@pytest.fixture
def zebra() -> Iterator[FakeZebra]:
    with FakeZebra() as printer:
        yield printer
    assert printer.threads == []


def on(zebra: FakeZebra, **options: float) -> ZplPrinter:
    return ZplPrinter("zebra", TcpTransport("Printer zebra", zebra.host, zebra.port), **options)


def refused(
    printer: Printer, job: str = "job-1", content: bytes = LABEL, media_type: str = ZPL
) -> DeviceError:
    with pytest.raises(DeviceError) as caught:
        printer.submit(job, content, media_type)
    return caught.value


# --- the host status --------------------------------------------------------------------------------------------------


def status(
    one: str = "030,0,0,1225,000,0,0,0,000,0,0,0", two: str = "000,0,0,0,1,2,6,0,00000000,1,000"
) -> HostStatus:
    return HostStatus.parse(b"".join(b"\x02" + part.encode() + b"\x03\r\n" for part in (one, two, "1234,0")))


def test_every_field_of_the_host_status_is_read_from_its_place() -> None:
    found = status("030,1,1,1225,007,1,1,1,000,1,1,1", "128,0,1,1,1,4,6,1,00000042,1,003")
    assert found == HostStatus(
        communication=30, paper_out=True, paused=True, label_length=1225, formats=7, buffer_full=True,
        diagnostics=True, partial_format=True, memory_lost=True, too_cold=True, too_hot=True, functions=128,
        head_open=True, ribbon_out=True, thermal_transfer=True, print_mode="4", print_width_mode="6",
        label_waiting=True, remaining=42, prints_while_formatting=True, graphics=3, password="1234",
        static_memory=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\x02030,0,0\x03\r\n",
        b"\x02x,0,0,0,0,0,0,0,0,0,0,0\x03\x020,0,0,0,0,0,0,0,0,0,0\x03\x020,0\x03",
        b"\x020,7,0,0,0,0,0,0,0,0,0,0\x03\x020,0,0,0,0,0,0,0,0,0,0\x03\x020,0\x03",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
    ],
)
def test_what_is_no_host_status_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        HostStatus.parse(raw)


@pytest.mark.parametrize(
    ("waiting", "idle"),
    [
        (status(), True),
        (status("030,0,0,1225,001,0,0,0,000,0,0,0"), False),
        (status("030,0,0,1225,000,1,0,0,000,0,0,0"), False),
        (status("030,0,0,1225,000,0,0,1,000,0,0,0"), False),
        (status(two="000,0,0,0,1,2,6,0,00000001,1,000"), False),
    ],
)
def test_a_printer_is_idle_when_no_format_no_label_and_no_half_format_waits(
    waiting: HostStatus, idle: bool
) -> None:
    assert waiting.idle is idle


def test_a_direct_thermal_printer_has_no_ribbon_to_run_out_of() -> None:
    assert status(two="000,0,0,1,0,2,6,0,00000000,1,000").stop is None
    assert status(two="000,0,0,1,1,2,6,0,00000000,1,000").stop == STOPS["ribbon_out"]


@pytest.mark.parametrize(
    ("found", "worry"),
    [
        (status(), None),
        (status(two="000,0,0,0,1,1,6,1,00000000,1,000"), "a label waits: take it off"),
        (status("030,0,0,1225,000,0,0,0,000,1,0,0"), "its settings were lost: calibrate it"),
        (
            status("030,0,0,1225,000,0,0,0,000,0,1,0"),
            "the print head is cold: labels may be faint until it is warm",
        ),
        (
            status("030,0,0,1225,009,1,0,0,000,0,0,0"),
            "its memory is full: wait, or look whether it prints at all",
        ),
    ],
)
def test_what_wants_attention_without_stopping_it_is_a_worry_with_its_cure(
    found: HostStatus, worry: str | None
) -> None:
    assert (found.stop, found.worry) == (None, worry)


# --- printing ---------------------------------------------------------------------------------------------------------


def test_a_label_that_was_seen_to_come_out_is_confirmed(zebra: FakeZebra) -> None:
    printer: Printer = on(zebra, within_s=20)
    assert printer.submit("job-1", LABEL, ZPL) == Submitted("confirmed", "job-1")
    assert zebra.printed == [LABEL]
    assert printer.confirm("job-1") is True
    assert printer.status() == PrinterStatus("fine", "Printer zebra: ready.")


def test_labels_come_out_in_the_order_they_were_asked_for(zebra: FakeZebra) -> None:
    printer = on(zebra, within_s=20)
    labels = [b"^XA^FDlabel %d^XZ" % number for number in range(5)]
    for number, label in enumerate(labels):
        assert printer.submit(f"job-{number}", label, ZPL).state == "confirmed"
    assert zebra.printed == labels


def test_a_job_that_was_confirmed_is_not_printed_again_and_one_that_was_only_sent_is(
    zebra: FakeZebra,
) -> None:
    printer = on(zebra, within_s=20)
    first = printer.submit("job-1", LABEL, ZPL)
    assert printer.submit("job-1", LABEL, ZPL) == first
    assert zebra.received == 1
    zebra.mute = True
    impatient = on(zebra)
    assert [impatient.submit("job-2", LABEL, ZPL).state for _ in range(2)] == ["sent", "sent"]
    assert zebra.wait_received(3)


def test_many_threads_printing_the_same_job_get_one_label(zebra: FakeZebra) -> None:
    printer = on(zebra, within_s=20)
    threads = [threading.Thread(target=printer.submit, args=("job-1", LABEL, ZPL)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert zebra.printed == [LABEL]


@pytest.mark.parametrize("state", STOPS)
def test_a_printer_that_is_stopped_is_sent_nothing_and_the_stop_is_named_with_its_way_out(
    zebra: FakeZebra, state: str
) -> None:
    code, what, way_out = STOPS[state]
    setattr(zebra, state, True)
    error = refused(on(zebra))
    assert (error.code, error.sentence, error.hint) == (code, f"Printer zebra: {what}.", way_out)
    assert on(zebra).status() == PrinterStatus("stopped", f"Printer zebra: {what}. {way_out}")
    assert zebra.received == 0
    setattr(zebra, state, False)
    assert on(zebra, within_s=20).submit("job-1", LABEL, ZPL).state == "confirmed"
    assert zebra.printed == [LABEL]


def test_a_printer_that_runs_out_in_the_middle_leaves_the_label_sent(zebra: FakeZebra) -> None:
    zebra.seconds_per_label = 3600.0
    printer = on(zebra, within_s=60)
    states: list[str] = []
    working = threading.Thread(target=lambda: states.append(printer.submit("job-1", LABEL, ZPL).state))
    working.start()
    assert zebra.wait_received(1)
    zebra.paper_out = True
    working.join(60)
    assert states == ["sent"]
    assert printer.confirm("job-1") is None


def test_a_slow_printer_leaves_the_label_sent_when_the_time_is_over_and_says_that_it_works(
    zebra: FakeZebra,
) -> None:
    zebra.seconds_per_label = 3600.0
    printer = on(zebra, within_s=0.3)
    assert printer.submit("job-1", LABEL, ZPL) == Submitted("sent", "job-1")
    assert printer.status() == PrinterStatus("fine", "Printer zebra: ready, 1 to be printed.")


@pytest.mark.parametrize("state", ["swallows", "mute"])
def test_a_line_that_swallows_labels_is_never_called_confirmed(zebra: FakeZebra, state: str) -> None:
    setattr(zebra, state, True)
    assert on(zebra, within_s=1.5).submit("job-1", LABEL, ZPL) == Submitted("sent", "job-1")
    assert zebra.wait_received(1)
    if state == "swallows":
        assert zebra.printed == []


def test_a_line_that_never_says_how_it_is_is_unknown(zebra: FakeZebra) -> None:
    zebra.mute = True
    assert on(zebra).status() == PrinterStatus(
        "unknown",
        "Printer zebra: it takes labels but does not say how it is: look whether they come out.",
    )


def test_a_printer_that_falls_silent_for_want_of_labels_is_stopped_and_sent_nothing(zebra: FakeZebra) -> None:
    printer = on(zebra, within_s=20)
    printer.submit("job-1", LABEL, ZPL)
    zebra.quiet_when_stopped = zebra.paper_out = True
    error = refused(printer, "job-2")
    assert error.code == "printer_silent"
    assert error.hint == "Look at its display: labels, ribbon, print head; then switch it off and on."
    assert printer.status() == PrinterStatus("stopped", str(error))
    assert zebra.received == 1


def test_a_printer_that_prints_twice_is_asked_once(zebra: FakeZebra) -> None:
    zebra.twice = True
    assert on(zebra, within_s=20).submit("job-1", LABEL, ZPL).state == "confirmed"
    assert (zebra.received, zebra.printed) == (1, [LABEL, LABEL])


def test_copies_are_waited_for_to_the_last(zebra: FakeZebra) -> None:
    assert on(zebra, within_s=20).submit("job-1", b"^XA^FDx^FS^PQ3^XZ", ZPL).state == "confirmed"
    assert len(zebra.printed) == 3


# --- the wire ---------------------------------------------------------------------------------------------------------


def test_an_unplugged_printer_is_named_and_printed_on_again_when_it_is_back(zebra: FakeZebra) -> None:
    printer = on(zebra, within_s=20)
    zebra.unplug()
    error = refused(printer)
    assert (error.code, error.sentence, error.hint) == (
        "device_refused",
        f"Printer zebra: 127.0.0.1:{zebra.port} refuses the connection.",
        "Switch it on and wait until it is ready; another computer may hold its port.",
    )
    assert printer.status() == PrinterStatus("stopped", str(error))
    zebra.plug()
    assert printer.submit("job-1", LABEL, ZPL).state == "confirmed"
    assert zebra.printed == [LABEL]


def test_a_printer_unplugged_while_it_prints_leaves_the_label_sent(zebra: FakeZebra) -> None:
    zebra.seconds_per_label = 3600.0
    printer = on(zebra, within_s=60)
    states: list[str] = []
    working = threading.Thread(target=lambda: states.append(printer.submit("job-1", LABEL, ZPL).state))
    working.start()
    assert zebra.wait_received(1)
    zebra.unplug()
    working.join(60)
    assert states == ["sent"]
    assert zebra.printed == []


def test_a_printer_that_takes_no_bytes_ends_with_the_time_and_nothing_is_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        printer = ZplPrinter("zebra", TcpTransport("Printer zebra", *server.getsockname()), within_s=1.5)
        error = refused(printer, content=b"^XA" + b"0" * 20_000_000 + b"^XZ")
    assert error.code == "device_silent"
    assert error.sentence.startswith(f"Printer zebra: 127.0.0.1:{server_port(error)} does not answer within ")


def server_port(error: DeviceError) -> str:
    return error.sentence.split("127.0.0.1:")[1].split()[0]


def test_a_name_the_network_does_not_know_is_named() -> None:
    error = refused(ZplPrinter("zebra", TcpTransport("Printer zebra", "no-such-printer.invalid")))
    assert error.code in ("device_unknown", "device_silent")
    assert "no-such-printer.invalid:9100" in error.sentence


def test_the_same_printer_on_a_serial_line_confirms_and_stops_alike(zebra: FakeZebra, tmp_path: Path) -> None:
    link = tmp_path / "ttyUSB0"
    with zebra.on_serial(link):
        printer = ZplPrinter("zebra", SerialTransport("Printer zebra", str(link), xonxoff=True), within_s=20)
        assert printer.submit("job-1", LABEL, ZPL) == Submitted("confirmed", "job-1")
        zebra.head_open = True
        assert refused(printer, "job-2").sentence == "Printer zebra: the print head is open."
    assert zebra.printed == [LABEL]
    gone = refused(printer, "job-3")
    assert (gone.code, gone.sentence) == (
        "device_unplugged",
        f"Printer zebra: {link} has nothing plugged in.",
    )
    assert printer.status().band == "stopped"


@pytest.mark.parametrize(("content", "media_type"), [(b"%PDF-1.4", ZPL), (LABEL, "application/pdf")])
def test_what_is_no_zpl_is_refused(zebra: FakeZebra, content: bytes, media_type: str) -> None:
    error = refused(on(zebra), content=content, media_type=media_type)
    assert (
        error.sentence == f"The ZPL printer takes ZPL: job job-1 is {media_type!r} of {len(content)} bytes."
    )


# --- the fake as a process --------------------------------------------------------------------------------------------


def test_the_fake_runs_as_a_process_that_is_told_its_states() -> None:
    command = [sys.executable, "-m", "devices.testing_zebra"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def tell(line: str) -> object:
            assert process.stdin is not None
            assert process.stdout is not None
            print(line, file=process.stdin, flush=True)
            return json.loads(process.stdout.readline())

        port = json.loads(process.stdout.readline())["port"]
        printer = ZplPrinter("zebra", TcpTransport("Printer zebra", "127.0.0.1", port), within_s=20)
        assert tell("paper_out on") == {"done": "paper_out on"}
        assert refused(printer).code == "printer_out_of_paper"
        tell("paper_out off")
        assert printer.submit("job-1", LABEL, ZPL).state == "confirmed"
        assert tell("labels") == {"printed": [LABEL.decode()]}
        assert tell("sing") == {"unknown": "sing"}
        print("quit", file=process.stdin, flush=True)
        assert process.wait(20) == 0

"""Laws of ports that are no device file: loop://, socket:// and rfc2217://."""

import contextlib
import os
import socket
import threading
from queue import Queue
from types import SimpleNamespace

import pytest
import serial
import serial.rfc2217

from devices.errors import DeviceError
from devices.wires import Wire, open_wire
from tests.devices.scanner_inbox import Inbox, scanner_on, until


def test_a_loop_port_hears_what_is_sent_to_it(inbox: Inbox) -> None:
    scanner = scanner_on("loop://", inbox)
    with pytest.raises(DeviceError) as refused:
        scanner.send(b"BEEP")
    assert refused.value.sentence == ("Scanner dock did not take 4 bytes: Scanner dock is not started.")
    scanner.start()
    scanner.send(b"PLT-1\r\nPLT-2\r\n")
    assert inbox.wait(2)
    scanner.send(b"NO-SUFFIX")
    assert inbox.wait(3)
    scanner.stop()
    assert inbox.data() == [b"PLT-1", b"PLT-2", b"NO-SUFFIX"]


def test_a_network_scanner_is_heard_from_its_first_byte_and_taken_up_again(inbox: Inbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        scanner = scanner_on(f"socket://127.0.0.1:{server.getsockname()[1]}", inbox, backoff=(0.01,))
        scanner.start()
        for count in (1, 3):
            line, _ = server.accept()
            with line:
                line.sendall(b"PLT-%d\rLPN-%d\rHA" % (count, count))
                assert inbox.wait(count + 1)
                assert until(lambda: scanner.pending == 2)
        scanner.stop()
    assert inbox.data() == [b"PLT-1", b"LPN-1", b"PLT-3", b"LPN-3"]
    assert inbox.wait_notice("half_scan_discarded").data == b"HA"


def test_a_silent_network_scanner_is_asked_whether_it_lives() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = open_wire("dock", f"socket://127.0.0.1:{server.getsockname()[1]}", 9600)
        assert wire._fd is not None
        with socket.socket(fileno=os.dup(wire._fd)) as peer:
            assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
        wire.close()


def test_a_network_scanner_that_is_off_is_named_with_the_cause_and_waited_for(inbox: Inbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    scanner = scanner_on(f"socket://127.0.0.1:{port}", inbox)
    scanner.start()
    assert scanner.state.sentence == (
        f"Scanner dock: socket://127.0.0.1:{port} does not answer: Connection refused."
    )
    scanner.stop()


def serve_rfc2217(server: socket.socket, port: serial.Serial) -> None:
    """A serial-to-network box by pyserial's own server side: one client, until the box loses power."""
    line, _ = server.accept()
    with line, contextlib.suppress(serial.PortNotOpenError):
        manager = serial.rfc2217.PortManager(port, SimpleNamespace(write=line.sendall))
        line.settimeout(0.001)
        while True:
            with contextlib.suppress(TimeoutError):
                b"".join(manager.filter(line.recv(1024)))
            line.sendall(b"".join(manager.escape(port.read(port.in_waiting))))


@pytest.mark.filterwarnings("ignore:set(Daemon|Name):DeprecationWarning")
def test_a_scanner_behind_a_serial_to_network_box_is_heard_and_its_half_scan_discarded(inbox: Inbox) -> None:
    # A loop port stands in for the line behind the box, for a pty has no DTR and RTS to set.
    behind = serial.serial_for_url("loop://", timeout=0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        box = threading.Thread(target=serve_rfc2217, args=(server, behind), daemon=True)
        box.start()
        scanner = scanner_on(f"rfc2217://127.0.0.1:{server.getsockname()[1]}", inbox)
        scanner.start()
        behind.write(b"".join(b"PLT-%03d\xff\r\n" % n for n in range(200)) + b"HALF")
        assert inbox.wait(200)
        assert until(lambda: scanner.pending == 4)
        behind.close()
        box.join(20)
    assert inbox.wait_notice("half_scan_discarded").data == b"HALF"
    scanner.stop()
    assert inbox.data() == [b"PLT-%03d\xff" % n for n in range(200)]


def test_what_a_network_port_received_before_it_died_is_still_read() -> None:
    dead = serial.rfc2217.Serial()
    dead.is_open, dead._thread, dead._read_buffer = True, None, Queue()
    for byte in b"PLT-1\r":
        dead._read_buffer.put(bytes([byte]))
    dead._read_buffer.put(None)
    wire = Wire(dead)
    assert wire.read(0) == b"PLT-1\r"
    with pytest.raises(serial.SerialException):
        wire.read(0)

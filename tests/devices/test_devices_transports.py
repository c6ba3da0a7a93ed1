"""Laws of wires to printers and scales: every step has an end, and what is lost is told."""

import socket
import threading
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.transports import Deadline, SerialTransport, TcpTransport


def test_a_resolver_that_does_not_answer_ends_with_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: stuck.wait(60) and [])
    line = TcpTransport("Printer zebra", "zebra.example")
    with pytest.raises(DeviceError) as caught:
        line.connect(0.2)
    stuck.set()
    assert caught.value.code == "device_silent"
    assert caught.value.sentence == "Printer zebra: zebra.example:9100 does not answer within 0.2 s."


def test_the_first_place_of_a_name_that_answers_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        dead = closed.getsockname()
        closed.close()
        places = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", place) for place in (dead, server.getsockname())
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_more: places)
        line = TcpTransport("Printer zebra", "zebra.example")
        line.connect(20)
        peer, _ = server.accept()
        with peer:
            line.write(b"^XA^XZ", 20)
            assert peer.recv(100) == b"^XA^XZ"
            peer.sendall(b"fine")
            assert line.read(20) == b"fine"
            assert line.read(0) == b""
        with pytest.raises(DeviceError) as caught:
            line.read(20)
        assert caught.value.code == "device_hung_up"
        line.close()


def test_what_was_sent_arrives_although_the_line_is_closed_with_an_answer_unread() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        line = TcpTransport("Printer zebra", *server.getsockname())
        line.connect(20)
        peer, _ = server.accept()
        with peer:
            peer.sendall(b"an answer nobody reads")
            line.write(b"0" * 100_000, 20)
            closing = threading.Thread(target=line.close)
            closing.start()
            heard = b""
            while chunk := peer.recv(65_536):
                heard += chunk
            closing.join(20)
    assert len(heard) == 100_000


@pytest.mark.parametrize(
    "line", [TcpTransport("Scale dock", "127.0.0.1"), SerialTransport("Scale dock", "/dev/none")]
)
def test_a_line_that_is_not_open_says_so(line: TcpTransport | SerialTransport) -> None:
    with pytest.raises(DeviceError) as caught:
        line.write(b"W", 1)
    assert caught.value.sentence.startswith("Scale dock: ")
    with pytest.raises(DeviceError):
        line.read(0)
    line.close()


def test_a_port_that_returns_early_is_waited_for_all_the_same() -> None:
    line = SerialTransport("Scale dock", "loop://")
    line.connect(1)
    later = threading.Timer(0.3, line.write, (b"1.250kg", 1))
    later.start()
    assert line.read(20) != b""
    later.join()
    line.close()


@pytest.mark.parametrize(
    ("url", "code", "sentence"),
    [
        ("{folder}/none", "device_unplugged", "Scale dock: {folder}/none has nothing plugged in."),
        ("{folder}/file", "device_not_serial", "Scale dock: {folder}/file is not a serial port."),
        (
            "socket://127.0.0.1",
            "device_settings",
            "Scale dock: socket://127.0.0.1 cannot be opened with this address and baud rate.",
        ),
        ("socket://127.0.0.1:9", "device_unreachable", "Scale dock: socket://127.0.0.1:9 does not answer."),
    ],
)
def test_a_port_that_cannot_be_opened_is_named_with_the_cause(
    tmp_path: Path, url: str, code: str, sentence: str
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DeviceError) as caught:
        SerialTransport("Scale dock", url.format(folder=tmp_path)).connect(1)
    assert (caught.value.code, caught.value.sentence) == (code, sentence.format(folder=tmp_path))
    assert "scanner" not in str(caught.value).lower()


def test_a_deadline_counts_down_to_nothing_and_not_below() -> None:
    now = 100.0
    deadline = Deadline(5.0, lambda: now)
    assert (deadline.left, deadline.within(1.0), deadline.within(9.0)) == (5.0, 1.0, 5.0)
    now = 107.0
    assert (deadline.left, deadline.within(1.0)) == (0.0, 0.0)

"""Effects to send, seeds for the reference upstream, and a server that answers whatever bytes it is told."""

import json
import socket
import ssl
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from returns_station.connectors.api import Outgoing, Settings
from returns_station.connectors.http import HttpConnector
from returns_station.testing.upstream.process import TEST_SECRET

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def key() -> str:
    return str(uuid.uuid4())


def _effect(kind: str, data: dict[str, object], sequence: int, effect_key: str | None) -> Outgoing:
    return Outgoing(
        key=effect_key or key(),
        type=kind,
        target="wms",
        return_id=str(data["return_id"]),
        sequence=sequence,
        occurred_at=AT,
        station="DOCK-1",
        data=data,
    )


def receipt(return_id: str | None = None, sequence: int = 1, **change: object) -> Outgoing:
    data: dict[str, object] = {
        "merchant": "candles",
        "site": "leeds",
        "return_id": return_id or key(),
        "return_number": "RMA-7",
        "order_number": "536365",
        "parcel_id": key(),
        "plate": "P-0001",
        "tracking": None,
        "carrier": None,
        "return_type": "rma",
        "lines": [{"order_line": "1", "sku": "85123A", "expected": 6, "reason": "unwanted"}],
    }
    return _effect("returns.receipt", data | change, sequence, None)


def stock(return_id: str | None = None, sequence: int = 2, **change: object) -> Outgoing:
    data: dict[str, object] = {
        "merchant": "candles",
        "site": "leeds",
        "return_id": return_id or key(),
        "unit_id": key(),
        "lpn": "L1-0000001-7",
        "sku": "85123A",
        "quantity": 6,
        "unit": "each",
        "lot": None,
        "expiry": None,
        "serial": None,
        "grade": "grade_a",
        "disposition": "return_to_stock",
        "location": "A-01-1",
        "container": None,
        "order_number": "536365",
        "order_line": "1",
        "return_number": "RMA-7",
        "parcel_id": key(),
        "plate": "P-0001",
    }
    return _effect("returns.stock", data | change, sequence, None)


def completed(return_id: str | None = None, sequence: int = 3, **change: object) -> Outgoing:
    unit = {
        "unit_id": key(),
        "lpn": "L1-0000001-7",
        "sku": "85123A",
        "quantity": 6,
        "order_line": "1",
        "disposition": "return_to_stock",
        "grade": "grade_a",
        "location": "A-01-1",
        "container": None,
        "held": False,
    }
    line = {"order_line": "1", "sku": "85123A", "expected": 6, "received": 6, "short": 0, "awaiting": 0}
    data: dict[str, object] = {
        "merchant": "candles",
        "site": "leeds",
        "return_id": return_id or key(),
        "return_number": "RMA-7",
        "order_number": "536365",
        "parcel_id": key(),
        "plate": "P-0001",
        "return_type": "rma",
        "units": [unit],
        "lines": [line],
    }
    return _effect("returns.completed", data | change, sequence, None)


def refund(
    order: str, minor: int, return_id: str | None = None, sequence: int = 3, **change: object
) -> Outgoing:
    line = {"order_line": "1", "sku": "85123A", "quantity": 1, "amount_minor": minor}
    data: dict[str, object] = {
        "merchant": "candles",
        "return_id": return_id or key(),
        "settlement_id": key(),
        "order_number": order,
        "currency": "GBP",
        "amount_minor": minor,
        "payment_reference": "P1",
        "outcome": "refund",
        "lines": [line],
        "shipping_minor": 0,
        "fee_minor": 0,
        "return_number": "RMA-7",
        "parcel_id": key(),
        "plate": "P-0001",
    }
    return _effect("returns.refund", data | change, sequence, None)


def short(return_id: str | None = None, sequence: int = 4) -> Outgoing:
    line = {"order_line": "2", "sku": "71053", "quantity": 2, "by": "customer"}
    return _effect("returns.short", {"return_id": return_id or key(), "lines": [line]}, sequence, None)


def available(return_id: str | None = None, sequence: int = 5, **change: object) -> Outgoing:
    data: dict[str, object] = {
        "merchant": "candles",
        "site": "leeds",
        "return_id": return_id or key(),
        "unit_id": key(),
        "lpn": "L1-0000001-7",
        "sku": "85123A",
        "quantity": 6,
        "unit": "each",
        "disposition": "return_to_stock",
        "location": "AISLE-7",
        "container": "TOTE-1",
    }
    return _effect("returns.available", data | change, sequence, None)


def reversal(effect: Outgoing, **change: object) -> Outgoing:
    data = {**effect.data, "reverses": effect.key, **change}
    return replace(
        effect, key=key(), type=effect.type + ".reversed", sequence=effect.sequence + 10, data=data
    )


def order(number: str, currency: str = "GBP", *paid: tuple[str, str], **change: object) -> dict[str, object]:
    """An order row; each `paid` is captured and refunded, as texts, of the payments P1, P2 …"""
    payments = [
        {"reference": f"P{place}", "captured": captured, "refunded": refunded}
        for place, (captured, refunded) in enumerate(paid, start=1)
    ]
    line = {"line_id": "1", "sku": "85123A", "quantity": 6, "unit_price": "2.55"}
    row = {
        "merchant": "candles",
        "number": number,
        "currency": currency,
        "payments": payments,
        "lines": [line],
    }
    return row | change


def write_seed(folder: Path, **feeds: Sequence[dict[str, Any]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for feed, rows in feeds.items():
        (folder / f"{feed}.jsonl").write_text(
            "".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8"
        )
    return folder


def connector(url: str, **change: object) -> HttpConnector:
    settings = Settings(url=url, secret=TEST_SECRET)
    return HttpConnector(replace(settings, **change))  # type: ignore[arg-type]


def answer(status: str, body: bytes = b"", kind: str = "application/json", *headers: str) -> bytes:
    """The bytes of one HTTP answer."""
    head = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def json_answer(status: str, value: object, *headers: str) -> bytes:
    return answer(status, json.dumps(value).encode(), "application/json", *headers)


class Scripted:
    """A real server on a real port: gives its answers in turn, the last one for ever, keeps what it read.

    `trickle_s` pauses between single bytes of an answer; `once` hangs up after each; a `certificate`
    (PEM with its key) makes it speak TLS.
    """

    def __init__(
        self, *answers: bytes, trickle_s: float = 0.0, once: bool = False, certificate: Path | None = None
    ) -> None:
        self._answers = list(answers)
        self._trickle_s = trickle_s
        self._once = once
        self._tls = None
        if certificate is not None:
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self.connections = 0
        self._ended = threading.Event()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        # Closing a listening socket does not wake its accept on every system; a connection does.
        with suppress(OSError):
            socket.create_connection(self._listener.getsockname(), 1).close()
        self._thread.join(5)
        self._listener.close()

    def bodies(self) -> list[Any]:
        return [json.loads(request.partition(b"\r\n\r\n")[2]) for request in self.requests]

    def reply(self, request: bytes) -> bytes:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def _serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._ended.is_set():
                connection.close()
                return
            # Each connection has a thread: a kept one must not stand in the way of the next.
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
            self.connections += 1
            while request := _read(connection):
                self.requests.append(request)
                self._send(connection, self.reply(request))
                if self._once:
                    connection.shutdown(socket.SHUT_RDWR)
                    return

    def _send(self, connection: socket.socket, reply: bytes) -> None:
        if not self._trickle_s:
            connection.sendall(reply)
            return
        for byte in reply:
            connection.sendall(bytes([byte]))
            time.sleep(self._trickle_s)


def _read(connection: socket.socket) -> bytes:
    held = b""
    while b"\r\n\r\n" not in held:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        held += chunk
    head, _, body = held.partition(b"\r\n\r\n")
    lengths = [
        int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")
    ]
    while len(body) < sum(lengths):
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body

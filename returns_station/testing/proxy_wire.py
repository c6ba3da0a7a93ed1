"""The two ends of the fault proxy: a small HTTP/1.1 server for the connector, one new connection a call to the upstream."""

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, BinaryIO, Final

Headers = list[tuple[str, str]]
_PATIENCE_S: Final = 300.0
_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length", "host"),
    }
)
"""Headers of one connection, not of the message: RFC 9110, section 7.6.1; lengths and the host are written anew."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, without the headers of its connection."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


Carry = Callable[[str, str, Headers, bytes], Answer | None]
"""Takes method, path, headers and body; gives the answer to pass on, or None to hang up."""


def ask(upstream: tuple[str, int], method: str, path: str, headers: Headers, body: bytes) -> Answer | None:
    """One call to the upstream over a connection of its own, so that nothing is ever sent twice; None where none came."""
    connection = HTTPConnection(*upstream, timeout=_PATIENCE_S)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", "{}:{}".format(*upstream))
        for name, value in headers:
            connection.putheader(name, value)
        if body or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        kept = tuple((name, value) for name, value in response.getheaders() if name.lower() not in _HOP)
        return Answer(response.status, kept, response.read())
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


class Server(ThreadingHTTPServer):
    """Serves on a free port of loopback; every request is given to `carry`, connections are kept alive."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, carry: Carry) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.carry = carry
        self._guard = threading.Lock()
        self._open: set[socket.socket] = set()

    def end(self) -> None:
        """Serves no more, and closes every connection."""
        self.shutdown()
        self.server_close()
        with self._guard:
            for connection in self._open:
                _hang_up(connection)

    def opened(self, connection: socket.socket) -> None:
        """A connection has begun."""
        with self._guard:
            self._open.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """A connection has ended."""
        with self._guard:
            self._open.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is what this server is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: Server

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        with suppress(OSError):
            super().finish()

    def carry(self) -> None:
        body = _body(self.rfile, self.headers)
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in _HOP]
        answer = self.server.carry(self.command, self.path, headers, body)
        if answer is None:
            self.close_connection = True
            _hang_up(self.connection)
        else:
            self._pass_on(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = carry

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written beside what `calls` keeps."""

    def _pass_on(self, answer: Answer) -> None:
        bodiless = self.command == "HEAD" or answer.status in (204, 304)
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if not bodiless:
            self.wfile.write(answer.body)
        self.wfile.flush()


def _body(stream: BinaryIO | Any, headers: Mapping[str, str] | Any) -> bytes:
    if "chunked" not in (headers.get("transfer-encoding") or "").lower():
        return bytes(stream.read(int(headers.get("content-length") or 0)))
    held = bytearray()
    while size := int(stream.readline().split(b";")[0], 16):
        held += stream.read(size)
        stream.readline()
    while stream.readline().strip():
        pass  # Trailers are no part of the body.
    return bytes(held)


def _hang_up(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)

"""One request, one answer over HTTP/1.1: kept alive, bounded in time and size, certificates always checked.

It sits on httpcore2, the transport under httpx2, because that follows no redirect, keeps no cookie, reads
no `.netrc` or proxy variable and unpacks nothing; and because its network seam is where a deadline over all
reads and a check of the resolved address can be held.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpcore2

from returns_station.connectors.address import check_url, forbidden, literal
from returns_station.connectors.api import ConnectorError, RetryLater, Settings

_SLICE: Final = 65536
_KEPT_S: Final = 30.0
_LOST: Final = "upstream.lost"


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer: header names in lower case, the body as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case; empty if none was given."""
        return self.headers.get("content-type", "").split(";")[0].strip().lower()


class _TooLarge(Exception):
    """The answer is over the limit."""


class _Forbidden(httpcore2.ConnectError):
    """The host's name leads to an address that is not talked to."""


class Wire:
    """A small pool of connections to one upstream; safe to use from several threads."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        parts = check_url(settings.url, settings.allow_http, settings.hosts)
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self._base = self.origin + parts.path.rstrip("/")
        self._host = parts.netloc
        self._settings = settings
        self._deadline = _Deadline(clock)
        here_only = parts.scheme == "http" and not settings.allow_http
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_trust(settings),
            max_connections=8,
            keepalive_expiry=_KEPT_S,
            network_backend=_Network(self._deadline, parts.hostname or "", here_only),
        )

    def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply | RetryLater:
        """The answer to one request, or why there is none; never raises for what the other side does.

        `path` begins with a slash; where it could name another host the connection is refused. A read whose
        connection was lost is asked once more within its time: it changes nothing (RFC 9110, 9.2.2).
        """
        self._deadline.start(self._settings.total_s)
        reply = self._once(method, path, headers, body)
        lost = isinstance(reply, RetryLater) and reply.code == _LOST
        return self._once(method, path, headers, body) if lost and method == "GET" else reply

    def _once(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply | RetryLater:
        try:
            return self._exchange(method, path, headers, body)
        except _TooLarge:
            limit = self._settings.max_answer_bytes
            sentence = f"{self.origin} answered with more than {limit} bytes, so its answer was not read."
            return RetryLater(sentence, unknown=True, code="upstream.answer_size", hint=_ASK)
        except httpcore2.ConnectError as error:
            return self._unreachable(error)
        except (httpcore2.ConnectTimeout, httpcore2.PoolTimeout):
            sentence = f"{self.origin} could not be reached within {self._settings.connect_s:g} s."
            return RetryLater(sentence, code="upstream.unreachable", hint=_NETWORK)
        except httpcore2.TimeoutException:
            sentence = f"{self.origin} gave no whole answer within {self._settings.total_s:g} s."
            return RetryLater(sentence, unknown=True, code="upstream.timeout", hint=_ASK)
        except (httpcore2.NetworkError, httpcore2.ProtocolError):
            sentence = f"The connection to {self.origin} was lost before its answer was whole."
            return RetryLater(sentence, unknown=True, code=_LOST, hint=_ASK)

    def close(self) -> None:
        self._pool.close()

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Reply:
        sent: dict[bytes | str, bytes | str] = {"host": self._host, "accept": "application/json"}
        sent["accept-encoding"] = "identity"
        sent.update(headers.items())
        if body:
            sent["content-length"] = str(len(body))
        limits = {"connect": self._settings.connect_s, "pool": self._settings.total_s}
        limits |= {"read": self._settings.total_s, "write": self._settings.total_s}
        with self._pool.stream(
            method, self._base + path, headers=sent, content=body or None, extensions={"timeout": limits}
        ) as answer:
            held = bytearray()
            for chunk in answer.iter_stream():
                held += chunk
                if len(held) > self._settings.max_answer_bytes:
                    raise _TooLarge
            names = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers
            }
            return Reply(answer.status, names, bytes(held))

    def _unreachable(self, error: httpcore2.ConnectError) -> RetryLater:
        cause = _cause(error)
        if isinstance(cause, ssl.SSLError):
            why = getattr(cause, "verify_message", "") or cause.reason or "no TLS"
            sentence = f"The certificate or TLS of {self.origin} was not accepted: {why.rstrip('.')}."
            hint = "Certificates are always checked; correct the clock, the certificate or the ca_file."
            return RetryLater(sentence, code="upstream.tls", hint=hint)
        why = str(cause) if isinstance(error, _Forbidden) else getattr(cause, "strerror", None) or str(cause)
        sentence = f"{self.origin} could not be reached: {why}."
        return RetryLater(sentence, code="upstream.unreachable", hint=_NETWORK)


_NETWORK: Final = "Check the network and the upstream's url; what is queued stays queued."
_ASK: Final = "It may have been done there, so it is looked up before it is sent again."


def _cause(error: BaseException) -> BaseException:
    while (deeper := error.__cause__ or error.__context__) is not None:
        error = deeper
    return error


def _trust(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if settings.ca_file is not None:
        try:
            context.load_verify_locations(cafile=settings.ca_file)
        except OSError as error:
            raise ConnectorError(
                "upstream.ca_file",
                f"The certificates in {settings.ca_file} cannot be read: {error.strerror or error}.",
                "Give ca_file a PEM file.",
                retry=False,
            ) from None
    return context


class _Deadline(threading.local):
    """The end of the running request, one for each thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._end = 0.0

    def start(self, seconds: float) -> None:
        self._end = self._clock() + seconds

    def cut(self, timeout: float | None) -> float:
        """The seconds left, at most `timeout`; a fraction over zero once there are none."""
        left = max(self._end - self._clock(), 0.001)
        return left if timeout is None else min(timeout, left)

    @property
    def passed(self) -> bool:
        return self._clock() >= self._end


class _Network(httpcore2.NetworkBackend):
    """Connects to the one host there is, by the addresses its name resolves to, each of them checked.

    The address that was checked is the one connected to: the name is not resolved again. Streams obey the deadline.
    """

    def __init__(self, deadline: _Deadline, host: str, here_only: bool) -> None:
        self._deadline = deadline
        self._host = host
        self._here_only = here_only
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        if host.strip("[]").lower() != self._host:
            raise _Forbidden(f"{host} is not the host of the upstream's url")
        lost: httpcore2.NetworkError | httpcore2.TimeoutException | None = None
        for address in self._resolve(host, port):
            try:
                left = self._deadline.cut(timeout)
                stream = self._inner.connect_tcp(address, port, left, local_address, socket_options)
                return _Stream(stream, self._deadline)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                lost = error
        assert lost is not None
        raise lost

    def _resolve(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            number = literal(address)
            why = forbidden(number) if number else "not understood"
            if number and self._here_only and not number.is_loopback:
                why = "plain http to another machine"
            if why:
                raise _Forbidden(f"{host} leads to {address}, which is {why}")
        return addresses


class _Stream(httpcore2.NetworkStream):
    """A stream whose every read and write ends with the request's deadline: a trickle is a time-out too."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._deadline.passed:
            raise httpcore2.ReadTimeout
        return self._inner.read(max_bytes, self._deadline.cut(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _SLICE):
            if self._deadline.passed:
                raise httpcore2.WriteTimeout
            self._inner.write(buffer[start : start + _SLICE], self._deadline.cut(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = self._deadline.cut(timeout)
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

"""An HTTP/1.1 proxy on loopback between a connector and a real upstream: it counts every call and makes faults at will."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from returns_station.testing.proxy_wire import Answer, Headers, Server, ask


@dataclass(frozen=True, slots=True)
class Call:
    """One request that came. `size` is the body's length in bytes; `status` is what the upstream answered, None where it
    was not asked or did not answer."""

    number: int
    """1 for the first since the last `reset`."""
    method: str
    path: str
    """With its query, as it came."""
    size: int
    digest: str = ""
    """Of the body: two calls with the same one sent the same."""
    status: int | None = None

    @property
    def sent(self) -> tuple[str, str, str]:
        """What tells a call from another."""
        return self.method, self.path, self.digest


Hook = Callable[[Call], object]
When = Callable[[Call], bool]


def _always(call: Call) -> bool:
    return True


@dataclass(slots=True)
class _Instead:
    """A planned answer and for how many calls it still holds (None: for all)."""

    answer: Answer
    left: int | None
    forward: bool
    when: When


@dataclass(slots=True)
class _Slow:
    seconds: float
    left: int | None
    when: When


@dataclass(slots=True)
class _Faults:
    drop_every: int = 0
    slow: _Slow | None = None
    cut_when: When | None = None
    cut_answered: bool = True
    cut: bool = False
    twice: When | None = None
    hooks: dict[int, Hook] = field(default_factory=dict)
    instead: list[_Instead] = field(default_factory=list)


class FaultProxy:
    """`with FaultProxy("http://127.0.0.1:8069/db") as proxy:` and give the connector `proxy.url` in place of the upstream's.

    Without faults every call is forwarded once and answered byte for byte. Faults are set at any time and hold for the
    calls that come after; `reset` ends them. Several connections may talk at once. The upstream's own connection is new
    for every call, so that nothing is ever sent twice.
    """

    def __init__(self, upstream_url: str) -> None:
        parts = urlsplit(upstream_url)
        if parts.scheme != "http" or parts.hostname is None:
            raise ValueError(f"{upstream_url!r} is not the http URL of an upstream on this machine")
        self.upstream: Final = (parts.hostname, parts.port or 80)
        self._guard = threading.Lock()
        self._idle = threading.Condition(self._guard)
        self._asking = 0
        self._closing = threading.Event()
        self._faults = _Faults()
        self._calls: list[Call] = []
        self._server = Server(self._carry)
        self.url: Final = f"http://127.0.0.1:{self._server.server_address[1]}{parts.path}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.end()

    @property
    def calls(self) -> tuple[Call, ...]:
        """Every call since the last `reset`, in the order they came; those under way have no status yet."""
        with self._guard:
            return tuple(self._calls)

    def reset(self) -> None:
        """No faults, no calls counted: as new. Connections that are open stay so."""
        with self._guard:
            self._faults, self._calls = _Faults(), []

    def drop_every(self, n: int) -> None:
        """Of every `n` calls the last is forwarded and loses its answer: the connection is closed instead; 0 ends it."""
        with self._guard:
            self._faults.drop_every = n

    def slow(self, seconds: float, count: int | None = None, *, when: When = _always) -> None:
        """The upstream's answer is passed on so many seconds later: to the next `count` calls (None: all) for which
        `when` is true."""
        with self._guard:
            self._faults.slow = _Slow(seconds, count, when)

    def cut_when(self, when: When, *, answered: bool = True) -> None:
        """The first call for which `when` is true is the last that is forwarded; then connections are closed at once.

        With `answered` False the upstream still does that call, and its answer is lost. `reset` ends it.
        """
        with self._guard:
            self._faults.cut_when, self._faults.cut_answered = when, answered

    def cut_after(self, n: int, *, answered: bool = True) -> None:
        """`cut_when` for call `n`."""
        self.cut_when(lambda call: call.number >= n, answered=answered)

    @property
    def is_cut(self) -> bool:
        """Whether the call that `cut_when` waits for has come."""
        with self._guard:
            return self._faults.cut

    def twice(self, when: When) -> None:
        """Calls for which `when` is true reach the upstream twice; the second answer is passed on. For tests of tests."""
        with self._guard:
            self._faults.twice = when

    def on_call(self, n: int, hook: Hook) -> None:
        """`hook` runs after the upstream answered call `n` and before the answer is passed on."""
        with self._guard:
            self._faults.hooks[n] = hook

    def answer(
        self,
        status: int,
        body: bytes = b"",
        content_type: str = "application/json",
        headers: Mapping[str, str] | None = None,
        count: int | None = None,
        *,
        forward: bool = False,
        when: When = _always,
    ) -> None:
        """Answers so in the upstream's place: the next `count` calls (None: all) for which `when` is true.

        With `forward` the upstream is given the call all the same and only its answer is lost, as behind a gateway
        that ran out of patience.
        """
        named = (("Content-Type", content_type), *(headers or {}).items())
        with self._guard:
            self._faults.instead.append(_Instead(Answer(status, named, body), count, forward, when))

    def wait_for_upstream(self, seconds: float = 60.0) -> bool:
        """Waits until the upstream has answered everything that was forwarded; False if it did not within the time."""
        with self._idle:
            return self._idle.wait_for(lambda: self._asking == 0, seconds)

    def _carry(self, method: str, path: str, headers: Headers, body: bytes) -> Answer | None:
        call = self._came(method, path, body)
        with self._guard:
            faults = self._faults
            if faults.cut:
                return None
            instead, last = self._planned(call), faults.cut_when is not None and faults.cut_when(call)
            faults.cut = last
        if instead is not None and not instead.forward:
            return instead.answer
        answer = self._ask(call, headers, body)
        if faults.twice is not None and faults.twice(call):
            answer = self._ask(call, headers, body)
        if answer is None:
            return None
        if hook := faults.hooks.get(call.number):
            hook(call)
        self._closing.wait(self._delay(faults, call))
        lost = faults.drop_every and call.number % faults.drop_every == 0
        if lost or (last and not faults.cut_answered):
            return None
        return instead.answer if instead else answer

    def _came(self, method: str, path: str, body: bytes) -> Call:
        digest = sha256(body).hexdigest()[:16] if body else ""
        with self._guard:
            call = Call(len(self._calls) + 1, method, path, len(body), digest)
            self._calls.append(call)
            return call

    def _planned(self, call: Call) -> _Instead | None:
        for plan in self._faults.instead:
            if plan.left != 0 and plan.when(call):
                plan.left = None if plan.left is None else plan.left - 1
                return plan
        return None

    def _delay(self, faults: _Faults, call: Call) -> float:
        with self._guard:
            slow = faults.slow
            if slow is None or slow.left == 0 or not slow.when(call):
                return 0.0
            slow.left = None if slow.left is None else slow.left - 1
            return slow.seconds

    def _ask(self, call: Call, headers: Headers, body: bytes) -> Answer | None:
        with self._guard:
            self._asking += 1
        try:
            answer = ask(self.upstream, call.method, call.path, headers, body)
        finally:
            with self._idle:
                self._asking -= 1
                self._idle.notify_all()
        if answer is not None:
            self._note(call, answer.status)
        return answer

    def _note(self, call: Call, status: int) -> None:
        with self._guard:
            # A reset may have come in between.
            if call.number <= len(self._calls) and self._calls[call.number - 1].sent == call.sent:
                self._calls[call.number - 1] = replace(call, status=status)

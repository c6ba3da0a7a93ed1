"""Calls of a JSON API for connectors that bring an upstream from state to state: an answer, or the end of the effect.

A connector reads and acts in the order of its steps; whatever ends the effect early is raised as `Ended` and
becomes the outcome. So no step has to ask whether the one before it was answered.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NoReturn

from returns_station.connectors.answers import Reader, clean
from returns_station.connectors.api import Outcome, Refused, RetryLater, Settings
from returns_station.connectors.wire import Reply, Wire

_LOCKED: Final = frozenset({409, 423})
_SENTENCES: Final = ("sentence", "message", "detail", "error", "title")
_PERSON: Final = "Correct it there or here, then run `returns-station outbox retry` with the effect's key."


class Ended(Exception):
    """The effect cannot go on now; `outcome` says why and what follows."""

    def __init__(self, outcome: RetryLater | Refused) -> None:
        super().__init__(outcome.sentence)
        self.outcome = outcome


class NotThere(Exception):
    """The upstream itself answered 404, in JSON: the thing asked for is not there."""


class Rejected(Exception):
    """The upstream answered 400, 409, 412 or 422: it does not take this; `said` are its own words.

    A step reads again before it gives up: in the wanted state already means done.
    """

    def __init__(self, status: int, said: str, origin: str) -> None:
        super().__init__(said)
        self.status = status
        self.said = said
        self.origin = origin

    def refused(self, code: str, sentence: str = "", hint: str = "") -> Ended:
        """What a step raises when reading again did not find the wanted state."""
        own = sentence or f"{self.origin} does not take it."
        return Ended(Refused(code, f'{own} It says: "{self.said}"', hint or _PERSON))


class Calls:
    """Requests to one JSON API. `headers` go with every one; secrets in them are never shown. `locked` are statuses by
    which this upstream says that one record is locked: then only the effect waits.

    `get`, `post`, `put`, `delete` return the parsed answer; numbers with a fraction come as text, as they were
    written. They raise NotThere, Rejected, or Ended for everything that a later try may change.
    """

    def __init__(
        self,
        settings: Settings,
        headers: Mapping[str, str],
        now: Callable[[], datetime],
        locked: frozenset[int] = _LOCKED,
    ) -> None:
        self._wire = Wire(settings)
        self.origin = self._wire.origin
        self._reader = Reader(self.origin, settings, now)
        self._headers = dict(headers)
        self._locked = locked

    def get(self, path: str) -> Any:
        """The answer to a read."""
        return self._call("GET", path, None)

    def post(self, path: str, body: object = None) -> Any:
        """The answer to an act; without a body an empty one is sent."""
        return self._call("POST", path, body)

    def put(self, path: str, body: object) -> Any:
        """The answer to a change."""
        return self._call("PUT", path, body)

    def delete(self, path: str) -> Any:
        """The answer to taking something away."""
        return self._call("DELETE", path, None)

    def close(self) -> None:
        """Gives back the connections."""
        self._wire.close()

    def stop(self, code: str, sentence: str, hint: str = _PERSON) -> NoReturn:
        """Ends the effect: it waits with a person."""
        raise Ended(Refused(code, sentence, hint))

    def wait(self, code: str, sentence: str, hint: str = "It is tried again by itself.") -> NoReturn:
        """Ends the effect for now; only it waits, the others go on."""
        raise Ended(RetryLater(sentence, code=code, hint=hint, alone=True))

    def _call(self, method: str, path: str, body: object) -> Any:
        headers, sent = self._headers, b""
        if body is not None:
            sent = json.dumps(body, separators=(",", ":")).encode()
            headers = headers | {"content-type": "application/json"}
        reply = self._wire.send(method, path, headers, sent)
        if isinstance(reply, RetryLater):
            raise Ended(reply)
        return self._read(reply)

    def _read(self, reply: Reply) -> Any:
        status = reply.status
        if 200 <= status < 300:
            return self._parsed(reply)
        if status == 404 and "json" in reply.media_type:
            # A proxy without a backend says 404 too, in plain text, in HTML or with nothing.
            raise NotThere
        if status in (400, 409, 412, 422):
            raise Rejected(status, self._said(reply), self.origin)
        whole = self._reader.whole(reply)
        if status in self._locked:
            whole = RetryLater(
                whole.sentence, whole.after_s, code="upstream.locked", hint=whole.hint, alone=True
            )
        raise Ended(whole)

    def _parsed(self, reply: Reply) -> Any:
        if not reply.body and reply.status in (200, 202, 204):
            return None
        if "json" not in reply.media_type:
            kind = clean(reply.media_type) or "no content type"
            raise Ended(self._strange(f"{reply.status} with {kind} instead of JSON"))
        try:
            return json.loads(reply.body, parse_float=str)
        except (ValueError, RecursionError):
            raise Ended(self._strange(f"{reply.status} with broken JSON")) from None

    def _strange(self, how: str) -> RetryLater:
        sentence = f"{self.origin} answered {how}."
        hint = "It may have been done there, so the connector reads before it acts again."
        return RetryLater(sentence, unknown=True, code="upstream.answer", hint=hint)

    def _said(self, reply: Reply) -> str:
        try:
            answer = json.loads(reply.body)
        except (ValueError, RecursionError):
            answer = None
        if isinstance(answer, list):
            answer = " ".join(_texts(answer))
        if isinstance(answer, dict):
            found = (answer[name] for name in _SENTENCES if isinstance(answer.get(name), str))
            answer = next(found, None)
        return clean(answer) if isinstance(answer, str) and answer else f"{reply.status} without a reason"


def _texts(parts: list[Any]) -> Iterator[str]:
    """The texts of a list that may hold lists, as Tryton answers: `["UserError", ["…", ""]]`."""
    for part in parts:
        if isinstance(part, list):
            yield from _texts(part)
        elif isinstance(part, str) and part:
            yield part


def ended(outcome: Callable[[], Outcome]) -> Outcome:
    """The outcome of the steps of an effect, however they end; a rejection that no step explained waits for a person."""
    try:
        return outcome()
    except Ended as end:
        return end.outcome
    except Rejected as rejected:
        code, sentence = (
            f"upstream.{rejected.status}",
            f'{rejected.origin} does not take it: "{rejected.said}"',
        )
        return Refused(code, sentence, _PERSON)
    except NotThere:
        return Refused("upstream.missing", "Something that this effect needs is not there any more.", _PERSON)

"""The connector for any upstream that speaks docs/openapi.yaml over HTTP."""

import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote, urlencode

from returns_station.connectors.answers import SPLIT, Reader
from returns_station.connectors.api import (
    Asked,
    Capabilities,
    ConnectorError,
    Found,
    Outcome,
    Outgoing,
    Page,
    References,
    Refused,
    RetryLater,
    Settings,
    Stated,
)
from returns_station.connectors.cloudevents import Signer, encode
from returns_station.connectors.http.statement import read_statement
from returns_station.connectors.wire import Reply, Wire

_BODY_BYTES: Final = 4 * 1024 * 1024
_Event = tuple[str, bytes]


class HttpConnector:
    """Signed batches out, look-ups and feeds in; raises ConnectorError for settings that cannot work.

    One whole-batch failure ends the call: what was not sent yet is answered RetryLater, known not to be done.
    """

    OPTIONS: Final = frozenset[str]()
    """It has no options of its own."""

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        self.capabilities = Capabilities(
            batch=settings.batch, look_up=True, feeds=settings.feeds, statement=True
        )
        self._signer = Signer(settings, now, new_id)
        self._wire = Wire(settings)
        self._reader = Reader(self._wire.origin, settings, now)
        self._read_headers = {"authorization": f"Bearer {settings.token}"} if settings.token else {}

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        return self.deliver_batch([effect])[effect.key]

    def deliver_batch(self, batch: Sequence[Outgoing]) -> Mapping[str, Outcome]:
        outcomes: dict[str, Outcome] = {}
        events: list[_Event] = []
        for effect in batch:
            event = encode(effect)
            if isinstance(event, Refused):
                outcomes[effect.key] = event
            else:
                events.append((effect.key, event))
        waiting = deque(_chunks(events, self.capabilities.batch))
        while waiting:
            chunk = waiting.popleft()
            answered = self._post(chunk)
            if answered is None:
                middle = len(chunk) // 2
                waiting.extendleft([chunk[middle:], chunk[:middle]])
                continue
            if isinstance(answered, RetryLater):
                rest = replace(answered, unknown=False)
                outcomes |= {key: rest for later in waiting for key, _ in later}
                outcomes |= {key: answered for key, _ in chunk}
                break
            outcomes |= answered
        return outcomes

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        path = f"/v1/events/{quote(effect.key, safe='')}"
        reply = self._wire.send("GET", path, self._read_headers)
        return reply if isinstance(reply, RetryLater) else self._reader.found(reply, effect.key)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        if feed not in self.capabilities.feeds:
            sentence = f"The upstream {self._wire.origin} has no feed {feed}."
            raise ConnectorError("feed.unknown", sentence, "Take it out of the configuration.", retry=False)
        query = {"limit": str(limit)} | ({"cursor": cursor} if cursor is not None else {})
        reply = self._wire.send("GET", f"/v1/feeds/{feed}?{urlencode(query)}", self._read_headers)
        if not isinstance(reply, RetryLater):
            answer = self._reader.json(reply) if reply.status == 200 else self._reader.whole(reply)
            if not isinstance(answer, RetryLater):
                return self._page(feed, cursor, answer)
            reply = answer
        raise ConnectorError(reply.code, reply.sentence, _PULL, after_s=reply.after_s)

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        def send(path: str) -> Reply | RetryLater:
            return self._wire.send("GET", path, self._read_headers)

        return read_statement(asked.return_id, send, self._reader, self._wire.origin)

    def close(self) -> None:
        self._wire.close()

    def _post(self, chunk: list[_Event]) -> dict[str, Outcome] | RetryLater | None:
        """The outcomes of a chunk; one RetryLater for all of it; or None when it is to be halved."""
        headers, body = self._signer.sign([event for _, event in chunk])
        reply = self._wire.send("POST", "/v1/events", headers, body)
        if isinstance(reply, RetryLater):
            return reply
        if reply.status == 200:
            return self._reader.results(reply, [key for key, _ in chunk])
        if reply.status not in SPLIT:
            return self._reader.whole(reply)
        return {chunk[0][0]: self._reader.refused(reply)} if len(chunk) == 1 else None

    def _page(self, feed: str, cursor: str | None, answer: Mapping[str, object]) -> Page:
        items, after, more = answer.get("items"), answer.get("cursor"), answer.get("more")
        right = isinstance(items, list) and all(isinstance(item, dict) for item in items)
        if not right or not isinstance(after, str) or not isinstance(more, bool):
            what = "is not a page of items, cursor and more"
        elif more and after == cursor:
            what = "says that there is more after the cursor, but does not move it"
        else:
            assert isinstance(items, list)
            return Page(tuple(items), after, more)
        raise ConnectorError("feed.page", f"The feed {feed} of {self._wire.origin} {what}.", _PULL)


_PULL: Final = "Nothing was taken from this page; it is asked for again."


def _chunks(events: Sequence[_Event], count: int) -> list[list[_Event]]:
    chunks: list[list[_Event]] = []
    size = 0
    for event in events:
        if not chunks or len(chunks[-1]) >= count or size + len(event[1]) > _BODY_BYTES:
            chunks.append([])
            size = 0
        chunks[-1].append(event)
        size += len(event[1]) + 1
    return chunks

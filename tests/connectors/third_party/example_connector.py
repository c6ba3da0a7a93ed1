"""A connector of another house: brings each effect to a WMS that speaks docs/openapi.yaml, one at a time."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from standardwebhooks import Webhook

from returns_station.connectors.answers import Reader
from returns_station.connectors.api import Capabilities, ConnectorError, Delivered, Found, NotFound
from returns_station.connectors.api import Outcome, Outgoing, Page, References, RetryLater, Settings
from returns_station.connectors.cloudevents import BATCH_TYPE
from returns_station.connectors.wire import Wire


class ExampleConnector:
    """Read by our key, act where nothing is there, keep the upstream's name for it."""

    def __init__(self, settings: Settings, *, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        feeds = frozenset({"products", "orders"}) & settings.feeds
        self.capabilities = Capabilities(batch=1, look_up=True, feeds=feeds, forgets=False)
        self._wire, self._now, self._new_id = Wire(settings), now, new_id
        self._reader = Reader(self._wire.origin, settings, now)
        self._webhook = Webhook(settings.secret)
        self._headers = {"authorization": f"Bearer {settings.token}"} if settings.token else {}

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        found = self.look_up(effect, refs)
        outcome = self._send(effect) if isinstance(found, NotFound) else found
        if isinstance(outcome, Delivered) and outcome.reference is not None:
            refs.put(effect.key, outcome.reference)
        return outcome

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        reply = self._wire.send("GET", f"/v1/events/{quote(effect.key, safe='')}", self._headers)
        return reply if isinstance(reply, RetryLater) else self._reader.found(reply, effect.key)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        if feed not in self.capabilities.feeds:
            raise ConnectorError("feed.unknown", f"This WMS has no feed {feed}.", retry=False)
        query = urlencode({"limit": limit} | ({"cursor": cursor} if cursor else {}))
        reply = self._wire.send("GET", f"/v1/feeds/{feed}?{query}", self._headers)
        if isinstance(reply, RetryLater):
            raise _failed(reply)
        page = self._reader.json(reply) if reply.status == 200 else self._reader.whole(reply)
        match page:
            case RetryLater():
                raise _failed(page)
            case {"items": list(items), "cursor": str(after), "more": bool(more)}:
                return Page(tuple(items), after, more)
        raise ConnectorError("feed.page", f"The feed {feed} was answered without a page.")

    def close(self) -> None:
        self._wire.close()

    def _send(self, effect: Outgoing) -> Outcome:
        at, message = self._now().astimezone(UTC), self._new_id()
        event: dict[str, object] = {"specversion": "1.0", "id": effect.key}
        event |= {"source": f"/stations/{quote(effect.station)}", "datacontenttype": "application/json"}
        event |= {"type": effect.type, "subject": effect.return_id, "sequence": str(effect.sequence)}
        event |= {"time": effect.occurred_at.astimezone(UTC).isoformat(), "data": dict(effect.data)}
        body = json.dumps([event])
        headers = {"content-type": BATCH_TYPE, "webhook-id": message}
        headers |= {"webhook-timestamp": str(int(at.timestamp()))}
        headers |= {"webhook-signature": self._webhook.sign(message, at, body)}
        reply = self._wire.send("POST", "/v1/events", headers, body.encode())
        if isinstance(reply, RetryLater):
            return reply
        if reply.status in (400, 413, 422):
            return self._reader.refused(reply)
        if reply.status != 200:
            return self._reader.whole(reply)
        return self._reader.results(reply, [effect.key])[effect.key]


def _failed(told: RetryLater) -> ConnectorError:
    return ConnectorError(told.code, told.sentence, told.hint, after_s=told.after_s)

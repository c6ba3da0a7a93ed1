"""The HTTP face of the reference upstream: docs/openapi.yaml as plain ASGI routes over the ledger."""

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hmac import compare_digest

from standardwebhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from returns_station.testing.upstream.event import text as text_check
from returns_station.testing.upstream.faults import Answer, Counter, Faults
from returns_station.testing.upstream.ingest import ingest
from returns_station.testing.upstream.ledger import LISTS, Ledger, Question, Row
from returns_station.testing.upstream.seed import FEEDS

BATCH = 1000
BODY_BYTES = 8 * 1024 * 1024
BATCH_TYPE = "application/cloudevents-batch+json"
_LOGIN = "<!doctype html><html><title>Sign in</title><body><form>Please sign in.</form></body></html>"
_LOST = Response()


@dataclass(slots=True)
class Service:
    """What the routes share: `secret` is a Standard Webhooks secret; a `token`, if set, is asked of reads."""

    ledger: Ledger
    faults: Faults
    secret: str
    token: str | None
    now: Callable[[], datetime]
    posts: Counter = field(default_factory=Counter)
    pages: Counter = field(default_factory=Counter)

    def routes(self) -> list[Route]:
        listed = [Route(f"/v1/{table}", self._read(self.lists)) for table in LISTS]
        return [
            Route("/v1/events", self.post_events, methods=["POST"]),
            Route("/v1/events/{id:path}", self._read(self.event)),
            Route("/v1/stock", self._read(self.stock)),
            Route("/v1/feeds/{feed}", self._read(self.feed)),
            Route("/v1/health", self.health),
            *listed,
        ]

    async def post_events(self, request: Request) -> Response:
        ordinal = self.posts.next()
        if instead := self.faults.instead(ordinal):
            return _instead(instead)
        items = self._verified(request, await _body(request))
        received_at = self.now().astimezone(UTC).isoformat(timespec="milliseconds")
        results = ingest(self.ledger, items, self.faults, received_at)
        if self.faults.delay:
            await asyncio.sleep(self.faults.delay)
        if self.faults.drops(ordinal):
            return await _hang_up(request)
        return JSONResponse({"results": results})

    def _verified(self, request: Request, body: bytes) -> list[Row]:
        try:
            Webhook(self.secret).verify(body, dict(request.headers), json_parse=False)
        except (WebhookVerificationError, ValueError) as error:
            # The library splits and decodes the header before it compares: malformed ones raise ValueError.
            why = error if isinstance(error, WebhookVerificationError) else "Invalid Signature Headers"
            sentence = f"The signature was not accepted: {why}."
            raise _problem(401, "signature.invalid", sentence, _SECRET) from None
        if request.headers.get("content-type", "").split(";")[0].strip() != BATCH_TYPE:
            raise _problem(
                415, "batch.type", f"The content type is not {BATCH_TYPE}.", "Send a batch, even of one."
            )
        return _items(body)

    async def event(self, request: Request) -> Response:
        key = request.path_params["id"]
        if found := self.ledger.event(key):
            return JSONResponse(found)
        raise _problem(404, "event.unknown", f"No event {key} was taken here.", "It may be sent again.")

    async def stock(self, request: Request) -> Response:
        asked = _filters(request, frozenset({"merchant", "sku", "location", "disposition"}))
        return JSONResponse({"items": self.ledger.stock(asked)})

    async def lists(self, request: Request) -> Response:
        table = request.url.path.rsplit("/", 1)[-1]
        filters = dict(request.query_params)
        if table == "events" and "return_id" in filters:
            filters["subject"] = filters.pop("return_id")
        after, limit = _natural(filters.pop("after", "0"), "after"), _limit(filters.pop("limit", "1000"))
        unknown = filters.keys() - LISTS[table][1]
        if unknown:
            raise _unknown(unknown.pop())
        rows, more = self.ledger.listed(Question(table, filters, after, limit))
        return JSONResponse({"items": rows, "more": more})

    async def feed(self, request: Request) -> Response:
        feed = request.path_params["feed"]
        if feed not in FEEDS:
            raise _problem(404, "feed.unknown", f"There is no feed {feed}.", f"Feeds are {', '.join(FEEDS)}.")
        if instead := self.faults.instead(self.pages.next()):
            return _instead(instead)
        asked = _filters(request, frozenset({"cursor", "limit"}))
        bodies, cursor, more = self.ledger.page(
            feed, _natural(asked.get("cursor") or "0", "cursor"), _limit(asked.get("limit", "500"))
        )
        page = f'{{"items":[{",".join(bodies)}],"cursor":"{cursor}","more":{json.dumps(more)}}}'
        return Response(page, media_type="application/json")

    async def health(self, request: Request) -> Response:
        return JSONResponse({"status": "ok", "pid": os.getpid()})

    def _read(self, endpoint: "Endpoint") -> "Endpoint":
        async def guarded(request: Request) -> Response:
            given = request.headers.get("authorization", "").encode()
            if self.token and not compare_digest(given, f"Bearer {self.token}".encode()):
                raise _problem(
                    401, "token.invalid", "The bearer token was not accepted.", "Reads ask for one here."
                )
            return await endpoint(request)

        return guarded


Endpoint = Callable[[Request], Awaitable[Response]]
_SECRET = "Sign with the secret that this upstream was started with, and check the clock."


def build(service: Service) -> Starlette:
    """The ASGI application."""
    return Starlette(routes=service.routes(), exception_handlers={HTTPException: _show})


async def _show(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    detail: object = error.detail
    if not isinstance(detail, dict):
        sentence = f"{request.method} {request.url.path} is not served here."
        detail = {"code": "http.unknown", "sentence": sentence, "hint": "See docs/openapi.yaml."}
    return JSONResponse(detail, error.status_code, headers=error.headers)


def _problem(status: int, code: str, sentence: str, hint: str) -> HTTPException:
    # Starlette types the detail as text but hands any value to the handler above.
    problem: object = {"code": code, "sentence": sentence, "hint": hint}
    return HTTPException(status, problem)  # type: ignore[arg-type]


async def _body(request: Request) -> bytes:
    held = bytearray()
    async for chunk in request.stream():
        held += chunk
        if len(held) > BODY_BYTES:
            raise _problem(
                413, "batch.bytes", f"The body is over {BODY_BYTES} bytes.", "Send a smaller batch."
            )
    return bytes(held)


def _items(body: bytes) -> list[Row]:
    try:
        items = json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else error
        raise _problem(400, "batch.json", f"The body is not JSON: {why}.", "Send a list of events.") from None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise _problem(400, "batch.list", "The body is not a list of events.", "Send a batch, even of one.")
    if len(items) > BATCH:
        raise _problem(
            413, "batch.events", f"The batch has {len(items)} events; {BATCH} is most.", "Split it."
        )
    for item in items:
        if expected := text_check(item.get("id")):
            raise _problem(
                400, "batch.id", f"An event has no id; {expected} is expected.", "Answers go by id."
            )
    return items


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _instead(answer: Answer) -> Response:
    if answer == "html":
        return HTMLResponse(_LOGIN)
    if answer == "429":
        problem = {
            "code": "upstream.busy",
            "sentence": "Too many requests.",
            "hint": "Wait as Retry-After says.",
        }
        return JSONResponse(problem, 429, headers={"Retry-After": "1"})
    problem = {
        "code": "upstream.down",
        "sentence": "The service is not available.",
        "hint": "Try again later.",
    }
    return JSONResponse(problem, 503, headers={"Retry-After": "1"})


async def _hang_up(request: Request) -> Response:
    transport: asyncio.Transport = request.scope["state"]["transport"]
    transport.abort()
    return _LOST


def _filters(request: Request, known: frozenset[str]) -> Mapping[str, str]:
    asked = dict(request.query_params)
    if unknown := asked.keys() - known:
        raise _unknown(unknown.pop())
    return asked


def _unknown(name: str) -> HTTPException:
    return _problem(400, "query.unknown", f"The filter {name} is not known here.", "See docs/openapi.yaml.")


def _natural(value: str, name: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", value):
        raise _problem(
            400, "query.number", f"{name} is {value!r}; a whole number is expected.", "Start with none."
        )
    return int(value)


def _limit(value: str) -> int:
    limit = _natural(value, "limit")
    if not 1 <= limit <= BATCH:
        raise _problem(400, "query.limit", f"limit is {limit}; 1 to {BATCH} is expected.", "Ask for less.")
    return limit

"""What an upstream tells the station by itself: CloudEvents under a Standard Webhooks signature, POST /webhooks/{target}.

`returns.feed.changed` makes the target's feeds be pulled at once; `returns.feed.rows` brings rows, merged all or none.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import OperationalError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from returns_station.config import secret
from returns_station.connectors.api import FEEDS
from returns_station.errors import StationError
from returns_station.printable import printable
from returns_station.store import tables
from returns_station.store.imports import ImportReport, merge_rows
from returns_station.store.outbox import stamp
from returns_station.sync.links import Link
from returns_station.sync.watched import Watched

CHANGED, ROWS = "returns.feed.changed", "returns.feed.rows"
SINGLE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
MOST_BYTES: Final = 1024 * 1024
MOST_EVENTS: Final = 100
MOST_ROWS: Final = 1000
TOLERANCE_S: Final = 300
"""How old a signature may be, or how far ahead its clock; Standard Webhooks leaves it to the receiver."""
REMEMBERED: Final = timedelta(days=1)
"""How long an id is known: far longer than a signature is good for."""
_SHOWN: Final = 20
_ID: Final = re.compile(r"[!-~]{1,200}")
_SEEN = tables.table(tables.WebhookSeen)
_LOG = structlog.get_logger("returns_station.sync")


class Denied(Exception):
    """A request that is not taken: status, code, sentence, hint; nothing of it was done."""

    def __init__(
        self, status: int, code: str, sentence: str, hint: str, problems: Sequence[str] = ()
    ) -> None:
        super().__init__(sentence)
        self.status = status
        self.told: dict[str, Any] = {"code": code, "sentence": sentence, "hint": hint}
        if problems:
            self.told["problems"] = list(problems)


@dataclass(frozen=True, slots=True)
class Said:
    """One event: which feed changed (`rows` is None), or the rows that it brings."""

    feed: str
    rows: tuple[Mapping[str, Any], ...] | None


@dataclass(frozen=True, slots=True)
class Hook:
    """The webhook of one target: the key of its signature, and where its words go."""

    link: Link
    key: bytes
    feeds: frozenset[str]

    def take(self, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
        """What became of a request; Denied for one that is not taken. A request that came before changes nothing."""
        drain = self.link.drain
        now = drain.clock()
        id = self._verified(headers, body, now)
        said = events(headers.get("content-type", ""), body, self.feeds)
        with drain.engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            if not self._new(connection, id, now):
                return {"status": "duplicate", "rows": 0}
            rows = self._merged(connection, said, now)
            connection.commit()
        if any(one.rows is None for one in said):
            self.link.wake()
        _LOG.info("webhook.taken", target=self.link.target, events=len(said), rows=rows)
        return {"status": "accepted", "rows": rows}

    def _verified(self, headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        id, at, signed = (headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature"))
        if not _ID.fullmatch(id) or not re.fullmatch("[0-9]{1,12}", at) or not signed:
            sentence = "The headers webhook-id, webhook-timestamp and webhook-signature are not all there."
            raise Denied(401, "signature.missing", sentence, "Sign the request as Standard Webhooks says.")
        digest = hmac.new(self.key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
        wanted = b"v1," + base64.b64encode(digest)
        if not any(hmac.compare_digest(part.encode(), wanted) for part in signed.split(" ")):
            raise Denied(
                401, "signature.invalid", "The signature is not that of this target's secret.", _SECRET
            )
        if abs(now.timestamp() - int(at)) > TOLERANCE_S:
            sentence = f"The signature is of {at}, more than {TOLERANCE_S} s from the station's clock."
            raise Denied(401, "signature.time", sentence, "Sign each attempt anew, and check both clocks.")
        return id

    def _new(self, connection: Connection, id: str, now: datetime) -> bool:
        connection.execute(_SEEN.delete().where(_SEEN.c.seen_at < stamp(now - REMEMBERED)))
        row = insert(_SEEN).values(target=self.link.target, id=id, seen_at=stamp(now))
        return connection.execute(row.on_conflict_do_nothing()).rowcount == 1

    def _merged(self, connection: Connection, said: Sequence[Said], now: datetime) -> int:
        merge, count = self.link.merge, 0
        for number, one in enumerate(said, 1):
            if one.rows:
                given = (merge.merchant, merge.target, merge.site, now, merge.uuid)
                _refuse(merge_rows(connection, one.feed, one.rows, *given), number, one.feed)
                count += len(one.rows)
        return count


_SECRET: Final = "Sign with the secret that the target's secret_env names."
_SAMPLES: Final = "See `webhooks` in docs/openapi.yaml, and docs/import.md for the rows."


def _refuse(report: ImportReport, number: int, feed: str) -> None:
    if report.problems:
        bad = len(report.problems) + report.more
        sentence = f"Event {number} has {bad} problem{'s' if bad > 1 else ''} in its rows of {feed}; nothing was merged."
        told = [printable(problem.sentence) for problem in report.problems[:_SHOWN]]
        raise Denied(400, "webhook.rows", sentence, "Correct the rows and send the whole again.", told)


# --- reading ----------------------------------------------------------------------------------------------------------


def events(content_type: str, body: bytes, feeds: frozenset[str]) -> list[Said]:
    """The events of a body, checked; Denied with the first that is wrong."""
    kind = content_type.split(";")[0].strip().lower()
    if kind not in (SINGLE, BATCH):
        raise Denied(415, "webhook.type", f"The content type is neither {SINGLE} nor {BATCH}.", _SAMPLES)
    try:
        found = json.loads(body, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Denied(400, "webhook.json", "The body is no JSON.", _SAMPLES) from None
    listed = [found] if kind == SINGLE else found
    if not isinstance(listed, list):
        raise Denied(400, "webhook.json", "The body is no list of events.", _SAMPLES)
    if len(listed) > MOST_EVENTS:
        sentence = f"There are {len(listed)} events; {MOST_EVENTS} at most are taken at once."
        raise Denied(413, "webhook.events", sentence, "Send them in several requests.")
    return [_said(one, number, feeds) for number, one in enumerate(listed, 1)]


def _no_number(name: str) -> object:
    raise ValueError(name)


def _said(event: object, number: int, feeds: frozenset[str]) -> Said:
    if not isinstance(event, dict) or event.get("specversion") != "1.0":
        raise _wrong(number, "is no CloudEvent of version 1.0")
    if not all(isinstance(event.get(name), str) and event[name] for name in ("id", "source", "type")):
        raise _wrong(number, "has no id, source or type")
    data = event.get("data")
    if event["type"] not in (CHANGED, ROWS):
        raise _wrong(number, f"is neither {CHANGED} nor {ROWS}")
    if not isinstance(data, dict) or data.get("feed") not in feeds:
        raise _wrong(number, f"names no feed of this target: {', '.join(sorted(feeds))}")
    if event["type"] == CHANGED:
        return Said(data["feed"], None)
    rows = data.get("items")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _wrong(number, "has no list of rows in items")
    if len(rows) > MOST_ROWS:
        sentence = f"Event {number} has {len(rows)} rows; {MOST_ROWS} at most are taken at once."
        raise Denied(413, "webhook.items", sentence, "Send them in several events.")
    return Said(data["feed"], tuple(rows))


def _wrong(number: int, what: str) -> Denied:
    return Denied(400, "webhook.event", f"Event {number} {what}.", _SAMPLES)


# --- serving ----------------------------------------------------------------------------------------------------------


def application(watched: Watched) -> Starlette | None:
    """POST /{target} for every target that has a Standard Webhooks secret; None where none has."""
    hooks = {link.target: hook for link in watched.links if (hook := _hook(watched, link)) is not None}
    if not hooks:
        return None

    async def post(request: Request) -> Response:
        try:
            hook = hooks.get(request.path_params["target"])
            if hook is None:
                raise Denied(404, "webhook.target", "No such target takes webhooks here.", _SECRET)
            body = await _body(request)
            return JSONResponse(await run_in_threadpool(hook.take, dict(request.headers), body))
        except Denied as denied:
            return JSONResponse(denied.told, denied.status)
        except StationError as error:
            told = {"code": error.code, "sentence": error.sentence, "hint": error.hint}
            return JSONResponse(told, 503, headers={"retry-after": "5"})
        except OperationalError:
            told = {
                "code": "store.busy",
                "sentence": "The station's database is busy.",
                "hint": "Send it again.",
            }
            return JSONResponse(told, 503, headers={"retry-after": "5"})

    return Starlette(routes=[Route("/{target}", post, methods=["POST"])])


def _hook(watched: Watched, link: Link) -> Hook | None:
    target = next(one for one in watched.config.targets if one.name == link.target)
    try:
        held = secret(watched.config, target.secret_env) if target.secret_env else ""
        key = base64.b64decode(held.removeprefix("whsec_"), validate=True)
    except (StationError, binascii.Error, ValueError):
        return None
    if not held.startswith("whsec_") or not key:
        return None
    return Hook(link, key, frozenset(target.feeds) or FEEDS)


async def _body(request: Request) -> bytes:
    held = bytearray()
    try:
        async for chunk in request.stream():
            held += chunk
            if len(held) > MOST_BYTES:
                sentence = f"The body is over {MOST_BYTES} bytes."
                raise Denied(413, "webhook.bytes", sentence, "Send less at once.")
    except ClientDisconnect:
        raise Denied(400, "webhook.lost", "The body did not come whole.", "Send it again.") from None
    return bytes(held)

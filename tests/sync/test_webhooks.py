"""What an upstream says by itself, through the real server on a free port: signed, fresh, once, small, and all or none."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from jsonschema import Draft202012Validator
from sqlalchemy import text
from standardwebhooks import Webhook

from returns_station import config as configuration
from returns_station.store.engine import open_engine
from returns_station.sync import webhooks
from returns_station.sync.links import Link, linked
from returns_station.sync.serving import Server
from returns_station.sync.watched import Watched
from returns_station.testing.upstream.process import TEST_SECRET
from tests.commands.dock_kit import MERCHANT, TARGET, Dock
from tests.sync.outbox_kit import Clock, new_database

PLACE = {"code": "ATTIC-1", "kind": "bin", "purposes": ["restock"]}


def signature(secret: str, id: str, at: int, body: bytes) -> str:
    """A Standard Webhooks signature of any bytes; the library signs text alone."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{id}.{at}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(digest).decode()}"


@dataclass(slots=True)
class Desk:
    """A serving sync job, and an upstream that signs."""

    url: str
    link: Link
    clock: Clock
    client: httpx2.Client
    sent: int = 0

    def post(self, *events: Any, target: str = "wms", late_s: float = 0.0, **change: Any) -> httpx2.Response:
        """Events as a batch; `change` overrides secret, id, body, headers and kind."""
        self.sent += 1
        body = change.get("body", json.dumps(list(events)).encode())
        id, at = change.get("id", f"msg_{self.sent}"), self.clock() + timedelta(seconds=late_s)
        signed = signature(change.get("secret", TEST_SECRET), id, int(at.timestamp()), body)
        headers = {
            "content-type": change.get("kind", webhooks.BATCH),
            "webhook-id": id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signed,
        } | change.get("headers", {})
        return self.client.post(f"{self.url}/webhooks/{target}", content=body, headers=headers)

    def places(self) -> list[str]:
        with self.link.drain.engine.connect() as connection:
            return [str(code) for code in connection.execute(text("select code from location")).scalars()]

    def woken(self) -> bool:
        return self.link._woken.is_set()


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("hook")
    dock = Dock(folder)
    dock.configure(
        TARGET + '\n[[target]]\nname = "bare"\nurl = "http://127.0.0.1:9"\n', url="http://127.0.0.1:9"
    )
    (folder / "secrets.env").write_text(f"WMS_SECRET={TEST_SECRET}\n")
    (folder / "secrets.env").chmod(0o600)
    config = configuration.load(dock.config)
    new_database(folder / "station.db").dispose()
    engine, clock = open_engine(folder / "station.db"), Clock()
    link = linked(engine, config, config.targets[0], clock)
    server = Server(Watched(engine, config, (link,), {}, clock))
    server.start("127.0.0.1", 0)
    with httpx2.Client(timeout=30) as client:
        yield Desk(server.address, link, clock, client)
    server.stop()
    link.drain.connector.close()
    engine.dispose()


@pytest.fixture
def desk(serving: Desk) -> Desk:
    """The same server; nothing is known of earlier tests."""
    with serving.link.drain.engine.begin() as connection:
        connection.execute(text("delete from location"))
        connection.execute(text("delete from webhook_seen"))
    serving.link._woken.clear()
    return serving


def event(kind: str, feed: str, **data: Any) -> dict[str, Any]:
    whole = {"specversion": "1.0", "id": "e-1", "source": "/wms", "type": kind}
    return whole | {"data": {"feed": feed, **data}}


def rows(*items: Any, feed: str = "locations") -> dict[str, Any]:
    return event(webhooks.ROWS, feed, items=list(items))


def refused(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    assert (answer.status_code, told["code"]) == (status, code)
    assert told["sentence"]
    assert told["hint"]
    return told


def test_a_feed_that_changed_is_pulled_with_the_next_look(desk: Desk) -> None:
    answer = desk.post(event(webhooks.CHANGED, "orders"))
    assert (answer.status_code, answer.json()) == (200, {"status": "accepted", "rows": 0})
    assert desk.woken()


def test_a_running_job_pulls_at_once_though_its_time_has_not_come(desk: Desk) -> None:
    stop, link = threading.Event(), desk.link
    link.pulled_next = desk.clock() + timedelta(days=1)
    link.pulls = ()
    job = threading.Thread(target=link.watch, args=(stop, None, 3600.0))
    job.start()
    try:
        assert desk.post(event(webhooks.CHANGED, "orders")).status_code == 200
        until = time.monotonic() + 60
        while not link.pulls and time.monotonic() < until:
            stop.wait(0.01)
        assert {report.feed for report in link.pulls} >= {"orders"}
    finally:
        stop.set()
        job.join()


def test_rows_are_merged_as_pulled_ones_are_and_nothing_is_pulled_for_them(desk: Desk) -> None:
    order = {
        "number": "77",
        "currency": "EUR",
        "lines": [{"line_id": "1", "sku": "A", "quantity": 2, "unit_price": "2.50"}],
    }
    answer = desk.post(rows(PLACE), rows(order, feed="orders"))
    assert answer.json() == {"status": "accepted", "rows": 2}
    assert (desk.places(), desk.woken()) == (["ATTIC-1"], False)
    with desk.link.drain.engine.connect() as connection:
        found = connection.execute(text("select source, merchant from sales_order where number = '77'")).one()
    assert tuple(found) == ("wms", MERCHANT)


def test_one_event_alone_needs_no_list(desk: Desk) -> None:
    assert desk.post(body=json.dumps(rows(PLACE)).encode(), kind=webhooks.SINGLE).status_code == 200
    assert desk.places() == ["ATTIC-1"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"secret": "whsec_b3RoZXIgc2VjcmV0IG9mIDI0IGJ5dGVz"}, "signature.invalid"),
        ({"headers": {"webhook-signature": "v1,"}}, "signature.invalid"),
        ({"headers": {"webhook-signature": "\xff"}}, "signature.invalid"),
        ({"headers": {"webhook-signature": ""}}, "signature.missing"),
        ({"headers": {"webhook-id": "msg other"}}, "signature.missing"),
        ({"headers": {"webhook-id": "msg_other"}}, "signature.invalid"),
        ({"headers": {"webhook-timestamp": "1e9"}}, "signature.missing"),
        ({"headers": {"webhook-timestamp": "1"}}, "signature.invalid"),
        ({"late_s": -301}, "signature.time"),
        ({"late_s": 301}, "signature.time"),
    ],
)
def test_what_is_not_signed_for_this_target_just_now_is_denied_with_401(
    desk: Desk, change: dict[str, Any], code: str
) -> None:
    if "headers" in change:
        change = {"headers": {name: value.encode("latin-1") for name, value in change["headers"].items()}}
    refused(desk.post(rows(PLACE), **change), 401, code)
    assert desk.places() == []


def test_a_signature_of_five_minutes_is_still_good_and_one_of_several_is_enough(desk: Desk) -> None:
    assert desk.post(rows(PLACE), late_s=-299).status_code == 200
    body = json.dumps([rows(PLACE)]).encode()
    signed = Webhook(TEST_SECRET).sign("msg_many", desk.clock(), body.decode())  # the library of others
    headers = {"webhook-signature": f"v1a,AAAA v1,AAAA {signed}"}
    assert desk.post(body=body, id="msg_many", headers=headers).status_code == 200


def test_the_same_request_again_changes_nothing_until_its_id_is_a_day_old(desk: Desk) -> None:
    desk.post(rows(PLACE), id="msg_again")
    with desk.link.drain.engine.begin() as connection:
        connection.execute(text("delete from location"))
    assert desk.post(rows(PLACE), id="msg_again").json() == {"status": "duplicate", "rows": 0}
    assert desk.places() == []
    with desk.link.drain.engine.begin() as connection:
        old = "2026-11-22T09:00:00.000000+00:00"
        connection.execute(text(f"update webhook_seen set seen_at = '{old}' where id = 'msg_again'"))
    desk.post(event(webhooks.CHANGED, "orders"))
    with desk.link.drain.engine.connect() as connection:
        assert "msg_again" not in connection.execute(text("select id from webhook_seen")).scalars().all()


def test_rows_are_all_merged_or_none_and_the_same_id_may_come_again_corrected(desk: Desk) -> None:
    wrong = {"code": "ATTIC-2", "purposes": 7}
    told = refused(desk.post(rows(PLACE), rows(PLACE, wrong), id="msg_fix"), 400, "webhook.rows")
    assert told["sentence"] == "Event 2 has 1 problem in its rows of locations; nothing was merged."
    assert told["problems"][0].startswith("Line 2, column purposes: '7' is not ")
    assert desk.places() == []
    assert desk.post(rows(PLACE), id="msg_fix").json() == {"status": "accepted", "rows": 1}


@pytest.mark.parametrize("price", ["2.5", "25e-1", "2.50", "NaN", "Infinity"])
def test_a_float_is_no_money(desk: Desk, price: str) -> None:
    line = {"line_id": "1", "sku": "A", "quantity": 2, "unit_price": "PRICE"}
    sold = rows({"number": "78", "currency": "EUR", "lines": [line]}, feed="orders")
    body = json.dumps([sold]).replace('"PRICE"', price).encode()
    assert desk.post(body=body).status_code == 400
    with desk.link.drain.engine.connect() as connection:
        assert connection.execute(text("select count(*) from sales_order where number = '78'")).scalar() == 0


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"7", b'"x"', b"[7]", b"[[]]", b"{}", b"[{}]", b"\xff\xfe"),
        *(b"[" * 200_000, b'{"a":' * 100_000, b"[" + b"9" * 5000 + b"]"),
        json.dumps([event("returns.refund", "orders")]).encode(),
        json.dumps([event(webhooks.CHANGED, "badges")]).encode(),
        json.dumps([event(webhooks.CHANGED, "orders") | {"data": []}]).encode(),
        json.dumps([event(webhooks.CHANGED, "orders") | {"specversion": "2"}]).encode(),
        json.dumps([event(webhooks.ROWS, "orders")]).encode(),
        json.dumps([rows(7)]).encode(),
        json.dumps([rows({"code": "\ud800"})]).encode(),
        json.dumps([rows({"code": ["a", {"b": None}], "kind": True})]).encode(),
        json.dumps([rows({"number": "1", "lines": {"a": 1}}, feed="orders")]).encode(),
    ],
    ids=lambda body: str(body[:30]),
)
def test_a_hostile_body_is_denied_with_a_sentence_and_the_job_goes_on(desk: Desk, body: bytes) -> None:
    answer = desk.post(body=body)
    assert answer.status_code == 400
    assert set(answer.json()) >= {"code", "sentence", "hint"}
    assert desk.client.get(f"{desk.url}/metrics").status_code == 200


def test_what_is_too_large_is_denied_with_413_before_it_is_read(desk: Desk) -> None:
    refused(desk.post(body=b" " * (webhooks.MOST_BYTES + 1)), 413, "webhook.bytes")
    refused(desk.post(*[event(webhooks.CHANGED, "orders")] * 101), 413, "webhook.events")
    refused(desk.post(rows(*[PLACE] * 1001)), 413, "webhook.items")


def test_a_target_without_a_secret_of_this_kind_takes_no_webhooks(desk: Desk) -> None:
    refused(desk.post(rows(PLACE), target="bare"), 404, "webhook.target")
    refused(desk.post(rows(PLACE), target="nobody"), 404, "webhook.target")
    assert desk.client.get(f"{desk.url}/webhooks/wms").status_code == 405
    refused(desk.post(rows(PLACE), kind="text/html"), 415, "webhook.type")


def test_an_application_is_made_only_where_a_target_can_sign(serving: Desk, tmp_path: Path) -> None:
    dock = Dock(tmp_path)
    dock.configure('\n[[target]]\nname = "wms"\nurl = "http://127.0.0.1:9"\n')
    config = configuration.load(dock.config)
    link = serving.link
    assert (
        webhooks.application(Watched(link.drain.engine, config, (replace(link),), {}, serving.clock)) is None
    )


def test_the_document_names_every_answer_and_takes_every_event_of_these_tests(
    desk: Desk, checkout: Path
) -> None:
    document = yaml.safe_load((checkout / "docs" / "openapi.yaml").read_text("utf-8"))
    schema = {"$ref": "#/components/schemas/FeedEvent", "components": document["components"]}
    known = document["webhooks"]["feeds"]["post"]["responses"]
    good, bad = rows(PLACE), rows(PLACE) | {"type": "returns.refund"}
    assert not list(Draft202012Validator(schema).iter_errors(good))
    assert list(Draft202012Validator(schema).iter_errors(bad))
    answers = [
        desk.post(good),
        desk.post(bad),
        desk.post(good, late_s=999),
        desk.post(good, kind="text/html"),
    ]
    answers += [desk.post(good, target="nobody"), desk.post(*[good] * 101)]
    assert {str(answer.status_code) for answer in answers} == set(known) - {"503"}

"""docs/openapi.yaml is a valid document, and the reference upstream and the connector both keep to it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import validate
from standardwebhooks import Webhook

from returns_station.connectors.api import FEEDS, Outgoing
from returns_station.connectors.cloudevents import BATCH_TYPE, encode
from returns_station.testing.upstream.event import SINCE_1_1, Refusal, parse_event
from returns_station.testing.upstream.process import TEST_SECRET, Upstream
from tests.connectors.upstream_kit import (
    available,
    completed,
    connector,
    receipt,
    refund,
    reversal,
    short,
    stock,
)

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text(encoding="utf-8")
)


def schema(name: str) -> Draft202012Validator:
    """A validator for one of the document's schemas, formats checked."""
    whole = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return Draft202012Validator(whole, format_checker=FormatChecker())


def answer_schema(method: str, path: str, status: int) -> Draft202012Validator:
    """What the document says an answer of this operation and status looks like; fails if it says nothing."""
    answers = DOCUMENT["paths"][path][method]["responses"]
    described = answers[str(status)]
    if "$ref" in described:
        described = DOCUMENT["components"]["responses"][described["$ref"].rsplit("/", 1)[-1]]
    reference = described["content"]["application/json"]["schema"]["$ref"]
    return schema(reference.rsplit("/", 1)[-1])


def as_json(effect: Outgoing) -> dict[str, Any]:
    written = encode(effect)
    assert isinstance(written, bytes)
    event: dict[str, Any] = json.loads(written)
    return event


def test_the_document_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_feeds_of_the_document_are_those_of_the_connector() -> None:
    parameters = DOCUMENT["paths"]["/v1/feeds/{feed}"]["get"]["parameters"]
    assert set(parameters[0]["schema"]["enum"]) == FEEDS


@pytest.mark.parametrize("make", [receipt, stock, completed, lambda: refund("7", 5), short, available])
def test_what_the_connector_sends_is_an_event_of_the_document(make: Any) -> None:
    effect = make()
    schema("Event").validate(as_json(effect))
    if effect.type != "returns.short":
        schema("Event").validate(as_json(reversal(effect)))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, seed_dir: Path) -> Iterator[Upstream]:
    """A healthy upstream that holds one of everything."""
    with Upstream(tmp_path_factory.mktemp("served"), seed_dir=seed_dir) as upstream:
        effects = [receipt(), stock(), refund("SPEC", 100), short(), available(), completed()]
        effects += [reversal(effects[0]), stock(quantity=0)]
        connector(upstream.url).deliver_batch(effects)
        upstream.kept = {"accepted": effects[0].key, "refused": effects[-1].key}  # type: ignore[attr-defined]
        yield upstream


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/events", "?limit=2"),
        ("/v1/receipts", ""),
        ("/v1/movements", "?sku=85123A"),
        ("/v1/refunds", "?order_number=SPEC"),
        ("/v1/shorts", ""),
        ("/v1/available", "?container=TOTE-1"),
        ("/v1/completions", "?order_number=536365"),
        ("/v1/stock", ""),
    ],
)
def test_every_list_that_is_served_is_as_the_document_says(served: Upstream, path: str, query: str) -> None:
    answer = httpx2.get(served.url + path + query, trust_env=False)
    assert answer.status_code == 200
    assert answer.json()["items"] != []
    answer_schema("get", path, 200).validate(answer.json())


@pytest.mark.parametrize("feed", sorted(FEEDS))
def test_every_feed_is_as_the_document_says(served: Upstream, feed: str) -> None:
    answer = httpx2.get(f"{served.url}/v1/feeds/{feed}", trust_env=False)
    answer_schema("get", "/v1/feeds/{feed}", answer.status_code).validate(answer.json())


@pytest.mark.parametrize("status", ["accepted", "refused"])
def test_a_look_up_is_as_the_document_says(served: Upstream, status: str) -> None:
    name = served.kept[status]  # type: ignore[attr-defined]
    answer = httpx2.get(f"{served.url}/v1/events/{name}", trust_env=False)
    assert answer.json()["status"] == status
    answer_schema("get", "/v1/events/{id}", answer.status_code).validate(answer.json())


def test_health_is_as_the_document_says(served: Upstream) -> None:
    answer_schema("get", "/v1/health", 200).validate(
        httpx2.get(f"{served.url}/v1/health", trust_env=False).json()
    )


@pytest.mark.parametrize(
    ("described", "asked", "status", "problem"),
    [
        ("/v1/events/{id}", "/v1/events/nobody", 404, ("event.unknown", "No event nobody was taken here.")),
        ("/v1/feeds/{feed}", "/v1/feeds/badges", 404, ("feed.unknown", "There is no feed badges.")),
        (
            "/v1/feeds/{feed}",
            "/v1/feeds/orders?cursor=x",
            400,
            ("query.number", "cursor is 'x'; a whole number is expected."),
        ),
        (
            "/v1/feeds/{feed}",
            "/v1/feeds/orders?limit=0",
            400,
            ("query.limit", "limit is 0; 1 to 1000 is expected."),
        ),
        (
            "/v1/refunds",
            "/v1/refunds?nonsense=1",
            400,
            ("query.unknown", "The filter nonsense is not known here."),
        ),
        (
            "/v1/stock",
            "/v1/stock?nonsense=1",
            400,
            ("query.unknown", "The filter nonsense is not known here."),
        ),
    ],
)
def test_a_read_that_cannot_be_answered_is_a_problem_of_the_document(
    served: Upstream, described: str, asked: str, status: int, problem: tuple[str, str]
) -> None:
    answer = httpx2.get(served.url + asked, trust_env=False)
    assert answer.status_code == status
    answer_schema("get", described, status).validate(answer.json())
    assert (answer.json()["code"], answer.json()["sentence"]) == problem


def post(upstream: Upstream, body: bytes, **change: str) -> httpx2.Response:
    """A signed post of exactly these bytes; `change` replaces headers (`_` for `-`)."""
    at = datetime.now(UTC)
    headers = {
        "content-type": BATCH_TYPE,
        "webhook-id": "b-1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(TEST_SECRET).sign("b-1", at, body.decode()),
    } | {name.replace("_", "-"): value for name, value in change.items()}
    return httpx2.post(f"{upstream.url}/v1/events", content=body, headers=headers, trust_env=False)


def test_results_of_every_status_are_as_the_document_says(served: Upstream) -> None:
    good, odd, early = stock(), stock(quantity=0), reversal(stock())
    events = [as_json(effect) for effect in (good, odd, early, good)]
    answer = post(served, json.dumps(events).encode())
    answer_schema("post", "/v1/events", 200).validate(answer.json())
    statuses = [result["status"] for result in answer.json()["results"]]
    assert statuses == ["accepted", "refused", "retry", "duplicate"]


@pytest.mark.parametrize(
    ("body", "status", "code", "sentence"),
    [
        (b"x", 400, "batch.json", "The body is not JSON: Expecting value: line 1 column 1 (char 0)."),
        (b"[NaN]", 400, "batch.json", "The body is not JSON: NaN is not a number."),
        (b"[" * 100_000, 400, "batch.json", "The body is not JSON: it is nested too deeply."),
        (b"{}", 400, "batch.list", "The body is not a list of events."),
        (b"[1]", 400, "batch.list", "The body is not a list of events."),
        (b"[{}]", 400, "batch.id", "An event has no id; a text of 1 to 200 characters is expected."),
        (
            b'[{"id": "\\ud800"}]',
            400,
            "batch.id",
            "An event has no id; a text of 1 to 200 characters is expected.",
        ),
        (b"[" + b"{}," * 1000 + b"{}]", 413, "batch.events", "The batch has 1001 events; 1000 is most."),
        (b" " * 8_388_609, 413, "batch.bytes", "The body is over 8388608 bytes."),
    ],
)
def test_a_batch_that_cannot_be_read_is_refused_whole(
    served: Upstream, body: bytes, status: int, code: str, sentence: str
) -> None:
    answer = post(served, body)
    assert answer.status_code == status
    answer_schema("post", "/v1/events", status).validate(answer.json())
    assert (answer.json()["code"], answer.json()["sentence"]) == (code, sentence)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"webhook_signature": "v1,AAAA"}, "No matching signature found"),
        ({"webhook_signature": "v1"}, "Invalid Signature Headers"),
        ({"webhook_signature": ""}, "Missing required headers"),
        ({"webhook_signature": "v1,A"}, "Invalid Signature Headers"),
        ({"webhook_id": "b-2"}, "No matching signature found"),
        ({"webhook_timestamp": "1700000000"}, "Message timestamp too old"),
        ({"webhook_timestamp": "4000000000"}, "Message timestamp too new"),
        ({"webhook_timestamp": "nan"}, "Invalid Signature Headers"),
    ],
)
def test_a_batch_that_is_not_signed_for_us_now_is_not_read(
    served: Upstream, change: dict[str, str], why: str
) -> None:
    answer = post(served, b"[]", **change)
    assert answer.status_code == 401
    answer_schema("post", "/v1/events", 401).validate(answer.json())
    assert answer.json()["sentence"] == f"The signature was not accepted: {why}."


def test_a_body_changed_on_the_way_is_not_taken(served: Upstream) -> None:
    effect = stock(sku="TAMPERED")
    body = json.dumps([as_json(effect)]).encode()
    at = datetime.now(UTC)
    signature = Webhook(TEST_SECRET).sign("b-1", at, body.decode())
    changed = body.replace(b'"quantity": 6', b'"quantity": 7')
    assert changed != body
    answer = post(served, changed, webhook_signature=signature, webhook_timestamp=str(int(at.timestamp())))
    assert answer.status_code == 401
    assert served.movements(sku="TAMPERED") == []


def test_another_content_type_is_refused(served: Upstream) -> None:
    answer = post(served, b"[]", content_type="application/json")
    assert answer.status_code == 415
    answer_schema("post", "/v1/events", 415).validate(answer.json())
    assert answer.json()["sentence"] == f"The content type is not {BATCH_TYPE}."


@pytest.mark.parametrize(("fault", "status"), [("429-every=1", 429), ("503-every=1", 503)])
def test_answers_that_ask_to_wait_are_as_the_document_says(tmp_path: Path, fault: str, status: int) -> None:
    with Upstream(tmp_path, fault=fault) as upstream:
        answers = {
            ("post", "/v1/events"): post(upstream, b"[]"),
            ("get", "/v1/feeds/{feed}"): httpx2.get(f"{upstream.url}/v1/feeds/orders", trust_env=False),
        }
    for (method, path), answer in answers.items():
        assert (answer.status_code, answer.headers["retry-after"]) == (status, "1")
        answer_schema(method, path, status).validate(answer.json())


@pytest.mark.parametrize("path", ["/v1/stock", "/v1/events", "/v1/feeds/orders", "/v1/events/x"])
def test_a_read_without_the_token_is_a_problem_of_the_document(guarded: Upstream, path: str) -> None:
    answer = httpx2.get(guarded.url + path, trust_env=False)
    assert answer.status_code == 401
    schema("Problem").validate(answer.json())
    assert answer.json()["sentence"] == "The bearer token was not accepted."


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    with Upstream(tmp_path_factory.mktemp("guarded"), token="open-sesame") as upstream:
        yield upstream


def test_a_path_that_is_not_served_is_a_problem_too(served: Upstream) -> None:
    answer = httpx2.get(f"{served.url}/v2/events", trust_env=False)
    schema("Problem").validate(answer.json())
    assert (answer.status_code, answer.json()["sentence"]) == (404, "GET /v2/events is not served here.")


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.integers(),
    st.text(max_size=3),
    st.sampled_from(
        ["", "x" * 200, "x" * 201, "2027-01-31", "2027-02-31", "20270131", "GBP", "gbp", "7", "each"]
    ),
    st.sampled_from(["2027-01-31T12:00:00Z", "2027-01-31T12:00:00", "returns.stock", "refund", "1.0"]),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.sampled_from(["order_line", "sku"]), st.text(max_size=2), max_size=2),
)
MAKERS = [receipt, stock, completed, lambda: refund("7", 5), short, available]


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A right event with one field of its envelope, data or lines replaced or taken away."""
    effect = draw(st.sampled_from(MAKERS))()
    can_turn = effect.type != "returns.short"
    event = as_json(reversal(effect) if can_turn and draw(st.booleans()) else effect)
    places = [event, event["data"], *event["data"].get("lines", []), *event["data"].get("units", [])]
    place = draw(st.sampled_from(places))
    name = draw(st.sampled_from(sorted(set(place) - {"id"})))
    if draw(st.booleans()):
        place[name] = draw(VALUES)
    else:
        del place[name]
    return event


def as_of_today(event: dict[str, Any]) -> dict[str, Any]:
    """The event with what one that was queued by an older station lacks."""
    newer = SINCE_1_1.get(str(event.get("type")).removesuffix(".reversed"), frozenset())
    lacks = {name: [] if name == "lines" else "x" for name in newer}
    data = event.get("data")
    return {**event, "data": lacks | data} if isinstance(data, dict) else event


@pytest.mark.parametrize("make", [receipt, stock, lambda: refund("7", 5)])
def test_an_event_that_an_older_station_queued_is_taken(make: Any) -> None:
    event = as_json(make())
    for name in SINCE_1_1[event["type"]]:
        del event["data"][name]
    assert list(schema("Event").iter_errors(event)) != []
    assert not isinstance(parse_event(event), Refusal)


@settings(max_examples=400, deadline=None, database=None)
@given(spoiled())
def test_the_upstream_refuses_an_event_exactly_where_the_document_does(event: dict[str, Any]) -> None:
    verdict = parse_event(event)
    wrong = [error.message for error in schema("Event").iter_errors(as_of_today(event))]
    if isinstance(verdict, Refusal) and verdict.code == "event.subject":
        return
    assert isinstance(verdict, Refusal) == bool(wrong), (verdict, wrong)


@pytest.mark.parametrize(
    ("make", "name"),
    [(stock, "quantity"), (lambda: refund("7", 5), "amount_minor"), (lambda: refund("7", 5), "fee_minor")],
)
@pytest.mark.parametrize("value", [1.0, 0.1, 1e300])
def test_a_float_is_refused_even_when_it_is_whole(make: Any, name: str, value: float) -> None:
    event = as_json(make())
    event["data"][name] = value
    verdict = parse_event(event)
    assert isinstance(verdict, Refusal)
    assert verdict.code == "event.float"
    assert verdict.sentence.startswith(f"The field {name} is {json.dumps(value)}; an integer of ")


def test_a_float_in_a_line_is_refused() -> None:
    event = as_json(refund("7", 5))
    event["data"]["lines"][0]["amount_minor"] = 5.0
    assert parse_event(event) == Refusal(
        "event.float",
        "The field lines.1.amount_minor is 5.0; an integer of 0 or more, in minor units is expected.",
    )

"""The reference upstream under requests that are made from docs/openapi.yaml, right ones and wrong ones, by Schemathesis."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, given, settings
from requests import PreparedRequest
from requests.auth import AuthBase
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)
from standardwebhooks import Webhook

from returns_station.testing.upstream.process import TEST_SECRET, Upstream
from tests.connectors.reference_bench import write_seed

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[2] / "docs" / "openapi.yaml").read_text(encoding="utf-8")
)
OPERATIONS = [(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods]
FEW, MANY = 8, 100
POST = ("post", "/v1/events")
# A text in a path and nothing at all cannot be made wrong.
WRONG = [one for one in OPERATIONS if one[1] not in ("/v1/events/{id}", "/v1/health")]
LEFT_OUT: dict[tuple[GenerationMode, str], list[Any]] = {
    # A cursor is a text to everybody but the upstream that gave it.
    (GenerationMode.POSITIVE, "/v1/feeds/{feed}"): [positive_data_acceptance],
    # Every request is signed here, and a wrong event in a batch is refused in the answer of 200.
    (GenerationMode.NEGATIVE, "/v1/events"): [negative_data_rejection],
}


class Signed(AuthBase):
    """Signs what is sent, whatever it is; the upstream's signature check has tests of its own."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        at, body = datetime.now(UTC), request.body or b""
        try:
            text = body.decode() if isinstance(body, bytes) else body
        except UnicodeDecodeError:
            return request  # No signature is made over what is no text: the answer is 401.
        request.headers["webhook-id"] = "b-1"
        request.headers["webhook-timestamp"] = str(int(at.timestamp()))
        request.headers["webhook-signature"] = Webhook(TEST_SECRET).sign("b-1", at, text)
        return request


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("schemathesis")
    with Upstream(folder / "upstream", seed_dir=write_seed(folder / "seed")) as upstream:
        yield upstream


def whole(value: Any) -> Any:
    """The same without floats: 1.0 is an integer to JSON Schema, and money that may have been rounded to us."""
    if isinstance(value, float):
        return int(value)
    if isinstance(value, dict):
        return {name: whole(part) for name, part in value.items()}
    return [whole(part) for part in value] if isinstance(value, list) else value


def asked(upstream: Upstream, method: str, path: str, mode: GenerationMode, examples: int) -> Counter[str]:
    """Asks one operation so many times; raises where an answer is not as the document says. Why events were not taken."""
    operation = schemathesis.openapi.from_dict(DOCUMENT)[path][method]
    left_out = [ignored_auth, *LEFT_OUT.get((mode, path), [])]
    verdicts: Counter[str] = Counter()

    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        if (method, path) == POST and mode is GenerationMode.POSITIVE:
            case.body = whole(case.body)
            for event in case.body:
                event["subject"] = event["data"]["return_id"]
        answer = case.call(base_url=upstream.url, auth=Signed())
        case.validate_response(answer, excluded_checks=left_out)
        if (method, path) == POST and answer.status_code == 200:
            verdicts.update(str(result.get("code")) for result in answer.json()["results"])

    ask()
    return verdicts


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_what_the_document_allows_is_answered_as_it_says(upstream: Upstream, method: str, path: str) -> None:
    asked(upstream, method, path, GenerationMode.POSITIVE, FEW)


@pytest.mark.parametrize(("method", "path"), WRONG, ids=[" ".join(one) for one in WRONG])
def test_what_the_document_forbids_is_refused_as_it_says(upstream: Upstream, method: str, path: str) -> None:
    asked(upstream, method, path, GenerationMode.NEGATIVE, FEW)


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(one) for one in OPERATIONS])
def test_many_requests_of_every_operation_are_answered_as_the_document_says(
    upstream: Upstream, method: str, path: str
) -> None:
    verdicts = asked(upstream, method, path, GenerationMode.POSITIVE, MANY)
    # What the document allows is never refused for its form; only orders and what went before can be in the way.
    assert not [code for code in verdicts if code.startswith("event.") and code != "event.differs"], verdicts
    assert (method, path) != POST or verdicts["None"] > 0
    if (method, path) in WRONG:
        asked(upstream, method, path, GenerationMode.NEGATIVE, MANY)

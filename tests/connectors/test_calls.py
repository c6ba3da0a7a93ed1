"""What the calls of a saga make of an upstream's answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from returns_station.connectors.api import Delivered, Outcome, Refused, RetryLater, Settings
from returns_station.connectors.calls import Calls, Ended, NotThere, Rejected, ended
from tests.connectors.upstream_kit import Scripted, answer, json_answer

HTML = answer("200 OK", b"<title>Sign in</title>", "text/html")


def calls(url: str) -> Calls:
    return Calls(
        Settings(url, secret=""), {"authorization": "bearer KEY"}, lambda: datetime(2026, 11, 25, tzinfo=UTC)
    )


def outcome(reply: bytes) -> Outcome:
    """What an effect becomes whose only call is answered so."""
    with Scripted(reply) as server:
        api = calls(server.url)

        def step() -> Outcome:
            api.post("/sale", {"reference": "R"})
            return Delivered("1", duplicate=False)

        try:
            return ended(step)
        finally:
            api.close()


@pytest.mark.parametrize(
    ("reply", "code", "unknown", "alone"),
    [
        (HTML, "upstream.answer", True, False),
        (json_answer("503 Service Unavailable", {"message": "lock"}), "upstream.failed", True, False),
        (json_answer("423 Locked", {"message": "lock"}), "upstream.locked", False, True),
        (json_answer("429 Too Many Requests", {}, "retry-after: 7"), "upstream.busy", False, False),
        (json_answer("401 Unauthorized", {}), "upstream.credentials", False, False),
        (answer("404 Not Found", b"<p>no", "text/html"), "upstream.contract", False, False),
        (answer("404 Not Found", b"404 page not found", "text/plain"), "upstream.contract", False, False),
        (answer("404 Not Found", b"", ""), "upstream.contract", False, False),
        (answer("200 OK", b"{", "application/json"), "upstream.answer", True, False),
        (answer("302 Found", b"", "text/html", "location: http://elsewhere.example/"), "upstream.redirect", True, False),
    ],
)  # fmt: skip
def test_what_a_later_try_may_change_is_tried_later(
    reply: bytes, code: str, unknown: bool, alone: bool
) -> None:
    found = outcome(reply)
    assert isinstance(found, RetryLater)
    assert (found.code, found.unknown, found.alone) == (code, unknown, alone)
    assert found.after_s == (7.0 if code == "upstream.busy" else None)


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        ("400 Bad Request", {"type": "invalid_data", "message": "An active Order Change is required"}, "An active Order"),
        ("400 Bad Request", ["UserError", ['You can not call "do" on "1"', ""]], 'UserError You can not call "do" on "1"'),
        ("422 Unprocessable Content", {"detail": "no \x1b[31mred"}, "no  [31mred"),
        ("409 Conflict", 7, "409 without a reason"),
    ],
)  # fmt: skip
def test_a_rejection_nobody_explained_waits_for_a_person_with_the_upstreams_words(
    status: str, body: Any, said: str
) -> None:
    found = outcome(json_answer(status, body))
    assert isinstance(found, Refused)
    assert found.code == f"upstream.{status[:3]}"
    assert said in found.sentence


def test_numbers_with_a_fraction_come_as_they_were_written() -> None:
    reply = answer("200 OK", b'{"amount":239.925,"cents":10,"big":1e2}', "application/json")
    with Scripted(reply) as server:
        assert calls(server.url).get("/order") == {"amount": "239.925", "cents": 10, "big": "1e2"}


def test_a_step_can_read_again_after_a_rejection_and_after_a_404() -> None:
    with Scripted(json_answer("400 Bad Request", {"message": "done already"})) as server:
        with pytest.raises(Rejected) as caught:
            calls(server.url).put("/sale/1", {})
        end = caught.value.refused("tryton.state", "The sale 1 is not in the wanted state.")
        assert isinstance(end, Ended)
        assert end.outcome.sentence == 'The sale 1 is not in the wanted state. It says: "done already"'
    with Scripted(json_answer("404 Not Found", {})) as server, pytest.raises(NotThere):
        calls(server.url).get("/sale/1")


def test_an_act_without_an_answer_to_read_is_done() -> None:
    with Scripted(answer("204 No Content", b"", "text/plain")) as server:
        assert calls(server.url).delete("/return/1/receive") is None


def test_the_credentials_stand_in_every_request_and_in_no_sentence() -> None:
    reply = json_answer("401 Unauthorized", {"message": "no"})
    with Scripted(reply) as server, pytest.raises(Ended) as caught:
        calls(server.url).get("/sale")
    assert b"authorization: bearer KEY" in server.requests[0]
    assert "KEY" not in caught.value.outcome.sentence + caught.value.outcome.hint

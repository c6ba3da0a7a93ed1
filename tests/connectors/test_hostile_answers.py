"""The HTTP connector against servers that answer wrongly, slowly, hugely or from elsewhere."""

import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from returns_station.connectors.api import ConnectorError, Delivered, Outgoing, Refused, RetryLater, Settings
from returns_station.connectors.http import HttpConnector
from returns_station.testing.references import MemoryReferences
from returns_station.testing.upstream.process import TEST_SECRET
from tests.connectors.upstream_kit import AT, Scripted, answer, connector, json_answer, refund, stock

ASK = "It may have been done there, so it is looked up before it is sent again."
FIX = "Correct it here or at the upstream, then retry it."


def delivered_to(reply: bytes, **change: object) -> tuple[str, object]:
    """The server's address and the outcome of one effect that it answers with these bytes."""
    effect = stock()
    with Scripted(reply) as server:
        outcome = connector(server.url, **change).deliver_batch([effect])[effect.key]
        return server.url, outcome


def result(effect: Outgoing, status: str, **more: object) -> dict[str, object]:
    return {"id": effect.key, "status": status, "reference": None, "code": None, "sentence": None} | more


class TestWhatLeaves:
    def test_a_batch_is_signed_cloudevents_with_the_same_ids_on_every_retry(self) -> None:
        effects = [stock(), refund("7", 5)]
        with Scripted(answer("500 Oops")) as server:
            http = HttpConnector(Settings(server.url, TEST_SECRET), new_id=iter(["b-1", "b-2"]).__next__)
            http.deliver_batch(effects)
            http.deliver_batch(effects)
            first, second = server.requests
            head, _, body = first.partition(b"\r\n\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
        exact = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        Webhook(TEST_SECRET).verify(body, exact)
        assert headers["content-type"] == "application/cloudevents-batch+json"
        assert headers["accept-encoding"] == "identity"
        assert headers["webhook-id"] == "b-1"
        assert b"webhook-id: b-2" in second
        assert second.endswith(body)
        assert json.loads(body)[0] == {
            "specversion": "1.0",
            "id": effects[0].key,
            "source": "/stations/DOCK-1",
            "type": "returns.stock",
            "subject": effects[0].return_id,
            "time": "2026-11-23T10:00:00Z",
            "datacontenttype": "application/json",
            "sequence": "2",
            "data": dict(effects[0].data),
        }

    def test_the_connection_is_kept_between_requests(self) -> None:
        with Scripted(json_answer("200 OK", {"results": []})) as server:
            http = connector(server.url)
            ports = []
            for _ in range(3):
                http.deliver_batch([stock()])
                ports.append(len(server.requests))
        assert (ports, server.connections) == ([1, 2, 3], 1)

    @pytest.mark.parametrize(
        ("change", "code", "sentence"),
        [
            (
                {"quantity": 2.0},
                "effect.float",
                "The effect K holds a float at data.quantity; none may leave.",
            ),
            (
                {"lines": [{"amount_minor": 1}, {"amount_minor": 0.1}]},
                "effect.float",
                "The effect K holds a float at data.lines.1.amount_minor; none may leave.",
            ),
            (
                {"lot": b"raw"},
                "effect.json",
                "The effect K cannot be written as JSON: Object of type bytes is not JSON serializable.",
            ),
        ],
    )
    def test_what_may_not_leave_is_refused_here_and_the_rest_is_sent(
        self, change: dict[str, object], code: str, sentence: str
    ) -> None:
        good, bad = stock(), stock(**change)
        with Scripted(json_answer("200 OK", {"results": [result(good, "accepted")]})) as server:
            outcomes = connector(server.url).deliver_batch([bad, good])
            assert [[event["id"] for event in body] for body in server.bodies()] == [[good.key]]
        assert outcomes[good.key] == Delivered(None, duplicate=False)
        hint = "This is a fault of the station: report it with the effect's key. The effect is kept."
        assert outcomes[bad.key] == Refused(code, sentence.replace("K", bad.key, 1), hint)


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("value", "after_s"),
        [
            ("7", 7.0),
            ("0", 0.0),
            ("Mon, 23 Nov 2026 10:01:30 GMT", 90.0),
            ("Monday, 23-Nov-26 10:01:30 GMT", 90.0),
            ("Mon, 23 Nov 2026 09:00:00 GMT", 0.0),
            ("Tue, 23 Nov 2027 10:00:00 GMT", 86400.0),
            ("99999999999999999999", 86400.0),
            ("soon", None),
            ("-5", None),
            ("", None),
        ],
    )
    def test_seconds_and_dates_are_understood_and_bounded_by_a_day(
        self, value: str, after_s: float | None
    ) -> None:
        effect = stock()
        reply = answer("429 Too Many Requests", b"", "text/plain", f"Retry-After: {value}")
        with Scripted(reply) as server:
            http = HttpConnector(Settings(server.url, TEST_SECRET), now=lambda: AT)
            outcome = http.deliver_batch([effect])[effect.key]
            assert outcome == RetryLater(
                f"{server.url} answered 429: it wants fewer requests.",
                after_s,
                code="upstream.busy",
                hint="It is sent again by itself.",
            )


class TestRedirects:
    @pytest.mark.parametrize(
        ("location", "where"),
        [
            ("https://evil.example/v1/events", "to https://evil.example"),
            ("http://127.0.0.1:1/", "to http://127.0.0.1:1"),
            ("/login?next=/v1/events", "within itself"),
        ],
    )
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Temporary", "308 Permanent"])
    def test_a_redirect_is_never_followed_and_its_host_is_named(
        self, status: str, location: str, where: str
    ) -> None:
        url, outcome = delivered_to(answer(status, b"", "text/html", f"Location: {location}"))
        assert outcome == RetryLater(
            f"{url} answered {status[:3]} and redirects {where}; redirects are not followed.",
            unknown=True,
            code="upstream.redirect",
            hint="If that is the upstream's new place, write it into the configuration.",
        )

    def test_credentials_stay_when_another_host_is_pointed_at(self) -> None:
        with Scripted(json_answer("200 OK", {})) as other:
            moved = answer("307 Temporary", b"", "text/html", f"Location: {other.url}/v1/events/1")
            with Scripted(moved) as server:
                http = connector(server.url, token="open-sesame")
                http.look_up(stock(), MemoryReferences())
                http.deliver_batch([stock()])
                assert b"open-sesame" in server.requests[0]
            assert other.requests == []


class TestBodiesThatMislead:
    @pytest.mark.parametrize(
        ("reply", "how"),
        [
            (answer("200 OK", b"<html>", "text/html; charset=utf-8"), "200 with text/html instead of JSON"),
            (answer("200 OK", b"{}", ""), "200 with no content type instead of JSON"),
            (answer("200 OK", b'{"results": ['), "200 with broken JSON"),
            (answer("200 OK", b"[" * 100_000), "200 with broken JSON"),
            (answer("200 OK", b'{"results": NaN}'), "200 with broken JSON"),
            (answer("200 OK", b"[]"), "200 with JSON that is no object"),
            (answer("200 OK", b'{"ok": true}'), "without a list of results"),
        ],
    )
    def test_a_200_is_a_success_only_after_its_body_is_read(self, reply: bytes, how: str) -> None:
        url, outcome = delivered_to(reply)
        assert outcome == RetryLater(f"{url} answered {how}.", unknown=True, code="upstream.answer", hint=ASK)

    @pytest.mark.parametrize(
        "status", ["200 OK", "202 Accepted", "204 No Content", "500 Oops", "502 Bad Gateway"]
    )
    def test_a_status_alone_is_never_a_success(self, status: str) -> None:
        _, outcome = delivered_to(answer(status, b"", "text/plain"))
        assert isinstance(outcome, RetryLater)
        assert outcome.unknown is True

    def test_an_effect_without_a_result_is_unknown_and_the_others_stand(self) -> None:
        effects = [stock(), stock(), stock()]
        said = [result(effects[2], "refused", code="x", sentence="No."), result(effects[0], "accepted")]
        with Scripted(
            json_answer("200 OK", {"results": [*said, {"id": "stranger", "status": "accepted"}]})
        ) as server:
            outcomes = connector(server.url).deliver_batch(effects)
            assert outcomes == {
                effects[0].key: Delivered(None, duplicate=False),
                effects[1].key: RetryLater(
                    f"{server.url} answered with no result for {effects[1].key}.",
                    unknown=True,
                    code="upstream.answer",
                    hint=ASK,
                ),
                effects[2].key: Refused("x", "No.", FIX),
            }

    def test_an_effect_answered_twice_and_differently_is_unknown(self) -> None:
        effect = stock()
        both = [result(effect, "accepted"), result(effect, "refused", code="x", sentence="No.")]
        with Scripted(json_answer("200 OK", {"results": both})) as server:
            outcome = connector(server.url).deliver_batch([effect])[effect.key]
            assert outcome == RetryLater(
                f"{server.url} answered twice and differently for {effect.key}.",
                unknown=True,
                code="upstream.answer",
                hint=ASK,
            )

    def test_a_status_that_is_not_of_the_contract_is_unknown(self) -> None:
        effect = stock()
        with Scripted(json_answer("200 OK", {"results": [result(effect, "pending")]})) as server:
            outcome = connector(server.url).deliver_batch([effect])[effect.key]
            assert outcome == RetryLater(
                f'{server.url} answered with the status "pending".',
                unknown=True,
                code="upstream.answer",
                hint=ASK,
            )

    def test_an_upstreams_words_reach_no_terminal_as_commands(self) -> None:
        effect = stock()
        said = result(effect, "refused", code="x\x1b[2J", sentence="\x1b]0;owned\x07 \u202eNo.\n" + "x" * 999)
        with Scripted(json_answer("200 OK", {"results": [said]})) as server:
            outcome = connector(server.url).deliver_batch([effect])[effect.key]
        assert isinstance(outcome, Refused)
        assert outcome.code == "x [2J"
        assert outcome.sentence == " ]0;owned   No. " + "x" * 284

    def test_an_answer_over_the_limit_is_not_read_to_its_end(self) -> None:
        url, outcome = delivered_to(answer("200 OK", b" " * 200_000), max_answer_bytes=100_000)
        assert outcome == RetryLater(
            f"{url} answered with more than 100000 bytes, so its answer was not read.",
            unknown=True,
            code="upstream.answer_size",
            hint=ASK,
        )

    def test_a_trickling_answer_ends_with_the_whole_time_not_with_each_byte(self) -> None:
        effect = stock()
        reply = json_answer("200 OK", {"results": [result(effect, "accepted")]})
        with Scripted(reply, trickle_s=0.05) as server:
            outcome = connector(server.url, total_s=0.5).deliver_batch([effect])[effect.key]
            assert outcome == RetryLater(
                f"{server.url} gave no whole answer within 0.5 s.",
                unknown=True,
                code="upstream.timeout",
                hint=ASK,
            )

    @pytest.mark.parametrize("cut", [0, 5, 40, -3])
    def test_an_answer_cut_anywhere_is_unknown(self, cut: int) -> None:
        effect = stock()
        whole = json_answer("200 OK", {"results": [result(effect, "accepted")]}, "Connection: close")
        with Scripted(whole[:cut], once=True) as server:
            outcome = connector(server.url).deliver_batch([effect])[effect.key]
            assert outcome == RetryLater(
                f"The connection to {server.url} was lost before its answer was whole.",
                unknown=True,
                code="upstream.lost",
                hint=ASK,
            )


class TestWholeBatchRefusals:
    @pytest.mark.parametrize("status", [400, 413, 422])
    def test_a_refused_batch_is_halved_until_the_one_at_fault_is_alone(self, status: int) -> None:
        effects = [stock() for _ in range(8)]
        bad = effects[5].key
        problem = {"code": "event.odd", "sentence": "That event is odd.", "hint": "Even it."}
        with _Picky(bad, status, problem) as server:
            outcomes = connector(server.url).deliver_batch(effects)
            assert [len(body) for body in server.bodies()] == [8, 4, 4, 2, 1, 1, 2]
        assert outcomes.pop(bad) == Refused("event.odd", "That event is odd.", "Even it.")
        assert all(outcome == Delivered(None, duplicate=False) for outcome in outcomes.values())
        assert len(outcomes) == 7

    @pytest.mark.parametrize(
        ("status", "code", "how"),
        [
            ("400 Bad Request", "upstream.400", "answered 400 to this effect alone."),
            ("413 Too Large", "upstream.too_large", "says that the effect is too large."),
        ],
    )
    def test_a_refusal_without_words_gets_a_sentence(self, status: str, code: str, how: str) -> None:
        url, outcome = delivered_to(answer(status, b"<h1>no</h1>", "text/html"))
        assert outcome == Refused(code, f"{url} {how}", FIX)

    @pytest.mark.parametrize("status", [404, 405, 410, 415])
    def test_a_wrong_address_parks_nothing(self, status: int) -> None:
        url, outcome = delivered_to(answer(f"{status} No", b"<h1>no</h1>", "text/html"))
        assert outcome == RetryLater(
            f"{url} answered {status}.",
            code="upstream.contract",
            hint="Check the upstream's url and that it speaks docs/openapi.yaml; "
            "what is queued stays queued.",
        )


class TestLookUps:
    def test_a_404_that_is_not_the_contracts_own_is_not_taken_for_absence(self) -> None:
        effect = stock()
        page = answer("404 Not Found", b"<h1>no</h1>", "text/html")
        other = json_answer("404 Not Found", {"detail": "Not Found"})
        with Scripted(page, other) as server:
            http = connector(server.url)
            first, second = http.look_up(effect, MemoryReferences()), http.look_up(effect, MemoryReferences())
            assert isinstance(first, RetryLater)
            assert first.sentence == f"{server.url} answered 404 with text/html instead of JSON."
            assert isinstance(second, RetryLater)
            assert second.sentence == f"{server.url} answered 404."

    def test_an_answer_about_another_event_is_not_believed(self) -> None:
        effect = stock()
        with Scripted(json_answer("200 OK", {"id": "other", "status": "accepted"})) as server:
            found = connector(server.url).look_up(effect, MemoryReferences())
            assert found == RetryLater(
                f"{server.url} answered to the look-up of {effect.key} with another event.",
                unknown=True,
                code="upstream.answer",
                hint=ASK,
            )


class TestFeeds:
    @pytest.mark.parametrize(
        ("page", "how"),
        [
            (b'{"items": [], "more": false}', "is not a page of items, cursor and more."),
            (b'{"items": [1], "cursor": "2", "more": false}', "is not a page of items, cursor and more."),
            (
                b'{"items": [], "cursor": "1", "more": true}',
                "says that there is more after the cursor, but does not move it.",
            ),
        ],
    )
    def test_a_page_that_cannot_be_used_is_an_error(self, page: bytes, how: str) -> None:
        with Scripted(answer("200 OK", page)) as server, pytest.raises(ConnectorError) as caught:
            connector(server.url).pull("orders", "1", 10)
        assert caught.value.sentence == f"The feed orders of {server.url} {how}"

    def test_money_as_a_float_is_refused_and_named(self) -> None:
        page = (
            b'{"items": [{"merchant": "m", "payments": [{"captured": 12.50}]}], "cursor": "1", "more": false}'
        )
        with Scripted(answer("200 OK", page)) as server, pytest.raises(ConnectorError) as caught:
            connector(server.url).pull("orders", None, 10)
        assert caught.value.sentence == (
            f"{server.url} answered 200 with the money field captured as the number 12.50; "
            "a text is expected."
        )

    def test_cursor_and_limit_are_sent_as_they_are(self) -> None:
        with Scripted(answer("200 OK", b'{"items": [], "cursor": "b&c", "more": false}')) as server:
            http = connector(server.url + "/erp/")
            assert http.pull("orders", None, 5).cursor == "b&c"
            http.pull("orders", "b&c", 5)
            lines = [request.split(b"\r\n")[0] for request in server.requests]
        assert lines == [
            b"GET /erp/v1/feeds/orders?limit=5 HTTP/1.1",
            b"GET /erp/v1/feeds/orders?limit=5&cursor=b%26c HTTP/1.1",
        ]


class TestTls:
    @pytest.fixture
    def certificate(self, tmp_path: Path) -> Path:
        made = tmp_path / "both.pem"
        command = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost"
        command += " -addext subjectAltName=DNS:localhost"
        try:
            subprocess.run(
                ["openssl", *command.split(), "-keyout", str(made), "-out", str(tmp_path / "cert.pem")],
                check=True,
                capture_output=True,
            )
        except FileNotFoundError:
            pytest.skip("openssl is not installed, so no certificate can be made")
        made.write_bytes(made.read_bytes() + (tmp_path / "cert.pem").read_bytes())
        return made

    @pytest.fixture
    def server(self, certificate: Path) -> Iterator[Scripted]:
        with Scripted(json_answer("200 OK", {"results": []}), certificate=certificate) as running:
            yield running

    def test_a_certificate_nobody_vouches_for_is_refused_and_nothing_is_sent(self, server: Scripted) -> None:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        effect = stock()
        outcome = connector(url).deliver_batch([effect])[effect.key]
        assert outcome == RetryLater(
            f"The certificate or TLS of {url} was not accepted: self-signed certificate.",
            code="upstream.tls",
            hint="Certificates are always checked; correct the clock, the certificate or the ca_file.",
        )
        assert server.requests == []

    def test_a_certificate_for_another_name_is_refused(self, server: Scripted, certificate: Path) -> None:
        url = server.url.replace("http://", "https://")
        effect = stock()
        outcome = connector(url, ca_file=certificate).deliver_batch([effect])[effect.key]
        assert isinstance(outcome, RetryLater)
        assert outcome.sentence == (
            f"The certificate or TLS of {url} was not accepted: "
            "IP address mismatch, certificate is not valid for '127.0.0.1'."
        )
        assert server.requests == []

    def test_a_private_authority_may_be_named(self, server: Scripted, certificate: Path) -> None:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        effect = stock()
        outcome = connector(url, ca_file=certificate).deliver_batch([effect])[effect.key]
        assert isinstance(outcome, RetryLater)
        assert outcome.sentence == f"{url} answered with no result for {effect.key}."


class _Picky(Scripted):
    """Refuses every batch that holds one event, and accepts the others."""

    def __init__(self, bad: str, status: int, problem: dict[str, str]) -> None:
        super().__init__(b"?")
        self._bad = bad
        self._refusal = json_answer(f"{status} No", problem)

    def reply(self, request: bytes) -> bytes:
        if self._bad.encode() in request:
            return self._refusal
        names = [event["id"] for event in json.loads(request.partition(b"\r\n\r\n")[2])]
        return json_answer("200 OK", {"results": [{"id": name, "status": "accepted"} for name in names]})


def test_no_secret_is_shown_by_settings_or_errors() -> None:
    settings = Settings("https://wms.example", TEST_SECRET, token="open-sesame")
    assert not re.search("whsec|open-sesame", repr(settings))
    with pytest.raises(ConnectorError) as caught:
        HttpConnector(Settings("https://wms.example", "whsec_", secret_env="ERP_SECRET"))
    assert str(caught.value) == (
        "The environment variable ERP_SECRET holds no Standard Webhooks secret. "
        "It is whsec_ followed by base64, the same as at the upstream."
    )


def test_a_time_without_a_zone_does_not_leave() -> None:
    effect = Outgoing("k", "returns.short", "wms", "r", 1, datetime(2026, 1, 1), "S", {})  # noqa: DTZ001
    outcome = connector("https://wms.example").deliver_batch([effect])["k"]
    hint = "This is a fault of the station: report it with the effect's key. The effect is kept."
    assert outcome == Refused("effect.time", "The time of the effect k has no zone.", hint)

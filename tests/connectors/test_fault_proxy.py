"""The proxy between a connector and a real upstream: exact when it is asked for nothing, and the faults it makes."""

import http.client
import json
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from returns_station.connectors.api import Delivered, NotFound, RetryLater
from returns_station.testing.proxy import Call, FaultProxy
from returns_station.testing.references import MemoryReferences
from returns_station.testing.upstream.process import Upstream
from tests.connectors.upstream_kit import connector, receipt

NO_REFS = MemoryReferences()


@pytest.fixture
def proxy(upstream: Upstream) -> Iterator[FaultProxy]:
    with FaultProxy(upstream.url) as between:
        yield between


def _seen(proxy: FaultProxy) -> list[tuple[str, str, int | None]]:
    return [(call.method, call.path.split("/")[2], call.status) for call in proxy.calls]


def _client(proxy: FaultProxy) -> http.client.HTTPConnection:
    host, port = proxy.url.removeprefix("http://").split(":")
    return http.client.HTTPConnection(host, int(port), timeout=10)


def test_without_faults_an_effect_passes_and_every_call_is_kept(proxy: FaultProxy) -> None:
    effect, http = receipt(), connector(proxy.url)
    assert isinstance(http.deliver(effect, NO_REFS), Delivered)
    found = http.look_up(effect, NO_REFS)
    assert isinstance(found, Delivered)
    assert found.duplicate
    assert _seen(proxy) == [("POST", "events", 200), ("GET", "events", 200)]
    assert proxy.calls[0].size > 300
    http.close()


def test_an_answer_passes_byte_for_byte_and_the_connection_is_kept(
    proxy: FaultProxy, upstream: Upstream
) -> None:
    straight = http.client.HTTPConnection(*proxy.upstream)
    straight.request("GET", "/v1/feeds/orders?limit=3")
    through = _client(proxy)
    for _ in range(3):
        through.request("GET", "/v1/feeds/orders?limit=3")
        first = through.sock
        answer = through.getresponse()
        assert answer.read() == straight.getresponse().read()
        assert through.sock is first is not None
        straight.request("GET", "/v1/feeds/orders?limit=3")
    straight.close()
    through.close()


def test_a_body_in_chunks_reaches_the_upstream_whole(proxy: FaultProxy) -> None:
    through = _client(proxy)
    through.request("POST", "/v1/events", iter([b"[", b'{"a":', b"1}]"]), encode_chunked=True)
    answer = through.getresponse()
    assert json.load(answer)["code"] == "signature.invalid"
    assert proxy.calls == (Call(1, "POST", "/v1/events", 9, sha256(b'[{"a":1}]').hexdigest()[:16], 401),)
    through.close()


def test_a_head_and_an_upstream_that_is_gone_break_nothing(proxy: FaultProxy) -> None:
    through = _client(proxy)
    through.request("HEAD", "/v1/health")
    assert through.getresponse().read() == b""
    through.request("GET", "/v1/health")
    assert json.load(through.getresponse())["status"] == "ok"
    through.close()


def test_a_lost_answer_is_unknown_here_and_done_there(proxy: FaultProxy, upstream: Upstream) -> None:
    effects, http = [receipt(), receipt()], connector(proxy.url)
    proxy.drop_every(2)
    assert isinstance(http.deliver(effects[0], NO_REFS), Delivered)
    lost = http.deliver(effects[1], NO_REFS)
    assert isinstance(lost, RetryLater)
    assert (lost.code, lost.unknown) == ("upstream.lost", True)
    assert len(upstream.receipts(return_id=effects[1].return_id)) == 1
    assert _seen(proxy)[1] == ("POST", "events", 200)
    http.close()


def test_a_read_whose_answer_was_lost_is_asked_once_more_and_a_write_never(proxy: FaultProxy) -> None:
    effect, http = receipt(), connector(proxy.url)
    proxy.drop_every(2)
    assert isinstance(http.look_up(effect, NO_REFS), NotFound)
    assert isinstance(http.look_up(effect, NO_REFS), NotFound)
    assert isinstance(http.deliver(effect, NO_REFS), RetryLater)
    assert [method for method, _, _ in _seen(proxy)] == ["GET", "GET", "GET", "POST"]
    proxy.drop_every(1)
    assert isinstance(http.look_up(effect, NO_REFS), RetryLater)
    assert len(proxy.calls) == 6
    http.close()


@pytest.mark.parametrize("answered", [True, False])
def test_after_a_cut_nothing_reaches_the_upstream(
    proxy: FaultProxy, upstream: Upstream, answered: bool
) -> None:
    first, second, http = receipt(), receipt(), connector(proxy.url)
    proxy.cut_after(1, answered=answered)
    assert isinstance(http.deliver(first, NO_REFS), Delivered) is answered
    assert isinstance(http.deliver(second, NO_REFS), RetryLater)
    assert len(upstream.receipts(return_id=first.return_id)) == 1
    assert upstream.receipts(return_id=second.return_id) == []
    assert proxy.is_cut
    proxy.reset()
    assert isinstance(http.deliver(second, NO_REFS), Delivered)
    http.close()


def test_a_hook_runs_between_the_upstreams_answer_and_ours(proxy: FaultProxy, upstream: Upstream) -> None:
    effect, http = receipt(), connector(proxy.url)
    seen: list[Any] = []
    proxy.on_call(1, lambda call: seen.extend((call.number, upstream.receipts(return_id=effect.return_id))))
    assert isinstance(http.deliver(effect, NO_REFS), Delivered)
    assert seen[0] == 1
    assert len(seen[1]) == 1
    http.close()


def test_an_answer_in_the_upstreams_place_holds_for_so_many_calls_that_are_meant(
    proxy: FaultProxy, upstream: Upstream
) -> None:
    effect, http = receipt(), connector(proxy.url)
    proxy.answer(429, b"", headers={"Retry-After": "7"}, count=1, when=lambda call: call.method == "POST")
    assert isinstance(http.look_up(effect, NO_REFS), NotFound)
    waits = http.deliver(effect, NO_REFS)
    assert isinstance(waits, RetryLater)
    assert waits.after_s == 7
    assert upstream.receipts(return_id=effect.return_id) == []
    assert isinstance(http.deliver(effect, NO_REFS), Delivered)
    assert [status for _, _, status in _seen(proxy)] == [404, None, 200]
    http.close()


def test_a_gateway_that_ran_out_of_patience_hides_what_was_done(
    proxy: FaultProxy, upstream: Upstream
) -> None:
    effect, http = receipt(), connector(proxy.url)
    proxy.answer(504, b"<html>", "text/html", count=1, forward=True)
    told = http.deliver(effect, NO_REFS)
    assert isinstance(told, RetryLater)
    assert told.unknown
    assert len(upstream.receipts(return_id=effect.return_id)) == 1
    http.close()


def test_a_slow_answer_is_over_the_connectors_patience_and_a_reset_ends_it(proxy: FaultProxy) -> None:
    effect, http = receipt(), connector(proxy.url, total_s=0.3)
    proxy.slow(30)
    late = http.deliver(effect, NO_REFS)
    assert isinstance(late, RetryLater)
    assert late.code == "upstream.timeout"
    proxy.reset()
    assert proxy.calls == ()
    again = http.deliver(effect, NO_REFS)
    assert isinstance(again, Delivered)
    assert again.duplicate
    http.close()


def test_leaving_it_closes_every_connection(upstream: Upstream) -> None:
    with FaultProxy(upstream.url) as between:
        through = _client(between)
        through.request("GET", "/v1/health")
        through.getresponse().read()
    assert through.sock is not None
    assert through.sock.recv(1) == b""
    through.close()

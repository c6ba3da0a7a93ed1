"""The HTTP connector against the real reference upstream, healthy and with each of its faults."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from returns_station.connectors.api import (
    Capabilities,
    Connector,
    ConnectorError,
    Delivered,
    NotFound,
    Refused,
    RetryLater,
)
from returns_station.connectors.http import HttpConnector
from returns_station.testing.references import MemoryReferences
from returns_station.testing.upstream.process import Upstream, free_port
from tests.connectors.upstream_kit import available, connector, receipt, refund, reversal, short, stock

ASK = "It may have been done there, so it is looked up before it is sent again."
AGAIN = "It is sent again by itself."


@contextmanager
def faulty(
    folder: Path, seed_dir: Path, fault: str, **change: object
) -> Iterator[tuple[Upstream, HttpConnector]]:
    with Upstream(folder, fault=fault, seed_dir=seed_dir) as upstream:
        http = connector(upstream.url, **change)
        yield upstream, http
        http.close()


class TestAHealthyUpstream:
    def test_it_is_a_connector_that_says_what_it_can(self, upstream: Upstream) -> None:
        made: Connector = connector(upstream.url, batch=7, feeds=frozenset({"orders"}))
        assert made.capabilities == Capabilities(
            batch=7, look_up=True, feeds=frozenset({"orders"}), statement=True
        )
        made.close()

    def test_every_type_of_effect_is_delivered_with_a_reference(self, http: HttpConnector) -> None:
        effects = [receipt(), stock(), refund("SPEC", 100), short(), available()]
        effects += [reversal(effect) for effect in effects[:3]]
        outcomes = http.deliver_batch(effects)
        references = [getattr(outcomes[effect.key], "reference", "")[:4] for effect in effects]
        assert references == ["REC-", "MOV-", "REF-", "SHO-", "AVA-", "REC-", "MOV-", "REF-"]

    def test_more_effects_than_fit_a_batch_are_all_answered_and_stay_in_order(
        self, upstream: Upstream
    ) -> None:
        effects = [stock(sku="MANY", sequence=number) for number in range(25)]
        outcomes = connector(upstream.url, batch=10).deliver_batch(effects)
        assert list(outcomes) == [effect.key for effect in effects]
        assert [row["event_id"] for row in upstream.movements(sku="MANY")] == list(outcomes)

    def test_a_thousand_effects_fit_one_request(self, upstream: Upstream) -> None:
        effects = [stock(sku="FULL", quantity=1) for _ in range(1000)]
        outcomes = connector(upstream.url, batch=1000).deliver_batch(effects)
        assert sum(isinstance(outcome, Delivered) for outcome in outcomes.values()) == 1000
        assert upstream.stock(sku="FULL")[0]["quantity"] == 1000

    def test_one_refused_effect_touches_no_other(self, upstream: Upstream, http: HttpConnector) -> None:
        effects = [stock(sku="AROUND"), stock(sku="AROUND", quantity=0), stock(sku="AROUND")]
        outcomes = http.deliver_batch(effects)
        assert [type(outcomes[effect.key]) for effect in effects] == [Delivered, Refused, Delivered]
        assert outcomes[effects[1].key] == Refused(
            "event.field",
            "The field quantity is 0; an integer of 1 or more is expected.",
            "Correct it here or at the upstream, then retry it.",
        )

    def test_an_effect_never_sent_is_not_found(self, http: HttpConnector) -> None:
        assert http.look_up(stock(), MemoryReferences()) == NotFound()

    def test_texts_of_any_script_arrive_as_they_were(self, upstream: Upstream, http: HttpConnector) -> None:
        lot = 'L-ö蠟燭🕯\x1d\x1b[2J"\\<b>'
        http.deliver_batch([stock(sku="SCRIPT", lot=lot)])
        assert upstream.movements(sku="SCRIPT")[0]["lot"] == lot

    def test_nothing_to_deliver_is_no_request(self, http: HttpConnector) -> None:
        assert http.deliver_batch([]) == {}

    def test_a_bearer_token_guards_reads(self, tmp_path: Path, seed_dir: Path) -> None:
        effect = stock()
        with Upstream(tmp_path, seed_dir=seed_dir, token="open-sesame") as upstream:
            inside = connector(upstream.url, token="open-sesame")
            assert isinstance(inside.deliver_batch([effect])[effect.key], Delivered)
            assert isinstance(inside.look_up(effect, MemoryReferences()), Delivered)
            assert len(inside.pull("products", None, 10).items) == 7
            assert upstream.stock(sku="85123A")[0]["quantity"] == 6
            assert connector(upstream.url).look_up(effect, MemoryReferences()) == RetryLater(
                f"{upstream.url} answered 401: it does not accept our credentials "
                'and says "The bearer token was not accepted.".',
                code="upstream.credentials",
                hint="They come from the environment variables RETURNS_STATION_UPSTREAM_SECRET (signature) "
                "and RETURNS_STATION_UPSTREAM_TOKEN (reads); check them, and the clock.",
            )

    def test_a_wrong_secret_waits_for_configuration_and_parks_nothing(self, upstream: Upstream) -> None:
        effects = [stock(sku="UNSIGNED"), stock(sku="UNSIGNED")]
        http = connector(upstream.url, secret="whsec_d3Jvbmc=", secret_env="ERP_SECRET")
        expected = RetryLater(
            f"{upstream.url} answered 401: it does not accept our credentials "
            'and says "The signature was not accepted: No matching signature found.".',
            code="upstream.credentials",
            hint="They come from the environment variables ERP_SECRET (signature) "
            "and RETURNS_STATION_UPSTREAM_TOKEN (reads); check them, and the clock.",
        )
        assert http.deliver_batch(effects) == {effect.key: expected for effect in effects}
        assert upstream.movements(sku="UNSIGNED") == []

    def test_a_feed_that_is_not_offered_is_an_error_not_a_request(self, http: HttpConnector) -> None:
        with pytest.raises(ConnectorError) as caught:
            http.pull("badges", None, 10)
        assert caught.value.sentence.endswith("has no feed badges.")
        assert caught.value.retry is False


class TestAnswersLostAfterTheCommit:
    def test_a_dropped_answer_is_unknown_and_the_look_up_finds_the_effect(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effect = refund("LOST", 800)
        with faulty(tmp_path, seed_dir, "drop-every=1") as (upstream, http):
            assert http.deliver_batch([effect])[effect.key] == RetryLater(
                f"The connection to {upstream.url} was lost before its answer was whole.",
                unknown=True,
                code="upstream.lost",
                hint=ASK,
            )
            found = http.look_up(effect, MemoryReferences())
            assert isinstance(found, Delivered)
            assert found.duplicate is True
            assert [row["amount_minor"] for row in upstream.refunds(order_number="LOST")] == [800]

    def test_every_second_answer_dropped_and_blind_retries_still_make_one_effect_each(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effects = [stock(sku=f"S-{number}") for number in range(6)]
        waiting = {effect.key: effect for effect in effects}
        with faulty(tmp_path, seed_dir, "drop-every=2") as (upstream, http):
            for _ in range(4):
                for name in [*waiting]:
                    if isinstance(http.deliver_batch([waiting[name]])[name], Delivered):
                        del waiting[name]
            assert waiting == {}
            assert sorted(str(row["sku"]) for row in upstream.movements()) == [f"S-{n}" for n in range(6)]

    def test_an_answer_after_our_time_out_is_unknown_and_the_effect_was_done(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effect = stock(sku="SLOW")
        with faulty(tmp_path, seed_dir, "delay=3", total_s=0.4) as (upstream, http):
            assert http.deliver_batch([effect])[effect.key] == RetryLater(
                f"{upstream.url} gave no whole answer within 0.4 s.",
                unknown=True,
                code="upstream.timeout",
                hint=ASK,
            )
            assert isinstance(connector(upstream.url).look_up(effect, MemoryReferences()), Delivered)
            assert len(upstream.movements(sku="SLOW")) == 1

    def test_after_a_failed_batch_the_rest_is_not_sent_and_known_not_to_be_done(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effects = [stock() for _ in range(6)]
        with faulty(tmp_path, seed_dir, "drop-every=2", batch=2) as (upstream, http):
            outcomes = http.deliver_batch(effects)
            shown = [getattr(outcomes[effect.key], "unknown", "done") for effect in effects]
            assert shown == ["done", "done", True, True, False, False]
            assert len(upstream.movements()) == 4
            assert [type(http.look_up(effect, MemoryReferences())) for effect in effects[4:]] == [
                NotFound,
                NotFound,
            ]

    def test_an_upstream_killed_in_the_middle_of_deliveries_loses_and_doubles_nothing(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effects = [stock() for _ in range(400)]
        with faulty(tmp_path, seed_dir, "", batch=10) as (upstream, http):
            first = http.deliver_batch(effects[:10])
            killer = threading.Timer(0.02, upstream.kill)
            killer.start()
            first |= http.deliver_batch(effects[10:])
            killer.join()
            upstream.start()
            done = {name for name, outcome in first.items() if isinstance(outcome, Delivered)}
            kept = {str(row["event_id"]) for row in upstream.movements()}
            unknown = {name for name, outcome in first.items() if getattr(outcome, "unknown", False)}
            assert done <= kept <= done | unknown
            again = http.deliver_batch(effects)
            assert all(isinstance(outcome, Delivered) for outcome in again.values())
            assert sorted(str(row["event_id"]) for row in upstream.movements()) == sorted(first)


class TestAnswersThatAreNoSuccess:
    def test_a_429_says_when_and_is_known_not_to_be_done(self, tmp_path: Path, seed_dir: Path) -> None:
        effect = stock()
        with faulty(tmp_path, seed_dir, "429-every=1") as (upstream, http):
            expected = RetryLater(
                f"{upstream.url} answered 429: it wants fewer requests.",
                after_s=1.0,
                code="upstream.busy",
                hint=AGAIN,
            )
            assert http.deliver_batch([effect]) == {effect.key: expected}
            assert http.look_up(effect, MemoryReferences()) == NotFound()
            with pytest.raises(ConnectorError) as caught:
                http.pull("orders", None, 10)
            assert (caught.value.sentence, caught.value.after_s) == (expected.sentence, 1.0)
            assert caught.value.retry is True

    def test_a_503_may_have_been_done(self, tmp_path: Path, seed_dir: Path) -> None:
        effect = stock()
        with faulty(tmp_path, seed_dir, "503-every=2") as (upstream, http):
            assert isinstance(http.deliver_batch([stock()]), dict)
            assert http.deliver_batch([effect])[effect.key] == RetryLater(
                f'{upstream.url} answered 503 and says "The service is not available.".',
                after_s=1.0,
                unknown=True,
                code="upstream.failed",
                hint=ASK,
            )
            assert http.look_up(effect, MemoryReferences()) == NotFound()

    def test_a_login_page_with_200_is_no_success(self, tmp_path: Path, seed_dir: Path) -> None:
        effect = stock()
        with faulty(tmp_path, seed_dir, "html-every=1") as (upstream, http):
            expected = f"{upstream.url} answered 200 with text/html instead of JSON."
            assert http.deliver_batch([effect])[effect.key] == RetryLater(
                expected, unknown=True, code="upstream.answer", hint=ASK
            )
            assert http.look_up(effect, MemoryReferences()) == NotFound()
            assert upstream.movements() == []
            with pytest.raises(ConnectorError) as caught:
                http.pull("orders", None, 10)
            assert caught.value.sentence == expected

    def test_of_a_partial_batch_exactly_the_items_put_off_are_to_be_sent_again(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        effects = [stock() for _ in range(10)]
        with faulty(tmp_path, seed_dir, "partial-every=3") as (upstream, http):
            outcomes = http.deliver_batch(effects)
            off = [effect for effect in effects if not isinstance(outcomes[effect.key], Delivered)]
            assert off == [effects[2], effects[5], effects[8]]
            assert outcomes[off[0].key] == RetryLater(
                "The event is put off; nothing was done.", code="event.busy", hint=AGAIN
            )
            assert {str(row["event_id"]) for row in upstream.movements()} == {
                effect.key for effect in effects if effect not in off
            }
            http.deliver_batch(off[:2])
            assert len(upstream.movements()) == 9

    def test_an_unknown_return_number_is_refused_and_others_flow(
        self, tmp_path: Path, seed_dir: Path
    ) -> None:
        lost, fine = receipt(return_number="RMA-13"), receipt(return_number="RMA-14")
        with faulty(tmp_path, seed_dir, "unknown-rma=RMA-13") as (_, http):
            outcomes = http.deliver_batch([lost, fine])
            assert outcomes[lost.key] == Refused(
                "authorization.unknown",
                'The return "RMA-13" is not known here.',
                "Correct it here or at the upstream, then retry it.",
            )
            assert isinstance(outcomes[fine.key], Delivered)

    def test_faults_joined_by_commas_all_happen(self, tmp_path: Path, seed_dir: Path) -> None:
        with faulty(tmp_path, seed_dir, "429-every=2,drop-every=3") as (_, http):
            outcomes = [next(iter(http.deliver_batch([stock()]).values())) for _ in range(6)]
            codes = [getattr(outcome, "code", "done").removeprefix("upstream.") for outcome in outcomes]
            assert codes == ["done", "busy", "lost", "busy", "done", "busy"]

    def test_a_restart_ends_the_faults_and_keeps_the_address(self, tmp_path: Path, seed_dir: Path) -> None:
        effect = stock()
        with faulty(tmp_path, seed_dir, "503-every=1") as (upstream, http):
            before = upstream.url
            assert isinstance(http.deliver_batch([effect])[effect.key], RetryLater)
            upstream.restart(fault="")
            assert upstream.url == before
            assert isinstance(http.deliver_batch([effect])[effect.key], Delivered)


def test_an_upstream_that_is_down_is_known_not_to_have_done_anything() -> None:
    effect = stock()
    url = f"http://127.0.0.1:{free_port()}"
    expected = RetryLater(
        f"{url} could not be reached: Connection refused.",
        code="upstream.unreachable",
        hint="Check the network and the upstream's url; what is queued stays queued.",
    )
    assert connector(url).deliver_batch([effect]) == {effect.key: expected}
    assert connector(url).look_up(effect, MemoryReferences()) == expected

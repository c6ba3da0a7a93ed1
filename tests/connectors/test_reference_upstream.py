"""What the reference upstream does with effects: once each, stock by movement, money under its ceiling."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from returns_station.connectors.api import Delivered, NotFound, Outgoing, Refused, RetryLater
from returns_station.connectors.http import HttpConnector
from returns_station.errors import StationError
from returns_station.testing.references import MemoryReferences
from returns_station.testing.upstream.faults import Faults, parse_faults
from returns_station.testing.upstream.ledger import Ledger
from returns_station.testing.upstream.money import to_minor, to_text
from returns_station.testing.upstream.process import Upstream
from returns_station.testing.upstream.seed import seed
from tests.connectors.upstream_kit import (
    available,
    connector,
    key,
    order,
    receipt,
    refund,
    reversal,
    short,
    stock,
    write_seed,
)

_FIX = "Correct it here or at the upstream, then retry it."


def refused(code: str, sentence: str) -> Refused:
    return Refused(code, sentence, _FIX)


def one(http: HttpConnector, effect: Outgoing) -> object:
    return http.deliver_batch([effect])[effect.key]


class TestEachEffectHappensOnce:
    def test_the_same_effect_three_times_is_one_movement(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        effect = stock(sku="THRICE")
        first = one(http, effect)
        assert isinstance(first, Delivered)
        assert first.duplicate is False
        again = Delivered(first.reference, duplicate=True)
        assert [one(http, effect), one(http, effect)] == [again, again]
        assert [row["quantity"] for row in upstream.movements(sku="THRICE")] == [6]

    def test_the_same_effect_from_eight_threads_at_once_is_one_movement(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        effect = stock(sku="RACED")
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: one(http, effect), range(8)))
        assert (
            sorted(outcome.duplicate for outcome in outcomes if isinstance(outcome, Delivered))
            == [False] + [True] * 7
        )
        assert len(upstream.movements(sku="RACED")) == 1
        assert upstream.stock(sku="RACED") == [
            {
                "merchant": "candles",
                "location": "A-01-1",
                "sku": "RACED",
                "disposition": "return_to_stock",
                "quantity": 6,
            }
        ]

    def test_an_effect_twice_in_one_batch_is_done_once(self, upstream: Upstream, http: HttpConnector) -> None:
        effect = stock(sku="TWICE")
        outcome = http.deliver_batch([effect, effect])[effect.key]
        assert isinstance(outcome, Delivered)
        assert len(upstream.movements(sku="TWICE")) == 1

    def test_a_key_used_again_for_something_else_is_refused_and_changes_nothing(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        effect = stock(sku="REUSED")
        first = one(http, effect)
        assert isinstance(first, Delivered)
        other = replace(effect, data={**effect.data, "quantity": 7})
        assert one(http, other) == refused(
            "event.differs",
            f"The event {effect.key} was accepted before with other content, as {first.reference}; "
            "nothing was done now.",
        )
        assert one(http, effect) == Delivered(first.reference, duplicate=True)
        assert http.look_up(effect, MemoryReferences()) == Delivered(first.reference, duplicate=True)

    def test_what_was_answered_survives_a_kill(self, tmp_path: Path) -> None:
        effects = [stock(sku=f"KEPT-{number}") for number in range(20)]
        with Upstream(tmp_path) as upstream:
            http = connector(upstream.url)
            answered = http.deliver_batch(effects)
            upstream.kill()
            upstream.start()
            assert {effect.key: http.look_up(effect, MemoryReferences()) for effect in effects} == {
                name: replace(outcome, duplicate=True)
                for name, outcome in answered.items()  # type: ignore[type-var]
            }
            assert len(upstream.movements()) == 20

    def test_a_stop_closes_its_database_whole(self, tmp_path: Path) -> None:
        with Upstream(tmp_path) as upstream:
            connector(upstream.url).deliver_batch([stock()])
            upstream.stop()
            with pytest.raises(StationError) as caught:
                _ = upstream.pid
        assert caught.value.sentence == "The reference upstream is not running."
        assert not upstream.db_path.with_name("upstream.db-wal").exists()


class TestOrderAndReversals:
    def test_arrival_order_is_kept_over_all_types(self, upstream: Upstream, http: HttpConnector) -> None:
        name = key()
        effects = [receipt(name, 1), stock(name, 2), stock(name, 3), short(name, 4)]
        http.deliver_batch(effects)
        rows = upstream.events(return_id=name)
        assert [(row["sequence"], row["id"]) for row in rows] == [(e.sequence, e.key) for e in effects]
        assert [row["arrival"] for row in rows] == sorted({int(str(row["arrival"])) for row in rows})

    def test_a_late_effect_is_taken_and_its_lateness_seen(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        name = key()
        for effect in (stock(name, 2), receipt(name, 1)):
            assert isinstance(one(http, effect), Delivered)
        assert [row["sequence"] for row in upstream.events(return_id=name)] == [2, 1]

    def test_a_reversal_takes_back_stock_receipt_and_money(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        name = key()
        done = [receipt(name, 1), stock(name, 2, sku="UNDONE"), refund("BACK", 800, name, 3)]
        undone = [reversal(effect) for effect in done]
        outcomes = http.deliver_batch([*done, *undone])
        assert all(isinstance(outcome, Delivered) for outcome in outcomes.values())
        assert upstream.stock(sku="UNDONE") == []
        assert [row["count"] for row in upstream.receipts(return_id=name)] == [1, -1]
        assert [row["amount_minor"] for row in upstream.refunds(return_id=name)] == [800, -800]
        assert isinstance(one(http, refund("BACK", 800)), Delivered)

    def test_a_unit_is_available_where_its_container_was_put_until_that_is_taken_back(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        put = available(container="TOTE-BACK")
        assert isinstance(one(http, put), Delivered)
        assert isinstance(one(http, put), Delivered)
        assert one(http, reversal(put, location="AISLE-8")) == refused(
            "reversal.differs", f'The location "AISLE-8" is not the "AISLE-7" of the event {put.key}.'
        )
        assert isinstance(one(http, reversal(put)), Delivered)
        rows = upstream.available(container="TOTE-BACK")
        assert [(row["location"], row["quantity"]) for row in rows] == [("AISLE-7", 6), ("AISLE-7", -6)]

    def test_a_reversal_before_its_effect_is_put_off_not_refused(self, http: HttpConnector) -> None:
        effect = stock()
        back = reversal(effect)
        assert one(http, back) == RetryLater(
            f"The event {effect.key} that is to be reversed has not arrived.",
            code="reversal.early",
            hint="It is sent again by itself.",
        )
        assert http.look_up(back, MemoryReferences()) == NotFound()
        assert isinstance(one(http, effect), Delivered)
        assert isinstance(one(http, back), Delivered)

    def test_an_effect_is_reversed_once_and_only_as_it_was(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        effect = stock(sku="ONCE-BACK")
        one(http, effect)
        assert one(http, reversal(effect, quantity=7)) == refused(
            "reversal.differs", f"The quantity 7 is not the 6 of the event {effect.key}."
        )
        back = reversal(effect)
        assert isinstance(one(http, back), Delivered)
        assert one(http, reversal(effect)) == refused(
            "reversal.twice", f"The event {effect.key} was reversed already, by {back.key}."
        )
        assert [row["quantity"] for row in upstream.movements(sku="ONCE-BACK")] == [6, -6]

    def test_a_reversal_of_another_type_is_refused(self, http: HttpConnector) -> None:
        effect = receipt()
        one(http, effect)
        wrong = replace(
            reversal(stock(effect.return_id)), data={**stock(effect.return_id).data, "reverses": effect.key}
        )
        assert one(http, wrong) == refused(
            "reversal.type", f"A returns.stock.reversed cannot reverse the returns.receipt {effect.key}."
        )


class TestMoneyHasACeiling:
    def test_refunds_stop_at_captured_less_refunded(self, upstream: Upstream, http: HttpConnector) -> None:
        assert isinstance(one(http, refund("CEIL-1", 750)), Delivered)
        assert one(http, refund("CEIL-1", 300)) == refused(
            "refund.ceiling",
            "The order CEIL-1 of candles has 12.50 GBP captured and 10.00 GBP refunded: 2.50 GBP is left, "
            "and a refund of 3.00 GBP is 0.50 GBP too much.",
        )
        assert isinstance(one(http, refund("CEIL-1", 250)), Delivered)
        assert sum(int(str(row["amount_minor"])) for row in upstream.refunds(order_number="CEIL-1")) == 1000

    def test_a_cent_over_is_over_and_payments_add_up(self, http: HttpConnector) -> None:
        assert one(http, refund("CEIL-2", 1501)) == refused(
            "refund.ceiling",
            "The order CEIL-2 of candles has 15.00 GBP captured and 0.00 GBP refunded: 15.00 GBP is left, "
            "and a refund of 15.01 GBP is 0.01 GBP too much.",
        )
        assert isinstance(one(http, refund("CEIL-2", 1500, payment_reference="P2")), Delivered)

    def test_partial_refunds_racing_never_pass_the_ceiling(
        self, upstream: Upstream, http: HttpConnector
    ) -> None:
        racing = [refund("RACE", 300) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda effect: one(http, effect), racing))
        assert sum(isinstance(outcome, Delivered) for outcome in outcomes) == 2
        assert [row["amount_minor"] for row in upstream.refunds(order_number="RACE")] == [300, 300]

    def test_refunds_of_one_batch_share_the_ceiling(self, tmp_path: Path) -> None:
        folder = write_seed(tmp_path / "seed", orders=[order("SHARED", "GBP", ("8.00", "0.00"))])
        effects = [refund("SHARED", 500), refund("SHARED", 500), refund("SHARED", 300)]
        with Upstream(tmp_path, seed_dir=folder) as upstream:
            outcomes = connector(upstream.url).deliver_batch(effects)
        assert [type(outcomes[effect.key]) for effect in effects] == [Delivered, Refused, Delivered]

    def test_yen_have_no_decimals_and_fils_three(self, http: HttpConnector) -> None:
        assert isinstance(one(http, refund("YEN", 1200, currency="JPY")), Delivered)
        assert one(http, refund("YEN", 1, currency="JPY")) == refused(
            "refund.ceiling",
            "The order YEN of candles has 1200 JPY captured and 1200 JPY refunded: 0 JPY is left, "
            "and a refund of 1 JPY is 1 JPY too much.",
        )
        assert isinstance(one(http, refund("FILS", 1005, currency="KWD")), Delivered)

    @pytest.mark.parametrize(
        ("change", "code", "sentence"),
        [
            (
                {"order_number": "NO-SUCH"},
                "order.unknown",
                "The order NO-SUCH of candles is not known here; nothing was refunded.",
            ),
            (
                {"merchant": "soaps"},
                "order.unknown",
                "The order SUM of soaps is not known here; nothing was refunded.",
            ),
            ({"currency": "EUR"}, "refund.currency", "The order SUM was paid in GBP, the refund is in EUR."),
            ({"payment_reference": "P9"}, "refund.payment", "The order SUM of candles has no payment P9."),
            (
                {"fee_minor": 1},
                "refund.sum",
                "The amount is 1.00 GBP, but its lines and shipping less the fee come to 0.99 GBP.",
            ),
            (
                {"order_number": "UNPAID", "payment_reference": None},
                "refund.ceiling",
                (
                    "The order UNPAID of candles has 0.00 GBP captured and 0.00 GBP refunded: "
                    "0.00 GBP is left, and a refund of 1.00 GBP is 1.00 GBP too much."
                ),
            ),
            (
                {"amount_minor": "100"},
                "event.field",
                'The field amount_minor is "100"; an integer of 0 or more, in minor units is expected.',
            ),
            (
                {"amount_minor": -100},
                "event.field",
                "The field amount_minor is -100; an integer of 0 or more, in minor units is expected.",
            ),
            (
                {"outcome": "voucher"},
                "event.field",
                'The field outcome is "voucher"; one of refund, store_credit, exchange is expected.',
            ),
        ],
    )
    def test_a_refund_that_cannot_be_right_is_refused_in_a_sentence(
        self, http: HttpConnector, change: dict[str, object], code: str, sentence: str
    ) -> None:
        effect = refund("SUM", 100, **change)
        assert one(http, effect) == refused(code, sentence)
        assert http.look_up(effect, MemoryReferences()) == refused(code, sentence)

    def test_shipping_and_fee_count_into_the_amount(self, http: HttpConnector) -> None:
        line = {"order_line": "1", "sku": "85123A", "quantity": 1, "amount_minor": 500}
        effect = refund("SUM", 650, lines=[line], shipping_minor=200, fee_minor=50)
        assert isinstance(one(http, effect), Delivered)

    def test_a_refusal_is_judged_anew_when_its_cause_is_gone(self, tmp_path: Path) -> None:
        effect = refund("LATE", 100)
        with Upstream(tmp_path, seed_dir=write_seed(tmp_path / "empty")) as upstream:
            http = connector(upstream.url)
            assert isinstance(one(http, effect), Refused)
            folder = write_seed(tmp_path / "seed", orders=[order("LATE", "GBP", ("1.00", "0.00"))])
            upstream.restart(seed_dir=folder)
            assert isinstance(one(http, effect), Delivered)
            assert isinstance(http.look_up(effect, MemoryReferences()), Delivered)


class TestMoneyText:
    @pytest.mark.parametrize(
        ("text", "currency", "minor"),
        [
            ("12.50", "GBP", 1250),
            ("12.5", "GBP", 1250),
            ("12.500", "GBP", 1250),
            ("0", "GBP", 0),
            ("-3", "GBP", -300),
            ("1200", "JPY", 1200),
            ("1200.0", "JPY", 1200),
            ("1.005", "KWD", 1005),
        ],
    )
    def test_decimal_text_becomes_exact_minor_units(self, text: str, currency: str, minor: int) -> None:
        assert to_minor(text, currency) == minor

    @pytest.mark.parametrize(
        ("value", "currency", "sentence"),
        [
            ("12.505", "GBP", "The amount 12.505 GBP has more than 2 decimals."),
            ("0.5", "JPY", "The amount 0.5 JPY has more than 0 decimals."),
            (12.5, "GBP", "The amount 12.5 is not a decimal text such as '12.50'."),
            ("1e3", "GBP", "The amount '1e3' is not a decimal text such as '12.50'."),
            ("NaN", "GBP", "The amount 'NaN' is not a decimal text such as '12.50'."),
            ("١٢", "GBP", "The amount '١٢' is not a decimal text such as '12.50'."),
        ],
    )
    def test_anything_inexact_is_refused(self, value: object, currency: str, sentence: str) -> None:
        with pytest.raises(StationError) as caught:
            to_minor(value, currency)
        assert caught.value.sentence == sentence

    def test_minor_units_are_shown_with_their_decimals(self) -> None:
        assert [to_text(5, "GBP"), to_text(5, "JPY"), to_text(5, "KWD")] == ["0.05 GBP", "5 JPY", "0.005 KWD"]


class TestSeedAndFeeds:
    def test_a_feed_is_read_page_by_page_to_its_end(self, http: HttpConnector) -> None:
        seen: list[object] = []
        cursor, more, pages = None, True, 0
        while more:
            page = http.pull("products", cursor, 3)
            seen += [item["sku"] for item in page.items]
            cursor, more, pages = page.cursor, page.more, pages + 1
        assert (seen, pages) == ([f"SKU-{number}" for number in range(7)], 3)
        assert http.pull("products", cursor, 3).items == ()

    def test_a_changed_row_comes_again_after_the_old_cursor_and_an_unchanged_one_does_not(
        self, tmp_path: Path
    ) -> None:
        ledger = Ledger(tmp_path / "feeds.db")
        rows = [{"merchant": "candles", "sku": "A"}, {"merchant": "candles", "sku": "B"}]
        assert seed(ledger, write_seed(tmp_path, products=rows))["products"] == 2
        _, cursor, _ = ledger.page("products", 0, 10)
        rows[0]["name"] = "Snuffer"
        assert seed(ledger, write_seed(tmp_path, products=rows))["products"] == 1
        assert ledger.page("products", cursor, 10)[0] == ['{"merchant":"candles","sku":"A","name":"Snuffer"}']
        ledger.close()

    @pytest.mark.parametrize(
        ("line", "sentence"),
        [
            ("{", "The line is not JSON at column 2: Expecting property name enclosed in double quotes."),
            ('{"number": "7"}', "The row has no text as merchant."),
            (
                '{"merchant": "m", "number": 7, "currency": "GBP"}',
                "An order of m has the number 7 and the currency 'GBP'.",
            ),
            (
                '{"merchant": "m", "number": "7", "currency": "GBP", "payments": [{"captured": 12.5}]}',
                "The amount 12.5 is not a decimal text such as '12.50'.",
            ),
        ],
    )
    def test_a_wrong_seed_is_refused_whole(self, tmp_path: Path, line: str, sentence: str) -> None:
        ledger = Ledger(tmp_path / "wrong.db")
        good = '{"merchant": "m", "number": "6", "currency": "GBP", "payments": []}\n'
        (tmp_path / "orders.jsonl").write_text(good + line + "\n", encoding="utf-8")
        with pytest.raises(StationError) as caught:
            seed(ledger, tmp_path)
        assert caught.value.sentence == f"orders.jsonl line 2: {sentence}"
        assert ledger.page("orders", 0, 10)[0] == []
        ledger.close()


class TestFaultText:
    def test_faults_are_joined_by_commas(self) -> None:
        text = "drop-every=2, delay=0.5,429-every=3,503-every=4,html-every=5,partial-every=6"
        text += ",unknown-rma=A,unknown-rma=B"
        assert parse_faults(text) == Faults(2, 0.5, 3, 4, 5, 6, frozenset({"A", "B"}))

    @pytest.mark.parametrize("text", ["drop-every=0", "drop-every", "delay=nan", "flood=1", "unknown-rma="])
    def test_an_unknown_fault_is_refused_with_all_that_are_known(self, text: str) -> None:
        with pytest.raises(StationError) as caught:
            parse_faults(text)
        assert str(caught.value) == (
            f"The fault {text!r} is not known. Use drop-every=N, delay=N, 429-every=N, 503-every=N, "
            "html-every=N, "
            "partial-every=N or unknown-rma=NUMBER, joined by commas."
        )

    def test_a_process_that_cannot_start_says_why(self, tmp_path: Path) -> None:
        with pytest.raises(StationError) as caught:
            Upstream(tmp_path, fault="flood=1").start()
        assert caught.value.sentence == (
            "The reference upstream did not start: The fault 'flood=1' is not known. "
            "Use drop-every=N, delay=N, 429-every=N, 503-every=N, html-every=N, "
            "partial-every=N or unknown-rma=NUMBER, joined by commas."
        )

"""A clean day on the reference upstream has no difference, and each one planted in its books is found, and no other."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from returns_station.connectors.api import Outgoing
from returns_station.testing.upstream.process import Upstream
from tests.connectors.reference_bench import ReferenceBench, write_seed
from tests.reconcile.reconcile_kit import by_return, day, number_of

Books = sqlite3.Connection


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    folder = tmp_path_factory.mktemp("books")
    with Upstream(folder, seed_dir=write_seed(folder / "seed")) as running:
        yield running


def change(sql: str) -> Callable[[Books, str], None]:
    """A change in the upstream's own books of one return; `:r` is its id."""

    def plant(books: Books, return_id: str) -> None:
        assert books.execute(sql, {"r": return_id}).rowcount == 1

    return plant


_UNIT = "(SELECT min(arrival) FROM movements WHERE return_id = :r)"


def again(table: str, **changed: str) -> Callable[[Books, str], None]:
    """A row of a return once more, as somebody there would book it, with other values in some columns (SQL)."""

    def plant(books: Books, return_id: str) -> None:
        row = {"r": return_id}
        columns = [each[1] for each in books.execute(f"PRAGMA table_info({table})")]
        top = "(SELECT max(arrival) + 1 FROM events)"
        copied = ", ".join(changed.get(name, name) for name in columns[1:])
        events = "id || '-2', type, subject, sequence, source, time, data, reverses, reference || '-2', received_at"
        first = f"(SELECT min(arrival) FROM {table} WHERE return_id = :r)"
        books.execute(f"INSERT INTO events SELECT {top}, {events} FROM events WHERE arrival = {first}", row)
        last = "(SELECT max(arrival) FROM events)"
        books.execute(
            f"INSERT INTO {table} SELECT {last}, {copied} FROM {table} WHERE arrival = {first}", row
        )

    return plant


PLANTED: dict[str, tuple[str, Callable[[Books, str], None]]] = {
    "the receipt taken away": ("receipt.missing", change("DELETE FROM receipts WHERE return_id = :r")),
    "the unit taken away": ("unit.missing", change(f"DELETE FROM movements WHERE arrival = {_UNIT}")),
    "a piece more": ("unit.quantity", change(f"UPDATE movements SET quantity = quantity + 1 WHERE arrival = {_UNIT}")),
    "moved elsewhere": ("unit.place", change(f"UPDATE movements SET location = 'X-9' WHERE arrival = {_UNIT}")),
    "another article": ("unit.sku", change(f"UPDATE movements SET sku = '22726' WHERE arrival = {_UNIT}")),
    "the unit booked twice": ("movement.extra", again("movements")),
    "a movement of nobody": ("movement.extra", again("movements", unit_id="'nobody'", quantity="3")),
    "the refund cancelled": ("refund.missing", change("DELETE FROM refunds WHERE return_id = :r")),
    "a cent less": (
        "refund.amount",
        change("UPDATE refunds SET amount_minor = amount_minor - 1 WHERE return_id = :r"),
    ),
    "another currency": ("refund.currency", change("UPDATE refunds SET currency = 'EUR' WHERE return_id = :r")),
    "refunded twice": ("refund.extra", again("refunds")),
    "another return": ("return.extra", again("receipts", parcel_id="'another'", plate="'another'")),
}  # fmt: skip


def test_a_clean_day_has_no_difference_and_each_of_twelve_planted_ones_is_found_and_no_other(
    upstream: Upstream, tmp_path: Path
) -> None:
    with day(ReferenceBench(upstream), tmp_path) as worked:
        cases = worked.work(len(PLANTED) + 1)
        clean = worked.reconciled()
        assert clean.clean
        assert (clean.returns, clean.units, clean.refunds) == (13, 26, 13)
        books = sqlite3.connect(upstream.db_path)
        for (_, plant), case in zip(PLANTED.values(), cases, strict=False):
            plant(books, case.return_id)
        books.commit()
        expected = [(number_of(case), code) for (code, _), case in zip(PLANTED.values(), cases, strict=False)]
        assert worked.found() == sorted(expected)
        assert all(one.sentence and one.act for one in worked.reconciled().differences)


def test_a_difference_names_both_numbers_and_what_the_upstream_calls_it(
    upstream: Upstream, tmp_path: Path
) -> None:
    with day(ReferenceBench(upstream, first=20), tmp_path) as worked:
        (case,) = worked.work(1)
        books = sqlite3.connect(upstream.db_path)
        change("UPDATE refunds SET amount_minor = 1300 WHERE return_id = :r")(books, case.return_id)
        books.commit()
        (found,) = by_return(worked.reconciled().differences)[number_of(case)]
        assert (found.ours, found.theirs) == ("12.75 GBP", "13.00 GBP")
        assert found.reference
        assert all(text in found.sentence for text in ("12.75 GBP", "13.00 GBP", found.reference))


def test_a_reversed_unit_is_expected_nowhere_and_an_upstream_that_does_not_answer_is_no_clean_one(
    upstream: Upstream, tmp_path: Path
) -> None:
    with day(ReferenceBench(upstream, first=30), tmp_path) as worked:
        (case,) = worked.work(1)
        stock = next(effect for effect in case.effects if effect.type == "returns.stock")
        taken = _reversed(stock, 50)
        worked.station.put([taken])
        assert worked.station.drain(worked.connector, 5) == 0
        assert worked.reconciled().clean
        upstream.stop()
        try:
            report = worked.reconciled()
            assert not report.clean
            assert [number for number, _ in report.unanswered] == [number_of(case)]
        finally:
            upstream.start()


def _reversed(effect: Outgoing, sequence: int) -> Outgoing:
    data = {"reverses": effect.key, **effect.data}
    key, kind = f"{effect.key}-back", f"{effect.type}.reversed"
    return replace(effect, key=key, type=kind, sequence=sequence, data=data)

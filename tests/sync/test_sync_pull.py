"""Laws of reading feeds: a page and its cursor are one transaction, whoever else reads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from returns_station.connectors.api import ConnectorError, Page
from returns_station.errors import Problem, StationError
from returns_station.sync.job import run_sync
from returns_station.sync.pull import PullReport, cursor_of, pull_feed, pull_feeds
from tests.connectors.upstream_kit import connector as http_connector
from tests.sync.conftest import Start
from tests.sync.outbox_kit import ABLE, WORD, Station, Told


def merge(connection: Connection, feed: str, items: Sequence[Any], now: datetime) -> int:
    """Rows by their name, as often as they come, kept with the feed."""
    for item in items:
        if item.get("sku") == "POISON":
            raise StationError(
                "import.row", "The weight is 'heavy'; grams are expected.", "Correct it there."
            )
        values = {"key": f"{feed}:{item.get('sku') or item.get('number')}", "value": str(item)}
        connection.execute(text("INSERT OR REPLACE INTO meta (key, value) VALUES (:key, :value)"), values)
    return len(items)


def kept(station: Station) -> list[str]:
    with station.engine.connect() as connection:
        return list(connection.execute(text("SELECT key FROM meta ORDER BY key")).scalars())


class Pages(Told):
    """A feed of these pages; `between` runs while the page is on its way."""

    def __init__(self, *pages: Page | ConnectorError, between: object = None) -> None:
        super().__init__(answer=lambda effect: None)  # type: ignore[arg-type, return-value]
        self.pages, self.between, self.cursors = list(pages), between, list[str | None]()

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        self.cursors.append(cursor)
        if callable(self.between):
            self.between()
        page = self.pages.pop(0)
        if isinstance(page, ConnectorError):
            raise page
        return page


def page(cursor: str, more: bool, *skus: str) -> Page:
    return Page(tuple({"merchant": "candles", "sku": sku} for sku in skus), cursor, more)


def pull(station: Station, connector: Any) -> PullReport:
    return pull_feed(station.engine, connector, WORD, "products", merge, station.clock, limit=2)


def test_every_feed_is_read_to_its_end_and_the_next_run_asks_only_for_what_is_new(
    station: Station, start: Start
) -> None:
    _, http = start()
    reports = pull_feeds(station.engine, http, WORD, merge, station.clock, limit=3)
    assert [(report.feed, report.pages, report.rows, report.problem) for report in reports] == [
        ("locations", 1, 0, None),
        ("products", 3, 7, None),
        ("customers", 1, 0, None),
        ("orders", 20, 60, None),
        ("authorizations", 1, 0, None),
    ]
    assert len(kept(station)) == 67
    again = pull_feeds(station.engine, http, WORD, merge, station.clock, limit=3)
    assert [report.rows for report in again] == [0, 0, 0, 0, 0]


def test_a_feed_that_fails_keeps_its_place_and_does_not_stop_the_others(
    station: Station, start: Start
) -> None:
    upstream, http = start("503-every=2")
    reports = {
        report.feed: report
        for report in pull_feeds(station.engine, http, WORD, merge, station.clock, limit=3)
    }
    failed = reports["products"]
    assert failed.problem is not None
    assert failed.problem.sentence == f'{upstream.url} answered 503 and says "The service is not available.".'
    assert failed.after_s == 1
    upstream.restart(fault="")
    pull_feeds(station.engine, http, WORD, merge, station.clock, limit=3)
    assert len(kept(station)) == 67


def test_a_page_that_cannot_be_merged_moves_no_cursor_and_leaves_no_row_of_it(station: Station) -> None:
    feed = Pages(page("2", True, "A", "B"), page("4", False, "C", "POISON"))
    report = pull(station, feed)
    assert (report.pages, report.rows) == (1, 2)
    assert report.problem == Problem(
        "import.row", "The weight is 'heavy'; grams are expected.", "Correct it there."
    )
    assert kept(station) == ["products:A", "products:B"]
    assert cursor_of(station.engine, WORD, "products") == "2"
    assert pull(station, Pages(page("4", False, "C", "D"))).rows == 2
    assert kept(station) == [f"products:{sku}" for sku in "ABCD"]


def test_a_page_that_another_reader_overtook_is_dropped_and_the_reading_goes_on_from_there(
    station: Station,
) -> None:
    def overtake() -> None:
        slow.between = None
        assert pull(station, Pages(page("4", False, "A", "NEWER"))).rows == 2

    slow = Pages(page("2", True, "OLDER"), page("6", False, "E"), between=overtake)
    report = pull(station, slow)
    assert report.rows == 1
    assert slow.cursors == [None, "4"]
    assert kept(station) == ["products:A", "products:E", "products:NEWER"]


def test_a_feed_that_asks_to_wait_is_told_with_its_seconds(station: Station) -> None:
    busy = ConnectorError("upstream.busy", "wms wants fewer requests.", "Nothing was taken.", after_s=9.0)
    report = pull(station, Pages(busy))
    assert (report.problem, report.after_s) == (busy.problem, 9.0)
    assert cursor_of(station.engine, WORD, "products") is None


def test_only_feeds_that_the_connector_has_are_asked_for(station: Station) -> None:
    assert ABLE.feeds == frozenset()
    assert pull_feeds(station.engine, Pages(), WORD, merge, station.clock) == ()


def test_one_run_delivers_and_pulls(station: Station, start: Start) -> None:
    upstream, _ = start()
    few = http_connector(upstream.url, feeds=frozenset({"products"}))
    report = run_sync(
        station.engine, few, WORD, station="DOCK-1", clock=station.clock, rng=station.rng, merge=merge
    )
    assert report.done
    assert report.pulls == (PullReport("products", 1, 7),)
    few.close()


def test_a_feed_that_goes_in_a_circle_is_a_problem_and_ends(station: Station) -> None:
    still = pull(station, Pages(page("2", True, "A"), page("2", True, "B")))
    assert (still.pages, still.problem and still.problem.code) == (1, "feed.page")
    round_about = Pages(page("3", True, "C"), page("4", True), page("3", True), page("4", True))
    report = pull(station, round_about)
    assert (report.pages, report.problem and report.problem.code) == (2, "feed.page")
    assert round_about.cursors == ["2", "3", "4"]
    assert kept(station) == ["products:A", "products:C"]


def test_what_is_no_page_is_a_problem_of_its_feed(station: Station) -> None:
    report = pull(station, Pages({"items": [], "cursor": "2", "more": False}))  # type: ignore[arg-type]
    assert report.problem is not None
    assert report.problem.sentence == "The connector failed with TypeError."


def test_a_feed_may_be_read_in_slices_and_goes_on_where_it_stopped(station: Station) -> None:
    feed = Pages(page("2", True, "A"), page("4", True, "B"), page("5", False, "C"))
    first = pull_feed(
        station.engine, feed, WORD, "products", merge, station.clock, enough=lambda: len(feed.cursors) > 1
    )
    assert (first.pages, first.more, first.problem) == (2, True, None)
    assert (pull(station, feed).more, feed.cursors) == (False, [None, "2", "4"])

"""Reads an upstream's feeds by cursor: each page is merged and its cursor kept in the same transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from traceback import extract_tb
from typing import Any, Final

import structlog
from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects.sqlite import insert

from returns_station.connectors.api import Connector, ConnectorError, Page
from returns_station.errors import Problem, StationError
from returns_station.store import tables
from returns_station.store.outbox import stamp, writing

ORDER: Final = ("locations", "products", "customers", "orders", "authorizations")
"""A row is pulled after the rows it names."""
PAGE: Final = 500
_CIRCLE: Final = "says that there is more after a cursor, and gives a cursor that it gave before"
_CIRCLE_HINT: Final = "It would be read for ever; report it to its maker. Effects are delivered meanwhile."
_CURSORS: Final = tables.table(tables.PullCursor)
_LOG = structlog.get_logger("returns_station.sync")

Row = Mapping[str, object]
Merge = Callable[[Connection, str, Sequence[Row], datetime], int]
"""Takes the open transaction, the feed, a page's rows and the time; merges all or raises StationError;
says how many.

Merging a row a second time must change nothing.
"""


@dataclass(frozen=True, slots=True)
class PullReport:
    """How far one feed was read: pages and rows merged, and what ended the reading early."""

    feed: str
    pages: int = 0
    rows: int = 0
    problem: Problem | None = None
    after_s: float | None = None
    more: bool = False
    """Whether it was told to stop before the end: what is left comes with the next reading."""


def pull_feeds(
    engine: Engine,
    connector: Connector,
    target: str,
    merge: Merge,
    clock: Callable[[], datetime],
    progress: Callable[[PullReport], None] = lambda _: None,
    *,
    limit: int = PAGE,
    enough: Callable[[], bool] = lambda: False,
) -> tuple[PullReport, ...]:
    """Every feed of the connector to its end; a feed that fails keeps its cursor and does not stop the
    others. Once `enough` is true, every feed is read one page further at most."""
    feeds = [feed for feed in ORDER if feed in connector.capabilities.feeds]
    return tuple(
        pull_feed(engine, connector, target, feed, merge, clock, progress, limit=limit, enough=enough)
        for feed in feeds
    )


def pull_feed(
    engine: Engine,
    connector: Connector,
    target: str,
    feed: str,
    merge: Merge,
    clock: Callable[[], datetime],
    progress: Callable[[PullReport], None] = lambda _: None,
    *,
    limit: int = PAGE,
    enough: Callable[[], bool] = lambda: False,
) -> PullReport:
    """One feed from its stored cursor to its end. No transaction is open while the upstream is asked.

    A feed that says that there is more after a cursor it has given already would be read for ever: it is a problem.
    """
    report = PullReport(feed)
    asked: set[str | None] = set()
    more = True
    while more:
        if report.pages and enough():
            return replace(report, more=True)
        cursor = cursor_of(engine, target, feed)
        asked.add(cursor)
        try:
            page = _page(connector, target, feed, cursor, limit)
            if page.more and page.cursor in asked:
                raise ConnectorError("feed.page", f"The feed {feed} of {target} {_CIRCLE}.", _CIRCLE_HINT)
            with writing(engine) as connection:
                merged = _keep(connection, target, feed, (cursor, page.cursor), page.items, merge, clock())
        except ConnectorError as error:
            return replace(report, problem=error.problem, after_s=error.after_s)
        except StationError as error:
            return replace(report, problem=error.problem)
        report = replace(report, pages=report.pages + 1, rows=report.rows + merged)
        progress(report)
        more = page.more
    return report


def _page(connector: Connector, target: str, feed: str, cursor: str | None, limit: int) -> Page:
    try:
        page = connector.pull(feed, cursor, limit)
        if not isinstance(page, Page):
            raise TypeError(f"{type(page).__name__} is no page")
        return page
    except StationError:
        raise
    except Exception as error:
        # A connector that raises is somebody's defect: its other feeds, what it delivers and the other targets go on.
        kind, at = type(error).__name__, extract_tb(error.__traceback__)[-1]
        _LOG.error(
            "sync.connector_failed", target=target, feed=feed, error=kind, file=at.filename, line=at.lineno
        )
        sentence = f"The connector failed with {kind}."
        raise ConnectorError("sync.connector", sentence, "This is a defect: please report it.") from error


def cursor_of(engine: Engine, target: str, feed: str) -> str | None:
    """How far a feed has been read, in the upstream's own words; None before the first page."""
    with engine.connect() as connection:
        return _stored(connection, target, feed)


def _keep(
    connection: Connection,
    target: str,
    feed: str,
    cursors: tuple[str | None, str],
    items: Sequence[Row],
    merge: Merge,
    now: datetime,
) -> int:
    before, after = cursors
    if _stored(connection, target, feed) != before:
        return 0  # Another reader was faster; what it merged may be newer than this page.
    merged = merge(connection, feed, items, now) if items else 0
    if after != before or items:
        values: dict[str, Any] = {"cursor": after, "pulled_at": stamp(now)}
        row = insert(_CURSORS).values(target=target, feed=feed, **values)
        connection.execute(row.on_conflict_do_update(index_elements=["target", "feed"], set_=values))
    return merged


def _stored(connection: Connection, target: str, feed: str) -> str | None:
    where = (_CURSORS.c.target == target, _CURSORS.c.feed == feed)
    return connection.execute(select(_CURSORS.c.cursor).where(*where)).scalar()

"""The connector for Medusa 2 (2.18.0): effects by its admin REST API with a secret API key, feeds by `updated_at`."""

import base64
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from returns_station.connectors.api import (
    Asked,
    Capabilities,
    ConnectorError,
    Delivered,
    Found,
    NotFound,
    Outcome,
    Outgoing,
    Page,
    References,
    Refused,
    RetryLater,
    Settings,
    Stated,
)
from returns_station.connectors.calls import Calls, Ended, NotThere, Rejected, ended
from returns_station.connectors.medusa.book import Books
from returns_station.connectors.medusa.feeds import FEEDS, Feeds
from returns_station.connectors.medusa.refunding import Refunding, given
from returns_station.connectors.medusa.returning import NOTHING, Returning
from returns_station.connectors.medusa.stating import stated

_NOTHING_THERE: Final = frozenset(
    {
        *("returns.completed", "returns.completed.reversed", "returns.short"),
        *("returns.available", "returns.available.reversed"),
    }
)
"""What a shop has no place for: a return that still awaits pieces stays open, places are the warehouse's."""


class MedusaConnector:
    """One effect at a time; our key stands in Medusa's notes, so nothing is forgotten. Raises ConnectorError without a key."""

    OPTIONS: Final = frozenset({"location", "refund_reason"})

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        if not settings.token:
            sentence = f"Medusa wants a secret API key; {settings.token_env} is not set."
            hint = "Make one in Medusa's settings, and put it where docs/medusa.md says."
            raise ConnectorError("medusa.key", sentence, hint, retry=False)
        self.capabilities = Capabilities(
            batch=1, look_up=True, feeds=settings.feeds & FEEDS, statement=True, forgets=False
        )
        key = base64.b64encode(f"{settings.token}:".encode()).decode()
        self._options = settings.options
        self._calls = Calls(settings, {"authorization": f"Basic {key}"}, now)
        self._books = Books(self._calls)
        self._returning = Returning(self._calls, self._books, self._location)
        self._refunding = Refunding(self._calls, self._reason)
        self._feeds = Feeds(self._calls, self._books, now)
        self._known: dict[str, str] = {}

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        return self._ended(lambda: self._deliver(effect, refs))

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        if effect.type in _NOTHING_THERE:
            return Delivered(None, duplicate=True)
        found: list[str | None] = []

        def look() -> Outcome:
            found.append(self._reference(effect))
            return Delivered(found[0], duplicate=True)

        outcome = self._ended(look)
        return NotFound() if found and found[0] is None else outcome

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        """Everything Medusa has of a return; nothing where it has no such order."""
        rows: list[Stated] = []

        def state() -> Outcome:
            order = self._books.find(asked.order_number) if asked.order_number else None
            book = self._books.read(order) if order else None
            rows.extend(stated(asked, book, refs) if book else ())
            return NOTHING

        outcome = self._ended(state)
        if isinstance(outcome, Refused):
            return RetryLater(outcome.sentence, code=outcome.code, hint=outcome.hint)
        return outcome if isinstance(outcome, RetryLater) else tuple(rows)

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        if feed not in self.capabilities.feeds:
            sentence = f"{self._calls.origin} has no feed {feed}."
            raise ConnectorError("feed.unknown", sentence, "Take it out of the configuration.", retry=False)
        try:
            return self._feeds.pull(feed, cursor, limit)
        except Ended as end:
            outcome = end.outcome
            after = outcome.after_s if isinstance(outcome, RetryLater) else None
            raise ConnectorError(outcome.code, outcome.sentence, _PULL, after_s=after) from None
        except (Rejected, NotThere) as error:
            sentence = f"{self._calls.origin} does not give the feed {feed}: {error or 'it is not there'}."
            raise ConnectorError("feed.refused", sentence, _PULL) from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            sentence = f"{self._calls.origin} gives rows of {feed} that Medusa 2.18 does not ({error!r})."
            raise ConnectorError("feed.page", sentence, _PULL) from None

    def close(self) -> None:
        self._calls.close()

    def _ended(self, steps: Callable[[], Outcome]) -> Outcome:
        """The outcome of some steps; an answer of another shape than Medusa's is none."""
        try:
            return ended(steps)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            sentence = (
                f"{self._calls.origin} answered something that Medusa 2.18 does not ({type(error).__name__})."
            )
            return RetryLater(sentence, unknown=True, code="upstream.answer", hint=_STRANGE)

    def _deliver(self, effect: Outgoing, refs: References) -> Outcome:
        kind = effect.type
        if kind in _NOTHING_THERE:
            return NOTHING
        if kind == "returns.receipt":
            return self._returning.receipt(effect, refs)
        if kind == "returns.receipt.reversed":
            return self._returning.unreceived(effect, refs)
        if kind == "returns.stock":
            return self._returning.stock(effect, refs)
        if kind == "returns.stock.reversed":
            return self._returning.unstock(effect, refs)
        if kind == "returns.refund":
            return self._refunding.refund(effect, self._returning.book(effect))
        if kind == "returns.refund.reversed":
            sentence = "Medusa cannot take a refund back: the customer has the money."
            return Refused(
                "medusa.refund_reversed", sentence, "Settle it with the customer, then acknowledge it."
            )
        return Refused("medusa.type", f"Medusa has nothing that a {kind} could become.", "Send it elsewhere.")

    def _reference(self, effect: Outgoing) -> str | None:
        """What Medusa calls what it has of an effect; None where it has nothing."""
        if effect.type in ("returns.receipt", "returns.stock"):
            return self._returning.known(effect)
        if effect.type == "returns.refund":
            book = self._returning.book(effect)
            done, payment = given(book, effect.key) if book else (0, None)
            return payment if done == effect.data.get("amount_minor") else None
        return None

    def _location(self) -> str:
        """The id of the stock location where goods come in; by id or by name in the options, else the only one."""
        return self._named("location", "/admin/stock-locations", "stock_locations", "name")

    def _reason(self) -> str | None:
        """The id of the refund reason that the options name by its code or id, if they do."""
        if not self._options.get("refund_reason"):
            return None
        return self._named("refund_reason", "/admin/refund-reasons", "refund_reasons", "code")

    def _named(self, option: str, path: str, rows: str, name: str) -> str:
        if option not in self._known:
            wanted = self._options.get(option)
            listed = self._calls.get(f"{path}?limit=200&fields=id,{name}")[rows]
            found = [str(one["id"]) for one in listed if wanted in (None, one["id"], one[name])]
            if len(found) != 1:
                what, origin = rows.replace("_", " "), self._calls.origin
                sentence = f"{len(found)} of {len(listed)} {what} in {origin} are {wanted or 'meant'}."
                self._calls.stop(
                    f"medusa.{option}",
                    sentence,
                    f"Name one by `{option}` in [target.options], then retry the effect.",
                )
            self._known[option] = found[0]
        return self._known[option]


_STRANGE: Final = (
    "It may have been done there, so Medusa is read before it is asked again; check the target's url."
)
_PULL: Final = "Nothing was taken from this page; it is asked for again."

"""The connector for no system at all: each effect becomes a line of a worklist that a person ticks.

The line is kept as a reference of the effect's return; `returns-station worklist` shows and ticks it.
"""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import ClassVar, Final

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
    RetryLater,
    Settings,
    Stated,
)
from returns_station.connectors.told import REVERSED, stated, without

WORKLIST: Final = "worklist"
"""The reference of an effect that is on the worklist, and the value of its `task:` reference."""
KINDS: Final = frozenset({"receipt", "stock", "refund", "short", "available", "completed"})
"""What a person can be asked to do, by the middle of the effect's type."""


def task_name(key: str) -> str:
    """The reference that holds a task."""
    return f"task:{key}"


def tick_name(key: str) -> str:
    """The reference that holds a task's tick: a JSON object with done, by (the worker's id) and at."""
    return f"done:{key}"


def ticked(value: str | None) -> bool:
    """Whether the value of a tick says that the task is done."""
    return value is not None and json.loads(value)["done"] is True


class ManualConnector:
    """Takes every effect at once; raises ConnectorError for an address, for there is none."""

    OPTIONS: ClassVar = frozenset[str]()

    def __init__(
        self,
        settings: Settings,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        new_id: Callable[[], str] = lambda: str(uuid.uuid4()),
    ) -> None:
        if settings.url not in ("", "manual:"):
            sentence = f"The address {settings.url!r} is of no use to the worklist."
            raise ConnectorError("manual.url", sentence, "Write url = manual: there.", retry=False)
        self.capabilities = Capabilities(1, look_up=True, feeds=frozenset(), statement=True, forgets=False)

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        kind = effect.type.removeprefix("returns.").removesuffix(REVERSED)
        if kind not in KINDS:
            return Delivered(None, duplicate=False)
        if (lacking := without(effect)) is not None:
            return lacking
        known = refs.get(task_name(effect.key)) is not None
        refs.put(task_name(effect.key), WORKLIST)
        return Delivered(WORKLIST, duplicate=known)

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        known = refs.get(task_name(effect.key)) is not None
        return Delivered(WORKLIST, duplicate=True) if known else NotFound()

    def pull(self, feed: str, cursor: str | None, limit: int) -> Page:
        sentence = f"There is no feed {feed}: behind the worklist stands no system."
        raise ConnectorError("feed.unknown", sentence, "Use `returns-station import`.", retry=False)

    def statement(self, asked: Asked, refs: References) -> tuple[Stated, ...] | RetryLater:
        """What is ticked is done; what is not stands unfinished."""
        return stated(asked, lambda effect: (f"task {effect.key}", ticked(refs.get(tick_name(effect.key)))))

    def close(self) -> None:
        """Nothing is held open."""

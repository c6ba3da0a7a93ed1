"""References that a connector puts are commits of our own: the drainer does not make way for itself."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from returns_station.connectors.api import Capabilities, Delivered, Outcome, Outgoing, References
from returns_station.store.outbox import writing
from returns_station.sync.courtesy import Courtesy
from returns_station.sync.deliver import Drain
from tests.connectors.upstream_kit import stock
from tests.sync.outbox_kit import WORD, Station, Told


class Putting(Told):
    """Keeps an id for each effect before it answers."""

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        refs.put("sale", effect.key)
        return Delivered(None, duplicate=False)

    deliver_batch = None  # type: ignore[assignment]


@pytest.mark.parametrize("others", [False, True])
def test_a_rest_follows_the_commits_of_others_and_not_the_references_put_here(
    station: Station, tmp_path: Path, others: bool
) -> None:
    rests: list[float] = []
    courtesy = Courtesy(rest=rests.append)

    def somebody(_: str) -> None:
        if others:
            with writing(station.engine) as connection:
                connection.exec_driver_sql("insert or replace into meta values ('test', hex(randomblob(8)))")

    station.put(*(stock() for _ in range(3)))
    connector = Putting(lambda _: Delivered(None, False))
    connector.capabilities = Capabilities(1, look_up=True, feeds=frozenset())
    drain = Drain(station.engine, connector, WORD, "DOCK-1", station.clock, Random(7), checkpoint=somebody)
    report = replace(drain, courtesy=courtesy).once()
    assert report.acknowledged == 3
    assert bool(rests) == others

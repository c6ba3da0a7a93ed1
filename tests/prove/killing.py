"""A shift during which station and drainer are killed again and again, and what is left when it is over."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from signal import SIGKILL
from typing import Any

from returns_station.testing.upstream.process import Upstream
from tests.prove.checks import Books, database_faults, label_faults, upstream_faults
from tests.prove.children import Child, Server
from tests.prove.shift import Line, inputs_of
from tests.prove.world import World

# Category → who dies of it, and at which points: (point, the most passings it waits for).
STATION: Mapping[str, tuple[tuple[str, int], ...]] = {
    "before commit": (("before-commit", 6), ("statement", 90), ("statement", 90)),
    "transaction begun": (("begun", 6),),
    "commit to reply": (("after-commit", 8),),
    "print": (("print", 2), ("print-part", 2), ("printed", 2), ("print-mark", 4)),
    "station at any time": (("", 0),),
}
DRAINER: Mapping[str, tuple[tuple[str, int], ...]] = {
    "send to mark": (("after-send", 3), ("after-send", 3), ("mark-statement", 4)),
    "mark to next": (("after-mark", 3),),
    "claim to send": (("before-send", 3),),
    "drainer at any time": (("", 0),),
}
ANY_TIME_S = 0.12


@dataclass(slots=True)
class Plan:
    """What is still to be done to one role, and what its present process is about to die of."""

    table: Mapping[str, tuple[tuple[str, int], ...]]
    wanted: Counter[str]
    chance: random.Random
    done: Counter[str] = field(default_factory=Counter)
    points: Counter[str] = field(default_factory=Counter)
    next: str | None = None
    point: str = ""

    def draw(self) -> dict[str, Any]:
        """The next death, as the fork server is to be asked for it."""
        left = [name for name in self.table if self.done[name] < self.wanted[name]]
        self.next, self.point = self.chance.choice(left) if left else None, ""
        if self.next is None:
            return {}
        self.point, most = self.chance.choice(self.table[self.next])
        return {"point": self.point, "passes": self.chance.randint(1, most)} if self.point else {}

    @property
    def by_the_clock(self) -> bool:
        """Whether the present process is to die at any time instead of at a point."""
        return self.next is not None and not self.point

    @property
    def over(self) -> bool:
        return all(self.done[name] >= number for name, number in self.wanted.items())

    def count(self, status: int | None) -> bool:
        """Notes a death; False when it was none that was planned."""
        if self.next is None or status != -SIGKILL:
            return False
        self.done[self.next] += 1
        self.points[self.point or "any time"] += 1
        return True


class Killing:
    """One world, one upstream, one shift; `run` plays until every planned death was died, and checks the books."""

    def __init__(
        self, world: World, server: Server, upstream: Upstream, wanted: Counter[str], seed: int, **more: Any
    ) -> None:
        self._world, self._server, self._upstream = world, server, upstream
        self._chance = random.Random(seed)
        self._more = more
        self.station, self.drainer = (
            Plan(table, Counter({name: wanted[name] for name in table}), self._chance)
            for table in (STATION, DRAINER)
        )
        self._draining: Child | None = None
        self._problems: list[str] = []
        self.line = Line(self._start, self._died, self._tend)
        self.parcels = 0

    def run(self) -> list[str]:
        """Every sentence that says what was lost, doubled or broken."""
        self.line.sign_in()
        while not (self.station.over and self.drainer.over) and self.parcels < self._world.parcels:
            for scan in inputs_of(self.parcels, self._chance):
                self.line.play(scan)
            self.parcels += 1
            self.line.repeat(self._chance.choice(list(self.line.acknowledged)[-40:]))
        if not (self.station.over and self.drainer.over):
            self._problems.append("The parcels ran out before the deaths did.")
        self._close()
        return [*self._problems, *self.line.problems, *self._check()]

    def summary(self) -> dict[str, Any]:
        """Counts for the build's log."""
        return {
            "kills": dict(self.station.done + self.drainer.done),
            "points": dict(self.station.points + self.drainer.points),
            "all": (self.station.done + self.drainer.done).total(),
            "parcels": self.parcels,
            "acknowledged": len(self.line.acknowledged),
            "resent": self.line.resent,
        }

    # --- the two processes -------------------------------------------------------------------------------------------

    def _start(self) -> Child:
        child = self._server.start("station", self._world.config, **self.station.draw(), **self._more)
        if self.station.by_the_clock:
            child.kill_in(self._chance.random() * ANY_TIME_S)
        return child

    def _died(self, station: Child) -> None:
        assert self.station.count(station.status), f"The station ended with {station.status}, unplanned."

    def _tend(self) -> None:
        """Looks after the drainer: one that has died is counted, and there is always another."""
        if self._draining is not None and self._draining.gone:
            self._draining.end()
            planned = self.drainer.count(self._draining.status)
            assert planned, f"The drainer ended with {self._draining.status}, unplanned."
            self._draining = None
        if self._draining is None:
            asked = self.drainer.draw()
            self._draining = self._server.start("drainer", self._world.config, **asked)
            if self.drainer.by_the_clock:
                self._draining.kill_in(self._chance.random() * ANY_TIME_S)

    def _close(self) -> None:
        """A calm end: what was planned last may still happen, then a station that lives and a drainer that finishes."""
        self.station.wanted.clear()
        if self.line.station is not None:
            self.line.station.kill()
            self.line.station = None
        if self.line.finish() != 0:
            self._problems.append("The last station did not end well.")
        if self._draining is not None:
            self._draining.kill()
        drain = self._server.start("drainer", self._world.config, once=True)
        said = drain.line()
        status = drain.end()
        if status != 0 or said is None or json.loads(said) != {"left": 0, "refused": 0}:
            self._problems.append(f"The last drainer ended with {status} and said {said!r}.")

    def _check(self) -> list[str]:
        books = Books(self._world.database)
        try:
            return [
                *database_faults(books, self.line.acknowledged),
                *label_faults(self._world, books),
                *upstream_faults(self._upstream, books),
            ]
        finally:
            books.close()

"""A worker's inputs for one parcel after another, and a line to the station that survives the station's deaths."""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.prove.children import Child
from tests.prove.world import BADGE, gtin, lines_of, rma

Reply = dict[str, Any]
LPN, PLACE = "${lpn}", "${place}"
CALM = frozenset({"accepted", "hold"})


def inputs_of(n: int, chance: random.Random) -> Iterator[str]:
    """What a worker scans for parcel `n`: by chance opened goods, a second label, a wrong move taken back."""
    yield rma(n)
    if chance.random() < 0.2:
        yield from ("RS-UNDO", rma(n))
    lines = lines_of(n)
    for number, (product, pieces) in enumerate(lines, 1):
        yield gtin(product)
        if pieces > 1:
            yield "RS-ALL"
        yield from ("RS-SEALED",) if chance.random() < 0.6 else ("RS-G-OPENED", "RS-G-LIKE-NEW")
        if chance.random() < 0.3:
            yield "RS-REPRINT"
        yield from (LPN, PLACE)
        if number < len(lines) and chance.random() < 0.7:
            yield from ("RS-UNDO", PLACE)


@dataclass(slots=True)
class Line:
    """The worker's end of the line to a station: sends inputs with ids, keeps every reply that was read.

    `start` makes a new station process; `died` is told how one ended. An input whose reply never came is sent again
    with its id to the next process.
    """

    start: Callable[[], Child]
    died: Callable[[Child], None]
    said: Callable[[], None] = lambda: None
    station: Child | None = None
    acknowledged: dict[str, bytes] = field(default_factory=dict)
    last: Reply = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    notices: list[Reply] = field(default_factory=list)
    resent: int = 0
    _number: int = 0
    _greeted: set[str] = field(default_factory=set)

    def play(self, scan: str) -> Reply:
        """One input to its reply, through as many stations as it takes."""
        self._number += 1
        key = self.key
        asked = json.dumps({"id": key, "scan": self._filled(scan)})
        before, reply = self._step(self.last), None
        self._greeted.clear()
        while reply is None:
            station = self._alive()
            station.say(asked)
            self.said()
            reply = self._reply(station, key)
        self.acknowledged[key] = reply
        self.last = json.loads(reply)
        if not self._greeted <= {before, self._step(self.last)}:
            self.problems.append(f"{asked}: a station began at {self._greeted}, it stood at {before}.")
        if self.last["signal"] not in CALM:
            self.problems.append(f"{asked}: {self.last['signal']}, {self.last['message']['text']}")
        return self.last

    @property
    def key(self) -> str:
        """The id of the input that is on its way."""
        return f"in-{self._number}"

    def sign_in(self) -> None:
        """The badge that begins a shift."""
        self.play(BADGE)

    def repeat(self, key: str) -> None:
        """Sends an acknowledged input once more: the same bytes must come back."""
        station = self._alive()
        station.say(json.dumps({"id": key, "scan": "changed on the way"}))
        again = self._reply(station, key)
        if again is not None and again != self.acknowledged[key]:
            self.problems.append(f"{key} was answered differently when it was sent again.")

    def finish(self) -> int:
        """Ends the shift; the station's exit code."""
        station = self._alive()
        station.hang_up()
        while station.line() is not None:
            pass
        self.station = None
        return station.end()

    def _filled(self, scan: str) -> str:
        if scan == LPN:
            return str(self.last["unit"]["lpn"])
        return str(self.last["prompt"]["place"]) if scan == PLACE else scan

    def _alive(self) -> Child:
        """A station that greeted: it stands where the last reply left it, or one input further."""
        while self.station is None:
            station = self.start()
            ready = self._until(station, lambda line: line.get("code") == "station.ready")
            if ready is None:
                self._buried(station)
            else:
                self.station = station
                self._greeted.add(self._step(json.loads(ready)))
        return self.station

    @staticmethod
    def _step(said: Reply) -> str:
        """What was asked for; a station that nobody worked at yet asks for a badge."""
        return str(said["prompt"]["step"]) if said else "badge"

    def _reply(self, station: Child, key: str) -> bytes | None:
        found = self._until(station, lambda line: line["type"] == "reply")
        if found is None:
            self._buried(station)
            self.resent += 1
        elif json.loads(found)["in"] != key:
            self.problems.append(f"{key} was sent, {found.decode()} came.")
        return found

    def _until(self, station: Child, wanted: Callable[[Reply], bool]) -> bytes | None:
        while (line := station.line()) is not None:
            said = json.loads(line)
            if said["type"] == "notice":
                self.notices = [*self.notices[-9:], said]
            if said.get("code") == "print.failed":
                self.problems.append(said["text"])
            if wanted(said):
                return line
        return None

    def _buried(self, station: Child) -> None:
        self.station = None
        station.end()
        self.died(station)

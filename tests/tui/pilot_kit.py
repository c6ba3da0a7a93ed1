"""The app in this process: a real station on a real database, a worker who scans and presses keys, and what they see."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from textual.pilot import Pilot

from returns_station import config as configuration
from returns_station.running import opener
from returns_station.tui.app import StationApp
from returns_station.tui.queue import Burst, Queue
from returns_station.wording import speak
from tests.commands.dock_kit import Dock

SHOTS = Path(__file__).parent / "shots"
# Written anew with this variable set: look at what changed before it is kept.
ANEW = "SHOTS_ANEW"
WITHIN_S = 30.0


@dataclass(slots=True)
class Heard:
    """Signals that were to be heard."""

    signals: list[str] = field(default_factory=list)

    def play(self, signal: str) -> None:
        self.signals.append(signal)


@dataclass(slots=True)
class Worker:
    """Somebody at the station."""

    app: StationApp
    pilot: Pilot[int]
    heard: Heard

    @property
    def screen(self) -> list[str]:
        """What stands on the terminal, row by row."""
        size = self.app.size
        return [strip.text.rstrip() for strip in self.app.screen._compositor.render_strips(size)]

    @property
    def sees(self) -> str:
        """The same as one text with single blanks."""
        return re.sub(r"\s+", " ", " ".join(self.screen))

    async def until(self, holds: Callable[[], object]) -> None:
        """Waits until something holds; AssertionError with the screen otherwise."""
        end = monotonic() + WITHIN_S
        while not holds():
            assert monotonic() < end, "\n".join(self.screen)
            await self.pilot.pause(0.01)

    async def settled(self) -> None:
        """Waits until everything that was given is answered, looked up and painted."""
        await self.until(lambda: not self.app.queue.waiting)
        answered = self.app.answered
        await self.until(lambda: self.app.looked >= answered and self.app._dock.past.answers >= answered)
        # A tick that fell between two answers has counted what was waiting then; the next one corrects it.
        await self.until(lambda: self.app._dock.status.waiting < 2)
        await self.pilot.pause()

    async def scan(self, *codes: str | bytes) -> None:
        """Scans of the keyboard wedge."""
        for code in codes:
            raw = code if isinstance(code, bytes) else self._named(code).encode()
            before = self.app.answered
            self.app.queue.put(Burst(raw))
            await self.until(lambda before=before: self.app.answered > before)
        await self.settled()

    def _named(self, code: str) -> str:
        """ "LPN" and "PLACE" stand for what is asked for."""
        said = " ".join(self.app._dock.ask.asking.text.split())
        if code == "LPN":
            return re.findall(r"\bL[0-9A-Z]{10}\b", said)[-1]
        return self.app._dock.ask.asking.short.split()[-1] if code == "PLACE" else code

    async def press(self, *keys: str) -> None:
        """Keys, one after another."""
        await self.pilot.press(*keys)
        await self.settled()

    def shot(self, name: str) -> None:
        """The screen is as it was kept; times of day, and the days since the seeded one, do not count."""
        found = re.sub(r"\b\d\d:\d\d\b", "HH:MM", "\n".join(self.screen)).rstrip() + "\n"
        found = re.sub(r"\b\d{4} d\b", "DDDD d", found)
        kept = SHOTS / f"{name}.txt"
        if os.environ.get(ANEW):
            kept.write_text(found, encoding="utf-8")
        assert found == kept.read_text(encoding="utf-8"), f"{ANEW}=1 keeps it as it is now:\n{found}"


@asynccontextmanager
async def at_work(
    dock: Dock,
    *,
    size: tuple[int, int] = (80, 24),
    more: str = "",
    changed: Callable[[Any], Any] = lambda station: station,
) -> AsyncIterator[Worker]:
    """The app on a dock's station, open and painted; `more` is configuration, `changed` may put a fault into the station."""
    if more:
        dock.config.write_text(dock.config.read_text("utf-8") + more, encoding="utf-8")
    config = configuration.load(dock.config, {"WMS_SECRET": "whsec_c2VjcmV0"})
    speak(config.station.language)
    queue, heard = Queue(), Heard()
    opened = opener(config, queue, (), seed=7, sync=False)
    app = StationApp(config, lambda: changed(opened()), sounds=heard, queue=queue)
    async with app.run_test(size=size) as pilot:
        worker = Worker(app, pilot, heard)
        await worker.until(lambda: app.step not in ("starting", ""))
        await worker.until(
            lambda: app.looked >= 0 and ("●" in worker.screen[-1] or worker.app._dock.past.holds("Error"))
        )
        yield worker


def lived(body: Coroutine[Any, Any, None]) -> None:
    """Runs a test's coroutine."""
    asyncio.run(body)

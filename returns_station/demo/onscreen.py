"""The demonstration on the full screen: one key scans the next code, labels can be opened, arrivals upstream are seen."""

import json
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from returns_station.bootstrap import Station
from returns_station.demo.guide import Guide
from returns_station.demo.told import told
from returns_station.demo.world import World
from returns_station.errands import Errands
from returns_station.hardware.scanners import Scanners
from returns_station.hardware.sounds import Sounds
from returns_station.onscreen import OnScreen
from returns_station.tui import messages
from returns_station.tui.app import StationApp
from returns_station.tui.messages import Counted
from returns_station.tui.queue import Queue
from returns_station.tui.rows import Rows
from returns_station.tui.text import Row, content, joined, literal
from returns_station.tui.words import word
from returns_station.workflow.board import Board
from returns_station.workflow.drive import Outcome, Render
from returns_station.workflow.ports import Input

LOOK_EVERY_S = 0.5
OPENERS = ("xdg-open", "open")


class Guided(OnScreen):
    """A station that also says what a worker would scan next."""

    def __init__(self, station: Station, scanners: Scanners, closing: tuple[Callable[[], None], ...]) -> None:
        super().__init__(station, scanners, closing=closing)
        self._guide = Guide(station.engine)
        self._reply: dict[str, Any] = {"prompt": {"step": "parcel" if station.state.worker else "badge"}}
        self.suggestion: str | None = None

    def play(self, given: Input, render: Render) -> Outcome:
        """Plays one input and keeps its reply."""
        self.suggestion = None
        outcome = super().play(given, render)
        self._reply = json.loads(outcome.reply)
        return outcome

    def look(self) -> tuple[Board, Counted]:
        """Looks, and works out the next scan."""
        found = super().look()
        self.suggestion = self._guide.next(self._reply)
        return found


class Upstream(Rows):
    """What has arrived upstream, newest on top."""

    HELP = "demo.help"

    def __init__(self) -> None:
        super().__init__("upstream")
        self.border_title = word("demo.upstream")
        self._kept: deque[str] = deque(maxlen=50)

    def add(self, row: str) -> None:
        """Something arrived."""
        self._kept.appendleft(row)
        self.redraw()

    def rows(self) -> list[Row]:
        """As many as there is room for."""
        shown = list(self._kept)[: self.size.height]
        return [joined(("▸ ", "$success"), row) for row in shown] or [literal(word("demo.nothing"), "dim")]


class Labels(ModalScreen[None]):
    """The labels that were printed, newest first; a digit opens one."""

    BINDINGS: ClassVar = [
        Binding("escape,f11,enter", "close", "Close", show=False),
        *(Binding(str(n), f"open({n})", show=False) for n in range(1, 10)),
    ]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        found = sorted(folder.glob("*.pdf"), key=lambda path: path.stat().st_mtime, reverse=True)
        self._labels = found[:9]

    def compose(self) -> ComposeResult:
        """The list."""
        with VerticalScroll(classes="dialog") as box:
            box.border_title = word("demo.labels")
            box.border_subtitle = word("demo.open")
            rows = [
                joined((f" {n} ", "reverse bold"), " ", str(path)) for n, path in enumerate(self._labels, 1)
            ]
            yield Static(content(rows or [literal(word("demo.none"))]), markup=False)

    def action_close(self) -> None:
        """Back to the work."""
        self.dismiss(None)

    def action_open(self, number: int) -> None:
        """Opens a label with the desktop's viewer; without one its path stands here."""
        opener = next((found for name in OPENERS if (found := shutil.which(name))), None)
        if number > len(self._labels):
            return
        if opener is None:
            self.notify(word("demo.viewer", path=self._labels[number - 1]), markup=False)
            return
        null = subprocess.DEVNULL
        threading.Thread(
            target=subprocess.run,
            args=([opener, str(self._labels[number - 1])],),
            kwargs={"stdin": null, "stdout": null, "stderr": null, "check": False},
            daemon=True,
        ).start()


class DemoApp(StationApp):
    """The station's app with a hand on the simulated scanner and an eye on the upstream."""

    CSS: ClassVar[str] = """
    #upstream { height: 10; padding: 0 1; border-top: solid $panel; border-title-color: $secondary; }
    .-tall #upstream { height: 14; }
    """
    BINDINGS: ClassVar = [
        Binding("f11", "labels", id="labels"),
        Binding("f12", "paper", id="paper"),
    ]

    def __init__(self, world: World, queue: Queue, seed: int | None) -> None:
        self._world = world
        self._arrivals = Upstream()
        self._guided: Guided | None = None
        self._owed = False
        self._watching = threading.Event()
        self._voice = Sounds(world.config.sound)
        super().__init__(
            world.config,
            lambda: self._opened(queue, seed),
            sounds=self._voice,
            queue=queue,
            beside=(self._arrivals,),
        )

    def _opened(self, queue: Queue, seed: int | None) -> Guided:
        station = Station(self._world.config, seed=seed)
        scanners = Scanners(self._world.config.scanners, queue.put)
        scanners.start()
        station.join(Errands(self._world.config, queue.put, scanners))
        station.start_sync()
        self._guided = Guided(station, scanners, (scanners.stop,))
        return self._guided

    # Textual calls the handlers of the base class too.
    def on_mount(self) -> None:
        """Looks at the upstream beside the work."""
        threading.Thread(target=self._watch, name="upstream", daemon=True).start()

    def _watch(self) -> None:
        seen: list[str] = []
        while not self._watching.wait(LOOK_EVERY_S):
            try:
                rows = told(self._world)
            except OSError:
                continue
            for row in _new(rows, seen):
                self.call_from_thread(self._arrivals.add, row)
                self.post_message(messages.Noticed("upstream.told", word("demo.told", row=row)))
            seen = rows

    async def on_unmount(self) -> None:
        """Ends the look, and what is heard."""
        self._watching.set()
        self._voice.close()

    def send_typed(self, text: str) -> None:
        """Enter alone scans what a worker would scan next; what is typed is scanned as it was typed."""
        if text.strip():
            self._scan(text)
        elif self._guided is not None and self._guided.suggestion:
            self._scan(self._guided.suggestion)
        else:
            self._owed = True

    def _scan(self, text: str) -> None:
        self._owed = False
        self._dock.ask.type("")
        data = text.encode() + b"\r"
        threading.Thread(target=self._world.scanner.send, args=(data, 9600), daemon=True).start()

    def on_looked(self, event: messages.Looked) -> None:
        """Names the next scan."""
        suggestion = self._guided.suggestion if self._guided else None
        if suggestion:
            tip = word("demo.enter", scan=suggestion)
        else:
            tip = word("demo.done" if self.step == "parcel" else "demo.type")
        self._dock.ask.tip(f"{tip} · {word('demo.keys')}")
        if self._owed and suggestion:
            self._scan(suggestion)

    def action_paper(self) -> None:
        """Takes the paper out of the virtual ZPL printer, or puts it back."""
        zebra = self._world.zebra
        zebra.paper_out = not zebra.paper_out
        said = word("demo.paper_out" if zebra.paper_out else "demo.paper_in")
        self.post_message(messages.Noticed("zebra.told", said))

    def action_labels(self) -> None:
        """The labels that were printed."""
        self.push_screen(Labels(self._world.folder / "labels"))


def _new(rows: list[str], seen: list[str]) -> list[str]:
    """Rows that were not there before; what the upstream says twice is twice there."""
    left = list(seen)
    fresh = []
    for row in rows:
        if row in left:
            left.remove(row)
        else:
            fresh.append(row)
    return fresh

"""Playing the demo: by hand, by itself through the simulated scanner, or from a script; and what the upstream then holds."""

import contextlib
import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from returns_station.bootstrap import Station
from returns_station.demo.guide import Guide
from returns_station.demo.scripts import Script, read_script
from returns_station.demo.told import holdings, told
from returns_station.demo.world import World
from returns_station.hardware.scanners import Arrived, Scanners
from returns_station.plain import ENDED_IN_PARCEL, End, Line, LineMode, Queue, readable, take_every_byte
from returns_station.store.outbox import counts
from returns_station.wording import speak

DRAIN_WITHIN_S = 60.0
Say = Callable[[str], None]


def demo(
    *,
    as_json: bool,
    script: str | None,
    folder: Path | None,
    seed: int | None,
    fault: str = "",
    offline: bool = False,
    plain: bool = False,
) -> int:
    """The demonstration; its exit code. Without `folder` everything lives in a temporary one and goes away."""
    with contextlib.ExitStack() as stack:
        place = folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="returns-station-")))
        say = _say(as_json)
        world = stack.enter_context(World(place, say, fault, seed))
        if not (as_json or script or plain) and sys.stdin.isatty() and sys.stdout.isatty():
            return _on_screen(world, seed, say, kept=folder is not None)
        take_every_byte()
        config = world.config if as_json else readable(world.config)
        speak(config.station.language)
        station = stack.enter_context(Station(config, seed=seed))
        station.start_sync()
        queue: Queue = SimpleQueue()
        if script:
            return _scripted(world, station, queue, read_script(script), as_json, say, offline)
        return _guided(stack, world, station, queue, as_json, say, kept=folder is not None)


def _on_screen(world: World, seed: int | None, say: Say, *, kept: bool) -> int:
    from returns_station.demo.onscreen import DemoApp
    from returns_station.tui.queue import Queue

    code = DemoApp(world, Queue(), seed).work()
    with contextlib.suppress(OSError):
        for line in holdings(world):
            say(line)
    say(_farewell(world, kept=kept))
    return 0 if code == ENDED_IN_PARCEL else code


def _farewell(world: World, *, kept: bool) -> str:
    return (
        f"Its labels and its database are in {world.folder}."
        if kept
        else "Nothing of it is kept; --folder DIR keeps labels and database."
    )


def _say(as_json: bool) -> Say:
    def say(text: str) -> None:
        if as_json and not text:
            return
        line = (
            json.dumps({"v": 1, "type": "notice", "code": "demo.told", "text": text}, ensure_ascii=False)
            if as_json
            else text
        )
        print(line, flush=True)

    return say


# --- from a script ----------------------------------------------------------------------------------------------------


def _scripted(
    world: World, station: Station, queue: Queue, script: Script, as_json: bool, say: Say, offline: bool
) -> int:
    steps = script.steps()

    def feed(reply: Mapping[str, Any]) -> None:
        if reply.get("type") == "reply":
            script.check(reply)
        line = None if script.problems else next(steps, None)
        queue.put(End() if line is None else Line(line, scripted=True))

    if offline:
        world.upstream.kill()
        say("The upstream is away until the script has ended.")
    code = LineMode(station, queue, sys.stdout, as_json=as_json, after=feed).run()
    if offline:
        say("The upstream is back.")
        world.upstream.start()
    for problem in script.problems:
        say(problem)
    drained = wait_until_drained(station)
    for line in holdings(world):
        say(line)
    if not drained:
        say("Not everything was delivered; see `returns-station outbox list`.")
    return code or (0 if drained and not script.problems else 1)


def wait_until_drained(station: Station) -> bool:
    """Waits for the sync job; whether nothing that may be delivered is left."""
    until = time.monotonic() + DRAIN_WITHIN_S
    while time.monotonic() < until:
        found = counts(station.engine)
        if not found.local and not found.sent:
            return True
        time.sleep(0.1)
    return False


# --- by hand, or by itself --------------------------------------------------------------------------------------------


def _guided(
    stack: contextlib.ExitStack,
    world: World,
    station: Station,
    queue: Queue,
    as_json: bool,
    say: Say,
    *,
    kept: bool,
) -> int:
    guide = Guide(station.engine)
    scanners = Scanners(world.config.scanners, queue.put)
    scanners.start()
    stack.callback(scanners.stop)
    stack.enter_context(_arrivals(world, queue))
    by_hand = sys.stdin.isatty()
    last: dict[str, Any] = {}
    _welcome(guide, say, by_hand)

    def after(reply: Mapping[str, Any]) -> None:
        last.clear()
        last.update(reply)
        finished = (
            reply.get("type") == "reply" and reply["parcel"] is not None and not reply["parcel"]["open"]
        )
        if by_hand:
            suggestion = guide.next(reply)
            say(
                f"  [Enter scans {suggestion}]"
                if suggestion
                else "  [Every parcel of the day is done: q ends]"
            )
        elif finished:
            queue.put(End())
        elif reply.get("signal") in (None, "accepted", "hold"):
            _scan(world, guide.next(reply))
        else:
            queue.put(End())

    mode = LineMode(station, queue, sys.stdout, as_json=as_json, after=after)
    if by_hand:
        _hands(world, guide, queue, last)
    code = mode.run()
    wait_until_drained(station)
    say("")
    for line in holdings(world):
        say(line)
    say(_farewell(world, kept=kept))
    return 0 if by_hand and code == ENDED_IN_PARCEL else code


def _welcome(guide: Guide, say: Say, by_hand: bool) -> None:
    say("")
    say("Today's parcels (scan the number on the left):")
    for number, rma, pieces in guide.parcels():
        say(f"  {number}  return {rma}, {pieces} piece{'s' if pieces > 1 else ''}")
    if by_hand:
        say(
            "Enter scans what a worker would scan next; anything you type is scanned as you typed it; q ends."
        )
    say("")


def _scan(world: World, text: str | None) -> None:
    if text:
        world.scanner.send(text.encode() + b"\r", baud=9600)


def _hands(world: World, guide: Guide, queue: Queue, last: Mapping[str, Any]) -> None:
    """Lines from the keyboard go through the simulated scanner."""

    def pump() -> None:
        for line in sys.stdin:
            text = line.strip("\r\n")
            if text.strip().lower() in ("q", "quit", "exit"):
                break
            _scan(world, text if text.strip() else guide.next(last))
        queue.put(End())

    threading.Thread(target=pump, name="hands", daemon=True).start()


# --- what the upstream says -------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _arrivals(world: World, queue: Queue) -> Iterator[None]:
    """Tells each effect as it arrives upstream."""
    stop = threading.Event()

    def look() -> None:
        seen = 0
        while not stop.wait(0.4):
            with contextlib.suppress(OSError):
                rows = told(world)
                for line in rows[seen:]:
                    queue.put(Arrived(code="upstream.told", sentence=f"Upstream has it: {line}"))
                seen = len(rows)

    thread = threading.Thread(target=look, name="arrivals", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)

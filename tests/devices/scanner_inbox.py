"""What the device tests share: one queue for all scanners, watched by a thread, and a list of notices."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from queue import SimpleQueue

from devices.frame import Frame
from devices.scanners import SerialScanner
from devices.states import Notice


class Inbox:
    """The one queue of the station, emptied by a thread that sorts frames by device."""

    def __init__(self) -> None:
        self.queue: SimpleQueue[Frame] = SimpleQueue()
        self.frames: dict[str, list[Frame]] = defaultdict(list)
        self.notices: list[Notice] = []
        self._changed = threading.Condition()
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        while True:
            frame = self.queue.get()
            with self._changed:
                self.frames[frame.device].append(frame)
                self._changed.notify_all()

    def note(self, notice: Notice) -> None:
        with self._changed:
            self.notices.append(notice)
            self._changed.notify_all()

    def wait(self, count: int, device: str = "dock", timeout_s: float = 20.0) -> bool:
        """Whether `count` frames of the device have come within the time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self.frames[device]) >= count, timeout_s)

    def wait_notice(self, kind: str, timeout_s: float = 20.0) -> Notice:
        """The first notice of this kind."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(n.kind == kind for n in self.notices), timeout_s), kind
            return next(n for n in self.notices if n.kind == kind)

    def data(self, device: str = "dock") -> list[bytes]:
        with self._changed:
            return [frame.data for frame in self.frames[device]]


def until(truth: Callable[[], bool], timeout_s: float = 20.0) -> bool:
    """Whether something became true within the time."""
    end = time.monotonic() + timeout_s
    while not truth():
        if time.monotonic() > end:
            return False
        time.sleep(0.001)
    return True


def scanner_on(url: object, inbox: Inbox, name: str = "dock", **options: object) -> SerialScanner:
    return SerialScanner(name, str(url), inbox.queue, inbox.note, **options)  # type: ignore[arg-type]

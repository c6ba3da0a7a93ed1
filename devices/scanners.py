"""Scanners: each a thread that turns what a device sends into frames on the one queue they all share."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue

from devices.errors import DeviceError
from devices.frame import Frame, Framed, Framer
from devices.replay import ReplayScanner
from devices.states import Notice, NoticeKind, Scanner, ScannerState
from devices.wires import FAULTS, Wire, open_wire

__all__ = ["Notice", "NoticeKind", "ReplayScanner", "Scanner", "ScannerState", "SerialScanner"]

BACKOFF_S = (0.05, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Pauses before each attempt to find an unplugged scanner again; the last one repeats."""

_WAITED_FOR = {"scanner_missing", "scanner_unreachable"}
_SWEEPS = 16

_log = logging.getLogger(__name__)


class SerialScanner:
    """A scanner on any port pyserial can open: /dev/ttyACM0, a pty, socket://, rfc2217://, hwgrep://, loop://.

    `sink` gets every frame, before the state changes and before any notice. `notices` is called from the
    scanner's thread and must return soon. `baud` is ignored by USB and network scanners. `framer` replaces
    the default framing (terminators, longest frame); `idle_s` is for scanners without suffix.

    Unplugged, the scanner is looked for again by `backoff`, at most 1 s apart; its open half scan is
    discarded with a notice, never delivered and never glued to the next. What a port already holds when it
    is opened counts as sent: nothing is flushed. What the system itself drops at the moment of unplugging
    (bytes it had not handed over) cannot be known here.
    """

    def __init__(
        self,
        name: str,
        url: str,
        sink: SimpleQueue[Frame],
        notices: Callable[[Notice], None] = lambda _: None,
        *,
        baud: int = 9600,
        idle_s: float = 0.05,
        clock: Callable[[], float] = time.monotonic,
        backoff: Sequence[float] = BACKOFF_S,
        framer: Framer | None = None,
    ) -> None:
        self.name = name
        self.url = url
        self._sink = sink
        self._notices = notices
        self._baud = baud
        self._clock = clock
        self._backoff = tuple(backoff)
        self._framer = framer or Framer(idle_s=idle_s)
        self._wire: Wire | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._number = 0
        self._state = ScannerState(False, clock(), f"Scanner {name} is not started.")

    @property
    def state(self) -> ScannerState:
        """The latest state, as one value."""
        return self._state

    @property
    def pending(self) -> int:
        """How many bytes of an unfinished scan have been read."""
        return self._framer.pending

    def start(self) -> None:
        """Open the port and listen; a scanner that is not plugged in yet is waited for.

        Raises `DeviceError` for what waiting does not mend: a port in use by another program, one that this
        account may not open or that is no serial port, a wrong URL or baud rate.
        """
        if self._thread is not None:
            return
        self._stopping.clear()
        try:
            self._connect()
        except DeviceError as error:
            self._become(False, error.sentence)
            if error.code not in _WAITED_FOR:
                raise
        self._thread = threading.Thread(target=self._run, name=f"scanner {self.name}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 8.0) -> None:
        """Stop listening; whole scans already on the port are delivered first, a half one is discarded.

        `timeout_s` outlasts pyserial's time-outs of opening a network port (5 s).
        """
        self._stopping.set()
        wire, thread = self._wire, self._thread
        if wire is not None:
            wire.wake()
        if thread is not None:
            thread.join(timeout_s)
            self._thread = thread if thread.is_alive() else None

    def send(self, payload: bytes) -> None:
        """Send bytes to the scanner (beeper, light, trigger); raises `DeviceError` when they do not go."""
        wire = self._wire
        try:
            if wire is None:
                raise OSError(self._state.sentence)
            wire.write(payload)
        except FAULTS as fault:
            raise DeviceError(
                "scanner_send",
                f"Scanner {self.name} did not take {len(payload)} bytes: {fault}",
                "Look whether it is plugged in.",
            ) from fault

    def _run(self) -> None:
        while wire := self._wire or self._reconnect():
            self._listen(wire)
        self._become(False, f"Scanner {self.name} is switched off.")

    def _listen(self, wire: Wire) -> None:
        """Read until the device goes or the scanner is stopped."""
        gone = False
        try:
            while not self._stopping.is_set():
                self._hear(wire.read(self._framer.due_in(self._clock())))
            self._sweep(wire)
        except Exception as fault:  # a thread that dies of a driver's surprise would be a silent scanner
            gone = True
            if not isinstance(fault, FAULTS):
                _log.exception("scanner %s: unexpected fault while reading", self.name)
        self._hang_up(wire, gone)

    def _sweep(self, wire: Wire) -> None:
        """Take what already waits on the port, bounded, for a device may never be silent."""
        for _ in range(_SWEEPS):
            chunk = wire.read(0)
            if not chunk:
                return
            self._hear(chunk)

    def _hear(self, chunk: bytes) -> None:
        at = self._clock()
        self._deliver(self._framer.feed(chunk, at) if chunk else self._framer.idle(at), at)

    def _deliver(self, frames: list[Framed], at: float) -> None:
        for content, ended_by in frames:
            self._number += 1
            self._sink.put(Frame(self.name, content, at, self._number, ended_by))

    def _hang_up(self, wire: Wire, gone: bool) -> None:
        self._wire = None
        wire.close()
        lost = self._framer.discard()
        if gone:
            self._become(False, f"Scanner {self.name} is unplugged ({self.url}).", "unplugged")
        if lost:
            sentence = (
                f"Scanner {self.name}: an unfinished scan of {len(lost)} bytes is discarded; scan again."
            )
            self._tell("half_scan_discarded", sentence, lost)

    def _connect(self) -> Wire:
        self._wire = open_wire(self.name, self.url, self._baud)
        self._become(True, f"Scanner {self.name} is connected ({self.url}).")
        return self._wire

    def _reconnect(self) -> Wire | None:
        """Look for the device until it is there; None when stopped meanwhile."""
        for pause in itertools.chain(self._backoff, itertools.repeat(self._backoff[-1])):
            if self._stopping.wait(pause):
                return None
            try:
                wire = self._connect()
            except DeviceError as error:
                self._explain(error)
            else:
                self._tell("reconnected", self._state.sentence)
                return wire
        return None

    def _explain(self, error: DeviceError) -> None:
        """Say why an unplugged scanner does not come back, once, and only if it is more than absent."""
        if error.code not in _WAITED_FOR and error.sentence != self._state.sentence:
            self._become(False, error.sentence, "unavailable")

    def _become(self, connected: bool, sentence: str, notice: NoticeKind | None = None) -> None:
        self._state = ScannerState(connected, self._clock(), sentence)
        if notice is not None:
            self._tell(notice, sentence)

    def _tell(self, kind: NoticeKind, sentence: str, lost: bytes = b"") -> None:
        try:
            self._notices(Notice(self.name, kind, self._clock(), sentence, lost))
        except Exception:  # a listener's fault must not silence the scanner
            _log.exception("scanner %s: its listener failed on a notice", self.name)

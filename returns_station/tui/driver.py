"""The terminal's input: a wedge scanner's bursts go to the station's queue, only a person's keys become key events."""

import os
import selectors
import time
from codecs import getincrementaldecoder
from typing import Protocol, cast

from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message
from textual.messages import TerminalSupportsSynchronizedOutput

from returns_station.hardware.wedge import Wedge

_LOOK_S = 0.1
# Textual turns on Kitty's protocol unless told not to before it starts; with it every key would be a sequence.
setattr(constants, "DISABLE_KITTY_KEY", True)  # noqa: B010 - it is declared final
# What the terminal may tell the screen. A size told in-band is not among them: a bar code could tell one.
_TOLD = (events.Key, events.AppFocus, events.AppBlur, TerminalSupportsSynchronizedOutput)


class Keyboard(Protocol):
    """What the driver needs of the app: where bursts go, and whether the mouse counts."""

    wedge: Wedge
    mouse: bool

    def hang_up(self) -> None:
        """The terminal is gone; called from the input thread."""


class StationDriver(LinuxDriver):
    """Splits what the terminal sends before Textual's parser sees it.

    Bracketed paste, in-band sizes and the Kitty protocol stay off: each would hide a scanner's bytes in sequences.
    """

    def run_input_thread(self) -> None:
        """Reads until the app ends. Only silence of the keyboard counts as time between keys."""
        keyboard = cast(Keyboard, self._app)
        wedge = keyboard.wedge
        told = _TOLD + ((events.MouseEvent,) if keyboard.mouse else ())
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")("replace").decode
        heard_s = 0.0
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                due = wedge.due_in(heard_s)
                wait = _LOOK_S if due is None else min(due, _LOOK_S)
                began = time.monotonic()
                if selector.select(wait):
                    # It came within the wait, however late this thread is told: on a busy machine a scan stays whole.
                    heard_s += min(time.monotonic() - began, 0.99 * wait)
                    chunk = _read(self.fileno)
                    if not chunk:
                        return keyboard.hang_up()
                    keys = wedge.feed(chunk, heard_s)
                else:
                    heard_s += max(time.monotonic() - began, wait)
                    keys = wedge.idle(heard_s)
                for event in (*parser.feed(decode(keys)), *parser.tick()) if keys else parser.tick():
                    self._tell(event, told)
        return None

    def _tell(self, event: Message, told: tuple[type[Message], ...]) -> None:
        if isinstance(event, told):
            self.process_message(event)

    def _enable_bracketed_paste(self) -> None:
        """Not enabled: a pasted line is a scan like any other."""

    def _query_in_band_window_resize(self) -> None:
        """Not asked for: the size comes from the system alone."""


def _read(descriptor: int) -> bytes:
    """What waits; empty when the terminal is gone."""
    try:
        return os.read(descriptor, 4096)
    except (BlockingIOError, InterruptedError):
        return b"\0"
    except OSError:
        return b""

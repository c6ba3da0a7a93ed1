"""Where a process kills itself: at the n-th passing of a checkpoint, of a statement in a transaction, of half a label."""

import os
import signal
import sys
from typing import Any

from sqlalchemy import Engine, event


class Points:
    """Counts passings of `point` and ends this process with SIGKILL at passing number `passes`.

    Points are the product's checkpoints and, found by looking from outside: `begun` (a transaction was opened),
    `statement` (a statement of an input's transaction ran, its COMMIT did not), `print-mark` and `mark-statement` (the
    same within the transactions that keep what became of a label, and of a batch), `print-part` (a label lies beside
    its name).
    """

    def __init__(self, point: str, passes: int) -> None:
        self._point = point
        self._left = passes
        self._last = ""
        self._open = False

    def __call__(self, name: str) -> None:
        self._last = name
        self._pass(name)

    def watch(self) -> None:
        """Looks at statements and at renamed files."""
        event.listen(Engine, "before_cursor_execute", self._before)
        event.listen(Engine, "after_cursor_execute", self._after)
        if self._point == "print-part":
            sys.addaudithook(self._audit)

    def _pass(self, name: str) -> None:
        if name and name == self._point:
            self._left -= 1
            if self._left <= 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def _before(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "COMMIT":
            self._open = False

    def _after(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement == "BEGIN IMMEDIATE":
            self._open = True
            self._pass("begun" if self._last == "before-commit" else "")
        if self._open:
            self._pass(_WITHIN.get(self._last, ""))

    def _audit(self, name: str, facts: tuple[Any, ...]) -> None:
        if name == "os.rename" and str(facts[0]).endswith(".pdf.part"):
            self._pass("print-part")


_WITHIN = {"before-commit": "statement", "printed": "print-mark", "after-send": "mark-statement"}

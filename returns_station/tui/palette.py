"""The command palette: what can be done at this step by this role, found by typing a few letters."""

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from returns_station.domain.codes import Role
from returns_station.tui.words import ACTIONS, COMMANDS
from returns_station.workflow.accepts import COMMANDS as TAKEN_AT

if TYPE_CHECKING:
    from returns_station.tui.app import StationApp

SUPERVISORS_ALONE = frozenset({"short"})
# Said by a code with a value of its own, or by answering.
_NOT_BARE = frozenset({"disposition", "yes", "no"})
_OWN_ACTIONS = ("details", "compact", "quit")


def offered(step: str, role: str | None) -> tuple[str, ...]:
    """Command words for this step and role, those that belong to few steps first."""
    found = [
        name
        for name, steps in TAKEN_AT.items()
        if step in steps
        and name not in _NOT_BARE
        and (name not in SUPERVISORS_ALONE or role == Role.SUPERVISOR.value)
    ]
    return tuple(sorted(found, key=lambda name: len(TAKEN_AT[name])))


class Commands(Provider):
    """Commands of the dialogue, then the screen's own."""

    def _entries(self) -> Iterable[tuple[str, str, partial[None]]]:
        app = cast("StationApp", self.app)
        for name in offered(app.step, app.role):
            yield COMMANDS.get(name, name), f"RS-{name.upper().replace('_', '-')}", partial(app.command, name)
        for name in _OWN_ACTIONS:
            yield ACTIONS[name], "", partial(app.perform, name)
        yield from app.looks()

    async def discover(self) -> Hits:
        """Everything, in the order of the dialogue."""
        for title, help_text, act in self._entries():
            yield DiscoveryHit(title, act, help=help_text or None)

    async def search(self, query: str) -> Hits:
        """What matches."""
        matcher = self.matcher(query)
        for title, help_text, act in self._entries():
            score = matcher.match(title)
            if score > 0:
                yield Hit(score, matcher.highlight(title), act, help=help_text or None)

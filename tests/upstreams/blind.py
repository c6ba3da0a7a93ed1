"""A connector that must not be: it sends every effect under a new key and never looks. What the kills have to see."""

import uuid
from dataclasses import replace

from returns_station.connectors.api import Capabilities, Found, NotFound, Outcome, Outgoing, References
from returns_station.connectors.http import HttpConnector


class BlindConnector:
    """Speaks docs/openapi.yaml, and defeats the one thing that makes a repeated event harmless there."""

    def __init__(self, *arguments: object, **more: object) -> None:
        self._http = HttpConnector(*arguments, **more)  # type: ignore[arg-type]
        self.capabilities: Capabilities = replace(self._http.capabilities, batch=1, feeds=frozenset())
        self.pull = self._http.pull
        self.close = self._http.close

    def deliver(self, effect: Outgoing, refs: References) -> Outcome:
        """Sends it as if it had never been sent."""
        return self._http.deliver(replace(effect, key=str(uuid.uuid4())), refs)

    def look_up(self, effect: Outgoing, refs: References) -> Found:
        """Claims that nothing was ever sent."""
        return NotFound()

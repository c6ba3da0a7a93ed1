"""Connectors by name, from the entry points of installed packages; listing them imports none."""

from importlib.metadata import EntryPoint, entry_points
from typing import Final, cast

from returns_station.connectors.api import ConnectorError, Factory

GROUP: Final = "returns_station.connectors"


def available() -> tuple[str, ...]:
    """The names of all installed connectors, sorted."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def load(name: str) -> Factory:
    """The factory of one connector; raises ConnectorError for none, for two, for a broken import."""
    point = _point(name)
    try:
        return cast(Factory, point.load())
    except Exception as error:
        raise ConnectorError(
            "connector.broken",
            f"The connector {name} ({point.value}) could not be loaded: {error}.",
            "Reinstall the package that brings it.",
            retry=False,
        ) from error


def _point(name: str) -> EntryPoint:
    # An editable checkout on the path can be listed twice with the same value: that is one connector.
    points = {point.value: point for point in entry_points(group=GROUP, name=name)}
    if len(points) == 1:
        return next(iter(points.values()))
    if not points:
        sentence = f"No connector is called {name!r}; there are: {', '.join(available()) or 'none'}."
        raise ConnectorError(
            "connector.unknown", sentence, "Install its package or correct the name.", retry=False
        )
    raise ConnectorError(
        "connector.ambiguous",
        f"Several connectors are called {name!r}: {', '.join(sorted(points))}.",
        "Uninstall all but one of the packages.",
        retry=False,
    )

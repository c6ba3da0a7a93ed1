"""Connectors by name, from the entry points of installed packages; listing them imports none."""

from collections.abc import Iterable
from difflib import get_close_matches
from fnmatch import fnmatchcase
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


def check_options(name: str, factory: object, options: Iterable[str]) -> None:
    """Raises ConnectorError for an option that the connector does not know, where it says which it knows.

    A factory says so by an attribute `OPTIONS`, the names in a set, `place.*` for all that begin so; one without is
    trusted to look itself.
    """
    known: Iterable[str] | None = getattr(factory, "OPTIONS", None)
    names = tuple(known or ())
    unknown = [one for one in sorted(options) if not any(fnmatchcase(one, name) for name in names)]
    if known is None or not unknown:
        return
    near = get_close_matches(unknown[0], known, n=1)
    guess = f"; did you mean {near[0]!r}?" if near else "."
    hint = f"Options are {', '.join(sorted(known))}." if known else "It has none: take [target.options] out."
    raise ConnectorError(
        "connector.option", f"The connector {name} has no option {unknown[0]!r}{guess}", hint, retry=False
    )

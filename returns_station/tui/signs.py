"""A signal as shape, word and colour, so that it is told apart without colours, without reading, and from afar."""

from dataclasses import dataclass

from returns_station.wording import SIGNALS


@dataclass(frozen=True, slots=True)
class Sign:
    """How a signal looks: `tone` is a theme's colour, `shape` three rows of five cells, `mark` the same in one cell."""

    tone: str
    shape: tuple[str, str, str]
    mark: str


SIGNS = {
    "accepted": Sign("success", ("    ▞", "▚  ▞ ", " ▚▞  "), "✔"),
    "duplicate": Sign("warning", ("▄▄▄▄▄", "     ", "▀▀▀▀▀"), "="),
    "unknown": Sign("warning", (" ▛▀▜ ", "  ▗▛ ", "  ▖  "), "?"),
    "mismatch": Sign("error", ("▚   ▞", "  █  ", "▞   ▚"), "✘"),
    "hold": Sign("warning", ("██ ██", "██ ██", "██ ██"), "‖"),
    "stop": Sign("error", ("▗███▖", "█████", "▝███▘"), "■"),
}


def sign(signal: str) -> Sign:
    """The sign of a signal."""
    return SIGNS[signal]


def word(signal: str) -> str:
    """The word of a signal."""
    return SIGNALS[signal]

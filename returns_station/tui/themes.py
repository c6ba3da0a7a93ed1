"""Colours: a calm dark one, a light one, and one of black, white and yellow alone for weak eyes and bad screens."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from textual.theme import Theme

NAMES: Final = {"dock": "Dock", "light": "Light", "contrast": "High contrast"}


def themes() -> "tuple[Theme, ...]":
    """The themes by the names of `NAMES`."""
    from textual.theme import Theme

    return (
        Theme(
            name="dock",
            primary="#5aa7ff",
            secondary="#8fa3b8",
            accent="#ffd166",
            success="#2fbf71",
            warning="#f4a934",
            error="#ef5350",
            foreground="#e8edf2",
            background="#10161d",
            surface="#17202a",
            panel="#1f2b38",
            dark=True,
        ),
        Theme(
            name="light",
            primary="#0b5cad",
            secondary="#51606f",
            accent="#0b3d75",
            success="#1d8a4f",
            warning="#b86e00",
            error="#c62828",
            foreground="#14202b",
            background="#f6f8fa",
            surface="#ffffff",
            panel="#e6ebf0",
            dark=False,
        ),
        Theme(
            name="contrast",
            primary="#ffffff",
            secondary="#ffffff",
            accent="#ffff00",
            success="#00ff00",
            warning="#ffff00",
            error="#ff3b30",
            foreground="#ffffff",
            background="#000000",
            surface="#000000",
            panel="#3a3a3a",
            dark=True,
        ),
    )

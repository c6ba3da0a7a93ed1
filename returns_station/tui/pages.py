"""What the help and details dialogs say."""

from pathlib import Path
from typing import TYPE_CHECKING

from textual.widget import Widget

from returns_station.config import Keys
from returns_station.printable import cells
from returns_station.tui.dialogs import Reading
from returns_station.tui.palette import offered
from returns_station.tui.text import BLANK, Row, joined, literal
from returns_station.tui.widgets.known import all_known
from returns_station.tui.words import ACTIONS, COMMANDS, WORDS, word
from returns_station.wording import SENTENCES, sentence, term

if TYPE_CHECKING:
    from returns_station.workflow.board import Board

WIDTH = 80
NARROW = 60
_PAD = {"slash": "/", "asterisk": "*", "minus": "-", "plus": "+", "full_stop": "."}


def help_page(focused: Widget | None, step: str, role: str | None, keys: Keys, width: int = WIDTH) -> Reading:
    """Help for the focused part of the screen, else for the step: what it wants, the codes that work, the keys."""
    part = getattr(focused, "HELP", None)
    if part:
        told = WORDS.get(part, part)
    else:
        told = sentence(f"help.{step}", {}) if f"help.{step}" in SENTENCES else ""
    codes = [
        (f"RS-{name.upper().replace('_', '-')}", COMMANDS.get(name, name)) for name in offered(step, role)
    ]
    pressed = [(_keys(getattr(keys, name)), title) for name, title in ACTIONS.items()]
    return Reading(
        word("help.title"),
        [
            literal(told, "bold"),
            BLANK,
            literal(word("help.codes"), "bold $accent"),
            *_table(codes, width),
            BLANK,
            literal(word("help.keys"), "bold $accent"),
            *_table(pressed, width),
        ],
    )


def _keys(text: str) -> str:
    return " ".join(_PAD.get(key, key.upper()) for key in text.split(","))


def _table(rows: list[tuple[str, str]], width: int = WIDTH) -> list[Row]:
    """Two columns; one under the other where the terminal is narrow."""
    if width < NARROW:
        return [row for left, right in rows for row in (literal(left, "bold"), joined("  ", right))]
    wide = max((cells(left) for left, _ in rows), default=0)
    return [joined((left + " " * (wide - cells(left)), "bold"), "  ", right) for left, right in rows]


def details_page(board: "Board | None", evidence: Path) -> Reading:
    """All that is known of the work in hand, why the unit goes where it goes, and where its pictures are."""
    rows = all_known(board, WIDTH) if board is not None else []
    unit = board.unit if board is not None else None
    if unit is not None and unit.policy:
        rows += [BLANK, literal(word("details.why", policy=unit.policy), "bold $accent")]
        rows += _table([(term(name), ",".join(map(term, value.split(",")))) for name, value in unit.facts])
    if board is not None and board.parcel is not None and board.parcel.kept:
        links = [literal((evidence / name).absolute().as_uri()) for name in board.parcel.kept]
        rows += [BLANK, literal(word("details.pictures"), "bold $accent"), *links]
    return Reading(word("details.title"), rows or [literal(word("details.none"))])

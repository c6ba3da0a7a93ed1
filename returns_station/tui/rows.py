"""A widget of rows, drawn straight to the terminal's cells: an answer is painted in a fraction of what text layout costs."""

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.strip import Strip
from textual.widget import Widget

from returns_station.tui.text import Row, cropped

_WORDS = ("bold", "reverse", "blink")


class Rows(Widget):
    """Shows `rows()`, worked out once after each `redraw` and for each size and look."""

    def __init__(self, id: str) -> None:
        super().__init__(id=id)
        self._strips: list[Strip] = []
        self._drawn_for: tuple[object, ...] | None = None

    def rows(self) -> list[Row]:
        """What to show in `self.size`."""
        return []

    def redraw(self) -> None:
        """Something changed that is shown."""
        self._drawn_for = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Colours changed."""
        super().notify_style_update()
        self._drawn_for = None

    def render_line(self, y: int) -> Strip:
        """One line of cells."""
        if self._drawn_for != self.size:
            self._draw()
        return self._strips[y] if y < len(self._strips) else self._strips[-1]

    def _draw(self) -> None:
        width, height = self.size
        base = self.rich_style
        tones = self.app.theme_variables
        palette = tuple(tones[name] for name in ("accent", "success", "warning", "error"))
        strips = []
        for row in self.rows()[:height]:
            segments = [
                Segment(text, _styled(look, base, palette)) for text, look in cropped(row, width) if text
            ]
            strips.append(Strip(segments).adjust_cell_length(width, base))
        self._strips = [*strips, Strip.blank(width, base)]
        self._drawn_for = self.size


@lru_cache(maxsize=512)
def _styled(look: str, base: Style, palette: tuple[str, ...]) -> Style:
    """A look by its words: bold, reverse, blink, dim, a tone such as $accent; "ink" is dark on light in every theme."""
    words = look.split()
    style = base + Style(**{word: True for word in words if word in _WORDS})  # type: ignore[arg-type]
    tones = dict(zip(("$accent", "$success", "$warning", "$error"), palette, strict=True))
    if "ink" in words:
        return Style(color="#000000", bgcolor="#ffffff")
    tone = next((tones[word] for word in words if word in tones), None)
    if tone is not None:
        style += Style(color=Color.parse(tone).rich_color)
    if "dim" in words and base.color and base.bgcolor:
        style += Style(color=_between(base).rich_color)
    return style


def _between(base: Style) -> Color:
    """Two thirds of the way from the ground to the text: quiet, and still read easily."""
    assert base.color is not None
    assert base.bgcolor is not None
    return Color.from_rich_color(base.bgcolor).blend(Color.from_rich_color(base.color), 0.66)

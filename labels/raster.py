"""A line of text as black dots, drawn from the same fonts as the PDF, for printers whose own font lacks its script."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from labels.fitting import HALF_CAPITAL, Line, in_visual_order
from labels.fonts import Fonts, file_of, runs
from labels.spec import DESCENT, HEADROOM, Text

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

# Half of a dot's blackness; a thermal head knows black and white only.
_THRESHOLD = 128


@dataclass(frozen=True, slots=True)
class Bitmap:
    """Rows of dots from the top, a set bit is black; the room's baseline lies `ascent` rows down."""

    rows: tuple[bytes, ...]
    ascent: int


def bitmap(text: Text, line: Line, fonts: Fonts, dots_per_mm: float) -> Bitmap:
    """The line as it stands in its room: as wide as the line, as high as the room, clipped to both."""
    from PIL import Image, ImageDraw

    em = text.size_mm * dots_per_mm
    ascent, height = round(HEADROOM * em), round((HEADROOM + DESCENT) * em)
    width = max(1, min(-(-line.width_mm * dots_per_mm // 1), text.width_mm * dots_per_mm // 1))
    image = Image.new("L", (int(width), max(1, height)))
    draw, size = ImageDraw.Draw(image), line.size_mm * dots_per_mm
    baseline = round(ascent - HALF_CAPITAL * (em - size))
    characters = in_visual_order(line, text, fonts)
    at = characters[0].overhang * size / 1000
    for name, piece in runs(characters):
        draw.text((at, baseline), piece, fill=255, font=_font(str(file_of(name)), size), anchor="ls")
        at += sum(c.width for c in characters[: len(piece)]) * size / 1000
        characters = characters[len(piece) :]
    black = image.point([255 if level >= _THRESHOLD else 0 for level in range(256)], "1")
    stride, dots = (image.width + 7) // 8, black.tobytes()
    return Bitmap(tuple(dots[at : at + stride] for at in range(0, len(dots), stride)), ascent)


@lru_cache(maxsize=64)
def _font(path: str, size: float) -> "FreeTypeFont":
    from PIL import ImageFont

    # The basic layout sets letter after letter, as the PDF does; Raqm would reorder a second time.
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)

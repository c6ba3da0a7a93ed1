"""What stands on a label and where, in millimetres from the top left corner; knows no printer language."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from labels.errors import LabelError

# 203 dpi thermal heads are 8 dots to the millimetre.
DOTS_PER_MM = 8

# The share of the font size above and below the baseline that a line of text is taken to occupy.
ASCENT = 0.76
DESCENT = 0.24

# Accents on capitals rise to this share of the em above the baseline; what rises higher is clipped.
HEADROOM = 1.05

Bounds: TypeAlias = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Text:
    """One line of text, drawn literally.

    A text wider than `width_mm` is first made smaller, down to `min_size_mm`, then cut with an ellipsis.
    Sizes are the font's em. A smaller text keeps the optical middle of the line.
    """

    x_mm: float
    baseline_mm: float
    width_mm: float
    text: str
    size_mm: float
    min_size_mm: float
    bold: bool = False
    inverse: bool = False
    align: Literal["left", "center", "right"] = "left"

    @property
    def bounds_mm(self) -> Bounds:
        """Left, top, right, bottom."""
        top = self.baseline_mm - ASCENT * self.size_mm
        return self.x_mm, top, self.x_mm + self.width_mm, self.baseline_mm + DESCENT * self.size_mm


@dataclass(frozen=True, slots=True)
class Code128:
    """A Code 128 symbol. `x_mm` is the first bar's left edge, so the quiet zone lies outside the bars.

    `width_mm` is the room for the bars alone; the X-dimension is `x_dots` printer dots and falls to
    `min_x_dots` only when the symbol does not fit. The quiet zone is `quiet` X-dimensions on both sides
    (ISO/IEC 15417: 10X).
    """

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    value: str
    x_dots: int = 3
    min_x_dots: int = 3
    quiet: int = 10

    @property
    def bounds_mm(self) -> Bounds:
        """Left, top, right, bottom, quiet zones of the widest allowed bars included."""
        quiet = self.quiet * self.x_dots / DOTS_PER_MM
        return self.x_mm - quiet, self.y_mm, self.x_mm + self.width_mm + quiet, self.y_mm + self.height_mm


@dataclass(frozen=True, slots=True)
class Matrix:
    """A QR symbol in a square of `size_mm`, its modules `module_dots` printer dots wide.

    The quiet zone is `quiet` modules on all sides, outside the square (ISO/IEC 18004: 4).
    """

    x_mm: float
    y_mm: float
    size_mm: float
    value: str
    module_dots: int
    quiet: int = 4

    @property
    def bounds_mm(self) -> Bounds:
        """Left, top, right, bottom, quiet zone included."""
        quiet = self.quiet * self.module_dots / DOTS_PER_MM
        near_x, near_y = self.x_mm - quiet, self.y_mm - quiet
        return near_x, near_y, near_x + self.size_mm + 2 * quiet, near_y + self.size_mm + 2 * quiet


@dataclass(frozen=True, slots=True)
class Rule:
    """A black horizontal line."""

    x_mm: float
    y_mm: float
    length_mm: float
    thickness_mm: float = 0.25

    @property
    def bounds_mm(self) -> Bounds:
        """Left, top, right, bottom."""
        return self.x_mm, self.y_mm, self.x_mm + self.length_mm, self.y_mm + self.thickness_mm


@dataclass(frozen=True, slots=True)
class Box:
    """A black rectangle: filled, or an outline whose line of `line_mm` lies inside the bounds."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float
    filled: bool = True
    line_mm: float = 0.375

    @property
    def bounds_mm(self) -> Bounds:
        """Left, top, right, bottom."""
        return self.x_mm, self.y_mm, self.x_mm + self.width_mm, self.y_mm + self.height_mm


Element: TypeAlias = Text | Code128 | Matrix | Rule | Box


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """A whole label. Raises `LabelError` (`off_label`) when an element or its quiet zone leaves the label."""

    width_mm: float
    height_mm: float
    elements: tuple[Element, ...]
    title: str = ""

    @classmethod
    def unchecked(
        cls, width_mm: float, height_mm: float, elements: tuple[Element, ...], title: str
    ) -> "LabelSpec":
        """A label whose elements all lie in rooms that were checked before, such as a layout's."""
        spec, put = object.__new__(cls), object.__setattr__
        put(spec, "width_mm", width_mm)
        put(spec, "height_mm", height_mm)
        put(spec, "elements", elements)
        put(spec, "title", title)
        return spec

    def __post_init__(self) -> None:
        for element in self.elements:
            left, top, right, bottom = element.bounds_mm
            if not (0 <= left <= right <= self.width_mm and 0 <= top <= bottom <= self.height_mm):
                raise LabelError(
                    "off_label",
                    f"A {type(element).__name__} reaches from ({left:.2f}, {top:.2f}) "
                    f"to ({right:.2f}, {bottom:.2f}) mm, "
                    f"and the label is {self.width_mm:g} × {self.height_mm:g} mm.",
                    "Use a larger label or move the element.",
                )


def dots(mm: float) -> int:
    """Millimetres as the nearest whole printer dot."""
    return round(mm * DOTS_PER_MM)

"""Draws label models as PDF by reportlab: a symbol is one path, a text a literal string, fonts embedded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from labels.fitting import Line, baseline_mm, fit, in_visual_order, left_mm
from labels.fonts import Fonts, installed_fonts, runs
from labels.lines import has_no_glyph, printable
from labels.spec import DESCENT, DOTS_PER_MM, HEADROOM, Box, Code128, LabelSpec, Matrix, Rule, Text, dots
from labels.symbols import dark, fit_code128, fit_qr

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_POINTS_PER_MM = 72 / 25.4
_POINTS_PER_DOT = _POINTS_PER_MM / DOTS_PER_MM

# Takes how much is done, of how much.
Told: TypeAlias = Callable[[int, int], None]

# Left, top, width and height in whole printer dots.
Bar: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF, and the characters on it for which no font had a glyph: each once, printed as `?`."""

    pdf: bytes
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Placed:
    """A label on a page: its left upper corner in millimetres from that of the page."""

    spec: LabelSpec
    x_mm: float = 0.0
    y_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet of paper in millimetres, and what stands on it."""

    width_mm: float
    height_mm: float
    placed: tuple[Placed, ...]


def render(spec: LabelSpec, fonts: Fonts | None = None) -> Rendered:
    """One label as a PDF of one page; equal specs and fonts give equal bytes. Raises `LabelError`."""
    return render_pages((spec,), fonts)


def render_pages(specs: Sequence[LabelSpec], fonts: Fonts | None = None) -> Rendered:
    """Labels as a PDF of one page each. Raises `LabelError`."""
    return render_placed([Page(s.width_mm, s.height_mm, (Placed(s),)) for s in specs], fonts)


def render_placed(pages: Sequence[Page], fonts: Fonts | None = None, told: Told | None = None) -> Rendered:
    """Pages with any number of labels; `told` hears of how many of the pages are drawn. Raises `LabelError`."""
    from reportlab.pdfgen.canvas import Canvas

    chosen = fonts or installed_fonts()
    out = BytesIO()
    # Deflating 24 kB to 19 kB would cost an eighth of the time a label takes.
    canvas = Canvas(out, invariant=1, pageCompression=0)
    canvas.setTitle(_without_controls(pages[0].placed[0].spec.title if pages and pages[0].placed else ""))
    canvas.setAuthor("Returns Station")
    canvas.setCreator("Returns Station")
    missing: dict[str, None] = {}
    for number, page in enumerate(pages, 1):
        canvas.setPageSize((page.width_mm * _POINTS_PER_MM, page.height_mm * _POINTS_PER_MM))
        for placed in page.placed:
            missing.update(dict.fromkeys(_draw(canvas, placed, page.height_mm, chosen)))
        canvas.showPage()
        if told:
            told(number, len(pages))
    canvas.save()
    return Rendered(out.getvalue(), tuple(missing))


def _without_controls(title: str) -> str:
    return "".join(c for c in printable(title) if not has_no_glyph(c))


def _draw(canvas: "Canvas", placed: Placed, page_height_mm: float, fonts: Fonts) -> list[str]:
    """Draws one label and returns the characters without a glyph."""
    spec = placed.spec
    up = page_height_mm - placed.y_mm - spec.height_mm
    if placed.x_mm or up:
        canvas.addLiteral(f"q 1 0 0 1 {placed.x_mm * _POINTS_PER_MM:.5f} {up * _POINTS_PER_MM:.5f} cm")
    _draw_in_dots(canvas, spec)
    missing: list[str] = []
    for element in spec.elements:
        if isinstance(element, Text):
            line = fit(element, fonts)
            _draw_text(canvas, element, line, spec.height_mm, fonts)
            missing += line.missing
    if placed.x_mm or up:
        canvas.addLiteral("Q")
    return missing


def _draw_in_dots(canvas: "Canvas", spec: LabelSpec) -> None:
    """Everything but text, in whole dots from the top left, one path for each element."""
    scale, top = _POINTS_PER_DOT, spec.height_mm * _POINTS_PER_MM
    canvas.addLiteral(f"q {scale:.7f} 0 0 {-scale:.7f} 0 {top:.5f} cm")
    for element in spec.elements:
        if not isinstance(element, Text):
            path = " ".join(f"{x} {y} {w} {h} re" for x, y, w, h in _rectangles(element))
            canvas.addLiteral(f"{path} f*")
    canvas.addLiteral("Q")


def _rectangles(element: Code128 | Matrix | Rule | Box) -> Iterator[Bar]:
    match element:
        case Code128():
            yield from _bars(element)
        case Matrix():
            yield from _modules(element)
        case Rule():
            yield (
                dots(element.x_mm),
                dots(element.y_mm),
                dots(element.length_mm),
                max(1, dots(element.thickness_mm)),
            )
        case Box():
            yield from _box(element)


def _bars(symbol: Code128) -> Iterator[Bar]:
    fitted = fit_code128(symbol)
    left, top, height = dots(symbol.x_mm), dots(symbol.y_mm), dots(symbol.height_mm)
    for start, length in dark(fitted.modules):
        yield left + start * fitted.x_dots, top, length * fitted.x_dots, height


def _modules(symbol: Matrix) -> Iterator[Bar]:
    left, top, side = dots(symbol.x_mm), dots(symbol.y_mm), symbol.module_dots
    for row, line in enumerate(fit_qr(symbol)):
        for start, length in dark(line):
            yield left + start * side, top + row * side, length * side, side


def _box(box: Box) -> Iterator[Bar]:
    left, top, width, height = dots(box.x_mm), dots(box.y_mm), dots(box.width_mm), dots(box.height_mm)
    yield left, top, width, height
    if not box.filled:  # the even-odd rule leaves what two rectangles share empty
        line = max(1, dots(box.line_mm))
        yield left + line, top + line, width - 2 * line, height - 2 * line


def _draw_text(canvas: "Canvas", text: Text, line: Line, label_height_mm: float, fonts: Fonts) -> None:
    if not line.characters:
        return
    baseline = label_height_mm - baseline_mm(text, line)
    characters = in_visual_order(line, text, fonts)
    left = left_mm(text, line) + characters[0].overhang * line.size_mm / 1000
    drawn: Any = canvas.beginText(left * _POINTS_PER_MM, baseline * _POINTS_PER_MM)
    for font, piece in runs(characters):
        drawn.setFont(font, line.size_mm * _POINTS_PER_MM)
        drawn.textOut(piece)
    canvas.addLiteral(f"q {_clip(text, label_height_mm)} re W n{' 1 g' if text.inverse else ''}")
    canvas.drawText(drawn)
    canvas.addLiteral("Q")


def _clip(text: Text, label_height_mm: float) -> str:
    """The room of a text: marks stacked on a letter must not reach a symbol."""
    bottom = label_height_mm - text.baseline_mm - DESCENT * text.size_mm
    box = (text.x_mm, bottom, text.width_mm, (HEADROOM + DESCENT) * text.size_mm)
    return " ".join(f"{side * _POINTS_PER_MM:.2f}" for side in box)

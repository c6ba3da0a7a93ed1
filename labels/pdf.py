"""Draws label models as PDF by reportlab: a symbol is one path, a text a literal string, fonts embedded."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeAlias

from labels.fonts import Fonts, Measured, installed_fonts, measured, runs
from labels.lines import cut_before_mark, has_no_glyph, printable, visual
from labels.spec import DESCENT, DOTS_PER_MM, Box, Code128, LabelSpec, Matrix, Rule, Text, dots
from labels.symbols import fit_code128, fit_qr

if TYPE_CHECKING:
    from reportlab.pdfgen.canvas import Canvas

_POINTS_PER_MM = 72 / 25.4
_POINTS_PER_DOT = _POINTS_PER_MM / DOTS_PER_MM

# Accents on capitals rise to this share of the em above the baseline; what rises higher is clipped.
_HEADROOM = 1.05

# Half the height of a capital in ems (Vera, DejaVu: 0.729), the middle that a shrunk text keeps.
_HALF_CAPITAL = 0.365

# Left, top, width and height in whole printer dots.
Bar: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Rendered:
    """A PDF, and the characters on it for which no font had a glyph: each once, printed as `?`."""

    pdf: bytes
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A text as it will stand on paper: its characters in logical order and its size in millimetres."""

    characters: tuple[Measured, ...]
    size_mm: float

    @property
    def width_mm(self) -> float:
        """The advance width, and the overhang of the first character."""
        return _ems(self.characters) * self.size_mm


def render(spec: LabelSpec, fonts: Fonts | None = None) -> Rendered:
    """One label as a PDF of one page; equal specs and fonts give equal bytes. Raises `LabelError`."""
    return render_pages((spec,), fonts)


def render_pages(specs: Sequence[LabelSpec], fonts: Fonts | None = None) -> Rendered:
    """Labels as a PDF of one page each. Raises `LabelError`."""
    from reportlab.pdfgen.canvas import Canvas

    chosen = fonts or installed_fonts()
    out = BytesIO()
    # Deflating 24 kB to 19 kB would cost an eighth of the time a label takes.
    canvas = Canvas(out, invariant=1, pageCompression=0)
    canvas.setTitle(_without_controls(specs[0].title if specs else ""))
    canvas.setAuthor("Returns Station")
    canvas.setCreator("Returns Station")
    missing: dict[str, None] = {}
    for spec in specs:
        missing.update(dict.fromkeys(_draw(canvas, spec, chosen)))
        canvas.showPage()
    canvas.save()
    return Rendered(out.getvalue(), tuple(missing))


def missing_glyphs(spec: LabelSpec, fonts: Fonts | None = None) -> tuple[tuple[str, str], ...]:
    """(text, its characters without a glyph) for every text of the label that would not print as written."""
    chosen = fonts or installed_fonts()
    found = (
        (e.text, "".join(dict.fromkeys(_missing(fit(e, chosen)))))
        for e in spec.elements
        if isinstance(e, Text)
    )
    return tuple((text, chars) for text, chars in found if chars)


def fit(text: Text, fonts: Fonts) -> Line:
    """The text made smaller, then cut with an ellipsis, until it is no wider than its room."""
    content, chain = printable(text.text), fonts.chain(text.bold)
    characters = measured(content, chain)
    natural = _ems(characters)
    if natural * text.min_size_mm <= text.width_mm:
        size = min(text.size_mm, text.width_mm / natural) if natural else text.size_mm
        return Line(tuple(characters), size)
    ellipsis = measured("…", chain)
    room = text.width_mm / text.min_size_mm * 1000 - ellipsis[0].width - characters[0].overhang
    kept = cut_before_mark(content, _count_within(characters, room))
    while kept and content[kept - 1] == " ":
        kept -= 1
    return Line((*characters[:kept], *ellipsis), text.min_size_mm)


def _ems(characters: Sequence[Measured]) -> float:
    return (sum(c.width for c in characters) + (characters[0].overhang if characters else 0)) / 1000


def _without_controls(title: str) -> str:
    return "".join(c for c in printable(title) if not has_no_glyph(c))


def _count_within(characters: Iterable[Measured], room: float) -> int:
    count = 0
    for character in characters:
        room -= character.width
        if room < 0:
            break
        count += 1
    return count


def _missing(line: Line) -> list[str]:
    return [c.missing for c in line.characters if c.missing]


def _draw(canvas: "Canvas", spec: LabelSpec, fonts: Fonts) -> list[str]:
    """Draws one page and returns the characters without a glyph."""
    canvas.setPageSize((spec.width_mm * _POINTS_PER_MM, spec.height_mm * _POINTS_PER_MM))
    _draw_in_dots(canvas, spec)
    missing: list[str] = []
    for element in spec.elements:
        if isinstance(element, Text):
            line = fit(element, fonts)
            _draw_text(canvas, element, line, spec.height_mm, fonts)
            missing += _missing(line)
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
    for start, length in _dark(fitted.modules):
        yield left + start * fitted.x_dots, top, length * fitted.x_dots, height


def _modules(symbol: Matrix) -> Iterator[Bar]:
    left, top, side = dots(symbol.x_mm), dots(symbol.y_mm), symbol.module_dots
    for row, line in enumerate(fit_qr(symbol)):
        for start, length in _dark(line):
            yield left + start * side, top + row * side, length * side, side


def _dark(modules: str) -> Iterator[tuple[int, int]]:
    """Start and length of each stretch of ones."""
    start = modules.find("1")
    while start >= 0:
        end = modules.find("0", start)
        end = len(modules) if end < 0 else end
        yield start, end - start
        start = modules.find("1", end)


def _box(box: Box) -> Iterator[Bar]:
    left, top, width, height = dots(box.x_mm), dots(box.y_mm), dots(box.width_mm), dots(box.height_mm)
    yield left, top, width, height
    if not box.filled:  # the even-odd rule leaves what two rectangles share empty
        line = max(1, dots(box.line_mm))
        yield left + line, top + line, width - 2 * line, height - 2 * line


def _draw_text(canvas: "Canvas", text: Text, line: Line, label_height_mm: float, fonts: Fonts) -> None:
    if not line.characters:
        return
    baseline = label_height_mm - text.baseline_mm + _HALF_CAPITAL * (text.size_mm - line.size_mm)
    slack = {"left": 0.0, "center": 0.5, "right": 1.0}[text.align] * (text.width_mm - line.width_mm)
    characters = _in_visual_order(line, fonts.chain(text.bold))
    left = text.x_mm + slack + characters[0].overhang * line.size_mm / 1000
    drawn: Any = canvas.beginText(left * _POINTS_PER_MM, baseline * _POINTS_PER_MM)
    for font, piece in runs(characters):
        drawn.setFont(font, line.size_mm * _POINTS_PER_MM)
        drawn.textOut(piece)
    canvas.addLiteral(f"q {_clip(text, label_height_mm)} re W n{' 1 g' if text.inverse else ''}")
    canvas.drawText(drawn)
    canvas.addLiteral("Q")


def _in_visual_order(line: Line, chain: Any) -> list[Measured]:
    logical = "".join(c.char for c in line.characters)
    turned = visual(logical)
    return list(line.characters) if turned == logical else measured(turned, chain)


def _clip(text: Text, label_height_mm: float) -> str:
    """The room of a text: marks stacked on a letter must not reach a symbol."""
    bottom = label_height_mm - text.baseline_mm - DESCENT * text.size_mm
    box = (text.x_mm, bottom, text.width_mm, (_HEADROOM + DESCENT) * text.size_mm)
    return " ".join(f"{side * _POINTS_PER_MM:.2f}" for side in box)

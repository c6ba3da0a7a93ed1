"""Writes label models as ZPL II for label printers of 203, 300 and 600 dpi: symbols and Latin texts by the printer's own
commands, everything else as graphics drawn from the fonts of the PDF.

Commands by the ZPL II Programming Guide of Zebra Technologies. Foreign text never becomes a command: it stands in
`^FD` alone, where `^`, `~` and `_` are hexadecimal (`^FH`), and control characters have no glyph.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from labels.errors import LabelError
from labels.fitting import Line, baseline_mm, fit, left_mm
from labels.fonts import Fonts, installed_fonts
from labels.spec import Box, Code128, Element, LabelSpec, Matrix, Rule, Text
from labels.symbols import FNC1, check_qr, code128, code128_values, fit_bars, is_qr_letters, qr

# An element, what a printer reads for it, and its characters without a glyph.
Field: TypeAlias = tuple[Element, str, tuple[str, ...]]

# Print heads of 203 dpi have 8 dots to the millimetre, those of 300 and 600 dpi 11.81 and 23.62.
RESOLUTIONS = {203: 8.0, 300: 300 / 25.4, 600: 600 / 25.4}

# Code page 1252: the printer's own font 0 has these (^CI27 selects them), so ^CI28 may name them in UTF-8.
OWN_FONT = frozenset(bytes([b]).decode("cp1252", "ignore") for b in range(0x20, 0x100)) - {
    "",
    "\x7f",
    "\xad",
}

# What a printer would obey, or read as an escape, inside of field data.
_OBEYED = {ord(char): f"_{ord(char):02X}" for char in "^~_"}

# An ^FO positions a ^BQ symbol lower by the height that ^BY set last, so it is set to the least there is.
_BY_HEIGHT = 1

# Starting values of Code 128: ^BC takes the set by name and then stays in it.
_START_C, _TO_B, _TO_C = 105, 100, 99
_NOT_LITERAL = frozenset(f"^~\\_>{FNC1}")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class RenderedZpl:
    """ZPL, and the characters on it for which no font had a glyph: each once, printed as `?`."""

    zpl: bytes
    missing: tuple[str, ...] = ()


def render(spec: LabelSpec, dpi: int = 203, fonts: Fonts | None = None) -> RenderedZpl:
    """One label, printed once; equal specs and fonts give equal bytes. Raises `LabelError` (also `resolution`)."""
    return render_batch((spec,), dpi, fonts)


def render_batch(specs: Sequence[LabelSpec], dpi: int = 203, fonts: Fonts | None = None) -> RenderedZpl:
    """Labels one after the other, each printed once. Raises `LabelError` (also `resolution`)."""
    if dpi not in RESOLUTIONS:
        raise LabelError(
            "resolution",
            f"A label printer of {dpi} dpi is not known: 203, 300 or 600 was expected.",
            "Take the resolution that stands on the printer's type plate.",
        )
    writer = _installed(dpi) if fonts is None else _writer(dpi, fonts)
    missing: dict[str, None] = {}
    labels = [writer.label(spec, missing) for spec in specs]
    return RenderedZpl("".join(labels).encode(), tuple(missing))


@lru_cache(maxsize=3)
def _installed(dpi: int) -> "_Writer":
    return _writer(dpi, installed_fonts())


@lru_cache(maxsize=6)
def _writer(dpi: int, fonts: Fonts) -> "_Writer":
    return _Writer(RESOLUTIONS[dpi], fonts)


class _Writer:
    """Writes for one resolution, and remembers the texts that stand on label after label."""

    def __init__(self, dots_per_mm: float, fonts: Fonts) -> None:
        self._scale = dots_per_mm
        self._fonts = fonts
        self._written: dict[Text | Rule | Box, Field] = {}
        # The same by identity, which is asked in a third of the time; the element is held, so its id stays its own.
        self._seen: dict[int, Field] = {}

    def label(self, spec: LabelSpec, missing: dict[str, None]) -> str:
        """`^XA` to `^XZ`; adds what had no glyph to `missing`."""
        seen = self._seen.get
        fields = [seen(id(element)) or self._field(element) for element in spec.elements]
        for lacking in [field[2] for field in fields if field[2]]:
            missing.update(dict.fromkeys(lacking))
        begin = _begin(self._dots(spec.width_mm), self._dots(spec.height_mm))
        return begin + "".join([field[1] for field in fields]) + "^PQ1,0,0,N^XZ\n"

    def _dots(self, mm: float) -> int:
        return round(mm * self._scale)

    def _field(self, element: Element) -> Field:
        if isinstance(element, Code128):
            return element, self._bars(element), ()
        if isinstance(element, Matrix):
            return element, self._square(element), ()
        known = self._written.get(element)
        if known is None:
            if len(self._written) >= _REMEMBERED:
                self._written.clear()
                self._seen.clear()
            known = self._text(element) if isinstance(element, Text) else (element, self._box(element), ())
            self._written[element] = self._seen[id(element)] = known
        return known

    def _box(self, box: Rule | Box) -> str:
        left, top = self._dots(box.x_mm), self._dots(box.y_mm)
        if isinstance(box, Rule):
            return (
                f"^FO{left},{top}{_filled(self._dots(box.length_mm), max(1, self._dots(box.thickness_mm)))}"
            )
        width, height = self._dots(box.width_mm), self._dots(box.height_mm)
        if box.filled:
            return f"^FO{left},{top}{_filled(width, height)}"
        return f"^FO{left},{top}^GB{width},{height},{max(1, self._dots(box.line_mm))}^FS"

    # --- symbols ------------------------------------------------------------------------------------------------------

    def _bars(self, symbol: Code128) -> str:
        """The very symbol of the PDF: by ^BC where one set carries it to the end, else the same bars as graphics."""
        x_dots = fit_bars(symbol, self._scale)
        left, top = self._dots(symbol.x_mm), self._dots(symbol.y_mm)
        height = self._dots(symbol.height_mm)
        named = _in_one_set(symbol.value)
        if named is not None:
            return f"^FO{left},{top}^BY{x_dots},3,{_BY_HEIGHT}^BCN,{height},N,N,N,N^FD{named}^FS"
        return f"^FO{left},{top}{_graphic([_row(code128(symbol.value), x_dots)], height)}"

    def _square(self, symbol: Matrix) -> str:
        """By ^BQ where its alphanumeric mode has every character, else the PDF's modules as graphics."""
        check_qr(symbol)
        left, top = self._dots(symbol.x_mm), self._dots(symbol.y_mm)
        side = int(symbol.module_dots * self._scale / 8)
        if is_qr_letters(symbol.value) and top >= _BY_HEIGHT:
            start = f"^FO{left},{top - _BY_HEIGHT}^BY2,3,{_BY_HEIGHT}^BQN,2,{side},M"
            return f"{start}^FDMM,A{symbol.value}^FS"
        rows = [_row(row, side) for row in qr(symbol.value)]
        return f"^FO{left},{top}{_graphic(rows, side)}"

    # --- texts --------------------------------------------------------------------------------------------------------

    def _text(self, text: Text) -> Field:
        line = fit(text, self._fonts)
        said = "".join([c.char for c in line.characters])
        if not said:
            return text, "", ()
        own = OWN_FONT.issuperset(said)
        field = self._own_font(text, line, said) if own else self._as_graphic(text, line)
        return text, field, line.missing

    def _own_font(self, text: Text, line: Line, said: str) -> str:
        """In font 0, whose letters are narrower than those the room was fitted for."""
        size, baseline = self._dots(line.size_mm), self._dots(baseline_mm(text, line))
        reverse = "^FR" if text.inverse else ""
        escaped = said.translate(_OBEYED)
        data = f"^FH_^FD{escaped}^FS" if escaped != said else f"^FD{said}^FS"
        if text.align == "left":
            return f"^FT{self._dots(text.x_mm)},{baseline}^A0N,{size},{size}{reverse}{data}"
        side, width = "C" if text.align == "center" else "R", self._dots(text.width_mm)
        return f"^FT{self._dots(text.x_mm)},{baseline}^A0N,{size},{size}^FB{width},1,0,{side}{reverse}{data}"

    def _as_graphic(self, text: Text, line: Line) -> str:
        from labels.raster import bitmap

        drawn = bitmap(text, line, self._fonts, self._scale)
        above = self._dots(text.baseline_mm) - drawn.ascent
        rows = drawn.rows[max(0, -above) :]  # what would stand above the label's edge
        reverse = "^FR" if text.inverse else ""
        return f"^FO{self._dots(left_mm(text, line))},{max(0, above)}{reverse}{_graphic(rows)}"


@lru_cache(maxsize=8)
def _begin(width: int, height: int) -> str:
    """What an earlier job may have left behind is undone: origin, shift, units, mirror, reversal, rotation."""
    return f"^XA^MUD^CI28^LH0,0^LS0^FWN^LRN^PMN^PON^PW{width}^LL{height}\n"


def _filled(width: int, height: int) -> str:
    return f"^GB{width},{height},{min(width, height)}^FS"


def _in_one_set(value: str) -> str | None:
    """The field data of ^BC without a mode, None where the symbol changes its set or ^FD would not be literal.

    `>:` and `>;` start sets B and C; in set B `>` is written `>0`.
    """
    values = code128_values(value)
    if values[0] == _START_C:
        return f">;{value}" if _TO_B not in values else None
    return f">:{value}" if _TO_C not in values and _NOT_LITERAL.isdisjoint(value) else None


def _row(modules: str, times: int) -> bytes:
    """Modules as a row of dots, each module `times` wide."""
    dots = modules.translate({ord("0"): "0" * times, ord("1"): "1" * times})
    return int(dots + "0" * (-len(dots) % 8), 2).to_bytes((len(dots) + 7) // 8)


def _graphic(rows: Sequence[bytes], times: int = 1) -> str:
    """Rows of dots, each drawn `times` below itself, as ^GFA: a repeated row is `:`, white to its end `,`."""
    stride, data, before = len(rows[0]), [], b""
    for row in rows:
        digits = row.hex().upper().rstrip("0")
        drawn = ":" if row == before else digits if len(digits) == stride * 2 else f"{digits},"
        data.append(drawn + ":" * (times - 1))
        before = row
    total = stride * len(rows) * times
    return f"^GFA,{total},{total},{stride},{''.join(data)}^FS"

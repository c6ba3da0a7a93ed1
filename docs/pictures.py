"""Makes the pictures and the recording of docs/ from the real program on a terminal without a screen: `make pictures`.

The program runs on a pty; what it writes is read by a terminal emulator (pyte) and drawn with a monospaced font.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pyte
from PIL import Image, ImageDraw, ImageFont

from returns_station.testing.terminal import Terminal

HERE: Final = Path(__file__).parent
SIZE: Final = 18
FONTS: Final = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf",
    "/usr/share/fonts/TTF/DejaVuSansMono{}.ttf",
    "/Library/Fonts/DejaVuSansMono{}.ttf",
)
WIDE: Final = "/usr/share/fonts/truetype/wqy/wqy-microhei.ttc"
GROUND, TEXT = "#10161d", "#e8edf2"
NAMED: Final = {
    "black": "#000000", "red": "#ef5350", "green": "#2fbf71", "brown": "#f4a934", "blue": "#5aa7ff",
    "magenta": "#c792ea", "cyan": "#4dd0e1", "white": "#e8edf2", "default": "",
}  # fmt: skip


@lru_cache(maxsize=8)
def font(bold: bool, wide: bool = False) -> Any:
    """The font of a cell; SystemExit names the package that is missing."""
    if wide and Path(WIDE).exists():
        return ImageFont.truetype(WIDE, SIZE)
    for place in FONTS:
        path = place.format("-Bold" if bold else "")
        if Path(path).exists():
            return ImageFont.truetype(path, SIZE)
    raise SystemExit("Pictures need the font DejaVu Sans Mono (Debian: fonts-dejavu-core).")


def cell() -> tuple[int, int]:
    """Width and height of a cell in pixels, the height even so that half blocks meet."""
    width = round(font(False).getlength("M"))
    return width, 2 * round(SIZE * 0.62)


class Watched(pyte.Screen):
    """A screen that pyte fills; private modes that it does not know are nothing to it."""

    def report_device_status(self, *_: Any, **__: Any) -> None:
        """Nobody asks."""


@dataclass(slots=True)
class Camera:
    """What the program has painted so far, as pictures."""

    columns: int
    rows: int
    screen: Watched = field(init=False)
    stream: pyte.ByteStream = field(init=False)

    def __post_init__(self) -> None:
        self.screen = Watched(self.columns, self.rows)
        self.stream = pyte.ByteStream(self.screen)

    def see(self, written: bytes) -> None:
        """Takes in what was written. pyte takes `CSI > … u` and `CSI ? … $ p` for something else, so they are left out."""
        self.stream.feed(re.sub(rb"\x1b\[(?:[<>][0-9;]*u|\?[0-9;]*\$p)", b"", written))

    @property
    def text(self) -> str:
        """The screen in letters."""
        return "\n".join(self.screen.display)

    def picture(self) -> Image.Image:
        """The screen as an image."""
        width, height = cell()
        image = Image.new("RGB", (self.columns * width, self.rows * height), GROUND)
        draw = ImageDraw.Draw(image)
        for y in range(self.rows):
            for x in range(self.columns):
                _draw(draw, self.screen.buffer[y][x], x * width, y * height, width, height)
        return image


def _colour(name: str, otherwise: str) -> str:
    if name in NAMED:
        return NAMED[name] or otherwise
    return f"#{name}" if re.fullmatch(r"[0-9a-fA-F]{6}", name) else otherwise


# Block elements are drawn as rectangles: (left, top, right, bottom) in halves of a cell.
_BLOCKS: Final = {
    "█": ((0, 0, 2, 2),), "▀": ((0, 0, 2, 1),), "▄": ((0, 1, 2, 2),), "▌": ((0, 0, 1, 2),), "▐": ((1, 0, 2, 2),),
    "▘": ((0, 0, 1, 1),), "▝": ((1, 0, 2, 1),), "▖": ((0, 1, 1, 2),), "▗": ((1, 1, 2, 2),),
    "▚": ((0, 0, 1, 1), (1, 1, 2, 2)), "▞": ((1, 0, 2, 1), (0, 1, 1, 2)),
    "▛": ((0, 0, 2, 1), (0, 1, 1, 2)), "▜": ((0, 0, 2, 1), (1, 1, 2, 2)),
    "▙": ((0, 0, 1, 2), (1, 1, 2, 2)), "▟": ((1, 0, 2, 2), (0, 1, 1, 2)),
}  # fmt: skip


def _draw(draw: Any, char: Any, x: int, y: int, width: int, height: int) -> None:
    front, back = _colour(char.fg, TEXT), _colour(char.bg, GROUND)
    if char.reverse:
        front, back = back, front
    if not char.data:
        return
    wide = len(char.data) == 1 and ord(char.data) > 0x2E7F
    draw.rectangle((x, y, x + width * (2 if wide else 1) - 1, y + height - 1), fill=back)
    if char.data in _BLOCKS:
        for left, top, right, bottom in _BLOCKS[char.data]:
            box = (
                x + left * width / 2,
                y + top * height / 2,
                x + right * width / 2 - 1,
                y + bottom * height / 2 - 1,
            )
            draw.rectangle(box, fill=front)
    elif char.data.strip():
        draw.text((x, y + height / 2), char.data, font=font(char.bold, wide), fill=front, anchor="lm")


class Stage:
    """The demonstration on a terminal, played by scans."""

    def __init__(self, terminal: Terminal, camera: Camera, folder: Path) -> None:
        self.terminal, self.camera, self.folder = terminal, camera, folder
        self.frames: list[tuple[Image.Image, int]] = []
        self._seen = 0

    def look(self) -> str:
        """Takes in what was painted; the screen's text."""
        output = self.terminal.output
        self.camera.see(output[self._seen :])
        self._seen = len(output)
        return self.camera.text

    def until(self, wanted: str, within_s: float = 20.0) -> None:
        """Waits until the screen shows something."""
        end = time.monotonic() + within_s
        while wanted not in " ".join(self.look().split()):
            if time.monotonic() > end:
                raise SystemExit(f"{wanted!r} was not shown; the screen is:\n{self.camera.text}")
            time.sleep(0.05)

    def settle(self) -> None:
        """Waits until nothing is painted for a while."""
        while True:
            before = self.terminal.written
            time.sleep(0.35)
            if self.terminal.written == before:
                self.look()
                return

    def scan(self, code: str) -> None:
        """A scan by the demonstration's scanner: typed lines go through it."""
        self.terminal.scan(code)

    def key(self, data: str) -> None:
        """A key of a person."""
        self.terminal.send(data.encode())

    def save(self, name: str) -> None:
        """A picture of now."""
        self.settle()
        path = HERE / "pictures" / f"{name}.png"
        path.parent.mkdir(exist_ok=True)
        self.camera.picture().quantize(255).save(path, optimize=True)
        print(path.relative_to(HERE))

    def frame(self, seconds: float) -> None:
        """A frame of the recording."""
        self.settle()
        self.frames.append((self.camera.picture(), round(seconds * 1000)))

    def meant(self, code: str) -> str:
        """The code itself, or what stands for "LPN" and "PLACE" on the screen."""
        said = " ".join(self.look().split())
        if code == "LPN":
            return str(re.findall(r"Stick on label (L[0-9A-Z]{10})", said)[-1])
        return str(re.findall(r"Put it into (\S+) and", said)[-1]) if code == "PLACE" else code


@contextmanager
def stage(columns: int, rows: int, *options: str, theme: str = "dock") -> Iterator[Stage]:
    """The demonstration at its first question."""
    with tempfile.TemporaryDirectory() as made:
        command = [sys.executable, "-m", "returns_station", "demo", "--folder", made, *options]
        environ = {"PYTHONPATH": os.pathsep.join(sys.path), "RETURNS_STATION_SCREEN_THEME": theme}
        with Terminal(command, columns=columns, rows=rows, environ=environ) as terminal:
            found = Stage(terminal, Camera(columns, rows), Path(made))
            found.until("Scan your badge")
            yield found


def record() -> None:
    """A parcel from badge to bin as an animated picture."""
    with stage(100, 30) as found:
        found.frame(1.5)
        for wait in (1.2, 1.6, 2.0, 2.2, 1.8, 3.0):
            found.until("Enter scans")
            found.key("\r")
            time.sleep(0.6)
            found.frame(wait)
        first, *rest = [image.quantize(255) for image, _ in found.frames]
        path = HERE / "pictures" / "demo.gif"
        path.parent.mkdir(exist_ok=True)
        first.save(
            path,
            save_all=True,
            append_images=rest,
            duration=[wait for _, wait in found.frames],
            loop=0,
            optimize=True,
        )
        print(path.relative_to(HERE))


def main() -> None:
    """Makes what is named, all without names."""
    from docs.scenes import SCENES

    makes: dict[str, Callable[[], None]] = {"record": record, **SCENES}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(makes))
    for name in parser.parse_args().names or makes:
        makes[name]()


if __name__ == "__main__":
    main()

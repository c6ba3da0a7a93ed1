"""Reads ZPL back: pixels by a renderer that nobody here wrote, commands by a parser of our own."""

import base64
import io
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.labels.label_reading import Pixels

FOLDER = Path(__file__).parent / "zpl"
DOTS_PER_MM = {203: 8, 300: 12}


class Renderer:
    """`zpl-renderer-js` in a node process of its own, asked line by line."""

    def __init__(self) -> None:
        self._node = subprocess.Popen(
            ["node", "render.mjs"], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def labels(self, zpl: bytes, size_mm: tuple[float, float], dpi: int = 203) -> list[Pixels]:
        """Every label that comes out of a print, 0 or 255 a dot, cut to its size."""
        asked = {"zpl": zpl.decode(), "width": size_mm[0], "height": size_mm[1], "dpmm": DOTS_PER_MM[dpi]}
        assert self._node.stdin is not None
        assert self._node.stdout is not None
        self._node.stdin.write(json.dumps(asked).encode() + b"\n")
        self._node.stdin.flush()
        answer = json.loads(self._node.stdout.readline() or '{"error": "The renderer ended."}')
        assert "error" not in answer, answer["error"]
        width, height = (round(side * dpi / 25.4) for side in size_mm)
        return [_cut(_pixels(png), width, height) for png in answer["labels"]]

    def close(self) -> None:
        """Lets the process end and waits for it."""
        self._node.communicate()


def _pixels(png: str) -> Pixels:
    grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(png))).convert("L"))
    return np.where(grey > 127, 255, 0).astype(np.uint8)


def _cut(pixels: Pixels, width: int, height: int) -> Pixels:
    """The label alone: the renderer knows 12 dots a millimetre for 11.81 and sets a narrower label in the middle."""
    left = (pixels.shape[1] - width) // 2
    return np.ascontiguousarray(pixels[:height, left : left + width])


def renderer() -> Iterator[Renderer]:
    """The renderer, or a skip that says how it is had."""
    if shutil.which("node") is None or not (FOLDER / "node_modules" / "zpl-renderer-js").is_dir():
        pytest.skip("the ZPL renderer is not installed: node 18 or newer, then `npm ci` in tests/labels/zpl")
    made = Renderer()
    try:
        yield made
    finally:
        made.close()


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a ZPL stream: its prefix and two characters (`^FD`), and what stands until the next one."""

    name: str
    data: str


_START = re.compile(r"[\^~]")


def commands(zpl: bytes) -> list[Command]:
    """The stream as a printer cuts it: a command begins at every `^` and every `~`, wherever that stands."""
    text = zpl.decode()
    starts = [found.start() for found in _START.finditer(text)]
    assert starts[:1] == [0], "something stands before the first command"
    pieces = (text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True))
    return [Command(piece[:3], piece[3:]) for piece in pieces]

"""A camera without hardware: `python -m returns_station.testing.camera FILE` writes a small picture that says when."""

import sys
from datetime import datetime
from pathlib import Path


def shoot(path: Path) -> None:
    """Writes a PNG of a grey card with the time on it."""
    from PIL import Image, ImageDraw

    image = Image.new("RGB", (320, 200), "#8a8f94")
    draw = ImageDraw.Draw(image)
    draw.rectangle((20, 20, 300, 180), outline="white", width=3)
    draw.text((40, 90), datetime.now().astimezone().isoformat(timespec="seconds"), fill="white")
    image.save(path, "PNG")


if __name__ == "__main__":
    shoot(Path(sys.argv[1]))

"""Makes the pictures of docs/labels.md from the real renderers: `python docs/make_labels.py`.

PDF is drawn by pdfium, ZPL by the renderer of the tests (`npm ci` in tests/labels/zpl).
"""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pypdfium2
from PIL import Image

HERE: Final = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from labels import zpl  # noqa: E402
from labels.arrange import COMPACT, LARGE, SIGN  # noqa: E402
from labels.layouts import COMPACT as SMALL_LAYOUT  # noqa: E402
from labels.marks import BadgeCard, BlankPlate, ContainerPlate, DispositionTag, LocationLabel, ParcelPlate  # noqa: E402
from labels.pdf import render_pages  # noqa: E402
from labels.sheets import SHEETS, Group, command_pages, impose  # noqa: E402
from labels.spec import LabelSpec  # noqa: E402
from labels.unit import UnitLabel  # noqa: E402
from returns_station.commands.sheet_items import command_groups  # noqa: E402
from returns_station.domain.scan.plates import COUNTERS, mint  # noqa: E402

GROUND, GAP = 208, 18
UNIT: Final = UnitLabel(
    mint("L", "07", 1, 1),
    "WHITE HANGING HEART T-LIGHT HOLDER",
    "85123A",
    "A",
    "Return to stock",
    "RESTOCK-1",
    quantity=2,
    lot="L4711",
    expiry="2027-03-31",
    printed_note="2026-11-25 14:02",
)
ABROAD: Final = UnitLabel(
    mint("L", "07", 1, 2), "小黄鸭 · アヒル · Утёнок", "84879", "B", "Return to vendor", "VENDOR-1", reprint=1
)
OTHERS: Final = (
    ParcelPlate(mint("P", "07", 1, 1), "Parcel without label", 0, "2026-11-25").as_spec(),
    ContainerPlate("K000000000P", "tote", ("Restock",)).as_spec(),
    LocationLabel("RESTOCK-1", "bin", ("Restock",)).as_spec(),
    DispositionTag("RS-D-RETURN-TO-STOCK-RESALE", "Sell as used").as_spec(),
    BlankPlate(mint("L", "07", 1, COUNTERS // 2 + 1)).as_spec(),
    BadgeCard("RS-B-1001", "w-1", "Supervisor", "Dock 7").as_spec(),
)


def drawn(pdf: bytes, dpi: int = 203) -> list[Image.Image]:
    """Each page in grey."""
    return [
        page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L")
        for page in pypdfium2.PdfDocument(pdf)
    ]


def shown(pictures: Sequence[Image.Image], columns: int) -> Image.Image:
    """Pictures beside and below each other on a grey ground."""
    rows = [pictures[at : at + columns] for at in range(0, len(pictures), columns)]
    wide = max(sum(one.width + GAP for one in row) for row in rows) + GAP
    high = sum(max(one.height for one in row) + GAP for row in rows) + GAP
    ground, y = Image.new("L", (wide, high), GROUND), GAP
    for row in rows:
        x = GAP
        for one in row:
            ground.paste(one, (x, y))
            x += one.width + GAP
        y += max(one.height for one in row) + GAP
    return ground


def by_zpl(specs: Iterable[LabelSpec]) -> list[Image.Image]:
    """The labels as a label printer would burn them."""
    from tests.labels.zpl_reading import Renderer

    renderer = Renderer()
    try:
        return [
            Image.fromarray(np.asarray(pixels))
            for spec in specs
            for pixels in renderer.labels(zpl.render(spec).zpl, (spec.width_mm, spec.height_mm))
        ]
    finally:
        renderer.close()


def main() -> None:
    """Writes every picture into docs/labels/."""
    folder = HERE / "labels"
    folder.mkdir(exist_ok=True)
    units = [UNIT.as_spec(), ABROAD.as_spec(), UNIT.as_spec(SMALL_LAYOUT), ABROAD.as_spec(SMALL_LAYOUT)]
    papers = [
        ContainerPlate("K000000000P", "tote", ("Restock",)).as_spec(paper) for paper in (SIGN, LARGE, COMPACT)
    ]
    groups = [Group(title, tuple(rows)) for title, rows in command_groups()]
    roll = impose(
        [BlankPlate(mint("L", "07", 1, COUNTERS // 2 + n)).as_spec(SHEETS["2x7"].safe) for n in range(1, 12)],
        SHEETS["2x7"],
        4,
    )
    made = {
        "units": shown(drawn(render_pages(units).pdf), 2),
        "kinds": shown(drawn(render_pages(OTHERS).pdf), 2),
        "sizes": shown(drawn(render_pages(papers).pdf, 100), 3),
        "zpl": shown(by_zpl([*units[:2], *OTHERS[1:3]]), 2),
        "pages": shown(
            [
                *drawn(render_pages(command_pages("Scan what you want to say", groups)).pdf, 75)[:2],
                *drawn(roll.pdf, 75),
            ],
            3,
        ),
    }
    for name, picture in made.items():
        picture.quantize(8).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()

"""How long a whole unit label takes as PDF and as ZPL, against its Code 128 alone in the same run."""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

from labels import zpl
from labels.pdf import render
from labels.spec import Code128, LabelSpec
from labels.unit import UnitLabel

GOAL = 4.0
ZPL_GOAL = 20_000
ALPHABET = "0123456789BCDFGHJKLNPRSTVX"

Figures: TypeAlias = dict[str, float]


def floor(lpn: str) -> bytes:
    """The plate's Code 128 and nothing else: python-barcode's modules as one reportlab path."""
    from barcode.codex import Code128
    from reportlab.pdfgen.canvas import Canvas

    out = BytesIO()
    canvas = Canvas(out, pagesize=(283.46, 141.73), invariant=1)
    modules = Code128(lpn).build()[0]
    path, start = canvas.beginPath(), modules.find("1")
    while start >= 0:
        end = modules.find("0", start)
        end = len(modules) if end < 0 else end
        path.rect(10.6 + start * 1.063, 16, (end - start) * 1.063, 25.5)
        start = modules.find("1", end)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def zpl_floor(lpn: str) -> bytes:
    """The plate's Code 128 and nothing else, by the same writer of ZPL."""
    return zpl.render(LabelSpec(100, 50, (Code128(3.75, 35.25, 71, 8.5, lpn),))).zpl


def _label(lpn: str, product: str = "WHITE HANGING HEART T-LIGHT HOLDER", sku: str = "85123A") -> LabelSpec:
    """The label as a station prints it: model, layout, two symbols, ten texts."""
    return UnitLabel(
        lpn,
        product,
        sku,
        "A",
        "Return to stock",
        "Bin A-12-03",
        quantity=12,
        lot="L4711",
        expiry="2027-03-31",
        printed_note="2026-11-23 14:02",
    ).as_spec()


def whole(lpn: str) -> bytes:
    """The whole label as PDF, with two embedded fonts."""
    return render(_label(lpn)).pdf


def whole_zpl(lpn: str) -> bytes:
    """The whole label as ZPL; all but the plate stood on the label before."""
    return zpl.render(_label(lpn)).zpl


def another_zpl(lpn: str) -> bytes:
    """The whole label as ZPL, of a product and SKU that no label had before."""
    return zpl.render(_label(lpn, f"WHITE HANGING HEART {lpn[1:]}", lpn[5:])).zpl


def _timed(works: Mapping[str, Callable[[str], bytes]], n: int, seed: int) -> dict[str, Figures]:
    """`n` rounds of all works in turn, each round with a new plate; milliseconds."""
    plates = random.Random(seed)
    spent: dict[str, list[float]] = {name: [] for name in works}
    for work in works.values():
        work("L0000000000")
    for _ in range(n):
        lpn = "L" + "".join(plates.choices(ALPHABET, k=10))
        for name, work in works.items():
            start = time.perf_counter()
            work(lpn)
            spent[name].append((time.perf_counter() - start) * 1000)
    return {name: _figures(values) for name, values in spent.items()}


def run(n: int = 500, seed: int = 1) -> dict[str, object]:
    """`n` PDFs and twenty times as many ZPL labels beside their floors; milliseconds, and the ratios of p50s."""
    pdf = _timed({"floor": floor, "label": whole}, n, seed)
    written = _timed({"floor": zpl_floor, "label": whole_zpl, "another": another_zpl}, 20 * n, seed)
    ratio = pdf["label"]["p50"] / pdf["floor"]["p50"]
    rows: dict[str, dict[str, object]] = {
        "pdf": {**pdf, "ratio": round(ratio, 2), "goal": GOAL, "met": ratio <= GOAL},
        "zpl": _zpl_row(written["floor"], written["label"]),
        "zpl of another product": _zpl_row(written["floor"], written["another"]),
    }
    return {"bench": "label", "unit": "ms", "rows": rows, "met": all(row["met"] for row in rows.values())}


def _zpl_row(floor: Figures, label: Figures) -> dict[str, object]:
    rate = 1000 / label["p50"]
    return {
        "floor": floor,
        "label": label,
        "ratio": round(label["p50"] / floor["p50"], 2),
        "labels_per_second": round(rate),
        "goal": f"≥ {ZPL_GOAL:,}/s",
        "met": rate >= ZPL_GOAL,
    }


def _figures(values: list[float]) -> Figures:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 4), "p95": round(cuts[94], 4), "p99": round(cuts[98], 4), "n": len(values)}


def main() -> None:
    """Prints a table; `--json FILE` writes the same figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = run(arguments.n)
    rows: Any = result["rows"]
    print(f"{'work':<34}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'n':>7}")
    for name, row in rows.items():
        for part in ("floor", "label"):
            at, which = row[part], f"{name}, {part}"
            print(f"{which:<34}{at['p50']:>9.3f}{at['p95']:>9.3f}{at['p99']:>9.3f}{at['n']:>7}")
        rate = f", {row['labels_per_second']:,} labels/s" if "labels_per_second" in row else ""
        print(
            f"  ratio of p50s {row['ratio']}{rate} (goal {row['goal']}: {'met' if row['met'] else 'missed'})"
        )
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""How long a whole unit label takes as PDF, against its Code 128 alone as one path in the same run."""

import argparse
import json
import random
import statistics
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from labels.pdf import render
from labels.unit import UnitLabel

GOAL = 4.0
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


def whole(lpn: str) -> bytes:
    """The label as a station prints it: model, layout, two symbols, ten texts, two embedded fonts."""
    label = UnitLabel(
        lpn,
        "WHITE HANGING HEART T-LIGHT HOLDER",
        "85123A",
        "A",
        "Return to stock",
        "Bin A-12-03",
        quantity=12,
        lot="L4711",
        expiry="2027-03-31",
        printed_note="2026-11-23 14:02",
    )
    return render(label.as_spec()).pdf


def run(n: int = 500, seed: int = 1) -> dict[str, object]:
    """`n` labels and `n` floors interleaved, each of a new plate; milliseconds, and the ratio of p50s."""
    plates = random.Random(seed)
    works: dict[str, Callable[[str], bytes]] = {"floor": floor, "label": whole}
    for work in works.values():
        work("L0000000000")
    spent: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(n):
        lpn = "L" + "".join(plates.choices(ALPHABET, k=10))
        for name, work in works.items():
            start = time.perf_counter()
            work(lpn)
            spent[name].append((time.perf_counter() - start) * 1000)
    figures = {name: _figures(values) for name, values in spent.items()}
    ratio = figures["label"]["p50"] / figures["floor"]["p50"]
    return {
        "bench": "label",
        "unit": "ms",
        **figures,
        "ratio": round(ratio, 2),
        "goal": GOAL,
        "met": ratio <= GOAL,
    }


def _figures(values: list[float]) -> Figures:
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "p99": round(cuts[98], 3), "n": len(values)}


def main() -> None:
    """Prints a table; `--json FILE` writes the same figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=500)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = run(arguments.n)
    print(f"{'work':<8}{'p50 ms':>9}{'p95 ms':>9}{'p99 ms':>9}{'n':>7}")
    for name in ("floor", "label"):
        row = result[name]
        assert isinstance(row, dict)
        print(f"{name:<8}{row['p50']:>9.2f}{row['p95']:>9.2f}{row['p99']:>9.2f}{row['n']:>7}")
    print(f"ratio of p50s {result['ratio']} (goal ≤ {GOAL:g}: {'met' if result['met'] else 'missed'})")
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""What it takes to start: the interpreter alone, the command's help, and everything a station joins. Reported, no goal."""

import subprocess
import sys
import time
from typing import Final

from bench.figures import row

_WORKS: Final = {
    "help": ("-m", "returns_station", "--help"),
    "bootstrap": ("-c", "import returns_station.bootstrap"),
}


def _spent(arguments: tuple[str, ...]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return (time.perf_counter() - start) * 1000


def run(n: int = 15) -> dict[str, object]:
    """`n` starts of each, the bare interpreter before every one; milliseconds. The first of each only warms the disk."""
    spent: dict[str, list[float]] = {"floor": [], **{name: [] for name in _WORKS}}
    for _ in range(n + 1):
        spent["floor"].append(_spent(("-c", "pass")))
        for name, arguments in _WORKS.items():
            spent[name].append(_spent(arguments))
    rows = {name: row("ms", spent[name][1:], spent["floor"][1:], None) for name in _WORKS}
    return {"bench": "start", "rows": rows, "met": True}

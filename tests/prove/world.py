"""A world small enough to be copied hundreds of times: products, orders, returns, configuration, database, labels."""

import json
import os
import random
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from returns_station.bootstrap import ready_database
from returns_station.store.engine import open_engine
from returns_station.store.identity import uuid7
from returns_station.store.imports import run_import
from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET

MERCHANT, SITE, BADGE = "teapot-house", "main", "RS-B-7001"
_PLACES = ("restock", "resale", "quarantine", "hold", "hazard", "rework", "recycle", "scrap")
_TITLES = ("SPOTTY TEAPOT", "MUSICAL EGG CUP", "LEFT-HANDED LADLE", "GRUMPY OWL CLOCK")
_TOML = """\
[station]
name = "Proof dock"
number = 5
site = "{site}"
merchant = "{merchant}"

[folders]
data = {folder}
log = {log}

[database]
path = {database}

[sync]
interval_seconds = 1
batch = {batch}

[[printer]]
name = "labels"
folder = {labels}

[[target]]
name = "wms"
url = "{url}"
secret_env = "{secret}"
"""


@dataclass(frozen=True, slots=True)
class World:
    """A folder with everything that one station needs; `parcels` return authorisations wait to be worked through."""

    folder: Path
    parcels: int

    @property
    def database(self) -> Path:
        return self.folder / "station.db"

    @property
    def wal(self) -> Path:
        return self.folder / "station.db-wal"

    @property
    def labels(self) -> Path:
        return self.folder / "labels"

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def seed(self) -> Path:
        return self.folder / "seed"

    def configure(self, url: str = "http://127.0.0.1:9", batch: int = 3) -> None:
        """Writes the configuration; without `url` nobody listens."""
        paths = {"folder": "", "log": "log", "database": "station.db", "labels": "labels"}
        quoted = {name: json.dumps(str(self.folder / path)) for name, path in paths.items()}
        facts = {"site": SITE, "merchant": MERCHANT, "url": url, "batch": batch, "secret": SECRET_ENV}
        self.config.write_text(_TOML.format(**facts, **quoted), encoding="utf-8")

    def copy(self, folder: Path) -> "World":
        """The same world as it is now, elsewhere; nothing may run in it."""
        shutil.copytree(self.folder, folder)
        other = World(folder, self.parcels)
        other.configure()
        return other


def make_world(folder: Path, parcels: int) -> World:
    """A migrated database with `parcels` returns of one to three pieces, and the same facts as a seed for the upstream."""
    os.environ[SECRET_ENV] = TEST_SECRET
    world = World(folder, parcels)
    for path in (folder, world.labels, world.seed):
        path.mkdir(parents=True)
    world.configure()
    _write(world.seed / "products.jsonl", [_product(n) for n in range(len(_TITLES))])
    _write(world.seed / "orders.jsonl", [_order(n) for n in range(parcels)])
    _write(world.seed / "authorizations.jsonl", [_authorization(n) for n in range(parcels)])
    places = [f"{purpose.upper()}-1,bin,{purpose}" for purpose in _PLACES]
    (world.seed / "locations.csv").write_text("\n".join(["code,kind,purposes", *places]), encoding="utf-8")
    (world.seed / "badges.csv").write_text(f"code,worker,role\n{BADGE},w-7,worker\n", encoding="utf-8")
    ready_database(world.database)
    _import(world)
    return world


def gtin(n: int) -> str:
    """The GTIN-13 of product `n`."""
    digits = f"29900000{n:04d}"
    odd, even = (sum(int(digit) for digit in digits[start::2]) for start in (0, 1))
    return f"{digits}{-(odd + 3 * even) % 10}"


def lines_of(n: int) -> list[tuple[int, int]]:
    """Products and awaited pieces of parcel `n`: one, three of one, or one each of two."""
    return ([(n % 4, 1)], [(n % 4, 3)], [(0, 1), (1, 1)])[n % 3]


def _product(n: int) -> dict[str, Any]:
    return {"merchant": MERCHANT, "sku": f"P-{n}", "title": _TITLES[n], "gtins": [gtin(n)]}


def _order(n: int) -> dict[str, Any]:
    price = {"unit_price": "4.25", "discount": "0.00", "tax": "0.00"}
    lines = [
        {"line_id": str(m), "sku": f"P-{product}", "quantity": 5, **price}
        for m, (product, _) in enumerate(lines_of(n), 1)
    ]
    paid = f"{21.25 * len(lines):.2f}"
    return {
        "merchant": MERCHANT, "number": f"{700000 + n}", "currency": "GBP", "prices_include_tax": True,
        "shipping": "0.00", "lines": lines,
        "payments": [{"reference": f"PAY-{n}", "captured": paid, "refunded": "0.00"}],
    }  # fmt: skip


def _authorization(n: int) -> dict[str, Any]:
    lines = [
        {"sku": f"P-{product}", "line_id": str(m), "expected": pieces, "reason": "unwanted"}
        for m, (product, pieces) in enumerate(lines_of(n), 1)
    ]
    return {"merchant": MERCHANT, "number": rma(n), "order": f"{700000 + n}", "lines": lines}


def rma(n: int) -> str:
    """The number of return `n`."""
    return f"RMA-{500000 + n}"


def _write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def _import(world: World) -> None:
    engine, chance, now = open_engine(world.database), random.Random(world.parcels), datetime.now(UTC)
    for path in sorted(world.seed.iterdir(), key=lambda path: _ORDER.index(path.stem)):
        report = run_import(
            engine, path.stem, path, merchant=MERCHANT, source="wms", site=SITE, now=now,
            uuid=lambda: uuid7(now, chance),
        )  # fmt: skip
        assert not report.problems, report.problems[0]
    engine.dispose()


_ORDER = ("products", "orders", "authorizations", "locations", "badges")

"""A small world to work in: a folder of its own with configuration, database, sample data, upstream and scanner."""

import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from types import TracebackType
from typing import Self

from returns_station import config as configuration
from returns_station.bootstrap import SEEDED_DAY, ready_database
from returns_station.errors import StationError
from returns_station.store.engine import open_engine
from returns_station.store.identity import uuid7
from returns_station.store.imports import run_import
from returns_station.testing.outputs import FakeZebra
from returns_station.testing.scanner import PtyPair
from returns_station.testing.upstream.process import SECRET_ENV, TEST_SECRET, Upstream
from returns_station.wording import speak

MERCHANT = "online-retail"
SITE = "main"
IMPORTS = (
    ("products", "products.jsonl"),
    ("orders", "orders.jsonl"),
    ("authorizations", "authorizations.jsonl"),
    ("locations", "locations.csv"),
    ("containers", "containers.csv"),
    ("badges", "badges.csv"),
)
_TOML = """\
[station]
name = "Demo dock"
number = 1
site = "{site}"
merchant = "{merchant}"

[folders]
data = {folder}
log = {log}

[database]
path = {database}

[sync]
interval_seconds = 1

[[scanner]]
name = "scanner"
url = {scanner}

[[printer]]
name = "labels"
folder = {labels}

[[printer]]
name = "zebra"
kind = "zpl-tcp"
host = "127.0.0.1"
port = {port}

[camera]
command = {camera}

[[target]]
name = "wms"
url = "{url}"
secret_env = "{secret}"
"""


@dataclass(slots=True)
class World:
    """The demo's parts; `with World(folder) as world:` builds them and takes them down again."""

    folder: Path
    tell: Callable[[str], None] = lambda _: None
    fault: str = ""
    seed: int | None = None
    upstream: Upstream = None  # type: ignore[assignment]
    scanner: PtyPair = None  # type: ignore[assignment]
    zebra: FakeZebra = None  # type: ignore[assignment]
    config: configuration.Config = None  # type: ignore[assignment]

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "labels").mkdir(exist_ok=True)
        with as_file(files("returns_station.samples")) as samples:
            self.tell("Starting the reference upstream.")
            self.upstream = Upstream(self.folder / "upstream", fault=self.fault, seed_dir=Path(samples))
            self.upstream.start()
            self.scanner = PtyPair(self.folder / "scanner")
            self.scanner.plug()
            self.zebra = FakeZebra()
            self.zebra.__enter__()
            self.config = self._configured()
            speak(self.config.station.language)
            fresh = not self.config.database.path.exists()
            ready_database(self.config.database.path)
            if fresh:
                self._seeded(Path(samples))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.zebra.__exit__(kind, error, trace)
        self.scanner.unplug()
        self.upstream.kill()

    def _configured(self) -> configuration.Config:
        path = self.folder / "config.toml"
        quoted = {
            "folder": self.folder,
            "log": self.folder / "log",
            "database": self.folder / "station.db",
            "scanner": self.scanner.link,
            "labels": self.folder / "labels",
        }
        text = _TOML.format(
            site=SITE,
            merchant=MERCHANT,
            url=self.upstream.url,
            secret=SECRET_ENV,
            port=self.zebra.port,
            camera=json.dumps([sys.executable, "-m", "returns_station.testing.camera", "{path}"]),
            **{name: json.dumps(str(value)) for name, value in quoted.items()},
        )
        path.write_text(text, encoding="utf-8")
        secrets = self.folder / "secrets.env"
        secrets.touch(mode=0o600)
        secrets.write_text(f"{SECRET_ENV}={TEST_SECRET}\n", encoding="utf-8")
        return configuration.load(path)

    def _seeded(self, samples: Path) -> None:
        engine = open_engine(self.config.database.path)
        now = datetime.now(UTC) if self.seed is None else SEEDED_DAY
        rng = random.Random(self.seed) if self.seed is not None else random.SystemRandom()
        for kind, name in IMPORTS:
            report = run_import(
                engine,
                kind,
                samples / name,
                merchant=MERCHANT,
                source="wms",
                site=SITE,
                now=now,
                uuid=lambda: uuid7(now, rng),
                progress=lambda _done, _total: None,
            )
            if report.problems:
                raise StationError("demo.sample", f"The sample {name} was refused: {report.problems[0]}.")
            self.tell(f"Imported {report.rows} {kind} from the sample.")
        engine.dispose()

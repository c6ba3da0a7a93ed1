"""A real Tryton 8.2 for tests: installed once by hash, seeded once for each world, started and stopped by process id."""

import base64
import fcntl
import hashlib
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import closing
from csv import DictReader
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

HERE = Path(__file__).parent
SAMPLES = HERE.parents[2] / "returns_station" / "samples"
DATABASE = "rs"
BENCH_ORDERS = 40
"""Orders `BENCH-1` … of a hundred pieces of each of two products, for the contract suite's returns."""
_CONF = "[database]\nuri = sqlite://\npath = {}\n[session]\ntimeout = 86400\n"

World = dict[str, list[dict[str, Any]]]


def sample_world() -> World:
    """The station's own sample data, with postage as a service, a euro order with 20 % tax and one with awkward cents."""
    products, orders = _rows("products.jsonl"), _rows("orders.jsonl")
    sold = {line["sku"] for order in orders for line in order["lines"]}
    kept = [row for row in products if row["sku"] in sold]
    kept[0]["weight_grams"] = 310
    with (SAMPLES / "locations.csv").open() as table:
        places = [{"code": row["code"], "waste": row["purposes"] == "scrap"} for row in DictReader(table)]
    with (SAMPLES / "containers.csv").open() as table:
        places += [{"code": row["code"], "waste": row["purposes"] == "scrap"} for row in DictReader(table)]
    euro = {
        "currency": "EUR",
        "tax_rate": "0.20",
        "customer": "13047",
        "placed_at": "2026-01-05T00:00:00+00:00",
    }
    two = [_line("1", "22960", 3, "12.50"), _line("2", "22913", 1, "49.90")]
    odd = [_line("1", "22960", 3, "0.99"), _line("2", "22912", 7, "1.2345")]
    taxed = [
        {**euro, "number": "EUR-1001", "shipping": "4.90", "lines": two, "tracking": ["TRK-EUR-1001"]},
        {**euro, "number": "EUR-1002", "shipping": "0", "lines": odd},
    ]
    many = [_line("1", "22960", 100, "4.25"), _line("2", "22913", 100, "4.95")]
    bench = {"currency": "GBP", "customer": "13047", "shipping": "0", "lines": many}
    taxed += [{**bench, "number": f"BENCH-{number}"} for number in range(1, BENCH_ORDERS + 1)]
    postage = {"sku": "SHIPPING", "title": "Postage", "kind": "service"}
    return {"products": [*kept, postage], "orders": orders + taxed, "customers": [], "locations": places}


def _line(line_id: str, sku: str, quantity: int, price: str) -> dict[str, Any]:
    return {"line_id": line_id, "sku": sku, "quantity": quantity, "unit_price": price}


def _rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (SAMPLES / name).read_text().splitlines()]


def _here() -> Path:
    """Where installed upstreams are kept."""
    named = os.environ.get("RETURNS_STATION_UPSTREAMS")
    return (Path(named) if named else HERE.parents[2] / ".upstreams") / "tryton"


class TrytonServer:
    """`with TrytonServer() as tryton:` serves a world; `reset` puts the seeded database back under the running server."""

    def __init__(self, world: World | None = None) -> None:
        self._world = world or sample_world()
        self._home = _here()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self.seed: dict[str, Any] = {}
        """What seed.py printed: key, company, ids of orders, lines, products, customers, locations."""
        self.url = ""
        """Up to the database: what a target's `url` says."""

    def __enter__(self) -> Self:
        self._home.mkdir(parents=True, exist_ok=True)
        with (self._home / "lock").open("w") as lock:
            # Several runs on one machine share what is installed: the first makes it, the others wait.
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                self._install()
            except (subprocess.SubprocessError, OSError) as error:
                self._missing(error)
            self._seeded = self._prepare()
        self._folder = tempfile.TemporaryDirectory(prefix="tryton-")
        live = Path(self._folder.name)
        shutil.copy(self._seeded / f"{DATABASE}.sqlite", live)
        self.seed = json.loads((self._seeded / "seed.json").read_text())
        self._start(live)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._folder is not None:
            self._folder.cleanup()

    @property
    def token(self) -> str:
        """The REST key."""
        return str(self.seed["key"])

    @property
    def database(self) -> Path:
        """The database file that is served."""
        assert self._folder is not None
        return Path(self._folder.name, f"{DATABASE}.sqlite")

    def reset(self) -> None:
        """The seeded database again, under the running server: SQLite copies it as one transaction."""
        with (
            sqlite3.connect(self._seeded / f"{DATABASE}.sqlite") as seeded,
            sqlite3.connect(self.database) as live,
        ):
            seeded.backup(live)
        seeded.close()
        live.close()

    def restart(self) -> None:
        """The server anew, at another address: it keeps what it read of its users."""
        assert self._folder is not None
        self.stop()
        self._start(Path(self._folder.name))

    def stop(self) -> None:
        """Ends the server by its process id."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)
            self._process = None

    # --- reading and writing by Tryton's own API, not through the connector -------------------------------------------

    def ask(self, method: str, path: str, body: object = None, context: dict[str, Any] | None = None) -> Any:
        """A call of the REST API as the station's user; raises HTTPError."""
        told = {"company": self.seed["company"], **(context or {})}
        packed = base64.urlsafe_b64encode(json.dumps(told).encode()).decode()
        headers = {"Authorization": f"bearer {self.token}", "X-Tryton-Context": packed}
        headers["Content-Type"] = "application/json"
        sent = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/rest/{path}", sent, headers, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def find(
        self, model: str, domain: list[Any], *fields: str, context: dict[str, Any] | None = None
    ) -> list[dict[str, Any]]:
        """Records that answer a domain, by id."""
        packed = [
            base64.urlsafe_b64encode(json.dumps(part).encode()).decode() for part in (domain, [["id", "ASC"]])
        ]
        wanted = "".join(f"&f={field}" for field in fields)
        found: list[dict[str, Any]] = self.ask(
            "GET", f"model/{model}?d={packed[0]}&o={packed[1]}{wanted}", context=context
        )
        return found

    def stock(self) -> Counter[tuple[str, str]]:
        """Pieces by SKU and location code, as Tryton counts them at each location."""
        found: Counter[tuple[str, str]] = Counter()
        for place in self.find(
            "stock.location", [["code", "!=", None], ["type", "in", ["storage", "lost_found"]]], "code"
        ):
            at = {"locations": [place["id"]], "stock_date_end": None}
            for row in self.find("product.product", [["quantity", "!=", 0]], "code", "quantity", context=at):
                found[row["code"], place["code"]] += int(row["quantity"])
        return found

    def office(self, act: str, told: object) -> Any:
        """Something the company's own people do in Tryton, past the station's rights (office.py); what it made."""
        assert self._folder is not None
        environ = os.environ | {"TRYTOND_CONFIG": str(Path(self._folder.name, "trytond.conf"))}
        wanted = json.dumps({"act": act, "with": told, "company": self.seed["company"]}).encode()
        command = [self._bin / "python", HERE / "office.py", DATABASE]
        made = subprocess.run(command, input=wanted, stdout=subprocess.PIPE, check=True, env=environ)
        return json.loads(made.stdout)

    def sql(self, statement: str, *values: object) -> None:
        """A change that no right and no form of Tryton's allows, as another module of it would have made it."""
        with closing(sqlite3.connect(self.database, timeout=30)) as live, live:
            live.execute(statement, values)

    # --- installing, seeding, starting --------------------------------------------------------------------------------

    def _install(self) -> None:
        wanted = HERE / "requirements.txt"
        ready = self._home / f"venv-{_mark(wanted.read_bytes())}" / "bin" / "gunicorn"
        self._bin = ready.parent
        if ready.exists():
            return
        venv = self._bin.parent
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        pip = [self._bin / "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*pip, "-r", wanted], check=True)

    def _prepare(self) -> Path:
        """The folder with the seeded database of this world; made by the first who needs it."""
        world = json.dumps(self._world, sort_keys=True).encode()
        parts = (world, (HERE / "seed.py").read_bytes(), (HERE / "requirements.txt").read_bytes())
        home = self._home / f"seed-{_mark(b''.join(parts))}"
        if not (home / "seed.json").exists():
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            (home / f"{DATABASE}.sqlite").touch()
            (home / "trytond.conf").write_text(_CONF.format(home))
            environ = os.environ | {"TRYTOND_CONFIG": str(home / "trytond.conf")}
            command = [self._bin / "python", HERE / "seed.py", DATABASE]
            made = subprocess.run(command, input=world, stdout=subprocess.PIPE, check=True, env=environ)
            with sqlite3.connect(home / f"{DATABASE}.sqlite") as seeded:
                seeded.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            seeded.close()
            (home / "seed.json").write_bytes(made.stdout)
        return home

    def _start(self, live: Path) -> None:
        conf = live / "trytond.conf"
        conf.write_text(_CONF.format(live))
        port = _free_port()
        environ = os.environ | {"TRYTOND_CONFIG": str(conf), "TRYTOND_DATABASE_NAMES": DATABASE}
        options = ["--no-control-socket", "-w", "1", "--threads", "4", "-b", f"127.0.0.1:{port}"]
        log = (live / "log").open("wb")
        command = [self._bin / "gunicorn", *options, "trytond.application:app"]
        self._process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        log.close()
        self.url = f"http://127.0.0.1:{port}/{DATABASE}"
        end = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise RuntimeError(f"Tryton did not start: {(live / 'log').read_text()[-2000:]}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self.ask("GET", "model/res.user?s=1&f=id")
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True

    def _missing(self, error: Exception) -> None:
        sentence = f"Tryton cannot be installed here: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence)
        pytest.skip(sentence)


def _mark(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])

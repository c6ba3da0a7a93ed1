"""How fast the outbox drains, acknowledgements durable, against a raw socket posting like batches to the same upstream;
and what a worker's commit costs while it drains."""

import argparse
import json
import multiprocessing
import random
import socket
import statistics
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any, Final, TypeAlias

from sqlalchemy import Engine, insert
from sqlmodel import SQLModel

from returns_station.connectors.api import Outgoing, Settings
from returns_station.connectors.cloudevents import Signer, encode
from returns_station.connectors.http import HttpConnector
from returns_station.store import tables
from returns_station.store.engine import open_engine
from returns_station.store.outbox import claim, give_back, stamp, writing
from returns_station.sync.deliver import Drain
from returns_station.sync.lanes import DrainReport
from returns_station.testing.upstream.process import TEST_SECRET, Upstream

DRAIN_GOAL: Final = 0.7
WORKER_GOAL: Final = 1.2
BATCH: Final = 100
_PER_RETURN: Final = 4
_RAW = tables.table(tables.RawInput)
_OUTBOX = tables.table(tables.Outbox)

Figures: TypeAlias = dict[str, float]


def now() -> datetime:
    return datetime.now(UTC)


def effects(count: int) -> list[Outgoing]:
    """`count` effects, four to a return: a receipt, two stock movements, and the parcel completed."""
    made, name = [], ""
    for number in range(count):
        step = number % _PER_RETURN
        name = name if step else str(uuid.uuid4())
        kind, data = (_receipt(name), _stock(name, number), _stock(name, number), _completed(name))[step]
        made.append(Outgoing(str(uuid.uuid4()), kind, "wms", name, number % _PER_RETURN, now(), "D1", data))
    return made


def _receipt(name: str) -> tuple[str, dict[str, object]]:
    return "returns.receipt", {
        "merchant": "candles", "site": "leeds", "return_id": name, "return_number": "RMA-7", "order_number": "536365",
        "parcel_id": str(uuid.uuid4()), "plate": "P-0001", "tracking": None, "carrier": None, "return_type": "rma",
    }  # fmt: skip


def _stock(name: str, number: int) -> tuple[str, dict[str, object]]:
    return "returns.stock", {
        "merchant": "candles", "site": "leeds", "return_id": name, "unit_id": str(uuid.uuid4()), "lpn": f"L{number:09}",
        "sku": "85123A", "quantity": 6, "unit": "each", "lot": None, "expiry": None, "serial": None, "grade": "grade_a",
        "disposition": "return_to_stock", "location": "A-01-1", "container": None, "order_number": "536365",
        "order_line": "1",
    }  # fmt: skip


def _completed(name: str) -> tuple[str, dict[str, object]]:
    unit = {
        "lpn": "L1-0000001-7", "sku": "85123A", "quantity": 6, "order_line": "1", "disposition": "return_to_stock",
        "grade": "grade_a", "location": "A-01-1", "container": None, "held": False,
    }  # fmt: skip
    line = {"order_line": "1", "sku": "85123A", "expected": 12, "received": 12, "short": 0, "awaiting": 0}
    return "returns.completed", {
        "merchant": "candles", "site": "leeds", "return_id": name, "return_number": "RMA-7", "order_number": "536365",
        "parcel_id": str(uuid.uuid4()), "plate": "P-0001", "return_type": "rma",
        "units": [{"unit_id": str(uuid.uuid4())} | unit for _ in range(2)], "lines": [line],
    }  # fmt: skip


def database(path: Path) -> Engine:
    """A new database with every table."""
    engine = open_engine(path, create=True)
    with writing(engine) as connection:
        SQLModel.metadata.create_all(connection)
    return engine


def put(engine: Engine, rows: Sequence[Outgoing]) -> None:
    """Effects as released rows of the outbox."""
    values = [
        {"id": row.key, "target": row.target, "type": row.type, "merchant": "candles", "site": "leeds",
         "return_id": row.return_id, "ordinal": row.sequence, "state": "local", "created_at": stamp(row.occurred_at),
         "body": json.dumps(row.data)}
        for row in rows
    ]  # fmt: skip
    with writing(engine) as connection:
        connection.execute(insert(_OUTBOX), values)


class RawSocket:
    """Posts batches over one kept connection with nothing around it: the floor."""

    def __init__(self, url: str) -> None:
        host, port = url.removeprefix("http://").split(":")
        self._host = f"{host}:{port}"
        self._socket = socket.create_connection((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._signer = Signer(Settings(url, TEST_SECRET), now, lambda: str(uuid.uuid4()))

    def request(self, batch: Sequence[Outgoing]) -> bytes:
        """A whole request, made before the time is taken."""
        events = [event for effect in batch if isinstance(event := encode(effect), bytes)]
        headers, body = self._signer.sign(events)
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = [f"POST /v1/events HTTP/1.1\r\nhost: {self._host}", f"content-length: {len(body)}", *lines]
        return "\r\n".join(head).encode() + b"\r\n\r\n" + body

    def post(self, request: bytes) -> bytes:
        """The answer's body, read to its end."""
        self._socket.sendall(request)
        held = b""
        while b"\r\n\r\n" not in held:
            held += self._read()
        head, _, body = held.partition(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        while len(body) < length:
            body += self._read()
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"the upstream answered {head[:80]!r}")
        return body

    def _read(self) -> bytes:
        found = self._socket.recv(65536)
        if not found:
            raise RuntimeError("the upstream closed the connection")
        return found


def drain(n: int, folder: Path, chunk: int = 6_000) -> dict[str, object]:
    """`n` rows drained in chunks; between two chunks the floor posts batches of as many events. Seconds a chunk."""
    engine = database(folder / "drain.db")
    spent: dict[str, list[float]] = {"floor": [], "drain": []}
    with Upstream(folder / "upstream") as upstream:
        connector = HttpConnector(Settings(upstream.url, TEST_SECRET, batch=BATCH))
        raw = RawSocket(upstream.url)
        for _ in range(n // chunk):
            put(engine, effects(chunk))
            job = Drain(engine, connector, "wms", "D1", now, random.Random(1), calls=2)
            spent["drain"].append(_timed(lambda job=job: _whole(job.once(), chunk)))  # type: ignore[misc]
            requests = [raw.request(effects(BATCH)) for _ in range(chunk // BATCH)]
            spent["floor"].append(_timed(lambda requests=requests: _floor(raw, requests)))  # type: ignore[misc]
        connector.close()
    ratio = statistics.median(spent["floor"]) / statistics.median(spent["drain"])
    rates = {name: round(1000 * chunk / statistics.median(values)) for name, values in spent.items()}
    return {
        "unit": f"ms for {chunk} rows",
        **{name: figures(values) for name, values in spent.items()},
        "rows_per_s": rates,
        "ratio": round(ratio, 2),
        "goal": DRAIN_GOAL,
        "met": ratio >= DRAIN_GOAL,
    }


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def _whole(report: DrainReport, rows: int) -> None:
    if report.acknowledged != rows or report.left:
        raise RuntimeError(f"not drained: {report}")


def _floor(raw: RawSocket, requests: Sequence[bytes]) -> None:
    for request in requests:
        if raw.post(request).count(b'"accepted"') != BATCH:
            raise RuntimeError("the floor was not accepted")


def claiming(engine: Engine, open_rows: int) -> dict[str, object]:
    """Milliseconds to claim a batch of 100 among so many open rows, against the same among 1,000."""
    found: dict[str, Figures] = {}
    for size in (1_000, open_rows):
        put(engine, effects(size))
        spent = []
        for _ in range(30):
            start = time.perf_counter()
            rows = claim(engine, "wms", now(), BATCH)
            spent.append((time.perf_counter() - start) * 1000)
            give_back(engine, [row.id for row in rows])
        found["few" if size == 1_000 else "many"] = figures(spent)
    return {"unit": "ms a claim", **found, "open_rows": open_rows}


def _drainer(path: Path, url: str, gate: Event, gone: Event) -> None:
    """A drainer process that works while the gate is open."""
    engine = open_engine(path)
    connector = HttpConnector(Settings(url, TEST_SECRET, batch=BATCH))

    def wait(at: str) -> None:
        if at == "after-mark":
            gate.wait()

    gone.set()
    gate.wait()
    report = Drain(engine, connector, "wms", "D1", now, random.Random(1), checkpoint=wait, calls=2).once()
    raise RuntimeError(f"the drainer ended: {report}")


def worker(seconds: float, folder: Path, windows: int = 6) -> dict[str, object]:
    """A worker's commit of 12 rows, 100 a second, in windows alone and windows beside a drainer, in turn."""
    engine = database(folder / "worker.db")
    put(engine, effects(120_000))
    spent: dict[str, list[float]] = {"alone": [], "beside": []}
    spawn = multiprocessing.get_context("spawn")
    gate, ready = spawn.Event(), spawn.Event()
    with Upstream(folder / "upstream-2") as upstream:
        child = spawn.Process(
            target=_drainer, args=(folder / "worker.db", upstream.url, gate, ready), daemon=True
        )
        child.start()
        ready.wait(60)
        for window in range(windows * 2):
            beside = window % 2 == 1
            gate.set() if beside else gate.clear()
            time.sleep(0.3)
            if beside and not child.is_alive():
                raise RuntimeError("the drainer had nothing left to do")
            spent["beside" if beside else "alone"] += _commits(engine, seconds / windows / 2)
        drained = len(upstream.events()) // BATCH
        child.terminate()
        child.join(10)
    found = {name: figures(values) for name, values in spent.items()}
    ratio = found["beside"]["p99"] / found["alone"]["p99"]
    return {
        "unit": "ms a commit",
        **found,
        "batches_drained_meanwhile": drained,
        "ratio": round(ratio, 2),
        "goal": WORKER_GOAL,
        "met": ratio <= WORKER_GOAL,
    }


def _commits(engine: Engine, seconds: float) -> list[float]:
    spent = []
    due = time.perf_counter()
    for _ in range(int(seconds * 100)):
        rows = [{"device": "bench", "kind": "scan", "raw": b"85123A", "at": stamp(now()), "signal": "accepted",
                 "reply": "{}"} for _ in range(12)]  # fmt: skip
        start = time.perf_counter()
        with writing(engine) as connection:
            connection.execute(insert(_RAW), rows)
        spent.append((time.perf_counter() - start) * 1000)
        due += 0.01
        time.sleep(max(0.0, due - time.perf_counter()))
    return spent


def figures(values: list[float]) -> Figures:
    """Percentiles of milliseconds."""
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return {"p50": round(cuts[49], 3), "p95": round(cuts[94], 3), "p99": round(cuts[98], 3), "n": len(values)}


def run(n: int = 48_000, seconds: float = 24.0) -> dict[str, object]:
    """Both measurements: the drain of `n` rows, and `seconds` of worker's commits, half of them beside a drainer."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        drained, beside = drain(n, folder), worker(seconds, folder)
        claimed = claiming(database(folder / "claim.db"), 100_000)
    return {
        "bench": "drain",
        "drain": drained,
        "worker": beside,
        "claim": claimed,
        "met": bool(drained["met"] and beside["met"]),
    }


def _table(title: str, names: Sequence[str], found: Any, sign: str) -> None:
    print(f"{title} ({found['unit']})")
    for name in names:
        row = found[name]
        print(f"  {name:<8}{row['p50']:>9.2f}{row['p95']:>9.2f}{row['p99']:>9.2f}{row['n']:>7}")
    if "ratio" not in found:
        return
    verdict = "met" if found["met"] else "missed"
    print(f"  ratio {found['ratio']} (goal {sign} {found['goal']:g}: {verdict})")


def main() -> None:
    """Prints a table; `--json FILE` writes the same figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-n", type=int, default=48_000)
    parser.add_argument("--seconds", type=float, default=24.0)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    result = run(arguments.n, arguments.seconds)
    print(f"{'':<10}{'p50':>9}{'p95':>9}{'p99':>9}{'n':>7}")
    _table("drain of the outbox", ("floor", "drain"), result["drain"], "≥")
    _table("worker's commit", ("alone", "beside"), result["worker"], "≤")
    _table("claim among 1,000 and 100,000 open rows", ("few", "many"), result["claim"], "")
    print(json.dumps({"rows_per_s": result["drain"]["rows_per_s"]}))  # type: ignore[index]
    if arguments.json:
        arguments.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

"""What must be true of a station's database, its labels and its upstream, whatever happened before."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from returns_station.store.engine import driver
from returns_station.testing.upstream.process import Upstream
from tests.prove.world import World

Rows = list[dict[str, Any]]
Tally = Counter[tuple[str, ...]]


class Books:
    """A station's database, read whole through a connection of its own."""

    def __init__(self, database: Path) -> None:
        self._connection = driver().module.connect(str(database), isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def rows(self, query: str) -> Rows:
        """The rows of a query as name → value."""
        cursor = self._connection.execute(query)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def stock(self) -> Tally:
        """Pieces of each unit that lies where it was put."""
        put = "select id, quantity from return_unit where reception = 'received' and placement = 'put'"
        return Counter({("stock", row["id"]): row["quantity"] for row in self.rows(put)})

    def receipts(self) -> Tally:
        """One for each return of each parcel that was not taken back."""
        parcels = self.rows("select id, returns from parcel where work != 'voided'")
        return Counter(
            ("receipt", row["id"], found) for row in parcels for found in json.loads(row["returns"])
        )

    def refunds(self) -> Tally:
        """Minor units of each settlement that was released."""
        released = "select id, amount_minor from settlement where state = 'released' and amount_minor > 0"
        return Counter({("refund", row["id"]): row["amount_minor"] for row in self.rows(released)})

    def truth(self) -> Tally:
        """What others must have learned in the end, from the state tables alone."""
        return self.stock() + self.receipts() + self.refunds()

    def queued(self) -> Tally:
        """What the outbox says, sent or not: reversals taken off, withdrawn rows left out."""
        found: Tally = Counter()
        for row in self.rows("select type, body from outbox where state != 'withdrawn'"):
            add(found, row["type"], json.loads(row["body"]))
        return nonzero(found)


def add(tally: Tally, type: str, body: Mapping[str, Any]) -> None:
    """Counts one event."""
    sign = -1 if type.endswith(".reversed") else 1
    if type.startswith("returns.stock"):
        tally["stock", str(body["unit_id"])] += sign * int(body["quantity"])
    elif type.startswith("returns.receipt"):
        tally["receipt", str(body["parcel_id"]), str(body["return_id"])] += sign
    elif type.startswith("returns.refund"):
        tally["refund", str(body["settlement_id"])] += sign * int(body["amount_minor"])


def nonzero(tally: Tally) -> Tally:
    """Without what came to nothing."""
    return Counter({key: count for key, count in tally.items() if count})


def between(name: str, wanted: Tally, found: Tally) -> list[str]:
    """Missing and doubled, each as a sentence."""
    return [
        f"{name}: {' '.join(key)} is {found[key]}, {wanted[key]} was expected."
        for key in sorted({*wanted, *found})
        if wanted[key] != found[key]
    ]


def database_faults(books: Books, acknowledged: Mapping[str, bytes]) -> list[str]:
    """What is wrong inside of the database: damaged, forgotten, apart, or a broken history."""
    damage = [row["integrity_check"] for row in books.rows("pragma integrity_check")]
    if damage != ["ok"]:
        return [f"integrity_check: {damage[0]}"]
    return [
        *_forgotten(books, acknowledged),
        *between("outbox", books.truth(), books.queued()),
        *_history(books),
        *_twice(books),
    ]


def _forgotten(books: Books, acknowledged: Mapping[str, bytes]) -> Iterable[str]:
    kept = {row["key"]: row for row in books.rows("select * from raw_input")}
    for key, reply in acknowledged.items():
        if key not in kept:
            yield f"{key} was acknowledged and is lost."
        elif kept[key]["reply"].encode() != reply:
            yield f"{key} is kept with another reply."
    numbers = sorted(row["sequence"] for row in kept.values())
    if numbers != list(range(1, len(numbers) + 1)):
        yield "The inputs are not numbered one after another."
    state = books.rows("select input_sequence from session_state")
    if [row["input_sequence"] for row in state] != numbers[-1:]:
        yield "The session's state is not that of the last input."


def _history(books: Books) -> Iterable[str]:
    """Recomputed here: sha256 over the previous hash, the columns as a JSON list, and the bytes of the body."""
    end, number = b"\0" * 32, 0
    for number, row in enumerate(books.rows("select * from event order by sequence"), 1):
        body, kept = row.pop("body"), row.pop("hash")
        columns = json.dumps([row[name] for name in _COLUMNS], separators=(",", ":")).encode()
        end = hashlib.sha256(end + columns + body).digest()
        if end != kept or row["sequence"] != number:
            yield f"The chain breaks at event {row['sequence']}."
            return
    heads = [row["value"] for row in books.rows("select value from meta where key like 'event.head.%'")]
    if heads != ([f"{number}:{end.hex()}"] if number else []):
        yield "The chain does not end where it should."


_COLUMNS = (
    "sequence", "id", "station", "epoch", "type", "v", "at", "worker_id", "parcel_id", "unit_id", "device",
)  # fmt: skip


def _twice(books: Books) -> Iterable[str]:
    owners: dict[str, set[str]] = {}
    for row in books.rows("select unit_id, model from print_job"):
        owners.setdefault(json.loads(row["model"])["code"], set()).add(row["unit_id"])
    yield from (
        f"The plate {code} was given to {len(own)} units." for code, own in owners.items() if len(own) > 1
    )


def label_faults(world: World, books: Books) -> list[str]:
    """Each label asked for is one whole file that the database knows as confirmed; nothing else lies there."""
    jobs = {f"{row['id']}.pdf": row["state"] for row in books.rows("select id, state from print_job")}
    files = {path.name: path.read_bytes() for path in world.labels.iterdir()}
    broken = [name for name, pdf in files.items() if not (pdf[:5] == b"%PDF-" and b"%%EOF" in pdf[-8:])]
    return [
        *(f"The label {name} was never printed." for name in sorted(jobs.keys() - files.keys())),
        *(f"Nobody asked for {name}." for name in sorted(files.keys() - jobs.keys())),
        *(f"The label {name} is not whole." for name in broken),
        *(f"The label {name} is {state}." for name, state in jobs.items() if state != "confirmed"),
    ]


def upstream_faults(upstream: Upstream, books: Books) -> list[str]:
    """What the upstream has too much or too little of, against the state tables and against the outbox."""
    told: Tally = Counter()
    for row in upstream.movements():
        told["stock", str(row["unit_id"])] += int(str(row["quantity"]))
    for row in upstream.receipts():
        told["receipt", str(row["parcel_id"]), str(row["return_id"])] += int(str(row["count"]))
    for row in upstream.refunds():
        told["refund", str(row["settlement_id"])] += int(str(row["amount_minor"]))
    sent: Tally = Counter(
        ("event", row["id"]) for row in books.rows("select id from outbox where state != 'withdrawn'")
    )
    came: Tally = Counter(("event", str(row["id"])) for row in upstream.events())
    open_rows = books.rows("select id, state from outbox where state not in ('acknowledged', 'withdrawn')")
    return [
        *between("upstream", books.truth(), nonzero(told)),
        *between("upstream", sent, came),
        *(f"The outbox row {row['id']} is {row['state']}." for row in open_rows),
    ]

"""Runs the real program as a person or a script would, and reads what it left behind."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import text

from returns_station.store.engine import open_engine

Row = dict[str, Any]


def command(
    *args: str, stdin: str = "", timeout: float = 170, **environ: str
) -> subprocess.CompletedProcess[str]:
    """`returns-station ARGS` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "returns_station", *args],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=os.environ | environ,
        check=False,
    )


def lines(output: str) -> list[Row]:
    """JSON Lines as objects."""
    return [json.loads(line) for line in output.splitlines() if line.startswith("{")]


def replies(output: str) -> list[Row]:
    """The replies among the lines."""
    return [line for line in lines(output) if line["type"] == "reply"]


def rows(database: Path, query: str) -> list[Row]:
    """Rows of a query on the station's database."""
    engine = open_engine(database)
    with engine.connect() as connection:
        found = [dict(row) for row in connection.execute(text(query)).mappings()]
    engine.dispose()
    return found


def stock_here(database: Path) -> Counter[tuple[str, str, str]]:
    """Pieces by (sku, place, disposition) as the shift put them: only what became stock."""
    query = (
        "select sku, coalesce(container, location) as place, disposition, quantity from return_unit "
        "where reception = 'received' and placement = 'put'"
    )
    counted: Counter[tuple[str, str, str]] = Counter()
    for row in rows(database, query):
        counted[row["sku"], row["place"], row["disposition"]] += row["quantity"]
    return counted


def money_here(database: Path) -> Counter[str]:
    """Minor units by order as the shift released them."""
    query = (
        "select o.number, s.amount_minor from settlement s join sales_order o on o.id = s.order_id "
        "where s.state = 'released' and s.amount_minor > 0"
    )
    counted: Counter[str] = Counter()
    for row in rows(database, query):
        counted[row["number"]] += row["amount_minor"]
    return counted


def upstream_rows(database: Path, query: str) -> list[Row]:
    """Rows of the reference upstream's own database."""
    import sqlite3

    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]

"""A real sample: invoices cut from the Online Retail data, and what a demo needs around them. See
ATTRIBUTION.txt."""

from pathlib import Path

FOLDER = Path(__file__).parent
"""Where the sample's files are."""

MERCHANT = "online-retail"
"""The merchant that every row of the sample names."""

SALES = FOLDER / "online-retail-sample.csv"
"""The cut itself, in the layout that `import --sales` reads."""

FILES = {
    "products": FOLDER / "products.jsonl",
    "orders": FOLDER / "orders.jsonl",
    "authorizations": FOLDER / "authorizations.jsonl",
    "locations": FOLDER / "locations.csv",
    "containers": FOLDER / "containers.csv",
    "badges": FOLDER / "badges.csv",
}
"""Kind of import → file, in the order in which they are best imported."""

"""Imports: products, orders, authorisations, customers, places and badges from CSV and JSON Lines, all or
nothing."""

from returns_station.store.imports.merge import merge_rows
from returns_station.store.imports.problems import ImportProblem, ImportReport
from returns_station.store.imports.run import run_import
from returns_station.store.imports.sales import SalesReport, import_sales
from returns_station.store.imports.shapes import KINDS

__all__ = [
    "KINDS",
    "ImportProblem",
    "ImportReport",
    "SalesReport",
    "import_sales",
    "merge_rows",
    "run_import",
]

"""Tryton 8.2 as ERP and WMS: return sales, receipts put to their places, internal movements, credit notes, feeds."""

from returns_station.connectors.tryton.connector import TrytonConnector

__all__ = ["TrytonConnector"]

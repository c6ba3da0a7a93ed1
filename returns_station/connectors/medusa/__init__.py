"""The connector for a Medusa 2 shop: returns, stock and refunds out, products, customers, orders and returns in."""

from returns_station.connectors.medusa.connector import MedusaConnector

__all__ = ["MedusaConnector"]

"""The connector for any upstream that speaks docs/openapi.yaml over HTTP."""

from returns_station.connectors.http.connector import HttpConnector

__all__ = ["HttpConnector"]

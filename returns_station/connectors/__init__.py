"""Upstreams behind one small interface: WMS, ERP, shop; each a connector found by its entry point."""

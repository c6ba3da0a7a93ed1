"""The reference WMS/ERP: a small upstream in a process of its own that implements docs/openapi.yaml,
for the demo, the tests and people who write their own."""

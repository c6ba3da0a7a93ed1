"""The one place that knows devices and labels: frames become inputs, label models pages, faults problems.

Its modules are imported one by one, so that a start waits for none it does not need.
"""

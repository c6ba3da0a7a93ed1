"""Scanners and printers as plain transports: bytes in with a device and a time, bytes out with an outcome.

Nothing here knows what a barcode means or what a label says, and nothing of the station is imported.
"""

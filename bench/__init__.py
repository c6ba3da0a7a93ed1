"""Benchmarks: each measures a work of the station beside its floor, interleaved in the same run."""

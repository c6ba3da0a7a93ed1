"""The dialogue at the dock: a pure session, what it needs to know, and the transaction that drives it."""

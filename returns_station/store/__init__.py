"""The station's memory: SQLModel tables on SQLite, one transaction a step, a hash-chained event log and the outbox."""

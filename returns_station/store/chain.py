"""The history checked against itself: each event's hash covers the one before, and Meta says where the chain ends."""

from sqlalchemy import Connection, Engine, select

from returns_station.errors import Problem
from returns_station.store import tables as t
from returns_station.store.unit_of_work import GENESIS, chain, head_key

_event = t.table(t.Event)
_meta = t.table(t.Meta)
_HINT = "Somebody changed the history outside the station. Keep this file, restore a backup beside it, and compare."


def verify_chain(engine: Engine) -> Problem | None:
    """The first place where the history was edited, deleted from or cut; None when it is whole.

    `chain.broken` names the event, `chain.cut` an end that is missing. Who can write the whole file can make a new chain:
    what was sent upstream is the witness against that.
    """
    with engine.connect() as connection:
        epochs = connection.execute(select(_event.c.epoch).distinct().order_by(_event.c.epoch)).scalars()
        named = connection.execute(select(_meta.c.key).where(_meta.c.key.like("event.head.%"))).scalars()
        known = {*epochs, *(int(key.rpartition(".")[2]) for key in named)}
        return next(filter(None, (_epoch(connection, epoch) for epoch in sorted(known))), None)


def _epoch(connection: Connection, epoch: int) -> Problem | None:
    last: tuple[int, bytes] | None = None
    rows = connection.execute(select(_event).where(_event.c.epoch == epoch).order_by(_event.c.sequence))
    for row in rows.mappings():
        if last is not None and row["sequence"] != last[0] + 1:
            return _broken(f"Event {last[0] + 1} is missing from the history of epoch {epoch}.")
        expected = chain(last[1] if last else GENESIS, {str(name): value for name, value in row.items()})
        if expected != row["hash"]:
            return _broken(f"Event {row['sequence']} of epoch {epoch} is not what was written.")
        last = (row["sequence"], row["hash"])
    return _end(connection, epoch, last)


def _broken(sentence: str) -> Problem:
    return Problem("chain.broken", sentence, _HINT)


def _end(connection: Connection, epoch: int, last: tuple[int, bytes] | None) -> Problem | None:
    head = connection.execute(select(_meta.c.value).where(_meta.c.key == head_key(epoch))).scalar()
    found = f"{last[0]}:{last[1].hex()}" if last else None
    if head == found:
        return None
    wanted = head.partition(":")[0] if head else "none"
    sentence = f"The history of epoch {epoch} ends at event {last[0] if last else 'none'}, event {wanted} was expected."
    return Problem("chain.cut", sentence, _HINT)

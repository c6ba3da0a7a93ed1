"""Who holds a lock beside the database, found out without taking it: a look must never keep a station from starting."""

import re
from pathlib import Path

_LOCK = re.compile(r"^\d+: FLOCK\s+\S+\s+WRITE\s+(\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) ", re.MULTILINE)


def holder(database: Path, role: str) -> int | None:
    """The process that holds the lock of a role (station, drainer, import), None when nobody does.

    Linux tells in /proc/locks; where there is none, nobody can be named.
    """
    try:
        held = database.with_name(f"{database.name}.{role}.lock").stat()
        told = Path("/proc/locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    pids = [int(pid) for pid, _major, _minor, inode in _LOCK.findall(told) if int(inode) == held.st_ino]
    return pids[0] if pids else None

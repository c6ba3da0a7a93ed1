"""What the exit codes of `returns-station` mean, and which one an error ends with; told in docs/exit-codes.md."""

from enum import IntEnum
from typing import Final

from returns_station.errors import StationError


class Code(IntEnum):
    """Exit codes; scripts may rely on them."""

    OK = 0
    FAILED = 1
    BAD_INPUT = 2
    ENDED_IN_PARCEL = 3
    LOCKED = 4
    STORE_FAILED = 5
    INTERRUPTED = 130


# The longest beginning that fits an error's code decides.
_ENDS: Final[dict[str, Code]] = {
    "config.": Code.BAD_INPUT,
    "toml.": Code.BAD_INPUT,
    "usage.": Code.BAD_INPUT,
    "policy.": Code.BAD_INPUT,
    "import.": Code.BAD_INPUT,
    "scan.": Code.BAD_INPUT,
    "plate.": Code.BAD_INPUT,
    "show.": Code.BAD_INPUT,
    "labels.": Code.BAD_INPUT,
    "outbox.": Code.BAD_INPUT,
    "worklist.": Code.BAD_INPUT,
    "badge.": Code.BAD_INPUT,
    "customer.": Code.BAD_INPUT,
    "seed.": Code.BAD_INPUT,
    "script.": Code.BAD_INPUT,
    "connector.unknown": Code.BAD_INPUT,
    "reconcile.cannot": Code.BAD_INPUT,
    "upstream.address": Code.BAD_INPUT,
    "upstream.fault": Code.BAD_INPUT,
    "import.disturbed": Code.FAILED,
    "store.": Code.STORE_FAILED,
    "store.locked": Code.LOCKED,
    "store.busy": Code.LOCKED,
    # Nothing failed here: another file, folder or version has to be named.
    **dict.fromkeys(
        (
            "store.missing",
            "store.older",
            "store.newer",
            "store.folder",
            "store.network",
            "store.foreign",
            "store.not_database",
            "store.backup",
        ),
        Code.BAD_INPUT,
    ),
}


def exit_code(error: StationError) -> Code:
    """The exit code an error ends a command with; FAILED for one that nothing here names."""
    fitting = [start for start in _ENDS if error.code.startswith(start)]
    return _ENDS[max(fitting, key=len)] if fitting else Code.FAILED

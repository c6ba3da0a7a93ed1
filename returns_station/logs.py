"""The log: one JSON object a line into a rotating file, with facts about the machine and none about people.

Only keys named in `KEYS` keep their value; everything else is withheld, for a log leaves the house by e-mail.
"""

import logging
import logging.handlers
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, Final

from returns_station.errors import StationError

KEYS: Final = frozenset(
    {
        *(
            "event",
            "level",
            "timestamp",
            "logger",
            "fault",
            "at",
            "code",
            "role",
            "pid",
            "version",
            "station",
        ),
        *("epoch", "sequence", "parcel_id", "unit_id", "outbox_id", "settlement_id", "job_id", "worker_id"),
        *(
            "device",
            "target",
            "connector",
            "type",
            "state",
            "status",
            "signal",
            "attempt",
            "attempts",
            "count",
        ),
        *("sent", "acknowledged", "unknown", "looked_up", "left", "paused_until", "pages", "rows"),
        *("port", "error", "file", "line"),
        *("accepted", "refused", "retried", "pulled", "seconds", "bytes", "revision", "feed", "kind", "step"),
    }
)
_DIGITS = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}(?![\w-])")


def start(folder: Path, role: str, *, level: str = "info", size: int = 5_000_000, keep: int = 5) -> Path:
    """Sends this process's log lines to `<folder>/<role>.log`, turned at `size` bytes, `keep` old ones kept.

    One file a process (`role` is station, sync, …), because two processes cannot turn one file. Raises
    StationError `log.folder` when it cannot be written at the start; a full disk later never stops the work.
    """
    import structlog

    path = folder / f"{role}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handler = _Private(path, maxBytes=size, backupCount=keep, encoding="utf-8")
    except OSError as fault:
        raise StationError(
            "log.folder",
            f"The log {path} cannot be written: {fault.strerror}.",
            "Give this user the folder, or name another one as `log` under `[folders]` in the configuration.",
        ) from fault
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=_processors(), foreign_pre_chain=_before())
    )
    root = logging.getLogger()
    for old in [one for one in root.handlers if isinstance(one, _Private)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(level.upper())
    logging.raiseExceptions = False
    structlog.configure(
        processors=[*_before(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    return path


def logger(name: str) -> Any:
    """A structlog logger: `logger("sync").info("delivered", target="wms", count=3)`. Silent until `start`."""
    return _Logger(name)


class _Logger:
    """Asks structlog at each call: modules may hold it from import on, and the import costs nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, method: str) -> Any:
        structlog = sys.modules.get("structlog")
        if structlog is None or not structlog.is_configured():
            return lambda *_args, **_values: None
        return getattr(structlog.stdlib.get_logger(self._name), method)


class _Private(logging.handlers.RotatingFileHandler):
    """Log files that only their owner may read."""

    def _open(self) -> Any:
        stream = super()._open()
        Path(self.baseFilename).chmod(0o600)
        return stream


def _before() -> list[Any]:
    import structlog

    return [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _processors() -> list[Any]:
    import structlog

    return [
        _message,
        _fault,
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        _withheld,
        structlog.processors.JSONRenderer(),
    ]


def _message(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Of a line another library wrote, only its template: its arguments may be anybody's."""
    record = line.get("_record")
    if record is not None and not line.get("_from_structlog", False):
        line["event"] = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
    return line


def _fault(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An exception as its type and places; its message may quote what was scanned."""
    record = line.get("_record")
    given = line.pop("exc_info", None) or (record.exc_info if record is not None else None)
    fault = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given is True else given
    if isinstance(fault, BaseException):
        line["fault"] = type(fault).__name__
        frames = traceback.extract_tb(fault.__traceback__)
        line["at"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]]
    return line


def _withheld(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(value) if key in KEYS else "withheld" for key, value in line.items()}


def _plain(value: object) -> object:
    if isinstance(value, str):
        return _DIGITS.sub("withheld", value)[:500]
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value if isinstance(value, int | float | None) else type(value).__name__

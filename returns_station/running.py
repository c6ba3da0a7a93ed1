"""`returns-station run`: a station, its scanners and the line mode, joined and taken apart again."""

from collections.abc import Callable
from pathlib import Path

from returns_station import config as configuration
from returns_station import logs, plain
from returns_station.bootstrap import Checkpoint, Station
from returns_station.config import Scanner
from returns_station.hardware.scanners import Scanners


def work(
    path: Path | None,
    *,
    as_json: bool,
    scanners: tuple[str, ...],
    seed: int | None,
    sync: bool,
    checkpoint: Checkpoint | None = None,
) -> int:
    """Runs until the input ends; the exit code."""
    config = configuration.load(path)
    logs.start(
        config.folders.log, "station", level=config.log.level, size=config.log.bytes, keep=config.log.keep
    )
    wanted = (*config.scanners, *(Scanner(f"scanner-{n}", url) for n, url in enumerate(scanners, 1)))
    with Station(config, seed=seed, checkpoint=checkpoint) as station:
        if sync:
            station.start_sync()

        def start(queue: plain.Queue) -> Callable[[], None]:
            devices = Scanners(wanted, queue.put)
            devices.start()
            return devices.stop

        return plain.run(station, as_json=as_json, start_devices=start)

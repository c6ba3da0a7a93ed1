"""`returns-station run`: a station and its scanners with the screen or the line mode, joined and taken apart again."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from returns_station import config as configuration
from returns_station import logs
from returns_station.config import Config, Scanner
from returns_station.wording import speak

if TYPE_CHECKING:
    from returns_station import plain
    from returns_station.onscreen import OnScreen
    from returns_station.tui.queue import Queue

Checkpoint = Callable[[str], None]


def work(
    path: Path | None,
    *,
    as_json: bool,
    scanners: tuple[str, ...],
    seed: int | None,
    sync: bool,
    on_screen: bool = False,
    checkpoint: Checkpoint | None = None,
) -> int:
    """Runs until the input ends; the exit code."""
    config = configuration.load(path)
    if not (on_screen or as_json):
        from returns_station import plain

        config = plain.readable(config)
    speak(config.station.language)
    wanted = (*config.scanners, *(Scanner(f"scanner-{n}", url) for n, url in enumerate(scanners, 1)))
    if on_screen:
        return _on_screen(config, wanted, seed, sync, checkpoint)
    _log(config)
    return _in_lines(config, wanted, as_json, seed, sync, checkpoint)


def _log(config: Config) -> None:
    """Starts the log; the library it stands on is loaded here."""
    logs.start(
        config.folders.log, "station", level=config.log.level, size=config.log.bytes, keep=config.log.keep
    )


def _in_lines(
    config: Config,
    wanted: tuple[Scanner, ...],
    as_json: bool,
    seed: int | None,
    sync: bool,
    checkpoint: Checkpoint | None,
) -> int:
    from returns_station import plain
    from returns_station.bootstrap import Station
    from returns_station.errands import Errands
    from returns_station.hardware.scanners import Arrived, Scanners

    with Station(config, seed=seed, checkpoint=checkpoint) as station:
        if sync:
            station.start_sync()

        def start(queue: "plain.Queue") -> Callable[[], None]:
            devices = Scanners(wanted, queue.put)
            devices.start()
            station.join(Errands(config, queue.put, devices))
            unwatch = station.watch_printers(
                lambda told: queue.put(Arrived(code="print.again", sentence=told))
            )

            def stop() -> None:
                unwatch()
                devices.stop()

            return stop

        return plain.run(station, as_json=as_json, start_devices=start)


def _on_screen(
    config: Config, wanted: tuple[Scanner, ...], seed: int | None, sync: bool, checkpoint: Checkpoint | None
) -> int:
    from returns_station.hardware.sounds import Sounds
    from returns_station.tui.app import StationApp
    from returns_station.tui.queue import Queue

    queue, sounds = Queue(), Sounds(config.sound)
    opening = opener(config, queue, wanted, seed=seed, sync=sync, checkpoint=checkpoint)
    try:
        return StationApp(config, opening, sounds=sounds, queue=queue).work()
    finally:
        sounds.close()


def opener(
    config: Config,
    queue: "Queue",
    wanted: tuple[Scanner, ...],
    *,
    seed: int | None = None,
    sync: bool = True,
    checkpoint: Checkpoint | None = None,
) -> Callable[[], "OnScreen"]:
    """How the screen opens its station, after its first paint: until then nothing heavy is loaded."""

    def open_station() -> "OnScreen":
        _log(config)
        from returns_station.bootstrap import Station
        from returns_station.errands import Errands
        from returns_station.hardware.scanners import Scanners
        from returns_station.onscreen import OnScreen

        station = Station(config, seed=seed, checkpoint=checkpoint)
        devices = Scanners(wanted, queue.put)
        try:
            devices.start()
        except BaseException:
            station.close()
            raise
        errands = Errands(config, queue.put, devices)
        station.join(errands)
        if sync:
            station.start_sync()
        return OnScreen(station, devices, errands.scale, closing=(devices.stop,))

    return open_station

"""Signals to be heard at the station, by the system's player when there is one."""

from pathlib import Path
from typing import TYPE_CHECKING

from returns_station import config

if TYPE_CHECKING:
    from devices.sound import Player


class Sounds:
    """The sounds of `[sound]`; nothing is imported or made before the first one is to be heard."""

    def __init__(self, configured: config.Sound, folder: Path | None = None) -> None:
        self._configured = configured
        self._folder = folder
        self._player: Player | None = None

    @property
    def player(self) -> str | None:
        """The program that would play, or None when this machine has none that works."""
        command = self._made().command
        return command[0] if command else None

    @property
    def there(self) -> bool:
        """Whether sounds are switched on and this machine has a player."""
        return self._configured.on and self.player is not None

    def play(self, signal: str) -> None:
        """Lets accepted, duplicate, unknown, mismatch, hold or stop be heard; never waits, never raises."""
        if self._configured.on:
            self._made().play(signal)

    def close(self) -> None:
        """Ends what is heard."""
        if self._player is not None:
            self._player.close()

    def _made(self) -> "Player":
        if self._player is None:
            from devices.sound import PLAYERS, Player

            own = self._configured.player
            players = (own,) if own else PLAYERS
            self._player = Player(self._folder or _cache(), players, volume=self._configured.volume)
        return self._player


def _cache() -> Path:
    import platformdirs

    return platformdirs.user_cache_path("returns-station") / "sounds"

"""The station's scale: a weight, or a problem that says what to do."""

from dataclasses import dataclass

from devices.errors import DeviceError
from returns_station import config
from returns_station.errors import Problem


@dataclass(frozen=True, slots=True)
class Weight:
    """What lies on the scale, in whole grams."""

    grams: int
    stable: bool


class Scale:
    """The scale of `[scale]`; the port is open only while it weighs, and nothing of it is imported before."""

    def __init__(self, configured: config.Scale) -> None:
        self.name = configured.name
        self._configured = configured

    @property
    def there(self) -> bool:
        """Whether one is configured."""
        return bool(self._configured.url)

    def weigh(self) -> Weight | Problem:
        """Asks it; takes at most the configured time, so call it from a thread."""
        one = self._configured
        if not one.url:
            return Problem(
                "scale_none", "No scale is configured.", "Set url under [scale], or type the weight."
            )
        from devices.scale import SerialScale
        from devices.transports import SerialTransport

        line = SerialTransport(f"Scale {one.name}", one.url, one.baud)
        device = SerialScale(
            one.name, line, one.profile, request=one.request, unit=one.unit, within_s=float(one.seconds)
        )
        try:
            found = device.weigh()
        except DeviceError as error:
            return Problem(error.code, error.sentence, error.hint)
        return Weight(found.grams, found.stable)

"""An effect as a CloudEvents 1.0 JSON event, and a batch of them under a Standard Webhooks signature."""

import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import quote

from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError

from returns_station.connectors.api import ConnectorError, Outgoing, Refused, Settings

BATCH_TYPE: Final = "application/cloudevents-batch+json"
_EXACT: Final = frozenset({str, int, bool, type(None)})
_HINT: Final = "This is a fault of the station: report it with the effect's key. The effect is kept."


def encode(effect: Outgoing) -> bytes | Refused:
    """One event as JSON, or why it may not leave: floats and naive times stop at this border."""
    if path := _float(effect.data, "data"):
        return Refused(
            "effect.float", f"The effect {effect.key} holds a float at {path}; none may leave.", _HINT
        )
    if effect.occurred_at.tzinfo is None:
        return Refused("effect.time", f"The time of the effect {effect.key} has no zone.", _HINT)
    event = {
        "specversion": "1.0",
        "id": effect.key,
        "source": f"/stations/{quote(effect.station, safe='')}",
        "type": effect.type,
        "subject": effect.return_id,
        "time": effect.occurred_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "sequence": str(effect.sequence),
        "data": dict(effect.data),
    }
    try:
        return json.dumps(event, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:
        return Refused("effect.json", f"The effect {effect.key} cannot be written as JSON: {error}.", _HINT)


def _float(value: object, path: str) -> str | None:
    """Where the first float is, such as `data.lines.0.amount_minor`."""
    if type(value) in _EXACT:
        return None
    if isinstance(value, float):
        return path
    if isinstance(value, Mapping):
        inside = ((f"{path}.{name}", item) for name, item in value.items())
    elif isinstance(value, list | tuple):
        inside = ((f"{path}.{number}", item) for number, item in enumerate(value))
    else:
        return None
    return next((found for where, item in inside if (found := _float(item, where))), None)


class Signer:
    """Signs batches; raises ConnectorError when made with a secret that cannot be one."""

    def __init__(self, settings: Settings, now: Callable[[], datetime], new_id: Callable[[], str]) -> None:
        self._now = now
        self._new_id = new_id
        try:
            self._webhook = Webhook(settings.secret)
        except (EmptyWebhookSecretError, binascii.Error, ValueError):
            raise ConnectorError(
                "upstream.secret",
                f"The environment variable {settings.secret_env} holds no Standard Webhooks secret.",
                "It is whsec_ followed by base64, the same as at the upstream.",
                retry=False,
            ) from None

    def sign(self, events: Sequence[bytes]) -> tuple[dict[str, str], bytes]:
        """The headers and the body of one batch; each call has an id and a time of its own."""
        body = b"[" + b",".join(events) + b"]"
        batch, at = self._new_id(), self._now().astimezone(UTC)
        return {
            "content-type": BATCH_TYPE,
            "webhook-id": batch,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": self._webhook.sign(batch, at, body.decode()),
        }, body

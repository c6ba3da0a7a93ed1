"""Calls of a Medusa server as its administrator and as a shopper: to seed it, and to read what it has."""

import base64
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class ShopError(Exception):
    """Medusa's answer to a call it did not take."""

    def __init__(self, call: str, status: int, said: str) -> None:
        super().__init__(f"{call}: {status} {said}")
        self.status = status


@dataclass(slots=True)
class Shop:
    """One Medusa server. `headers` go with every call: an administrator's unless a call brings others."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, url: str, secret_key: str) -> "Shop":
        """As the holder of a secret API key."""
        key = base64.b64encode(f"{secret_key}:".encode()).decode()
        return cls(url, {"authorization": f"Basic {key}"})

    def get(self, path: str) -> Any:
        return self._call("GET", path, None, {})

    def post(self, path: str, body: object = None, **headers: str) -> Any:
        return self._call("POST", path, {} if body is None else body, headers)

    def delete(self, path: str) -> Any:
        return self._call("DELETE", path, None, {})

    def _call(self, method: str, path: str, body: object, more: dict[str, str]) -> Any:
        data = None if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in more.items()}
        headers = {"content-type": "application/json", **self.headers, **named}
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise ShopError(
                f"{method} {path}", error.code, error.read().decode(errors="replace")[:600]
            ) from None

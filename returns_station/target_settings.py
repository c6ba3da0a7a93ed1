"""What can be set of an upstream that is told and asked, and the checks of it."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from returns_station.errors import Problem
from returns_station.given import refuse_secret
from returns_station.shapes import Given, Reading, flat, setting

_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")
_HOST: Final = re.compile(r"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?")
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*")
_WEB: Final = ("http", "https")
_SCHEMES: Final = {
    "http": _WEB,
    "tryton": _WEB,
    "medusa": _WEB,
    "files": ("file",),
    "manual": ("manual",),
}
"""Connector → how its urls begin; one of another package says itself what it takes."""
_EXPECTED: Final = {
    _WEB: "an address that starts with https:// or http://",
    ("file",): "a folder, as in file:///srv/exchange",
    ("manual",): "manual:",
    (): "an address that starts with its scheme, as in https://",
}


@dataclass(frozen=True, slots=True)
class Target:
    """An upstream; empty `types` routes every type of effect to it, empty `feeds` pulls all that it has.

    `secret_env` and `token_env` are *names* of variables that hold the signing secret and the bearer token. With `hosts`
    it may talk to no other ones. `ca_file` holds certificates to trust besides the system's, `batch` is the most effects
    of a request (None: as under [sync]). With `shadow` its effects are worked out and kept beside the old system, and
    sent for the product families alone that were switched on. `options` are what only its connector knows.
    """

    name: str = setting()
    url: str = setting()
    connector: str = setting("http")
    secret_env: str = setting("")
    token_env: str = setting("")
    types: tuple[str, ...] = setting(())
    hosts: tuple[str, ...] = setting(())
    feeds: tuple[str, ...] = setting(())
    ca_file: Path | None = setting(None)
    batch: int | None = setting(None, low=1, high=1_000)
    shadow: bool = setting(False)
    options: Mapping[str, str] = field(default_factory=dict)


def check_target(target: Target, given: Mapping[str, Given], reading: Reading) -> None:
    """Notes what is wrong with the address, the hosts and the names of secrets."""
    if "url" in given:
        _url(target, given["url"].where, reading)
    if "hosts" in given:
        check_hosts("hosts", target.hosts, given["hosts"].where, reading)
    for key in ("secret_env", "token_env"):
        if key in given and not _VARIABLE.fullmatch(getattr(target, key)):
            _no_variable(key, given[key].where, reading)
    held = given["options"].value if "options" in given else {}
    for key, one in flat(held) if isinstance(held, dict) else ():
        if key.endswith("_env") and not _VARIABLE.fullmatch(target.options.get(key, "")):
            _no_variable(key, one.where, reading)


def check_hosts(key: str, hosts: tuple[str, ...], where: str, reading: Reading) -> None:
    """Notes an entry of an allow-list that can be no host: one with a scheme, a port, a path or a star."""
    for host in hosts:
        if not _HOST.fullmatch(host) and not _is_address(host):
            expected = "names or addresses of hosts, without scheme, port and stars"
            return reading.wrong(key, host, where, expected)
    return None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def _url(target: Target, where: str, reading: Reading) -> None:
    schemes = _SCHEMES.get(target.connector, ())
    parts = _split(target.url)
    if parts is not None and (parts.username or parts.password):
        refuse_secret("password in the url", where, reading)
    elif parts is None or not _fits(parts, schemes):
        reading.wrong("url", target.url, where, _EXPECTED[schemes])


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _fits(parts: SplitResult, schemes: tuple[str, ...]) -> bool:
    if schemes and parts.scheme not in schemes:
        return False
    if parts.scheme in _WEB:
        return bool(parts.hostname)
    return _SCHEME.fullmatch(parts.scheme) is not None


def _no_variable(key: str, where: str, reading: Reading) -> None:
    reading.problems.append(
        Problem(
            "config.secret",
            f"{where}: '{key}' is not the name of an environment variable.",
            "Write the name (capitals, digits, underscores) of the variable that holds the secret.",
        )
    )

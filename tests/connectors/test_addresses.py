"""Which upstream addresses are talked to at all."""

import socket
from pathlib import Path

import pytest

from returns_station.connectors.api import ConnectorError, RetryLater
from returns_station.testing.references import MemoryReferences
from tests.connectors.upstream_kit import connector, stock


@pytest.mark.parametrize(
    "url",
    [
        "https://wms.example",
        "https://wms.example:8443/erp",
        "http://127.0.0.1:8000",
        "http://localhost",
        "http://[::1]:9",
        "http://erp.localhost:1",
    ],
)
def test_https_anywhere_and_http_on_this_machine_are_taken(url: str) -> None:
    connector(url).close()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("file:///etc/passwd", "'file:///etc/passwd' is not an https address with a host"),
        ("ftp://u:pass@wms.example", "'ftp://…@wms.example' is not an https address with a host"),
        ("wms.example", "'wms.example' is not an https address with a host"),
        ("https://", "'https://' is not an https address with a host"),
        (
            "https://wms.example:99999",
            "'https://wms.example:99999' cannot be read: Port out of range 0-65535",
        ),
        (
            "https://u:pass@wms.example",
            "'https://…@wms.example' holds a user name or password; none is expected",
        ),
        (
            "https://wms.example/?key=1",
            "'https://wms.example/?key=1' has a query or fragment; a base address is expected",
        ),
        ("http://wms.example", "'http://wms.example' is plain http to another machine; https is expected"),
        (
            "http://127.0.0.1.evil.example",
            "'http://127.0.0.1.evil.example' is plain http to another machine; https is expected",
        ),
        ("https://0.0.0.0", "'https://0.0.0.0' is no address of one machine"),
        ("https://224.0.0.1", "'https://224.0.0.1' is no address of one machine"),
    ],
)
def test_any_other_address_is_refused_with_the_reason(url: str, why: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(url)
    assert str(caught.value) == (
        f"The upstream address {why}. Correct the upstream's url in the configuration."
    )


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "0xA9FEA9FE",
        "0251.0376.0251.0376",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
    ],
)
@pytest.mark.parametrize("allow_http", [False, True])
def test_link_local_is_refused_in_every_spelling(host: str, allow_http: bool) -> None:
    scheme = "http" if allow_http else "https"
    with pytest.raises(ConnectorError) as caught:
        connector(f"{scheme}://{host}/", allow_http=allow_http)
    assert caught.value.sentence == (
        f"The upstream address '{scheme}://{host}/' is link-local, where machines keep their own secrets."
    )


def test_a_name_that_leads_to_a_link_local_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    assert connector("https://metadata.example").look_up(stock(), MemoryReferences()) == RetryLater(
        "https://metadata.example could not be reached: metadata.example leads to 169.254.169.254, "
        "which is link-local, where machines keep their own secrets.",
        code="upstream.unreachable",
        hint="Check the network and the upstream's url; what is queued stays queued.",
    )


def test_plain_http_does_not_leave_the_machine_by_a_name_that_moved(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("192.0.2.7", 80))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    outcome = connector("http://localhost").look_up(stock(), MemoryReferences())
    assert isinstance(outcome, RetryLater)
    assert outcome.sentence == (
        "http://localhost could not be reached: localhost leads to 192.0.2.7, "
        "which is plain http to another machine."
    )


def test_a_name_nobody_knows_is_unreachable_and_not_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    assert connector("https://nowhere.example").look_up(stock(), MemoryReferences()) == RetryLater(
        "https://nowhere.example could not be reached: Name or service not known.",
        code="upstream.unreachable",
        hint="Check the network and the upstream's url; what is queued stays queued.",
    )


def test_a_file_of_certificates_that_is_not_there_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "ca.pem"
    with pytest.raises(ConnectorError) as caught:
        connector("https://wms.example", ca_file=missing)
    assert str(caught.value) == (
        f"The certificates in {missing} cannot be read: No such file or directory. Give ca_file a PEM file."
    )

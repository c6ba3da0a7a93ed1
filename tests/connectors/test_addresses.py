"""Which upstream addresses are talked to at all."""

import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from returns_station.connectors.api import ConnectorError, RetryLater, Settings
from returns_station.connectors.wire import Wire
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


# --- the list of hosts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "listed"),
    [
        ("https://wms.example", "wms.example"),
        ("https://WMS.Example.:8443/erp", "wms.example"),
        ("https://[2001:db8::7]", "2001:DB8:0::7"),
        ("http://127.1:9", "127.0.0.1"),
        ("https://10.0.0.7", "[::ffff:10.0.0.7]"),
    ],
)
def test_a_host_that_is_listed_is_taken_in_every_spelling(url: str, listed: str) -> None:
    connector(url, hosts=frozenset({"erp.example", listed.lower()})).close()


@pytest.mark.parametrize(
    "url", ["https://wms.example.evil.example", "https://evil.example", "https://10.0.0.8"]
)
def test_a_host_that_is_not_listed_is_refused_with_the_list(url: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        connector(url, hosts=frozenset({"wms.example", "10.0.0.7"}))
    assert caught.value.sentence == (
        f"The upstream address '{url}' is not on the list of hosts that may be talked to: 10.0.0.7, wms.example."
    )


@pytest.mark.parametrize("path", ["@evil.example/v1", ".evil.example/v1", "@127.0.0.1:1/v1"])
def test_a_path_that_would_lead_to_another_host_is_not_followed(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def no_look_up(*_: object, **__: object) -> None:
        raise AssertionError("a foreign name was looked up")

    monkeypatch.setattr(socket, "getaddrinfo", no_look_up)
    wire = Wire(Settings("https://wms.example", secret="", token="hidden"))
    outcome = wire.send("GET", path, {})
    wire.close()
    assert isinstance(outcome, RetryLater)
    assert outcome.code == "upstream.unreachable"
    assert outcome.sentence.endswith(" is not the host of the upstream's url.")


# --- the address that was checked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::1",
        "fd00:ec2::254",
        "100.100.100.200",
        "192.0.0.192",
        "fe80::1%lo",
    ],
)
def test_a_way_round_to_the_machines_secrets_is_not_taken(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    outcome = connector("https://metadata.example").look_up(stock(), MemoryReferences())
    assert isinstance(outcome, RetryLater)
    assert f"metadata.example leads to {address}, which is link-local" in outcome.sentence


def test_one_bad_address_among_good_ones_ends_it_whatever_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
    found = [(*entry, ("127.0.0.1", 9)), (*entry, ("169.254.169.254", 9))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    outcome = connector("http://localhost:9").look_up(stock(), MemoryReferences())
    assert isinstance(outcome, RetryLater)
    assert "leads to 169.254.169.254" in outcome.sentence


def test_a_name_that_answers_otherwise_the_second_time_is_connected_where_it_was_checked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, asked = socket.getaddrinfo, []

    def rebinding(host: str, *args: Any, **more: Any) -> Any:
        asked.append(host)
        moved = "169.254.169.254" if asked.count("rebind.localhost") > 1 else "127.0.0.1"
        return real(moved if host == "rebind.localhost" else host, *args, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    answer = b"HTTP/1.1 204 No Content\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        wire = Wire(Settings(f"http://rebind.localhost:{listener.getsockname()[1]}", secret=""))
        serving = threading.Thread(target=_answer_once, args=(listener, answer))
        serving.start()
        reply = wire.send("GET", "/", {})
        serving.join()
        wire.close()
    assert not isinstance(reply, RetryLater)
    assert reply.status == 204
    assert asked.count("rebind.localhost") == 1


def _answer_once(listener: socket.socket, answer: bytes) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)

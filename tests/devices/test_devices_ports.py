"""Laws of listing ports: what is listed exists, and a stable name is preferred."""

from pathlib import Path

from devices.ports import SerialPort, serial_ports, stable_paths


def test_every_listed_port_is_a_device_and_the_list_is_sorted() -> None:
    paths = [port.path for port in serial_ports()]
    assert paths == sorted(paths)
    assert all(Path(path).exists() for path in paths)


def test_a_stable_link_names_the_real_device(tmp_path: Path) -> None:
    device, links = tmp_path / "ttyACM0", tmp_path / "by-id"
    device.touch()
    links.mkdir()
    (links / "usb-Acme_Scanner_42-if00").symlink_to("../ttyACM0")
    assert stable_paths(links) == {str(device): str(links / "usb-Acme_Scanner_42-if00")}
    assert stable_paths(tmp_path / "none") == {}


def test_the_configuration_gets_the_stable_path_where_there_is_one() -> None:
    bare = SerialPort("/dev/ttyS0", None, "", "", "", "")
    usb = SerialPort("/dev/ttyACM0", "/dev/serial/by-id/usb-42", "Scanner", "USB VID:PID", "Acme", "42")
    assert (bare.url, usb.url) == ("/dev/ttyS0", "/dev/serial/by-id/usb-42")

"""A private CUPS with a real IPP printer behind it, one a worker process, quiet again after each test."""

from collections.abc import Iterator

import pytest

from devices.testing_spooler import PrivateSpooler, missing
from tests.devices.scanner_inbox import until


@pytest.fixture(scope="session")
def private_spooler() -> Iterator[PrivateSpooler]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with PrivateSpooler() as spooler:
        yield spooler
    assert not spooler.folder.exists()


@pytest.fixture
def spooler(private_spooler: PrivateSpooler) -> Iterator[PrivateSpooler]:
    """The spooler with its printer on, its queue open, and nothing waiting."""
    yield private_spooler
    for state in ("paper-out", "slow", "twice"):
        private_spooler.state(state, False)
    private_spooler.printer_off()
    private_spooler.run("cancel", "-a", private_spooler.queue)
    private_spooler.printer_on()
    private_spooler.run("cupsaccept", private_spooler.queue)
    private_spooler.enable()
    assert until(lambda: "idle" in private_spooler.run("lpstat", "-p", private_spooler.queue))
    for file in private_spooler.out.iterdir():
        file.unlink()

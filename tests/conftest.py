"""What holds for every test: nobody's own folders are touched, no test is silently left out where it must run."""

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from returns_station.wording.speech import REFERENCE, speak

# No test asserts a time, so none may fail by one; on the build server the same examples run every time.
settings.register_profile("station", deadline=None, derandomize=bool(os.environ.get("CI")), database=None)
settings.load_profile("station")

BY_DESIGN = "by design:"
_left_out = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_left_out] = []


class _Keeper:
    """Collects what was skipped; with CI=true a skip without a reason "by design: …" fails the run."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def _note(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
            if not reason.removeprefix("Skipped: ").startswith(BY_DESIGN):
                self._config.stash[_left_out].append(f"{report.nodeid}: {reason}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._note(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._note(report)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._config.stash[_left_out] and session.exitstatus in (0, pytest.ExitCode.NO_TESTS_COLLECTED):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._config.stash[_left_out]:
            terminalreporter.section("left out although CI=true", red=True)
            left_out: list[str] = self._config.stash[_left_out]
            for line in sorted(set(left_out)):
                terminalreporter.write_line(line)


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if os.environ.get("CI") == "true" and not hasattr(config, "workerinput"):
        config.pluginmanager.register(_Keeper(config), "left-out")


@pytest.fixture(autouse=True, scope="session")
def _own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Configuration, data, logs and state of the person who runs the tests stay out of them."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("CONFIG", "DATA", "STATE", "CACHE"):
            patch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
        for name in [name for name in os.environ if name.startswith("RETURNS_STATION_")]:
            patch.delenv(name)
        yield


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """What a test makes this process speak ends with the test."""
    yield
    speak(REFERENCE)


# linux/capability.h: version 3 of the interface has two words a set.
_CAPABILITIES_V3 = 0x20080522
_OVERRIDES = 1 << 1 | 1 << 2


@pytest.fixture
def bound_by_permissions() -> Iterator[None]:
    """Makes file permissions count for root as well, by laying down CAP_DAC_OVERRIDE in this thread."""
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITIES_V3, 0)
    held = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, held) == 0
    less = (ctypes.c_uint32 * 6)(*held)
    less[0] &= ~_OVERRIDES
    assert libc.capset(header, less) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the checkout."""
    return Path(__file__).parents[1]

"""A real spooler and a real printer without hardware: a private cupsd, and `ippeveprinter` behind it.

Nothing of the machine's own CUPS is touched: configuration, sockets and spool lie in a folder of their own, all
addresses are of the loopback, and the programs end with the context. Debian packages: cups-daemon, cups-client,
cups-ipp-utils, avahi-daemon, dbus (the last two because `ippeveprinter` announces itself and does not run without).
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

PROGRAMS = ("cupsd", "lp", "lpstat", "lpadmin", "cupsenable", "cupsdisable", "cancel", "ippeveprinter")
BUS_PROGRAMS = ("dbus-daemon", "avahi-daemon", "unshare")
PACKAGES = "cups-daemon cups-client cups-ipp-utils avahi-daemon dbus"
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
_PATIENCE_S = 20.0
_PRIVATE_RUN = ("unshare", "-m", "sh", "-c", "mount -t tmpfs none /run && exec $0")

_CUPSD = """\
Listen 127.0.0.1:{port}
LogLevel warn
MaxLogSize 0
Browsing No
DefaultAuthType None
WebInterface No
PreserveJobHistory Yes
PreserveJobFiles No
ErrorPolicy retry-current-job
JobRetryInterval 1
<Location />
  Order allow,deny
  Allow all
</Location>
<Policy default>
  <Limit All>
    Order deny,allow
  </Limit>
</Policy>
"""
_CUPS_FILES = """\
ServerRoot {folder}/root
RequestRoot {folder}/spool
TempDir {folder}/spool/tmp
CacheDir {folder}/cache
StateDir {folder}/state
AccessLog {folder}/access_log
ErrorLog {folder}/error_log
PageLog {folder}/page_log
User lp
Group lp
SystemGroup root
Sandboxing relaxed
"""
_BUS = """\
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path={folder}/bus</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>
</policy></busconfig>
"""
_AVAHI = """\
[server]
host-name=labels
use-ipv6=no
allow-interfaces=lo
[publish]
publish-hinfo=no
publish-workstation=no
"""
# What the printer does with each document: {out} gets it, or two of it; a gate stands for slowness and want of paper.
_JOB = """\
#!/bin/sh
[ -e {folder}/paper-out ] && echo "STATE: +media-empty-error" >&2
while [ -e {folder}/paper-out ] || [ -e {folder}/slow ]; do sleep 0.02; done
echo "STATE: -media-empty-error" >&2
number=$(ls {folder}/out | wc -l)
cp "$1" {folder}/out/.part && mv {folder}/out/.part {folder}/out/$number.pdf
[ -e {folder}/twice ] && cp "$1" {folder}/out/$((number + 1)).pdf
exit 0
"""


def missing() -> str:
    """Why there can be no such spooler here; empty when there can."""
    absent = [name for name in (*PROGRAMS, *BUS_PROGRAMS) if shutil.which(name, path=_PATH) is None]
    if absent:
        return f"{', '.join(absent)} not installed (Debian packages {PACKAGES})"
    if os.geteuid() != 0:
        return "a private cupsd and avahi-daemon need root"
    tried = subprocess.run([*_PRIVATE_RUN, "true"], capture_output=True, text=True, check=False)
    return f"no mount name spaces here: {tried.stderr.strip()}" if tried.returncode else ""


class PrivateSpooler:
    """A cupsd with one queue, `labels`, whose printer is `ippeveprinter`; `environ` is what reaches it by `lp`.

    Faults: `printer_off` and `printer_on`, `disable` and `enable` (the queue), `state(name, on)` with paper-out, slow
    and twice.
    """

    queue = "labels"

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spooler-"))
        self.out = self.folder / "out"
        self.port, self.printer_port = _free_port(), _free_port()
        # Without this address a default of the machine would be used: its own spooler.
        self.environ = {
            **os.environ,
            "CUPS_SERVER": f"127.0.0.1:{self.port}",
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={self.folder}/bus",
            "PATH": _PATH,
            "LC_ALL": "C",
            "HOME": str(self.folder),
        }
        self._running: list[subprocess.Popen[bytes]] = []
        self._printer: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every program it started, by its process, and remove the folder."""
        self.printer_off()
        for process in reversed(self._running):
            _end(process)
        self._running.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def printed(self) -> list[bytes]:
        """The documents that came out of the printer, in order."""
        return [path.read_bytes() for path in sorted(self.out.glob("*.pdf"), key=lambda path: int(path.stem))]

    def printer_on(self) -> None:
        """Switch the printer on and wait until it listens."""
        command = ["ippeveprinter", "-p", str(self.printer_port), "-f", "application/pdf", "-s", "6000"]
        command += ["-c", str(self.folder / "job.sh"), "-d", str(self.folder / "printer"), "Labels"]
        self._printer = self._spawn(command, "printer")
        self._until(lambda: _listens(self.printer_port), "ippeveprinter does not listen")

    def printer_off(self) -> None:
        """Pull the printer's plug."""
        printer, self._printer = self._printer, None
        if printer is not None:
            _end(printer, signal.SIGKILL)

    def disable(self, reason: str = "away") -> None:
        """Switch the queue off, as a person or an error does."""
        self.run("cupsdisable", "-r", reason, self.queue)

    def enable(self) -> None:
        """Switch the queue on."""
        self.run("cupsenable", self.queue)

    def state(self, name: str, on: bool) -> None:
        """Set or lift a state of the printer: paper-out, slow or twice."""
        if on:
            (self.folder / name).touch()
        else:
            (self.folder / name).unlink(missing_ok=True)

    def run(self, *command: str) -> str:
        """One of CUPS's programs on this spooler; its output."""
        done = subprocess.run(
            command, env=self.environ, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
        return done.stdout

    # --- the programs ----------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self.folder.chmod(0o755)
        for name in ("root", "spool", "spool/tmp", "cache", "state", "out", "printer"):
            (self.folder / name).mkdir()
        names = {"folder": self.folder, "port": self.port}
        for name, text in {
            "cupsd.conf": _CUPSD, "files.conf": _CUPS_FILES, "bus.conf": _BUS, "avahi.conf": _AVAHI, "job.sh": _JOB,
        }.items():  # fmt: skip
            (self.folder / name).write_text(text.format(**names))
        (self.folder / "job.sh").chmod(0o755)
        self._start_bus()
        self.printer_on()
        config, files = str(self.folder / "cupsd.conf"), str(self.folder / "files.conf")
        self._running.append(self._spawn(["cupsd", "-f", "-c", config, "-s", files], "cupsd"))
        self._until(lambda: _listens(self.port), "cupsd does not listen")
        device = f"ipp://127.0.0.1:{self.printer_port}/ipp/print"
        self.run("lpadmin", "-p", self.queue, "-E", "-v", device, "-m", "raw")

    def _start_bus(self) -> None:
        bus = ["dbus-daemon", f"--config-file={self.folder}/bus.conf", "--nofork", "--nopidfile"]
        self._running.append(self._spawn(bus, "bus"))
        self._until((self.folder / "bus").exists, "dbus-daemon does not listen")
        # avahi-daemon knows one place for its process id; in a mount name space of its own that place is private.
        avahi = f"avahi-daemon --no-drop-root --no-chroot --no-rlimits --no-proc-title -f {self.folder}/avahi.conf"
        self._running.append(self._spawn([*_PRIVATE_RUN, avahi], "avahi"))
        self._until(lambda: b"startup complete" in self._said("avahi"), "avahi-daemon does not start")

    def _spawn(self, command: list[str], name: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("wb") as log:
            null = subprocess.DEVNULL
            return subprocess.Popen(command, env=self.environ, stdin=null, stdout=log, stderr=log)

    def _said(self, name: str) -> bytes:
        with contextlib.suppress(OSError):
            return (self.folder / f"{name}.log").read_bytes()
        return b""

    def _until(self, truth: Callable[[], bool], fault: str) -> None:
        end = time.monotonic() + _PATIENCE_S
        while not truth():
            if time.monotonic() > end:
                logs = b"\n".join(path.read_bytes()[-500:] for path in self.folder.glob("*log"))
                raise RuntimeError(f"{fault}: {logs.decode('utf-8', 'replace')}")
            time.sleep(0.01)


def _end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(how)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

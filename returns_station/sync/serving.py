"""Health and metrics of a running sync job over HTTP, on this machine alone, from a thread of its own."""

import socket
import threading
from contextlib import suppress
from typing import Any, Final

import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from returns_station.sync import webhooks
from returns_station.sync.metrics import CONTENT_TYPE, Metrics
from returns_station.sync.standing import Standing
from returns_station.sync.watched import Watched

_PATIENCE_S: Final = 3.0
_LOG = structlog.get_logger("returns_station.sync")


class Server:
    """Serves one job; what it counts begins when it is made, so the links must not run yet."""

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self._metrics = Metrics(watched)
        self._socket: socket.socket | None = None
        self._uvicorn: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        for link in watched.links:
            link.observer = self._metrics

    @property
    def address(self) -> str:
        """Where it listens, as `http://127.0.0.1:9108`."""
        assert self._socket is not None
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self, host: str, port: int) -> None:
        """Listens and serves; port 0 takes a free one. Raises OSError when it cannot listen."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)
        settings = uvicorn.Config(
            application(self._watched, self._metrics),
            log_config=None, access_log=False, lifespan="off", server_header=False, ws="none",
            limit_concurrency=64, timeout_keep_alive=5, timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._uvicorn = uvicorn.Server(settings)
        self._thread = threading.Thread(target=self._serve, name="health", daemon=True)
        self._thread.start()
        _LOG.info("sync.listening", port=self._socket.getsockname()[1])

    def stop(self) -> None:
        """Ends it; requests on their way get a moment."""
        if self._uvicorn is not None and self._thread is not None:
            self._uvicorn.should_exit = True
            self._thread.join(_PATIENCE_S)
        if self._socket is not None:
            self._socket.close()

    def _serve(self) -> None:
        assert self._uvicorn is not None
        assert self._socket is not None
        try:
            self._uvicorn.run(sockets=[self._socket])
        except Exception as error:
            # Whatever ends it, the job goes on without.
            _LOG.error("sync.serving_failed", error=type(error).__name__)


def application(watched: Watched, metrics: Metrics) -> Starlette:
    """GET /health and /metrics, and the webhooks of the targets that have one."""

    def health(_request: Request) -> Response:
        told = health_of(watched)
        return JSONResponse(told, 200 if told["healthy"] else 503)

    def measured(_request: Request) -> Response:
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    routes: list[BaseRoute] = [Route("/health", health), Route("/metrics", measured)]
    return Starlette(routes=[*routes, *_webhooks(watched)])


def health_of(watched: Watched) -> dict[str, Any]:
    """What GET /health tells: healthy is this job, not its upstreams; those are told by target."""
    stuck, fault = watched.stuck(), watched.store_fault()
    failed = {link.target: link.failed for link in watched.links if link.failed}
    told: dict[str, Any] = {"healthy": not stuck and fault is None and not failed}
    told |= {"drainer": {"alive": not stuck, "stuck": list(stuck), "failed": failed}}
    told |= {"database": {"writable": fault is None, "fault": fault}}
    with suppress(Exception):  # a database that cannot be read is told above
        told["targets"] = {one.target: _target(one) for one in watched.standings()}
        told["oldest_seconds"] = max((one["oldest_seconds"] for one in told["targets"].values()), default=0)
    return told


def _target(one: Standing) -> dict[str, Any]:
    told: dict[str, Any] = {"state": one.state, "person": one.person, "lag_seconds": round(one.lag_s, 1)}
    told["oldest_seconds"] = round(one.oldest_s, 1)
    told["rows"] = one.backlog.counts
    told["last_answer"] = one.note.answered_at.isoformat() if one.note.answered_at else None
    return told


def _webhooks(watched: Watched) -> list[BaseRoute]:
    app = webhooks.application(watched)
    return [] if app is None else [Mount("/webhooks", app=app)]

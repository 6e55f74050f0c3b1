"""Serve the metrics page over HTTP, without the web app: one small process beside the workers.

``/metrics`` is the page, ``/healthz`` says that the process runs. Whatever asks, the database is
asked once in a few seconds at most.
"""

from __future__ import annotations

import logging
import time
from http import HTTPStatus
from socketserver import ThreadingMixIn
from threading import Lock
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from worker.errors import ConfigError, WorkerError
from worker.metrics import CONTENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_LOG = logging.getLogger(__name__)
_KEPT_S = 5.0  # how long a page is good for
_TEXT = "text/plain; charset=utf-8"


class KeptPage:
    """A page that is made anew only when the last one is too old; it serves many threads."""

    def __init__(
        self, make: Callable[[], bytes], *, kept_s: float = _KEPT_S, clock: Callable[[], float]
    ) -> None:
        """Take how a page is made and what time it is, in seconds."""
        self._make = make
        self._kept_s = kept_s
        self._clock = clock
        self._lock = Lock()
        self._page: tuple[float, bytes] | None = None

    def __call__(self) -> bytes:
        """Give the page; an error is passed on and nothing is kept."""
        with self._lock:
            if self._page is None or self._clock() - self._page[0] >= self._kept_s:
                self._page = None
                self._page = self._clock(), self._make()
            return self._page[1]


def metrics_app(page: Callable[[], bytes]) -> WSGIApplication:
    """Make the application of a page; while the database is away it answers 503."""

    def app(environment: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environment["PATH_INFO"] == "/healthz":
            return _answer(start, HTTPStatus.OK, b"ok\n")
        if environment["PATH_INFO"] != "/metrics":
            return _answer(start, HTTPStatus.NOT_FOUND, b"look at /metrics\n")
        try:
            return _answer(start, HTTPStatus.OK, page(), content_type=CONTENT_TYPE)
        except WorkerError as error:
            _LOG.warning("metrics_unavailable", extra={"error": type(error).__name__})
            return _answer(start, HTTPStatus.SERVICE_UNAVAILABLE, b"the database is away\n")

    return app


def metrics_server(page: Callable[[], bytes], *, host: str, port: int) -> WSGIServer:
    """Open a server; ``serve_forever`` runs it, and 0 finds a free port.

    Raises:
        ConfigError: the address is taken, or not of this machine.
    """
    app = metrics_app(KeptPage(page, clock=time.monotonic))
    try:
        return make_server(host, port, app, _Threading, _Quiet)
    except OSError as error:
        raise ConfigError(f"cannot listen at {host}:{port}: {error.strerror}") from error


def _answer(
    start: StartResponse, status: HTTPStatus, body: bytes, *, content_type: str = _TEXT
) -> list[bytes]:
    start(
        f"{status.value} {status.phrase}",
        [("Content-Type", content_type), ("Content-Length", str(len(body)))],
    )
    return [body]


class _Threading(ThreadingMixIn, WSGIServer):
    """A slow reader keeps no other waiting, and none keeps the process from ending."""

    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    """Whoever asks, asks every few seconds: no line in the log for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, the base's name
        """Say nothing."""

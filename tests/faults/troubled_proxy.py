"""An HTTP proxy before the S3 server, which goes wrong in the ways that networks and servers do."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.servers import HOST
from tests.serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator


class Trouble(Enum):
    """What goes wrong."""

    NONE = "none"
    ERROR_500 = "500"
    ERROR_503 = "503"
    HANG = "hang"
    TRUNCATE = "truncate"  # half of each object that is read
    FULL = "full"  # no room for what is written


class TroubledProxy:
    """Passes requests on to the server behind it, unless told otherwise."""

    def __init__(self, endpoint: str) -> None:
        self.trouble = Trouble.NONE
        self.hit = 0  # requests that met the trouble
        self._behind = urlsplit(endpoint).netloc
        self._calm = threading.Event()  # set when hanging requests may go on
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                proxy.answer(self)

            do_PUT = do_HEAD = do_DELETE = do_POST = do_GET  # noqa: N815, as http.server calls them

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer((HOST, 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://{HOST}:{self.server.server_address[1]}"

    @contextmanager
    def troubled(self, trouble: Trouble) -> Iterator[None]:
        """Go wrong for as long as the block lasts."""
        self.hit = 0
        self._calm.clear()
        self.trouble = trouble
        try:
            yield
        finally:
            self.trouble = Trouble.NONE
            self._calm.set()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        trouble = self.trouble
        if trouble in {Trouble.ERROR_500, Trouble.ERROR_503}:
            self.hit += 1
            _refuse(request, int(trouble.value), "InternalError")
            return
        if trouble is Trouble.FULL and request.command == "PUT":
            self.hit += 1
            _refuse(request, 507, "InsufficientStorage")
            return
        if trouble is Trouble.HANG:
            self.hit += 1
            self._calm.wait(300)
            request.close_connection = True  # as after a network that was parted
            return
        self._pass_on(request, body, truncate=trouble is Trouble.TRUNCATE)

    def _pass_on(self, request: BaseHTTPRequestHandler, body: bytes, *, truncate: bool) -> None:
        behind = http.client.HTTPConnection(self._behind, timeout=60)
        try:
            headers = dict(request.headers.items())
            behind.request(request.command, request.path, body=body, headers=headers)
            answer = behind.getresponse()
            data = answer.read()
        finally:
            behind.close()
        request.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "content-length", "connection"}:
                request.send_header(name, value)
        length = answer.getheader("Content-Length") if request.command == "HEAD" else len(data)
        request.send_header("Content-Length", str(length or 0))
        request.end_headers()
        if truncate and request.command == "GET" and "list-type" not in request.path:
            self.hit += 1
            data = data[: len(data) // 2]
            request.close_connection = True
        if request.command != "HEAD":
            request.wfile.write(data)


def _refuse(request: BaseHTTPRequestHandler, status: int, code: str) -> None:
    body = f"<Error><Code>{code}</Code><Message>trouble</Message></Error>".encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/xml")
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(body)


@contextmanager
def troubled_proxy(endpoint: str) -> Iterator[TroubledProxy]:
    """Run a proxy before an S3 server."""
    proxy = TroubledProxy(endpoint)
    with serving(proxy.server):
        yield proxy

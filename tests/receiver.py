"""A receiver of webhooks on this machine."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.servers import HOST
from tests.serving import serving


@dataclass(slots=True, kw_only=True)
class Receiver:
    url: str = ""
    answers: list[int] = field(default_factory=list)  # then 200
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def receiving(*answers):
    receiver = Receiver(answers=list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers), body))
            self.send_response(receiver.answers.pop(0) if receiver.answers else 200)
            self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any):
            pass

    with serving(ThreadingHTTPServer((HOST, 0), Handler)) as url:
        receiver.url = f"{url}/told?by=penname"
        yield receiver

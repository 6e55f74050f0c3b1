"""What holds for every request and answer, whatever route serves it: pure ASGI.

Nothing comes from another host: the content security policy lets a page load only what this
application serves, and run no script that stands in the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request

from worker.errors import FailureCode
from worker.web.problems import answer_problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_TOO_LARGE = 413
_FORBIDDEN = 403


class SecurityHeaders:
    """Puts the headers on every answer; names that were read stay out of every cache."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


class SameOrigin:
    """Refuses what a page of another site sends, a login with its own password among it."""

    def __init__(self, app: ASGIApp) -> None:
        """Take what answers."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] not in _SAFE_METHODS:
            headers = Headers(scope=scope)
            origin = headers.get("origin")
            if origin is not None and urlsplit(origin).netloc != headers.get("host"):
                refusal = answer_problem(
                    scope["path"],
                    _FORBIDDEN,
                    FailureCode.NOT_ALLOWED,
                    "the request came from another site",
                )
                await refusal(scope, receive, send)
                return
        await self._app(scope, receive, send)


class BodyLimit:
    """Refuses a body that is too long, by its header or as soon as it has come too far."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        max_bytes: int,
        max_upload_bytes: int,
        upload_paths: Sequence[str],
        is_known: Callable[[Request], Awaitable[bool]],
    ) -> None:
        """Take the limits.

        Args:
            app: what answers.
            max_bytes: of a request to most paths.
            max_upload_bytes: of a request to a path that takes files.
            upload_paths: how the paths begin that take files.
            is_known: whether somebody with a session or a token asks; others send no files.
        """
        self._app = app
        self._max_bytes = max_bytes
        self._max_upload_bytes = max_upload_bytes
        self._upload_paths = tuple(upload_paths)
        self._is_known = is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._max_upload_bytes if await self._takes_files(scope) else self._max_bytes
        message = f"a request here has up to {limit} bytes"
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            refusal = answer_problem(
                scope["path"], _TOO_LARGE, FailureCode.REQUEST_TOO_LARGE, message
            )
            await refusal(scope, receive, send)
            return
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            part = await receive()
            received += len(part.get("body", b""))
            if received > limit:  # the one kind of error that FastAPI lets through from here
                raise HTTPException(_TOO_LARGE, message)
            return part

        await self._app(scope, receive_within_limit, send)

    async def _takes_files(self, scope: Scope) -> bool:
        if scope["method"] in _SAFE_METHODS or not scope["path"].startswith(self._upload_paths):
            return False
        return await self._is_known(Request(scope))

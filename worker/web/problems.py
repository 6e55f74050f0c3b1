"""A failure as JSON: a problem (RFC 9457) under ``/api/``, two words for our own scripts."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

API = "/api/"


def answer_problem(
    path: str, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Answer a failure.

    Args:
        path: what was asked for.
        status: of HTTP.
        code: one of docs/errors.md, or ``http_error`` or ``invalid_request``.
        message: what happened, without any name that was read.
        headers: more of them.
    """
    if not path.startswith(API):
        return JSONResponse(
            {"code": code, "message": message}, status_code=status, headers=dict(headers or {})
        )
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "code": code,
    }
    return JSONResponse(
        problem,
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )

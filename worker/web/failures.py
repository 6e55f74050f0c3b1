"""Errors to answers: a page for people, JSON for programs and scripts; each says its code."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse
from starlette.exceptions import HTTPException

from recognition.errors import RecognitionError
from segmentation.errors import SegmentationError
from worker.errors import (
    FailureCode,
    LeaseLostError,
    NoSuchPersonError,
    NoSuchResultError,
    NotAllowedError,
    NotLoggedInError,
    ObjectMissingError,
    TooManyLoginsError,
    TransientError,
    WorkerError,
)
from worker.query_errors import TemplateExistsError, TextRefusedError
from worker.web.middleware import HEADERS
from worker.web.openapi import methods_of
from worker.web.problems import API, answer_problem
from worker.web.rendering import render
from worker.web.security import is_by_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI, Request, Response

_log = logging.getLogger(__name__)
_STATUSES: tuple[tuple[type[WorkerError], int], ...] = (  # the first that fits counts
    (NotLoggedInError, 401),
    (NotAllowedError, 403),
    (NoSuchResultError, 404),
    (NoSuchPersonError, 404),
    (ObjectMissingError, 404),
    (LeaseLostError, 409),
    (TemplateExistsError, 409),
    (TextRefusedError, 422),
    (TooManyLoginsError, 429),
    (TransientError, 503),
)
_BAD_REQUEST = 400
_TOO_LARGE = 413
_UNPROCESSABLE = 422
_BUG = 500


def answer_failures(app: FastAPI) -> None:
    """Let an application answer every error."""
    for kind in (WorkerError, SegmentationError, RecognitionError):
        app.add_exception_handler(kind, _answer_known)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_bug)


def wants_page(request: Request) -> bool:
    """Say whether a person waits for a page, rather than a program or a script for data."""
    return not request.url.path.startswith(API) and not is_by_script(request)


def _answer_known(request: Request, error: Exception) -> Response:
    if isinstance(error, NotLoggedInError) and request.method == "GET" and wants_page(request):
        path = request.url.path
        return RedirectResponse(f"/login?next={quote(path)}", status_code=303)
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), _BAD_REQUEST)
    code, message = getattr(error, "code", "config_error"), str(error)
    if isinstance(error, TransientError):  # it names hosts and paths of ours
        _log.warning("request_put_off", extra={"path": request.url.path, "detail": message})
        message = "the database or the store does not answer just now; try again"
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotLoggedInError) else {}
    return _answer(request, status, str(code), message, headers)


def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101, as it was registered
    code = FailureCode.REQUEST_TOO_LARGE if error.status_code == _TOO_LARGE else "http_error"
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED and request.url.path.startswith(API):
        # One route knows its own methods only; others may share its path.
        headers["Allow"] = ", ".join(sorted(methods_of(request.app, request.url.path)))
    return _answer(request, error.status_code, code, str(error.detail), headers)


def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101, the same
    # Where and what, never the value: it may be a name.
    faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()]
    return _answer(request, _UNPROCESSABLE, "invalid_request", "; ".join(faults), {})


def _answer_bug(request: Request, error: Exception) -> Response:
    _log.error("request_failed", extra={"path": request.url.path, "kind": type(error).__name__})
    message = "this is a bug in penname; the server's log holds its trace"
    # Starlette answers a bug outside every middleware, SecurityHeaders among them.
    return _answer(request, _BUG, FailureCode.INTERNAL_ERROR, message, HEADERS)


def _answer(
    request: Request, status: int, code: str, message: str, headers: Mapping[str, str]
) -> Response:
    response: Response
    if wants_page(request):
        response = render(request, "failure.html", None, status=status, code=code, message=message)
    else:
        response = answer_problem(request.url.path, status, code, message)
    response.headers.update(headers)
    return response

"""Log in and out, and the first page after it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from worker.errors import TooManyLoginsError, WrongLoginError
from worker.people import log_in, log_out
from worker.web.rendering import render
from worker.web.security import SESSION_COOKIE, Viewer, set_session_cookie
from worker.web.services import Services

router = APIRouter(include_in_schema=False)
_SEE_OTHER = 303


@router.get("/")
def home(request: Request, caller: Viewer) -> Response:
    """Show where somebody may go."""
    return render(request, "home.html", caller)


@router.get("/login")
def login_page(request: Request, next: str = "/") -> Response:  # noqa: A002, as the URL has it
    """Ask who it is."""
    return render(request, "login.html", None, next=_local(next), message="")


@router.post("/login")
def login(
    request: Request,
    services: Services,
    name: Annotated[str, Form(max_length=256)] = "",
    password: Annotated[str, Form(max_length=4096)] = "",
    next: Annotated[str, Form(max_length=2048)] = "/",  # noqa: A002, as the form has it
) -> Response:
    """Check a password; lead on, or ask again."""
    limits = services.login_limits
    try:
        token = log_in(
            services.sessions,
            name=name,
            password=password,
            address=request.client.host if request.client else "",
            limits=limits,
        )
    except (WrongLoginError, TooManyLoginsError) as error:
        status = 429 if isinstance(error, TooManyLoginsError) else 401
        return render(
            request, "login.html", None, status=status, next=_local(next), message=str(error)
        )
    response = RedirectResponse(_local(next), status_code=_SEE_OTHER)
    set_session_cookie(request, response, token, lasts_s=limits.session_s)
    return response


@router.post("/logout")
def logout(request: Request, caller: Viewer, services: Services) -> Response:
    """End the session."""
    token = request.cookies.get(SESSION_COOKIE, "")
    log_out(services.sessions, token, who=caller.person.name)
    response = RedirectResponse("/login", status_code=_SEE_OTHER)
    response.delete_cookie(SESSION_COOKIE)
    return response


def _local(path: str) -> str:
    """Keep a path of this application; anything that could lead elsewhere becomes ``/``."""
    is_local = path.startswith("/") and not path.startswith("//") and path.isprintable()
    return path if is_local and "\\" not in path else "/"

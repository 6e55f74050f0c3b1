"""Who asks, and whether they may.

A browser comes with a session cookie: HttpOnly, SameSite=Lax, Secure over HTTPS. What changes
something must then carry the session's CSRF token as well, in a form field or a header. A program
comes with ``Authorization: Bearer TOKEN``, which no other site can make a browser send.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hmac import compare_digest
from typing import Annotated

from fastapi import Depends, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.concurrency import run_in_threadpool

from worker.credentials import csrf_token
from worker.errors import NotAllowedError, NotLoggedInError, WorkerError
from worker.people import who_has_session, who_has_token
from worker.roles import Person, Role
from worker.web.services import services_of

SESSION_COOKIE = "penname_session"
_CSRF_HEADER = "x-csrf-token"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_BEARER = HTTPBearer(auto_error=False, description="As penname user token prints it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks."""

    person: Person
    csrf: str  # what forms and scripts of their pages carry; "" for a program


class Requirement:
    """Lets a request pass that comes from somebody with a role."""

    def __init__(self, role: Role) -> None:
        """Take the least role that may pass."""
        self._role = role

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
    ) -> Caller:
        """Give who asks.

        Raises:
            NotLoggedInError: nobody known.
            NotAllowedError: their role is too low, or the CSRF token is missing or wrong.
        """
        caller = await run_in_threadpool(_caller, request, bearer)
        if caller.csrf and request.method not in _SAFE_METHODS:
            await _check_csrf(request, caller.csrf)
        if not caller.person.role.may_act_as(self._role):
            raise NotAllowedError(f"this is for people with the role {self._role} only")
        return caller


@cache  # one object a role, so that FastAPI asks once a request
def require(role: Role) -> Requirement:
    """Give the dependency that lets people of this role, or a higher one, pass."""
    return Requirement(role)


Viewer = Annotated[Caller, Depends(require(Role.VIEWER))]
Reviewer = Annotated[Caller, Depends(require(Role.REVIEWER))]
Admin = Annotated[Caller, Depends(require(Role.ADMIN))]


def is_by_script(request: Request) -> bool:
    """Say whether a script of our own pages asks, which sends the header where a form cannot."""
    return _CSRF_HEADER in request.headers


async def is_known(request: Request) -> bool:
    """Say whether somebody with a session or a token asks, before their body is read."""
    try:
        await run_in_threadpool(_caller, request, await _BEARER(request))
    except WorkerError:  # nobody known, or the database is away: the route says which
        return False
    return True


def set_session_cookie(request: Request, response: Response, token: str, *, lasts_s: int) -> None:
    """Let a browser keep the secret of its session, out of reach of scripts."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=lasts_s,
        httponly=True,
        samesite="lax",
        secure=request.url.scheme == "https",
    )


def _caller(request: Request, bearer: HTTPAuthorizationCredentials | None) -> Caller:
    sessions = services_of(request).sessions
    if bearer is not None:
        person = who_has_token(sessions, bearer.credentials)
        if person is not None:
            return Caller(person=person, csrf="")
    elif token := request.cookies.get(SESSION_COOKIE):
        person = who_has_session(sessions, token)
        if person is not None:
            return Caller(person=person, csrf=csrf_token(token))
    raise NotLoggedInError("log in first, or send a token that is known")


async def _check_csrf(request: Request, wanted: str) -> None:
    given: object = request.headers.get(_CSRF_HEADER)
    if given is None and request.headers.get("content-type", "").startswith(_FORMS):
        given = (await request.form()).get("csrf")
    if not isinstance(given, str) or not compare_digest(given.encode(), wanted.encode()):
        raise NotAllowedError("this form is out of date; load its page again")

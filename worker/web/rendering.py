"""Pages from templates. Every value is escaped; a template that names what is not there fails."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.web.navigation import links_for

if TYPE_CHECKING:
    from fastapi import Request

    from worker.web.security import Caller


def render(
    request: Request,
    template: str,
    caller: Caller | None,
    /,
    *,
    status: int = 200,
    **values: object,
) -> HTMLResponse:
    """Fill a template in.

    Args:
        request: what is answered.
        template: its file under ``templates/``.
        caller: who asks; None before they have logged in.
        status: of the answer.
        values: what else the template names.
    """
    frame = {
        "path": request.url.path,
        "person": caller and caller.person,
        "csrf": caller.csrf if caller else "",
        "links": links_for(caller.person.role) if caller else [],
    }
    text = _environment().get_template(template).render(**frame, **values)
    return HTMLResponse(text, status_code=status)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("worker.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

"""Who may log in, and who changed what: for admins."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from worker.people import everybody, latest_changes
from worker.web.rendering import render
from worker.web.security import Admin
from worker.web.services import Services

router = APIRouter(include_in_schema=False)
_ENTRIES = 200  # of the log, on its page


@router.get("/people")
def people_page(request: Request, caller: Admin, services: Services) -> Response:
    """Show everybody and the latest of the audit log."""
    return render(
        request,
        "people.html",
        caller,
        people=everybody(services.sessions),
        entries=latest_changes(services.sessions, limit=_ENTRIES),
    )

"""Quality: the measured error of what passes without a person, and how much does."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from worker.auditing import LEVEL, report_audit
from worker.web.rendering import render
from worker.web.security import Viewer
from worker.web.services import Services

router = APIRouter(include_in_schema=False)


@router.get("/quality")
def quality_page(request: Request, caller: Viewer, services: Services) -> Response:
    """Show what the audit says."""
    report = report_audit(services.sessions, share=services.audit_share)
    return render(request, "quality.html", caller, report=report, level=LEVEL)

"""Whether the application can do its work, for whoever watches it; it says nothing else."""

from __future__ import annotations

from fastapi import APIRouter

from worker.database.session import check_answers
from worker.web.services import Services

router = APIRouter(include_in_schema=False)


@router.get("/health")
def health(services: Services) -> dict[str, str]:
    """Answer 200 while the database answers; 503 otherwise."""
    check_answers(services.sessions)
    return {"status": "ok"}

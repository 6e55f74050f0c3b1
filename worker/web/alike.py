"""Review, many at once: crops that were read as the same name, to pick the odd ones out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from worker.reviewing_alike import GROUP, next_group, settle_group
from worker.web.rendering import render
from worker.web.review import desk_of
from worker.web.security import Reviewer
from worker.web.services import Services

router = APIRouter(prefix="/review/alike", include_in_schema=False)
_SEE_OTHER = 303
_Leases = Annotated[list[UUID], Form(max_length=GROUP)]


@router.get("")
def group_page(
    request: Request, caller: Reviewer, services: Services, confirmed: int | None = None
) -> Response:
    """Show the largest group; ``confirmed`` is how many of the one before were right."""
    group = next_group(desk_of(caller, services))
    return render(request, "alike.html", caller, group=group, confirmed=confirmed)


@router.post("")
def settle(
    caller: Reviewer,
    services: Services,
    shown: _Leases,
    odd: Annotated[list[UUID] | None, Form(max_length=GROUP)] = None,
) -> Response:
    """Confirm all that were not picked out."""
    picked = set(odd or ())
    same = [lease_id for lease_id in shown if lease_id not in picked]
    confirmed = settle_group(desk_of(caller, services), same=same, odd=picked)
    return RedirectResponse(f"/review/alike?confirmed={confirmed}", status_code=_SEE_OTHER)

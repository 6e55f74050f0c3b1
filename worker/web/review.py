"""Review: one field after the other, with its crop, the machine's readings and a few keys.

The page works as forms alone. Its script keeps the next fields ready and sends answers while the
next is looked at already: it asks for the same fragments that the page is made of.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from worker.page_views import crop_picture, page_picture, written_part
from worker.reviewing import (
    Answer,
    Desk,
    Say,
    answer_fields,
    held_field,
    next_fields,
    take_back,
    waiting,
)
from worker.web.fields import as_shown
from worker.web.rendering import render
from worker.web.security import Caller, Reviewer, is_by_script
from worker.web.services import Services, WebServices

router = APIRouter(prefix="/review", include_in_schema=False)
_AHEAD = 4  # fields that the script asks for at once
_HELD = 64  # and may have on the desk, or on their way here
_COUNTED = 1000
_SEE_OTHER = 303
_NO_CONTENT = 204


@router.get("")
def review_page(
    request: Request, caller: Reviewer, services: Services, undo: UUID | None = None
) -> Response:
    """Show the next field; ``undo`` is the lease of the one before it."""
    desk = desk_of(caller, services)
    return render(
        request,
        "review.html",
        caller,
        fields=[as_shown(own) for own in next_fields(desk, 1)],
        left=waiting(desk, at_most=_COUNTED),
        counted=_COUNTED,
        undo=undo,
    )


@router.get("/next")
def more_fields(
    request: Request,
    caller: Reviewer,
    services: Services,
    held: Annotated[list[UUID] | None, Query(max_length=_HELD)] = None,
) -> Response:
    """Give the next fields as fragments, without those on the desk."""
    found = next_fields(desk_of(caller, services), _AHEAD, but=held or [])
    return render(request, "fields.html", caller, fields=[as_shown(own) for own in found])


@router.post("/answers")
def answer(
    request: Request,
    caller: Reviewer,
    services: Services,
    lease: Annotated[UUID, Form()],
    say: Annotated[Say | Literal["accept"], Form()] = Say.TEXT,
    text: Annotated[str, Form(max_length=1000)] = "",
    choice: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Write down what somebody says of a field.

    ``choice`` is a reading that they picked; ``accept`` is what stands in the box, or that
    nothing does where the page showed an empty one.
    """
    desk = desk_of(caller, services)
    if say == "accept":
        is_blank = not text.strip() and not as_shown(held_field(desk, lease)).text
        say = Say.BLANK if is_blank else Say.TEXT
    answer_fields(desk, [Answer(lease_id=lease, say=say, text=choice or text)])
    if is_by_script(request):
        return Response(status_code=_NO_CONTENT)
    return RedirectResponse(f"/review?undo={lease}", status_code=_SEE_OTHER)


@router.post("/undo")
def undo(
    request: Request, caller: Reviewer, services: Services, lease: Annotated[UUID, Form()]
) -> Response:
    """Put a field before somebody again."""
    field = take_back(desk_of(caller, services), lease)
    if is_by_script(request):
        return render(request, "fields.html", caller, fields=[as_shown(field)])
    return RedirectResponse("/review", status_code=_SEE_OTHER)


@router.get("/crops/{lease}")
def crop(caller: Reviewer, services: Services, lease: UUID, *, tile: bool = False) -> Response:
    """Give the picture of a field that somebody holds; ``tile`` leaves the white round it out."""
    field = held_field(desk_of(caller, services), lease)
    png = crop_picture(
        services.store,
        field.crop_key,
        page_index=field.page_index,
        field_name=field.field_name,
    )
    return Response(written_part(png) if tile else png, media_type="image/png")


@router.get("/pages/{lease}")
def page(caller: Reviewer, services: Services, lease: UUID) -> Response:
    """Give the part of the page around a field that somebody holds."""
    field = held_field(desk_of(caller, services), lease)
    scan = services.sources.read(field.source, max_bytes=services.max_upload_bytes)
    png = page_picture(
        scan, page_index=field.page_index, quad=field.page_quad, limits=services.decode_limits
    )
    return Response(png, media_type="image/png")


def desk_of(caller: Caller, services: WebServices) -> Desk:
    """Give the desk at which somebody works."""
    return Desk(
        sessions=services.sessions,
        person=caller.person,
        audit_share=services.audit_share,
        random=services.random,
    )

"""Batches: how far they are, live; what failed and why; try again; hand scans in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote, unquote
from uuid import UUID

from fastapi import APIRouter, File, Form, Path, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

import worker.web.addresses  # noqa: F401, which knows {name:batch}
from worker.handing_in import (
    Upload,
    cancel,
    failed_page,
    failures,
    hand_in_uploads,
    progress,
    retry,
    throughput,
)
from worker.roles import Role
from worker.web.plots import plot_rate
from worker.web.rendering import render
from worker.web.security import Admin, Reviewer, Viewer, is_by_script
from worker.web.services import Services, intake_of

router = APIRouter(include_in_schema=False)

_SEE_OTHER = 303
_MOST_PAGES = 100_000
_FAILURES = 25  # on a page


@router.get("/batches")
def batches_page(request: Request, caller: Viewer, services: Services) -> Response:
    """Show all batches; a script asks for the part that changes alone."""
    return render(
        request,
        "batches_live.html" if is_by_script(request) else "batches.html",
        caller,
        batches=progress(services.sessions),
        may_upload=services.intake is not None and caller.person.role.may_act_as(Role.REVIEWER),
    )


@router.post("/batches")
def upload(
    caller: Reviewer,
    services: Services,
    name: Annotated[str, Form(max_length=128)],
    files: Annotated[list[UploadFile], File()],
) -> Response:
    """Hand in scans that were chosen on the page."""
    hand_in_uploads(
        services.sessions,
        services.store,
        intake_of(services),
        batch=name.strip(),
        files=[Upload(name=file.filename or "", data=file.file.read()) for file in files],
        today=datetime.now(UTC).date(),
        by=caller.person.name,
    )
    return _to(name.strip())


@router.get("/batches/{name:batch}")
def batch_page(
    request: Request,
    caller: Viewer,
    services: Services,
    name: str,
    code: Annotated[str, Query(max_length=64)] = "",
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> Response:
    """Show one batch; a script asks for the part that changes alone."""
    found = failures(services.sessions, name, code=code or None, limit=_FAILURES + 1, offset=offset)
    return render(
        request,
        "batch_live.html" if is_by_script(request) else "batch.html",
        caller,
        batch=progress(services.sessions, name)[0],
        plot=plot_rate(throughput(services.sessions, name)),
        failures=found[:_FAILURES],
        code=code,
        following=offset + _FAILURES if len(found) > _FAILURES else None,
        may_retry=services.intake is not None and caller.person.role.may_act_as(Role.REVIEWER),
        may_cancel=caller.person.role.may_act_as(Role.ADMIN),
        short=lambda uri: unquote(uri.rsplit("/", 1)[-1]),
    )


@router.post("/batches/{name:batch}/retry")
def retry_failed(
    caller: Reviewer,
    services: Services,
    name: str,
    code: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Let failed documents be tried again."""
    retry(services.sessions, intake_of(services), name, code=code or None, by=caller.person.name)
    return _to(name)


@router.post("/batches/{name:batch}/cancel")
def cancel_rest(caller: Admin, services: Services, name: str) -> Response:
    """Call off what is not finished."""
    cancel(services.sessions, name, by=caller.person.name)
    return _to(name)


@router.get("/documents/{document_id}/{page}.png")
def failed_png(
    caller: Viewer,  # noqa: ARG001, who may
    services: Services,
    document_id: UUID,
    page: Annotated[int, Path(ge=1, le=_MOST_PAGES)],
) -> Response:
    """Draw one page, from 1, of a document."""
    png = failed_page(
        services.sessions,
        services.sources,
        document_id,
        page_index=max(page - 1, 0),
        limits=services.decode_limits,
        max_bytes=services.max_upload_bytes,
    )
    return Response(png, media_type="image/png")


def _to(name: str) -> Response:
    return RedirectResponse(f"/batches/{quote(name, safe='')}", status_code=_SEE_OTHER)

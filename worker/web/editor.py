"""The template editor: upload a form, mend the boxes, try them on a scan, save the template.

A form that is being worked on lies in the object store under an id drawn here; nothing that a
browser sends ever becomes part of a key or, but for the checked id of a template, of a path.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from segmentation import FieldKind, Letters, WritingStyle
from worker.editing import known_templates, propose, save_template, try_template
from worker.errors import ConfigError
from worker.storage.keys import draft_key, new_draft_id
from worker.unknown_forms import UnknownForms
from worker.web.api_templates import as_field, parse_fields
from worker.web.rendering import render
from worker.web.security import Admin
from worker.web.services import Services, WebServices

router = APIRouter(prefix="/editor", include_in_schema=False)

_SEE_OTHER = 303
_MOST_CHARS = 200_000
Fields = Annotated[str, Form(max_length=_MOST_CHARS)]
Dpi = Annotated[float, Form(ge=50, le=1200)]


@router.get("")
def start_page(request: Request, caller: Admin, services: Services) -> Response:
    """Ask for a form, and list the templates there are."""
    templates = known_templates(services.template_dir)
    return render(request, "editor_start.html", caller, templates=templates)


@router.post("")
def upload(caller: Admin, services: Services, blank: Annotated[UploadFile, File()]) -> Response:  # noqa: ARG001, who may
    """Take a form in and propose its fields."""
    draft = propose(blank.file.read(), services.decode_limits, _reader_finder(services))
    draft_id = new_draft_id(datetime.now(UTC))
    height, width = draft.blank.shape
    known: dict[str, Any] = {
        "dpi": draft.dpi,
        "width": width,
        "height": height,
        "note": draft.note,
        "fields": [as_field(spec).model_dump(mode="json") for spec in draft.fields],
    }
    services.store.put(draft_key(draft_id, "png"), draft.png())
    services.store.put(draft_key(draft_id, "json"), json.dumps(known).encode())
    return RedirectResponse(f"/editor/{draft_id}", status_code=_SEE_OTHER)


@router.get("/{draft_id}")
def edit_page(request: Request, caller: Admin, services: Services, draft_id: UUID) -> Response:
    """Show the form with its boxes."""
    known = json.loads(services.store.get(draft_key(draft_id, "json")))
    return render(
        request,
        "editor.html",
        caller,
        draft_id=draft_id,
        known=known,
        fields=json.dumps(known["fields"]),
        kinds=list(FieldKind),
        styles=list(WritingStyle),
        letters=list(Letters),
    )


@router.get("/{draft_id}/blank.png")
def blank_png(caller: Admin, services: Services, draft_id: UUID) -> Response:  # noqa: ARG001, who may
    """Give the form's picture."""
    return Response(services.store.get(draft_key(draft_id, "png")), media_type="image/png")


@router.post("/{draft_id}/try")
def try_on_scan(
    caller: Admin,  # noqa: ARG001, who may
    services: Services,
    draft_id: UUID,
    scan: Annotated[UploadFile, File()],
    fields: Fields,
    dpi: Dpi,
) -> Response:
    """Draw what the boxes find on a scan, which is not kept."""
    trial = try_template(
        services.store.get(draft_key(draft_id, "png")),
        scan.file.read(),
        fields=parse_fields(fields),
        dpi=dpi,
        limits=services.decode_limits,
    )
    return Response(trial.picture, media_type="image/png")


@router.post("/{draft_id}/save")
def save(
    request: Request,
    caller: Admin,
    services: Services,
    draft_id: UUID,
    template_id: Annotated[str, Form(max_length=64)],
    fields: Fields,
    dpi: Dpi,
) -> Response:
    """Save a template folder, and forget the draft."""
    template = save_template(
        services.sessions,
        services.template_dir,
        template_id=template_id,
        blank=services.store.get(draft_key(draft_id, "png")),
        dpi=dpi,
        fields=parse_fields(fields),
        limits=services.decode_limits,
        by=caller.person.name,
    )
    for kind in ("json", "png"):
        services.store.delete(draft_key(draft_id, kind))
    return render(request, "editor_saved.html", caller, template=template)


def _reader_finder(services: WebServices) -> Any:  # noqa: ANN401, a function of no arguments
    def find() -> UnknownForms:
        if services.find_reader is None:
            raise ConfigError("this server proposes no fields; draw them")
        return services.find_reader()

    return find

"""``/api/v1/templates``: the forms that are offered, and new ones; saving is for admins."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.json_schema import SkipJsonSchema

from segmentation import Box, FieldSpec, Template
from worker.editing import find_template, known_templates, save_template
from worker.query_errors import TemplateRefusedError
from worker.web.schemas import BoxedField, FormTemplate, Identifier, TemplateList, problems
from worker.web.security import Admin, Viewer
from worker.web.services import Services

router = APIRouter(prefix="/templates", tags=["templates"])
_FIELDS = TypeAdapter(list[BoxedField])
_MOST_FIELDS_CHARS = 200_000
Resolution = Annotated[float, Field(ge=50, le=1200)]


@router.get("", responses=problems())
def list_templates(caller: Viewer, services: Services) -> TemplateList:  # noqa: ARG001, who may
    """List the templates of the server's template folder."""
    return TemplateList(items=[as_form(one) for one in known_templates(services.template_dir)])


@router.get("/{template_id}", responses=problems(404))
def show_template(caller: Viewer, services: Services, template_id: Identifier) -> FormTemplate:  # noqa: ARG001, who may
    """Show one template."""
    return as_form(find_template(services.template_dir, template_id))


@router.post("", status_code=201, responses=problems(409))
def make_template(
    caller: Admin,
    services: Services,
    template_id: Annotated[Identifier, Form()],
    blank: Annotated[UploadFile, File(description="PNG, JPEG or PDF of the form, not filled in.")],
    fields: Annotated[
        str,
        Form(
            min_length=2,
            max_length=_MOST_FIELDS_CHARS,
            description="A JSON list as in the answer's fields.",
        ),
    ],
    dpi: Annotated[Resolution | SkipJsonSchema[None], Form()] = None,
) -> FormTemplate:
    """Save a new template; workers take it up when they start next."""
    template = save_template(
        services.sessions,
        services.template_dir,
        template_id=template_id,
        blank=blank.file.read(),
        dpi=dpi,
        fields=parse_fields(fields),
        limits=services.decode_limits,
        by=caller.person.name,
    )
    return as_form(template)


def parse_fields(said: str) -> list[FieldSpec]:
    """Read the fields of a form from JSON.

    Raises:
        TemplateRefusedError: it is not a list of fields.
    """
    try:
        found = _FIELDS.validate_json(said)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in error.errors()[:5]]
        raise TemplateRefusedError("fields cannot be read: " + "; ".join(faults)) from error
    return [
        FieldSpec(
            name=one.name,
            box=Box(x_px=one.box[0], y_px=one.box[1], width_px=one.box[2], height_px=one.box[3]),
            kind=one.kind,
            style=one.style,
            letters=one.letters,
            lexicon=one.lexicon,
            label=one.label,
        )
        for one in found
    ]


def as_form(template: Template) -> FormTemplate:
    """Give a template without its picture."""
    height, width = template.image.shape
    return FormTemplate(
        template_id=template.template_id,
        version=template.version,
        page_index=template.page_index,
        dpi=template.dpi,
        width_px=width,
        height_px=height,
        fields=[as_field(spec) for spec in template.fields],
    )


def as_field(spec: FieldSpec) -> BoxedField:
    """Give a field as programs and the editor have it."""
    box = spec.box
    return BoxedField(
        name=spec.name,
        kind=spec.kind,
        style=spec.style,
        letters=spec.letters,
        lexicon=spec.lexicon,
        label=spec.label,
        box=[box.x_px, box.y_px, box.width_px, box.height_px],
    )

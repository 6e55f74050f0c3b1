"""Models and templates that readings came from, kept so that old readings can be explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from worker.database.dialects import insert_into, utc_now
from worker.database.models import ModelRow, TemplateRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from segmentation.types import FieldSpec, Template


def register_model(
    session: Session, *, model_id: str, sha256: str, config: Mapping[str, Any]
) -> None:
    """Keep what a model is; the first registration stands.

    Args:
        session: an open transaction.
        model_id: first 12 hex digits of the checkpoint's SHA-256, and the prior's after a +.
        sha256: the whole of the checkpoint's.
        config: what builds the network, as JSON can hold it.
    """
    new = insert_into(session, ModelRow).values(
        model_id=model_id, sha256=sha256, config=dict(config), first_used_at=utc_now()
    )
    session.execute(new.on_conflict_do_nothing(index_elements=[ModelRow.model_id]))


def register_template(session: Session, template: Template) -> None:
    """Keep where this version of a form has its fields; the first registration stands."""
    register_fields(
        session,
        template_id=template.template_id,
        version=template.version,
        fields=template.fields,
    )


def register_fields(
    session: Session, *, template_id: str, version: str, fields: Sequence[FieldSpec]
) -> None:
    """Keep where a form has its fields, or where a page without a template seems to have them."""
    new = insert_into(session, TemplateRow).values(
        template_id=template_id,
        version=version,
        fields=[_field_as_json(spec) for spec in fields],
        first_used_at=utc_now(),
    )
    key = [TemplateRow.template_id, TemplateRow.version]
    session.execute(new.on_conflict_do_nothing(index_elements=key))


def _field_as_json(spec: FieldSpec) -> dict[str, Any]:
    box = spec.box
    return {
        "name": spec.name,
        "box": [box.x_px, box.y_px, box.width_px, box.height_px],
        "kind": spec.kind.value,
        "style": spec.style.value,
        "letters": spec.letters.value,
        "lexicon": spec.lexicon,
        "label": spec.label,
    }

"""Use cases of the template editor: propose fields, try them on a scan, save a template.

Ids become names of folders, so they are checked here as well as where templates are read: letters,
digits, ``.``, ``_`` and ``-``, not starting with a dot. A folder is written beside its place and
moved there, whole or not at all, and never over another.
"""

from __future__ import annotations

import re
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from segmentation import (
    Page,
    SegmentationParams,
    TemplateError,
    format_template,
    index_templates,
    parse_template,
    segment_page,
)
from segmentation.errors import SegmentationError
from segmentation.overlay import draw_overlay
from worker.crop_archive import encode_png
from worker.database.audit_log import Action, write_log
from worker.database.session import transaction
from worker.document_images import decode_blank
from worker.drafting import draft_page
from worker.errors import (
    ConfigError,
    LabelsUnreadableError,
    NoSuchResultError,
    StorageUnavailableError,
)
from worker.query_errors import TemplateExistsError, TemplateRefusedError
from worker.templates import DEFAULT_DPI, believed_dpi, load_templates, write_draft

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segmentation import FieldSpec, GrayImage, PageSegmentation, Template
    from worker.database.session import Sessions
    from worker.document_images import DecodeLimits
    from worker.unknown_forms import UnknownForms

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MOST_FIELDS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FormDraft:
    """A blank to put boxes on, with those that its labels ask for."""

    blank: GrayImage = field(repr=False)  # (H, W), upright
    dpi: float
    fields: tuple[FieldSpec, ...]
    note: str  # why nothing is proposed, else ""

    def png(self) -> bytes:
        """Give the blank as a PNG."""
        return encode_png(self.blank)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trial:
    """A scan as segmentation sees it under a template that is being made."""

    picture: bytes = field(repr=False)  # PNG
    segmentation: PageSegmentation = field(repr=False)


def propose(
    data: bytes, limits: DecodeLimits, find_reader: Callable[[], UnknownForms]
) -> FormDraft:
    """Propose the fields of a form; one whose labels say nothing comes without any.

    Args:
        data: JPEG, PNG, TIFF or PDF of the form, of which the first page counts.
        limits: what is decoded at most.
        find_reader: gives what reads its labels, or raises ``ConfigError`` where nothing does.

    Raises:
        PermanentError: the file cannot be decoded.
    """
    page = decode_blank(data, limits)
    dpi = believed_dpi(page.dpi)
    try:
        found = draft_page(Page(image=page.image, dpi=page.dpi), find_reader())
    except (SegmentationError, LabelsUnreadableError, ConfigError) as error:
        return FormDraft(blank=page.image, dpi=dpi, fields=(), note=str(error))
    fields = tuple(one.spec for one in found.proposals)
    return FormDraft(blank=found.blank(), dpi=found.dpi, fields=fields, note="")


def try_template(
    blank: bytes, scan: bytes, *, fields: Sequence[FieldSpec], dpi: float, limits: DecodeLimits
) -> Trial:
    """Cut a scan by fields that are being drawn, and draw what is found.

    Raises:
        TemplateRefusedError: the fields are no template.
        SegmentationError: the scan is not of this form.
        PermanentError: a file cannot be decoded.
    """
    template = _checked("draft", decode_blank(blank, limits).image, fields, dpi)
    decoded = decode_blank(scan, limits)
    page = Page(image=decoded.image, dpi=decoded.dpi)
    params = SegmentationParams()
    found = segment_page(page, index_templates([template], params), params)
    return Trial(
        picture=encode_png(draw_overlay(page, found, template)),
        segmentation=found,
    )


def save_template(  # noqa: PLR0913, what a template is
    sessions: Sessions,
    template_dir: Path,
    *,
    template_id: str,
    blank: bytes,
    dpi: float | None,
    fields: Sequence[FieldSpec],
    limits: DecodeLimits,
    by: str,
) -> Template:
    """Write a new template folder, named after its id.

    Raises:
        TemplateExistsError: there is a template of that id, or a folder of that name.
        TemplateRefusedError: it would be faulty; nothing is written.
        PermanentError: the blank cannot be decoded.
        StorageUnavailableError: the template folder cannot be written.
    """
    if not _ID.fullmatch(template_id):
        raise TemplateRefusedError("an id has letters, digits, '.', '_' and '-', 64 at most")
    page = decode_blank(blank, limits)
    size = believed_dpi(page.dpi) if dpi is None else dpi
    template = _checked(template_id, page.image, fields, size)
    folder = template_dir / template_id
    same_id = any(one.template_id == template_id for one in known_templates(template_dir))
    if same_id or folder.exists():
        raise TemplateExistsError(f"there is a template {template_id!r} already; choose another id")
    try:
        _write_whole(folder, encode_png(page.image), template)
    except OSError as error:
        raise StorageUnavailableError(
            f"the template folder cannot be written: {error.strerror}"
        ) from error
    with transaction(sessions) as session:
        write_log(session, who=by, action=Action.TEMPLATE_SAVED, subject=template_id)
    return template


def known_templates(template_dir: Path) -> list[Template]:
    """Give the templates of a folder, by id; a folder without any gives none.

    Raises:
        ConfigError: one of them is faulty.
    """
    if not template_dir.is_dir() or not any(template_dir.iterdir()):
        return []
    return sorted(load_templates([template_dir]), key=lambda one: one.template_id)


def find_template(template_dir: Path, template_id: str) -> Template:
    """Give one template.

    Raises:
        NoSuchResultError: there is none of that id.
    """
    for template in known_templates(template_dir):
        if template.template_id == template_id:
            return template
    raise NoSuchResultError("there is no template of that id")


def _checked(
    template_id: str, blank: GrayImage, fields: Sequence[FieldSpec], dpi: float
) -> Template:
    if not 0 < len(fields) <= _MOST_FIELDS:
        raise TemplateRefusedError(f"a template has 1 to {_MOST_FIELDS} fields")
    try:
        text = format_template(template_id=template_id, dpi=dpi or DEFAULT_DPI, fields=fields)
        return parse_template(text, blank)
    except TemplateError as error:
        faults = "; ".join(f"{fault.message}: {fault.fix}" for fault in error.faults)
        raise TemplateRefusedError(faults) from error


def _write_whole(folder: Path, blank_png: bytes, template: Template) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as beside:
        made = Path(beside) / "template"
        write_draft(
            made,
            blank_png,
            template_id=template.template_id,
            dpi=template.dpi,
            fields=template.fields,
        )
        made.rename(folder)  # refused where somebody was quicker and filled it

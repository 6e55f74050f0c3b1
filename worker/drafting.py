"""Draft a template from a blank or filled form: propose its name fields for a person to mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from segmentation import Page, erase_writing
from segmentation.overlay import draw_suggestion
from worker.crop_archive import encode_png
from worker.document_images import decode_pages
from worker.document_images.pages import page_of
from worker.errors import ConfigError, PermanentError
from worker.templates import believed_dpi, write_draft, write_template
from worker.unknown_forms import cut_read_form, read_form

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from segmentation import FieldSpec, GrayImage, PageSegmentation, Proposal, Template
    from worker.document_images import DecodeLimits
    from worker.unknown_forms import UnknownForms


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draft:
    """What a form seems to ask for."""

    image: GrayImage = field(repr=False)  # (H, W), upright
    proposals: tuple[Proposal, ...]
    segmentation: PageSegmentation = field(repr=False)

    @property
    def written(self) -> int:
        """Count the fields in which something is written."""
        return sum(not crop.blank for crop in self.segmentation.crops)

    def picture(self) -> bytes:
        """Draw the proposals on the form, as a PNG."""
        return encode_png(draw_suggestion(self.image, self.proposals))

    def write(self, folder: Path, *, template_id: str) -> None:
        """Write a template folder; what is written in the fields is left out of its blank.

        Raises:
            ConfigError: the folder holds a template.
            TemplateError: the id or a field cannot stand in a template.
        """
        fields = [p.spec for p in self.proposals]
        blank = encode_png(self.blank())
        write_draft(folder, blank, template_id=template_id, dpi=self.dpi, fields=fields)

    @property
    def dpi(self) -> float:
        """Pixels per inch of the blank."""
        return round(self.segmentation.scan_dpi, 1)

    def blank(self) -> GrayImage:
        """Give the form (H, W) without what is written in its fields."""
        return erase_writing(self.image, self.segmentation, self.dpi)


def draft_template(
    form: Path, forms: UnknownForms, limits: DecodeLimits, *, page_number: int = 1
) -> Draft:
    """Propose the name fields of a form.

    Args:
        form: JPEG, PNG, TIFF or PDF, blank or filled in.
        forms: what reads its labels.
        limits: what is decoded at most.
        page_number: which page of the file, from 1.

    Raises:
        ConfigError: the file cannot be read, or has no such page.
        NoNameFieldsError: no label on it asks for a name.
        LabelsUnreadableError: its print cannot be read.
    """
    page = page_of(form, limits, page_number)
    return draft_page(Page(image=page.image, dpi=page.dpi), forms)


def draft_page(page: Page, forms: UnknownForms) -> Draft:
    """Propose the name fields of a form that is decoded.

    Raises:
        NoNameFieldsError: no label on it asks for a name.
        LabelsUnreadableError: its print cannot be read.
    """
    read = read_form(page, forms)
    return Draft(
        image=read.upright.image,
        proposals=read.proposals,
        segmentation=cut_read_form(read, forms),
    )


def new_template(  # noqa: PLR0913, each is a part of the template
    folder: Path,
    blank: Path,
    *,
    template_id: str,
    dpi: float | None,
    fields: Sequence[FieldSpec],
    page_number: int,
    limits: DecodeLimits,
) -> Template:
    """Write a template of one page of a form.

    Args:
        folder: made where it is missing; must hold no template yet.
        blank: the form with nothing written on it; of a file of several pages, the page is taken.
        template_id: what readings will call the form.
        dpi: pixels per inch of the blank; None takes what the file says, else 300.
        fields: the boxes to cut, in pixels of the blank.
        page_number: which page of its form it is, from 1.
        limits: what is decoded at most.

    Raises:
        ConfigError: the folder holds a template, or the blank cannot be used.
        TemplateError: the template would be faulty; nothing was written.
    """
    index = page_number - 1
    if page_number == 1 or not _has_pages(blank, limits):
        return write_template(
            folder, blank, template_id=template_id, dpi=dpi, fields=fields, page_index=index
        )
    page = page_of(blank, limits, page_number)
    return write_draft(
        folder,
        encode_png(page.image),
        template_id=template_id,
        dpi=dpi or believed_dpi(page.dpi),
        fields=fields,
        page_index=index,
    )


def _has_pages(form: Path, limits: DecodeLimits) -> bool:
    """Tell whether a file has more than one page."""
    try:
        return len(list(islice(decode_pages(form.read_bytes(), limits), 2))) > 1
    except OSError as error:
        raise ConfigError(f"cannot read the form: {error}") from error
    except PermanentError as error:
        raise ConfigError(f"cannot use {form} as a form: {error}") from error

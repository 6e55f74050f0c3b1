"""Draft a template from a blank or filled form: propose its name fields for a person to mend."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation import Page, erase_writing
from segmentation.overlay import draw_suggestion
from worker.crop_archive import encode_png
from worker.document_images import DecodedPage, decode_pages
from worker.errors import ConfigError, PermanentError
from worker.templates import write_draft
from worker.unknown_forms import cut_read_form, read_form

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation import GrayImage, PageSegmentation, Proposal
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
    return draft_page(_page(form, limits, page_number), forms)


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


def _page(form: Path, limits: DecodeLimits, number: int) -> Page:
    try:
        for page in decode_pages(form.read_bytes(), limits):
            if page.page_index == number - 1:
                if isinstance(page, DecodedPage):
                    return Page(image=page.image, dpi=page.dpi)
                raise page.error
    except OSError as error:
        raise ConfigError(f"cannot read the form: {error}") from error
    except PermanentError as error:
        raise ConfigError(f"cannot use {form} as a form: {error}") from error
    raise ConfigError(f"{form} has no page {number}")

"""Segment one page of a file for a person to look at, without reading or storing anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segmentation import Page
from segmentation.trail import draw_trail
from worker.crop_archive import encode_png
from worker.document_images.pages import page_of

if TYPE_CHECKING:
    from pathlib import Path

    from segmentation import Catalog, PageSegmentation, SegmentationError, SegmentationParams
    from segmentation.overlay import ColorImage
    from worker.document_images import DecodeLimits


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspection:
    """What segmentation made of a page."""

    segmentation: PageSegmentation | None = field(repr=False)  # None where it was refused
    refusal: SegmentationError | None  # why it was
    picture: ColorImage = field(repr=False)

    def png(self) -> bytes:
        """Encode the picture."""
        return encode_png(self.picture)


def inspect_page(
    scan: Path,
    catalog: Catalog,
    params: SegmentationParams,
    limits: DecodeLimits,
    *,
    page_number: int = 1,
) -> Inspection:
    """Segment one page and draw what each step saw.

    Args:
        scan: JPEG, PNG, TIFF or PDF.
        catalog: the known forms.
        params: how the page is cut.
        limits: what is decoded at most.
        page_number: which page of the file, from 1.

    Raises:
        ConfigError: the file cannot be read, or has no such page.
    """
    page = page_of(scan, limits, page_number)
    trail = draw_trail(Page(image=page.image, dpi=page.dpi), catalog, params)
    return Inspection(segmentation=trail.segmentation, refusal=trail.refusal, picture=trail.picture)

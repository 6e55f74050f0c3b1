"""Draw the trail of one page through segmentation: what each step saw, for people.

The page with the form's grid, the printed patches that were found (green) or not (red), and the
fields by state; below it each field as it came and as it was cut. Of a page that was refused, the
patches of the form that it comes nearest to, and the reason. Nothing here writes files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.errors import SegmentationError
from segmentation.nearest import nearest_form
from segmentation.overlay import ColorImage, OverlayParams, Spot, draw_overlay, draw_refusal
from segmentation.pyramid import halvings
from segmentation.register import PreparedPage
from segmentation.sampling import pull_level
from segmentation.segment import segment_page
from segmentation.sighting import sight
from segmentation.warp import inverse, onto_quad, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.catalog import Catalog, IndexedTemplate
    from segmentation.params import SegmentationParams
    from segmentation.pyramid import Level
    from segmentation.types import FieldCrop, GrayImage, Page, PageSegmentation

_GAP_PX = 6
_GAP_COLOR = (90, 90, 90)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trail:
    """What became of a page, and the picture of it."""

    segmentation: PageSegmentation | None  # None where the page was refused
    refusal: SegmentationError | None  # why it was
    picture: ColorImage


def draw_trail(
    page: Page,
    catalog: Catalog,
    params: SegmentationParams,
    overlay: OverlayParams | None = None,
) -> Trail:
    """Segment a page and draw what each step saw.

    Args:
        page: as it was scanned.
        catalog: the known forms.
        params: limits of every step.
        overlay: how large the picture is.

    Raises:
        ValueError: the image is no (H, W) uint8 array, or there are no forms.
    """
    try:
        found = segment_page(page, catalog, params)
    except SegmentationError as error:
        picture = _draw_refused(page, catalog, params, overlay, error)
        return Trail(segmentation=None, refusal=error, picture=picture)
    form = next(
        form
        for form in catalog.forms
        if (form.template.template_id, form.template.page_index)
        == (found.template_id, found.page_index)
    )
    levels = halvings(page.image, long_side_px=params.catalog.reduced_px)
    top = draw_overlay(
        page, found, form.template, overlay, spots=_spots(levels, form, found, params)
    )
    rows = [_before_and_after(levels, crop) for crop in found.crops]
    return Trail(segmentation=found, refusal=None, picture=_stack(top, rows))


def _draw_refused(
    page: Page,
    catalog: Catalog,
    params: SegmentationParams,
    overlay: OverlayParams | None,
    error: SegmentationError,
) -> ColorImage:
    prepared = PreparedPage(levels=halvings(page.image, long_side_px=params.catalog.reduced_px))
    near = nearest_form(prepared, catalog, prepared=params.catalog, params=params.register)
    if near is None:
        return draw_refusal(page, f"refused, {error.code}: {error}", overlay)
    spots = [Spot(at=at, found=bool(hit)) for at, hit in zip(near.at, near.found, strict=True)]
    nearest = (
        f"nearest form {near.form.template.template_id}, page {near.form.template.page_index + 1}: "
        f"{near.found.sum()} of {len(spots)} printed places found"
    )
    return draw_refusal(page, f"refused, {error.code}: {error}; {nearest}", overlay, spots=spots)


def _spots(
    levels: tuple[Level, ...],
    form: IndexedTemplate,
    found: PageSegmentation,
    params: SegmentationParams,
) -> list[Spot]:
    """Look for the form's printed patches once more, at the final fit."""
    to_reduced = unit(inverse(form.reduced.to_original()) @ found.page_to_template)
    seen, where = sight(levels, form, form.patches, to_reduced, params.register.patch)
    return [Spot(at=at, found=bool(hit)) for at, hit in zip(where, seen.found, strict=True)]


def _before_and_after(levels: tuple[Level, ...], crop: FieldCrop) -> GrayImage:
    """Lay a field as it came on the page over its crop."""
    height, width = crop.image.shape
    window = onto_quad(crop.box, crop.page_box)
    came = pull_level(levels, window, width_px=width, height_px=height)
    return np.asarray(np.vstack([came, crop.image]), np.uint8)


def _stack(top: ColorImage, rows: Sequence[GrayImage]) -> ColorImage:
    """Put pictures under one another, shrunk to the width of the first where they are wider."""
    width = top.shape[1]
    parts = [top]
    for row in rows:
        share = min(1.0, width / row.shape[1])
        small = cv2.resize(row, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        color = cv2.cvtColor(small, cv2.COLOR_GRAY2RGB)[:, :width]
        room = width - color.shape[1]
        framed = cv2.copyMakeBorder(
            color, _GAP_PX, 0, 0, room, cv2.BORDER_CONSTANT, value=_GAP_COLOR
        )
        parts.append(np.asarray(framed, np.uint8))
    return np.asarray(np.vstack(parts), np.uint8)

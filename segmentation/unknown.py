"""Cut the proposed fields of a page of an unknown form, which stands in for its own blank.

A known form's print is taken from its blank. Here the page itself has to say what is print: the
lines that were found on it, and the words that were read as print.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np

from segmentation.boxes import overlap
from segmentation.catalog import FieldPlan
from segmentation.errors import NoNameFieldsError
from segmentation.fields import FieldParams, cut_field
from segmentation.illumination import flatten
from segmentation.ink import ink_mask
from segmentation.layout import MM_PER_INCH, draw_lines
from segmentation.patches import Patches
from segmentation.phrases import join_words
from segmentation.placing import Placement
from segmentation.printed import (
    FieldPrint,
    PrintParams,
    box_in_crop,
    comb_walls,
    crop_frame,
    find_rulings,
)
from segmentation.pyramid import halvings
from segmentation.register import PreparedPage
from segmentation.sampling import pull_level
from segmentation.suggest import SuggestParams
from segmentation.template import template_version
from segmentation.types import Box, Doubt, PageSegmentation, WritingStyle
from segmentation.upright import UprightParams
from segmentation.warp import corners, inverse, move, pull

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.suggest import FormPage, Proposal
    from segmentation.types import FieldSpec, GrayImage, Mask, PrintedWord
    from segmentation.upright import Upright

_NO_PATCHES = Patches(centers=np.empty((0, 2)), images=np.empty((0, 0, 0), np.uint8))
_MIN_LINE_MM = 15.0  # shorter lines beside a field may be strokes of its writing
_SIDE_MM = 1.0  # how far inside a box its own sides may reach
_PRINT_IN_BOX = 0.2  # words that lie in a field by more than this share are its writing
AUTO = "(auto)"  # the template of pages that have none; no template can be called so


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownParams:
    """Every limit of reading unknown forms."""

    upright: UprightParams = field(default_factory=UprightParams)
    suggest: SuggestParams = field(default_factory=SuggestParams)
    printed: PrintParams = field(default_factory=PrintParams)
    field: FieldParams = field(default_factory=FieldParams)
    reduced_px: int = 800  # as pages of known forms are halved


def cut_unknown(
    upright: Upright,
    page: FormPage,
    words: Sequence[PrintedWord],
    proposals: Sequence[Proposal],
    params: UnknownParams,
) -> PageSegmentation:
    """Cut the proposed fields.

    Args:
        upright: the page, set upright.
        page: what was seen on it.
        words: what was read on it.
        proposals: its fields, px of the upright page.
        params: how fields are cut.

    Raises:
        NoNameFieldsError: there are no proposals.
    """
    if not proposals:
        raise NoNameFieldsError(words=len(words))
    dpi = page.original_dpi
    specs = tuple(p.spec for p in proposals)
    prepared = PreparedPage(levels=halvings(upright.image, long_side_px=params.reduced_px))
    print_boxes = _print_boxes(page, words, params.suggest)
    to_page = inverse(upright.from_page)
    crops = []
    for spec in specs:
        plan = _plan(spec, specs, prepared, page, print_boxes, params=params)
        placement = Placement(
            crop_to_page=plan.printed.crop_to_template,
            page_box=move(corners(spec.box), to_page),
            agreement=0.0,  # nothing vouches for the place but the label
            doubt=Doubt.NONE,
        )
        crops.append(cut_field(prepared, plan, placement, params.field))
    return PageSegmentation(
        template_id=AUTO,
        template_version=template_version(upright.image, dpi=dpi, page_index=0, fields=specs),
        page_index=0,
        crops=tuple(crops),
        page_to_template=upright.from_page,
        turn_deg=upright.turn_deg,
        skew_deg=upright.skew_deg,
        scan_dpi=dpi,
        inlier_count=0,
        inlier_spread=0.0,
        rms_px=0.0,
        agreement=0.0,
        drafted=specs,
    )


def erase_writing(image: GrayImage, segmentation: PageSegmentation, dpi: float) -> GrayImage:
    """Turn what is written in the fields of an upright page to paper, so that it can be a blank.

    Args:
        image: (H, W), the page that was cut.
        segmentation: its fields.
        dpi: its pixels per inch.
    """
    blank = image.copy()
    for spec, crop in zip(segmentation.drafted, segmentation.crops, strict=True):
        if crop.blank:
            continue
        _, crop_to_page = crop_frame(spec, dpi, PrintParams())
        written = np.where(crop.image < 225, np.uint8(255), np.uint8(0))
        written = np.asarray(cv2.dilate(written, np.ones((7, 7), np.uint8)), np.uint8)
        height, width = image.shape
        on_page = cv2.warpPerspective(written, crop_to_page, (width, height))
        near = blank[_rows(spec.box, height)]
        blank[on_page > 127] = np.uint8(np.percentile(near, 90))
    return blank


def _rows(box: Box, height: int) -> slice:
    return slice(max(0, box.y_px), min(height, box.y_px + box.height_px))


def _print_boxes(
    page: FormPage, words: Sequence[PrintedWord], params: SuggestParams
) -> tuple[Box, ...]:
    """Give where print stands, px of ``page.image``."""
    phrases = join_words(words, page.layout.cells, params.phrase)
    return tuple(p.box for p in phrases if p.printed)


def _plan(  # noqa: PLR0913, a field and all that surrounds it
    spec: FieldSpec,
    specs: Sequence[FieldSpec],
    prepared: PreparedPage,
    page: FormPage,
    print_boxes: Sequence[Box],
    *,
    params: UnknownParams,
) -> FieldPlan:
    """Find the print in a field's crop on the page itself."""
    frame, crop_to_upright = crop_frame(spec, page.original_dpi, params.printed)
    crop_to_seen = inverse(page.to_original) @ crop_to_upright
    size = {"width_px": frame.width_px, "height_px": frame.height_px}
    window = pull_level(prepared.levels, crop_to_upright, **size)
    ink = ink_mask(flatten(window, params.printed.flat), params.printed.ink)
    ruled = _binary(pull(_ruled(page, spec), crop_to_seen, **size))
    rulings, lines = find_rulings(ruled, params.printed)
    ticks = cv2.subtract(ruled, cv2.dilate(lines, np.ones((3, 3), np.uint8)))
    dots = cv2.dilate(_binary(pull(page.layout.dots, crop_to_seen, **size)), np.ones((3, 3)))
    words = np.zeros(ink.shape, np.uint8)
    for seen in print_boxes:
        box = box_in_crop(seen, crop_to_seen)
        if overlap(box, frame.box) < _PRINT_IN_BOX:
            words[_slices(box, by_px=2)] = 255
    labels = cv2.bitwise_and(ink, cv2.bitwise_or(words, cv2.bitwise_or(ticks, dots)))
    return FieldPlan(
        spec=spec,
        patches=_NO_PATCHES,
        printed=FieldPrint(
            frame=frame,
            crop_to_template=crop_to_upright,
            rulings=rulings,
            labels=np.asarray(labels, np.uint8),
            others=tuple(box_in_crop(s.box, crop_to_upright) for s in specs if s != spec),
            walls_px=comb_walls(ruled, spec, frame, params.printed),
        ),
    )


def _binary(image: GrayImage) -> Mask:
    return np.where(image > 127, np.uint8(255), np.uint8(0))


def _slices(box: Box, *, by_px: int) -> tuple[slice, slice]:
    """Index a box, grown on each side."""
    return (
        slice(max(0, box.y_px - by_px), max(0, box.y_px + box.height_px + by_px)),
        slice(max(0, box.x_px - by_px), max(0, box.x_px + box.width_px + by_px)),
    )


def _ruled(page: FormPage, spec: FieldSpec) -> Mask:
    """Draw the lines that a field can have: (h, w), 255 on them.

    Short lines and, inside a box, upright ones are as likely strokes of the writing.
    """
    mm = page.dpi / MM_PER_INCH
    long = [line for line in page.layout.lines if line.length >= _MIN_LINE_MM * mm]
    drawn = draw_lines(page.image.shape, long)
    ruled = np.asarray(cv2.bitwise_and(drawn, page.layout.across), np.uint8)
    if spec.style is WritingStyle.LINE:
        return ruled
    upright = page.layout.upright
    if spec.style is WritingStyle.BOX:
        upright = upright.copy()
        inner = box_in_crop(spec.box, page.to_original)
        upright[_slices(inner, by_px=-round(_SIDE_MM * mm))] = 0
    return np.asarray(cv2.bitwise_or(ruled, upright), np.uint8)

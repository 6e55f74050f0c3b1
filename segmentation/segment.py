"""Segment one page: find which form it is, lay it onto the blank, cut its fields.

The stages, in order: ``prepare_page``, ``choose``, ``place_field``, ``cut_field``. Each returns
a good value or raises with a reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation.catalog import Catalog, IndexedTemplate, index_forms, index_template
from segmentation.checks import require_gray
from segmentation.choose import choose
from segmentation.errors import (
    BlankPageError,
    FieldOutOfPageError,
    LowResolutionError,
    NoTemplateMatchesError,
    TemplateError,
    TemplateFault,
)
from segmentation.fields import cut_field
from segmentation.illumination import flatten
from segmentation.ink import ink_fraction, ink_mask
from segmentation.placing import place_field
from segmentation.pyramid import halvings
from segmentation.register import PreparedPage
from segmentation.types import Doubt, PageSegmentation
from segmentation.warp import inverse, jacobian

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.params import SegmentationParams
    from segmentation.register import RegisteredPage
    from segmentation.types import GrayImage, Homography, Page, Template


def index_templates(templates: Sequence[Template], params: SegmentationParams) -> Catalog:
    """Prepare blank forms for finding, once; the result can be pickled.

    Raises:
        ValueError: two templates share id and page, or a blank is no (H, W) uint8 image.
        TemplateError: a blank shows too little print outside its fields to be found by, or
            nothing that tells its equal rows apart.
    """
    keys = [(t.template_id, t.page_index) for t in templates]
    if len(set(keys)) != len(keys):
        raise ValueError(f"two templates share an id and page index: {sorted(keys)}")
    for template in templates:
        require_gray(template.image, what=f"blank of {template.template_id!r}")
    forms = tuple(index_template(template, params.catalog) for template in templates)
    catalog = index_forms(forms, params.catalog)
    bare = [form for form in catalog.forms if len(form.patches.centers) < params.min_patches]
    if bare:
        raise TemplateError(tuple(_bare_fault(form, params.min_patches) for form in bare))
    least = params.register.min_landmarks
    endless = [
        form
        for form in catalog.forms
        if len(form.repeats.shifts) and len(form.repeats.landmarks.centers) < least
    ]
    if endless:
        raise TemplateError(tuple(_endless_fault(form, least) for form in endless))
    return catalog


def segment_page(page: Page, catalog: Catalog, params: SegmentationParams) -> PageSegmentation:
    """Find the form a page is, and cut its fields.

    Args:
        page: as it was scanned, in any turn.
        catalog: the known forms.
        params: limits of every step.

    Raises:
        ValueError: the image is no (H, W) uint8 array, or there are no forms.
        SegmentationError: the page cannot be used; its class and ``code`` say why.
    """
    require_gray(page.image, what="page")
    if not catalog.forms:
        raise ValueError("the catalog holds no forms")
    prepared = prepare_page(page.image, params)
    try:
        registered = choose(
            prepared,
            catalog,
            prepared=params.catalog,
            register_params=params.register,
            params=params.choose,
        )
    except NoTemplateMatchesError as none:
        _require_ink(prepared, params, cause=none)
        raise
    template = registered.form.template
    turn_deg, skew_deg, scan_dpi = pose(registered)
    if scan_dpi < params.page.min_dpi:
        raise LowResolutionError(found=scan_dpi, limit=params.page.min_dpi, unit="dpi")
    placements = [
        (plan, place_field(prepared, registered, plan, params.placing))
        for plan in registered.form.fields
    ]
    if placements and all(p.doubt is Doubt.OUT_OF_PAGE for _, p in placements):
        raise FieldOutOfPageError(template_id=template.template_id)
    return PageSegmentation(
        template_id=template.template_id,
        template_version=template.version,
        page_index=template.page_index,
        crops=tuple(cut_field(prepared, plan, p, params.field) for plan, p in placements),
        page_to_template=registered.page_to_template,
        turn_deg=turn_deg,
        skew_deg=skew_deg,
        scan_dpi=scan_dpi,
        inlier_count=registered.inlier_count,
        inlier_spread=registered.spread,
        rms_px=registered.rms_px,
        agreement=registered.agreement,
        form_pages=catalog.pages_of(template.template_id),
    )


def prepare_page(image: GrayImage, params: SegmentationParams) -> PreparedPage:
    """Reduce a page.

    Raises:
        LowResolutionError: the image is too small to be a page.
    """
    if min(image.shape) < params.page.min_side_px:
        raise LowResolutionError(
            found=min(image.shape), limit=params.page.min_side_px, unit="px on the short side"
        )
    return PreparedPage(levels=halvings(image, long_side_px=params.catalog.reduced_px))


def pose(registered: RegisteredPage) -> tuple[int, float, float]:
    """Give the quarter turn a page came with, its skew beyond that, and its resolution.

    Both angles are counter-clockwise positive as seen on the page, in degrees; the resolution
    is page pixels per inch in the middle of the form.
    """
    template = registered.form.template
    height, width = template.image.shape
    template_to_page: Homography = inverse(registered.page_to_template)
    local = jacobian(template_to_page, np.array([width / 2, height / 2]))
    # The form's x axis as it runs on the page; y points down, so counter-clockwise is minus.
    angle = float(np.degrees(np.arctan2(local[0, 1] - local[1, 0], local[0, 0] + local[1, 1])))
    turn = round(angle / 90) * 90
    scale = float(np.sqrt(abs(np.linalg.det(local))))
    return turn % 360, angle - turn, scale * template.dpi


def _bare_fault(form: IndexedTemplate, least: int) -> TemplateFault:
    return TemplateFault(
        0,
        f"{form.template.template_id!r} shows too little print outside its fields to be found by:"
        f" {len(form.patches.centers)} places, limit {least}",
        "use the whole printed page as the blank, and draw the boxes no larger than the fields",
    )


def _endless_fault(form: IndexedTemplate, least: int) -> TemplateFault:
    return TemplateFault(
        0,
        f"{form.template.template_id!r} has rows or columns that look alike, and too little else is"
        f" printed to tell them apart by: {len(form.repeats.landmarks.centers)} places,"
        f" limit {least}",
        "print a title, column heads or a footer on the form",
    )


def _require_ink(page: PreparedPage, every: SegmentationParams, *, cause: Exception) -> None:
    """Call a page blank when it fits no form and carries next to no ink."""
    params = every.page
    flat = flatten(page.levels[-1].image, params.flat)
    height, width = flat.shape
    y, x = round(height * params.border), round(width * params.border)
    inner = flat[y : height - y, x : width - x]
    fraction = ink_fraction(ink_mask(np.ascontiguousarray(inner), params.ink))
    if fraction < params.min_ink:
        raise BlankPageError(ink_fraction=fraction, limit=params.min_ink) from cause

"""Lay a page onto one blank form, coarse to fine, with evidence at each step.

1. Keypoint pairs at about 50 dpi give a first fit; of a page that lies edge to edge, coarse
   patches give it, and it stands only where step 2 finds nearly all of the form.
2. Printed patches over the whole form, found again at about 75 dpi, give the second (``evidence``);
   the share found is the evidence that the page is this form.
3. Patches around each field, at about 150 dpi, correct the place of that field alone (``placing``):
   no single homography can follow feeders and bent paper.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segmentation.errors import Misfit, RegistrationError
from segmentation.evidence import look_near
from segmentation.growing import grow
from segmentation.pyramid import Level  # noqa: TC001, read by dataclass users
from segmentation.registration import fit_registration, fit_similarity
from segmentation.repeats import rows_on_rows
from segmentation.types import Homography  # noqa: TC001, read by dataclass users
from segmentation.warp import inverse, move, unit

if TYPE_CHECKING:
    from segmentation.catalog import IndexedTemplate
    from segmentation.evidence import RegisterParams
    from segmentation.matching import Pairs
    from segmentation.outline import Guess


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedPage:
    """A page and its reductions."""

    levels: tuple[Level, ...]  # halvings, the original first


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegisteredPage:
    """A page laid onto a form, before its fields are cut."""

    form: IndexedTemplate
    page_to_template: Homography
    inlier_count: int
    spread: float
    rms_px: float  # template px
    agreement: float


def register(
    page: PreparedPage, form: IndexedTemplate, pairs: Pairs, params: RegisterParams
) -> RegisteredPage:
    """Lay a page onto one form.

    Args:
        page: the page.
        form: the form it may be.
        pairs: keypoints of the page (page px) and of the form (template px) that look alike.
        params: when the page counts as laid onto the form.

    Raises:
        RegistrationError: the page is not this form, or too little of it can be seen.
    """
    partners = move(pairs.template, inverse(form.reduced.to_original()))
    if len(form.repeats.shifts):  # the pairs may lie in the heads alone
        start, near = fit_similarity(pairs.page, partners, params.first.inlier_px)
        if start is not None and near.sum() >= params.grow.min_inliers:
            grown = grow(page.levels, form, start, params.grow)
            with suppress(RegistrationError):
                return _refine(page, form, grown, int(near.sum()), params)
    first = fit_registration(pairs.page, partners, form.reduced.image.shape, params.first)
    return _refine(page, form, first.page_to_template, int(first.inliers.sum()), params)


def register_near(
    page: PreparedPage,
    form: IndexedTemplate,
    guess: Homography,
    sibling: RegisteredPage,
    params: RegisterParams,
) -> RegisteredPage:
    """Lay a page onto a form by what the form shares with a sibling that the page was laid onto.

    Args:
        page: the page.
        form: the form it may be.
        guess: page px to the form's px, roughly.
        sibling: the page on the sibling; its keypoints are evidence for both.
        params: as of ``register``.

    Raises:
        RegistrationError: too little of the form's own print is found.
    """
    start = unit(inverse(form.reduced.to_original()) @ guess)
    if not len(form.repeats.shifts):
        return _refine(page, form, start, sibling.inlier_count, params)
    # The sibling's rows may be of another height: then the head is right, or the rows are.
    starts = [grow(page.levels, form, start, params.grow)]
    to_sibling = inverse(sibling.form.reduced.to_original()) @ sibling.page_to_template
    rows = rows_on_rows(
        sibling.form.repeats, form.repeats, unit(start @ inverse(to_sibling)), params.rows
    )
    if rows is not None:
        starts.append(unit(rows @ start))
    fits: list[RegisteredPage] = []
    misfits: list[RegistrationError] = []
    for each in starts:
        try:
            fits.append(_refine(page, form, each, sibling.inlier_count, params))
        except RegistrationError as misfit:
            misfits.append(misfit)
    if not fits:
        raise misfits[0]
    return max(fits, key=lambda fit: fit.agreement)


def register_guessed(
    page: PreparedPage,
    form: IndexedTemplate,
    guess: Guess,
    params: RegisterParams,
) -> RegisteredPage:
    """Lay a page onto a form by how its edges lie, where that settles it.

    Args:
        page: the page.
        form: the form it may be.
        guess: how the page seems to lie.
        params: when the page counts as laid onto the form.

    Raises:
        RegistrationError: too little of the form's print is found for a guess to stand.
    """
    to_reduced = inverse(form.reduced.to_original())
    start = unit(to_reduced @ guess.page_to_template)
    if len(form.repeats.shifts):  # seen by what it shows once, which may be its head alone
        start = grow(page.levels, form, start, params.grow)
    found = _refine(page, form, start, guess.inlier_count, params)
    if found.agreement < params.settled_agreement:
        raise RegistrationError(
            Misfit.STRUCTURE_DISAGREES, found=found.agreement, limit=params.settled_agreement
        )
    return found


def _refine(
    page: PreparedPage,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    inlier_count: int,
    params: RegisterParams,
) -> RegisteredPage:
    """Take a first fit for what the form's printed patches make of it."""
    seen = look_near(page.levels, form, page_to_reduced, params)
    return RegisteredPage(
        form=form,
        page_to_template=unit(form.reduced.to_original() @ seen.fit.page_to_template),
        inlier_count=inlier_count,
        spread=seen.fit.spread,
        rms_px=seen.fit.rms_px * form.reduced.scale_x,
        agreement=seen.agreement,
    )

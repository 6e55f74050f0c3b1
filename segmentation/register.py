"""Lay a page onto one blank form, coarse to fine, with evidence at each step.

1. Keypoint pairs at about 50 dpi give a first fit; of a page that lies edge to edge, coarse
   patches give it, and it stands only where step 2 finds nearly all of the form.
2. Printed patches over the whole form, found again at about 75 dpi, give the second; the share
   found is the evidence that the page is this form.
3. Patches around each field, at about 150 dpi, correct the place of that field alone: no single
   homography can follow feeders and bent paper.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation.errors import Misfit, RegistrationError
from segmentation.growing import GrowParams, grow
from segmentation.patches import PatchParams
from segmentation.pyramid import Level  # noqa: TC001, read by dataclass users
from segmentation.registration import RegistrationParams as Limits
from segmentation.registration import fit_registration, fit_similarity, hull_share
from segmentation.repeats import shifted
from segmentation.sighting import sight
from segmentation.types import Homography  # noqa: TC001, read by dataclass users
from segmentation.warp import inverse, move, unit

if TYPE_CHECKING:
    from segmentation.catalog import IndexedTemplate
    from segmentation.matching import Pairs
    from segmentation.outline import Guess
    from segmentation.patches import Patches, Sighting
    from segmentation.registration import Registration


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParams:
    """When a page counts as laid onto a form."""

    first: Limits = field(default_factory=lambda: Limits(inlier_px=4.0))
    second: Limits = field(
        default_factory=lambda: Limits(inlier_px=3.0, min_inliers=8, min_spread=0.08)
    )
    patch: PatchParams = field(default_factory=PatchParams)
    grow: GrowParams = field(default_factory=GrowParams)  # of a form that repeats itself
    steps: tuple[int, ...] = (2, 1)  # first every second patch, then, where they leave doubt, all
    min_sample: int = 24  # patches; a form with fewer in its sample is looked at whole
    settled_px: float = 6.5  # doubt is a patch that was farther off than this,
    settled_agreement: float = 0.9  # or a smaller share found
    min_agreement: float = 0.55  # share of visible patches found; wrong forms give under 0.2
    min_visible: float = 0.5  # share of the form's patches that must lie on the page
    min_found: float = 0.45  # share of all patches found, hidden ones counted
    min_span: float = 0.35  # what the found patches span, as a share of what all of them span
    # Of a form that repeats itself: what is printed once must be where the fit has it.
    min_landmarks: int = 3  # found
    min_landmark_share: float = 0.5  # of the visible ones
    landmark_px: float = 4.0  # how far off one may lie, reduced-level px


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Look:
    """What one look at a page for a form's patches gave."""

    fit: Registration  # of the patches found
    patches: Patches  # looked for
    agreement: float  # share of the visible ones found where the fit has them
    settled: bool  # no further look is needed


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
    if len(form.repeats.shifts):  # the sibling's rows may be of another height
        start = grow(page.levels, form, start, params.grow)
    return _refine(page, form, start, sibling.inlier_count, params)


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
    """Find the form's printed patches near a first fit, and settle which of equal rows is which."""
    found, seen = _fitted(page, form, page_to_reduced, inlier_count, params)
    if len(form.repeats.shifts):
        found, seen = _told_apart(page, form, (found, seen), params)
    _require_shown(form, seen, params)
    return found


def _told_apart(
    page: PreparedPage,
    form: IndexedTemplate,
    fitted: tuple[RegisteredPage, _Look],
    params: RegisterParams,
) -> tuple[RegisteredPage, _Look]:
    """Take the fit, or the one some rows off, that the form's landmarks bear out."""
    to_reduced = inverse(form.reduced.to_original())
    start = unit(to_reduced @ fitted[0].page_to_template)
    count, told = _landmarks(page, form, start, params, params.landmark_px)
    if told:
        return fitted
    for shift in form.repeats.shifts:
        rival = shifted(shift) @ start
        if _landmarks(page, form, rival, params, np.inf)[1]:
            fitted = _fitted(page, form, rival, fitted[0].inlier_count, params)
            fit = unit(to_reduced @ fitted[0].page_to_template)
            count, told = _landmarks(page, form, fit, params, params.landmark_px)
            if told:
                return fitted
    raise RegistrationError(Misfit.ROWS_ALIKE, found=count, limit=params.min_landmarks)


def _landmarks(
    page: PreparedPage,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    params: RegisterParams,
    reach_px: float,
) -> tuple[int, bool]:
    """Count the landmarks within reach of where a fit has them, and say if they bear it out."""
    landmarks = form.repeats.landmarks
    sighting, _ = sight(page.levels, form, landmarks, page_to_reduced, params.patch)
    near = sighting.found & (np.linalg.norm(sighting.moved, axis=1) <= reach_px)
    least = max(params.min_landmarks, params.min_landmark_share * int(sighting.visible.sum()))
    return int(near.sum()), bool(near.sum() >= least)


def _fitted(
    page: PreparedPage,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    inlier_count: int,
    params: RegisterParams,
) -> tuple[RegisteredPage, _Look]:
    """Find the form's printed patches near where a first fit puts them."""
    seen = _look(page, form, page_to_reduced, params.steps[0], params)
    for step in params.steps[1:]:
        if seen.settled:
            break
        seen = _look(page, form, seen.fit.page_to_template, step, params)
    if seen.agreement < params.min_agreement:
        raise RegistrationError(
            Misfit.STRUCTURE_DISAGREES, found=seen.agreement, limit=params.min_agreement
        )
    fit = seen.fit
    found = RegisteredPage(
        form=form,
        page_to_template=unit(form.reduced.to_original() @ fit.page_to_template),
        inlier_count=inlier_count,
        spread=fit.spread,
        rms_px=fit.rms_px * form.reduced.scale_x,
        agreement=seen.agreement,
    )
    return found, seen


def _look(
    page: PreparedPage,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    step: int,
    params: RegisterParams,
) -> _Look:
    """Fit the patches seen from one fit."""
    patches = form.patches.every(step)
    if len(patches.centers) < params.min_sample:
        patches = form.patches
    sighting, where = sight(page.levels, form, patches, page_to_reduced, params.patch)
    _require_seen(sighting, params)
    height, width = form.reduced.image.shape
    found = sighting.found
    fit = fit_registration(where[found], patches.centers[found], (height, width), params.second)
    agreement = float(fit.inliers.sum()) / max(1, int(sighting.visible.sum()))
    settled = bool(np.abs(sighting.moved[found]).max() <= params.settled_px)
    return _Look(
        fit=fit,
        patches=patches,
        agreement=agreement,
        settled=settled and agreement >= params.settled_agreement,
    )


def _require_shown(form: IndexedTemplate, seen: _Look, params: RegisterParams) -> None:
    """Refuse a page that shows no more than the form's head, say, over something else."""
    (height, width), centers = form.reduced.image.shape, seen.patches.centers
    shown = float(seen.fit.inliers.sum()) / len(centers)
    span = seen.fit.spread / max(hull_share(centers, (height, width)), 1e-9)
    for reason, found, limit in (
        (Misfit.STRUCTURE_DISAGREES, shown, params.min_found),
        (Misfit.NARROW_SPREAD, span, params.min_span),
    ):
        if found < limit:
            raise RegistrationError(reason, found=found, limit=limit)


def _require_seen(sighting: Sighting, params: RegisterParams) -> None:
    """Refuse a page that shows too little of the form to compare."""
    visible = float(sighting.on_page.mean()) if len(sighting.on_page) else 0.0
    if visible < params.min_visible:
        raise RegistrationError(Misfit.STRUCTURE_DISAGREES, found=visible, limit=params.min_visible)
    share = float(sighting.found.sum()) / max(1, int(sighting.visible.sum()))
    if share < params.min_agreement / 2:  # nothing that a second round could mend
        raise RegistrationError(Misfit.STRUCTURE_DISAGREES, found=share, limit=params.min_agreement)

"""Find a form's printed patches near a first fit, and judge the fit by them.

The share of the patches in sight that are found again is the evidence that the page is this form.
Of a form that repeats itself, what is printed once must be where the fit has it; else the fit may
be rows off.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation.errors import Misfit, RegistrationError
from segmentation.growing import GrowParams
from segmentation.patches import PatchParams
from segmentation.registration import RegistrationParams, fit_registration, hull_share
from segmentation.repeats import RowParams, shifted
from segmentation.sighting import sight

if TYPE_CHECKING:
    from segmentation.catalog import IndexedTemplate
    from segmentation.patches import Patches, Sighting
    from segmentation.pyramid import Level
    from segmentation.registration import Registration
    from segmentation.types import Homography

    Levels = tuple[Level, ...]  # halvings of a page, the original first


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParams:
    """When a page counts as laid onto a form."""

    first: RegistrationParams = field(default_factory=lambda: RegistrationParams(inlier_px=4.0))
    second: RegistrationParams = field(
        default_factory=lambda: RegistrationParams(inlier_px=3.0, min_inliers=8, min_spread=0.08)
    )
    patch: PatchParams = field(default_factory=PatchParams)
    grow: GrowParams = field(default_factory=GrowParams)  # of a form that repeats itself
    rows: RowParams = field(default_factory=RowParams)  # of such a form beside its sibling
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
class Look:
    """What one look at a page for a form's patches gave."""

    fit: Registration  # of the patches found; page px to px of the form's reduced level
    patches: Patches  # looked for
    agreement: float  # share of the visible ones found where the fit has them
    settled: bool  # no further look is needed


def look_near(
    levels: Levels, form: IndexedTemplate, page_to_reduced: Homography, params: RegisterParams
) -> Look:
    """Find the form's printed patches near a first fit, and settle which of equal rows is which.

    Args:
        levels: of the page.
        form: the form it may be.
        page_to_reduced: the first fit, page px to px of the form's reduced level.
        params: when the page counts as laid onto the form.

    Raises:
        RegistrationError: the page is not this form, or too little of it can be seen.
    """
    seen = _looked(levels, form, page_to_reduced, params)
    if len(form.repeats.shifts):
        seen = _told_apart(levels, form, seen, params)
        # Lists known together are told apart by print that lies a pixel or two off.
        whole = _look(levels, form, seen.fit.page_to_template, 1, params)
        seen = whole if whole.agreement >= params.min_agreement else seen
    _require_shown(form, seen, params)
    return seen


def _told_apart(levels: Levels, form: IndexedTemplate, seen: Look, params: RegisterParams) -> Look:
    """Take the fit, or the one some rows off, that the form's landmarks bear out."""
    start = seen.fit.page_to_template
    count, told = _landmarks(levels, form, start, params, params.landmark_px)
    if told:
        return seen
    for shift in form.repeats.shifts:
        rival = shifted(shift) @ start
        if _landmarks(levels, form, rival, params, np.inf)[1]:
            seen = _looked(levels, form, rival, params)
            fit = seen.fit.page_to_template
            count, told = _landmarks(levels, form, fit, params, params.landmark_px)
            if told:
                return seen
    raise RegistrationError(Misfit.ROWS_ALIKE, found=count, limit=params.min_landmarks)


def _landmarks(
    levels: Levels,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    params: RegisterParams,
    reach_px: float,
) -> tuple[int, bool]:
    """Count the landmarks within reach of where a fit has them, and say if they bear it out."""
    sighting, _ = sight(levels, form, form.repeats.landmarks, page_to_reduced, params.patch)
    near = sighting.found & (np.linalg.norm(sighting.moved, axis=1) <= reach_px)
    least = max(params.min_landmarks, params.min_landmark_share * int(sighting.visible.sum()))
    return int(near.sum()), bool(near.sum() >= least)


def _looked(
    levels: Levels, form: IndexedTemplate, page_to_reduced: Homography, params: RegisterParams
) -> Look:
    """Look for some of the form's patches, and where they leave doubt for all."""
    seen = _look(levels, form, page_to_reduced, params.steps[0], params)
    for step in params.steps[1:]:
        if seen.settled:
            break
        seen = _look(levels, form, seen.fit.page_to_template, step, params)
    if seen.agreement < params.min_agreement:
        raise RegistrationError(
            Misfit.STRUCTURE_DISAGREES, found=seen.agreement, limit=params.min_agreement
        )
    return seen


def _look(
    levels: Levels,
    form: IndexedTemplate,
    page_to_reduced: Homography,
    step: int,
    params: RegisterParams,
) -> Look:
    """Fit the patches seen from one fit."""
    patches = form.patches.every(step)
    if len(patches.centers) < params.min_sample:
        patches = form.patches
    sighting, where = sight(levels, form, patches, page_to_reduced, params.patch)
    _require_seen(sighting, params)
    height, width = form.reduced.image.shape
    found = sighting.found
    fit = fit_registration(where[found], patches.centers[found], (height, width), params.second)
    agreement = float(fit.inliers.sum()) / max(1, int(sighting.visible.sum()))
    settled = bool(np.abs(sighting.moved[found]).max() <= params.settled_px)
    return Look(
        fit=fit,
        patches=patches,
        agreement=agreement,
        settled=settled and agreement >= params.settled_agreement,
    )


def _require_shown(form: IndexedTemplate, seen: Look, params: RegisterParams) -> None:
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

"""Grow a fit that holds in one part of a form, such as a list's head, over the whole of it.

Of a list, keypoints are like no others in its title and column heads alone. A fit through these is
right there and ever farther off down the page, where it meets other rows than it should. So it is
carried on step by step: only printed places near those that bear it out already are looked for.
Nothing here is evidence: what is grown is judged as any other fit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from segmentation.errors import RegistrationError
from segmentation.patches import Patches, PatchParams
from segmentation.registration import RegistrationParams, fit_registration, fit_similarity
from segmentation.sighting import sight

if TYPE_CHECKING:
    from segmentation.catalog import IndexedTemplate
    from segmentation.pyramid import Level
    from segmentation.types import Homography, Points


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowParams:
    """How far a fit is carried; px of the reduced level."""

    min_inliers: int = 7  # point pairs that a fit without perspective starts from, or goes on from
    reach_px: float = 80.0  # of one step
    widen: float = 1.5  # of a step that found nothing more
    stretch_px: float = 70.0  # places that span as much each way tell stretch from scale
    rounds: int = 12
    enough: float = 0.9  # of the places in sight found; nothing more is to be gained
    patch: PatchParams = field(default_factory=PatchParams)
    whole: RegistrationParams = field(  # where the places found span enough to tell perspective by
        default_factory=lambda: RegistrationParams(inlier_px=3.0, min_inliers=10, min_spread=0.1)
    )


def grow(
    levels: tuple[Level, ...], form: IndexedTemplate, start: Homography, params: GrowParams
) -> Homography:
    """Carry a fit from what a form shows once over the rest of it.

    Args:
        levels: of the page.
        form: the form it may be; it repeats itself.
        start: page px to px of the form's reduced level, right where most of its landmarks are.
        params: how far.

    Returns:
        The same map, as far as it could be carried.
    """
    once, often = form.repeats.landmarks, form.patches
    near = _step(levels, form, once, start, params)
    if near is None:
        return start
    fit, support, _ = near
    every = Patches(
        centers=np.vstack([once.centers, often.centers]),
        images=np.concatenate([once.images, often.images]),
    )
    reach = params.reach_px
    for _ in range(params.rounds):
        gaps = np.linalg.norm(every.centers[:, None] - support[None], axis=2).min(axis=1)
        within = gaps <= reach
        some = Patches(centers=every.centers[within], images=every.images[within])
        step = _step(levels, form, some, fit, params)
        if step is None:
            break
        if len(step[1]) <= len(support):  # it holds, and nothing more is in reach
            reach *= params.widen
        fit, support, share = step
        if within.all() and share >= params.enough:
            break
    return fit


def _step(
    levels: tuple[Level, ...],
    form: IndexedTemplate,
    patches: Patches,
    start: Homography,
    params: GrowParams,
) -> tuple[Homography, Points, float] | None:
    """Fit anew to the patches found near one fit.

    Returns:
        The fit, (N, 2) the places that bear it out, and their share of those in sight; None where
        there are too few.
    """
    sighting, where = sight(levels, form, patches, start, params.patch)
    found = sighting.found
    page, places = where[found], patches.centers[found]
    visible = max(1, int(sighting.visible.sum()))
    try:
        whole = fit_registration(page, places, form.reduced.image.shape, params.whole)
    except RegistrationError:
        wide = len(places) > 0 and bool((np.ptp(places, axis=0) >= params.stretch_px).all())
        similar, near = fit_similarity(
            page, places, params.whole.inlier_px * (1 if wide else 2), stretched=wide
        )
        if similar is None or near.sum() < params.min_inliers:
            return None
        return similar, places[near], float(near.sum()) / visible
    kept = whole.inliers
    return whole.page_to_template, places[kept], float(kept.sum()) / visible

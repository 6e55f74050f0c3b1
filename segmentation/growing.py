"""Grow a fit that holds in one part of a form, such as a list's head, over the whole of it.

Of a list, keypoints are like no others in its title and column heads alone. A fit through these is
right there and some pixels off a little farther on, ever more down the page. The printed places
found near it carry it farther, and from there the next ones are found. Nothing here is evidence:
what is grown is judged as any other fit.
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
    from segmentation.types import Homography


@dataclass(frozen=True, slots=True, kw_only=True)
class GrowParams:
    """How far a fit is carried; px of the reduced level."""

    min_inliers: int = 7  # point pairs that a fit without perspective starts from, or goes on from
    rounds: int = 5
    enough: float = 0.9  # of the places in sight found; nothing more is to be gained
    patch: PatchParams = field(default_factory=PatchParams)
    whole: RegistrationParams = field(  # where the places found span enough to tell perspective by
        default_factory=lambda: RegistrationParams(inlier_px=3.0, min_inliers=10, min_spread=0.1)
    )


def grow(
    levels: tuple[Level, ...], form: IndexedTemplate, start: Homography, params: GrowParams
) -> Homography:
    """Carry a fit from where it holds over the rest of the form.

    Args:
        levels: of the page.
        form: the form it may be.
        start: page px to px of the form's reduced level, right somewhere.
        params: how far.

    Returns:
        The same map, as far as it could be carried.
    """
    once, often = form.repeats.landmarks, form.patches
    both = Patches(
        centers=np.vstack([once.centers, often.centers]),
        images=np.concatenate([once.images, often.images]),
    )
    fit = start
    for _ in range(params.rounds):
        sighting, where = sight(levels, form, both, fit, params.patch)
        found = sighting.found
        page, places = where[found], both.centers[found]
        try:
            whole = fit_registration(page, places, form.reduced.image.shape, params.whole)
        except RegistrationError:
            similar, near = fit_similarity(page, places, 2 * params.whole.inlier_px)
            if similar is None or near.sum() < params.min_inliers:
                break
            fit = similar
            continue
        fit = whole.page_to_template
        if whole.inliers.sum() >= params.enough * sighting.visible.sum():
            break
    return fit

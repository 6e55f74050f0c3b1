"""Look for a form's printed patches on a page that was laid onto it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segmentation.patches import find_patches
from segmentation.sampling import level_for
from segmentation.warp import inverse, move

if TYPE_CHECKING:
    from segmentation.catalog import IndexedTemplate
    from segmentation.patches import Patches, PatchParams, Sighting
    from segmentation.pyramid import Level
    from segmentation.types import Homography, Points


def sight(
    levels: tuple[Level, ...],
    form: IndexedTemplate,
    patches: Patches,
    page_to_reduced: Homography,
    params: PatchParams,
) -> tuple[Sighting, Points]:
    """Look for a form's patches on the page: what was found, and (P, 2) where, page px."""
    reduced_to_page = inverse(page_to_reduced)
    height, width = form.reduced.image.shape
    level = level_for(levels, reduced_to_page, np.array([width / 2, height / 2]))
    to_level = inverse(level.to_original()) @ reduced_to_page
    sighting = find_patches(patches, level, to_level, params)
    return sighting, move(patches.centers + sighting.moved, reduced_to_page)

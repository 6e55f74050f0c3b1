"""Choose the print that is one field's own, such as its label, to vouch for that field alone.

Most print around a field is lines, and lines are alike: where an edition has one line less, the
ends of each are found again a row off. A label is like nothing else above or below it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.patches import Patches, PatchParams, cut_patches
from segmentation.types import Points  # noqa: TC001, read by dataclass users
from segmentation.warp import corners, inverse, move

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segmentation.pyramid import Level
    from segmentation.types import Box, FieldSpec, Homography

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnPrintParams:
    """What counts as a field's own print; px of the near level, ~150 dpi."""

    reach_px: float = 150.0  # from the field's box
    most: int = 4  # the least like any other
    tried: int = 24  # the nearest places that are looked at
    apart: float = 0.8  # of a patch's side, between two places
    beside_px: int = 7  # copies lie straight above or below, this far to either side at most
    near_px: int = 16  # what lies nearer is the place itself
    max_likeness: float = 0.85  # to the second copy; over a page text is like text by 0.6 to 0.8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OwnPrint:
    """Print that is one field's own."""

    patches: Patches = field(  # near-level px
        default_factory=lambda: Patches(
            centers=np.empty((0, 2)), images=np.empty((0, 1, 1), np.uint8)
        )
    )
    likeness: Floats = field(  # (P,) of each with other print above or below it; to be outdone
        default_factory=lambda: np.empty(0)
    )


def box_gaps(places: Points, box: Box, template_to_level: Homography) -> Floats:
    """Give how far (N, 2) places of a level lie outside a box of the blank, level px; (N,)."""
    quad = move(corners(box), template_to_level)
    outside = np.maximum(quad.min(axis=0) - places, places - quad.max(axis=0))
    return np.asarray(np.linalg.norm(np.maximum(outside, 0), axis=1), np.float64)


def find_own_print(
    candidates: Points,
    fields: Sequence[FieldSpec],
    level: Level,
    patch: PatchParams,
    params: OwnPrintParams,
) -> list[OwnPrint]:
    """Choose print for each field that lies nearer to it than to any other.

    Args:
        candidates: (N, 2) places of the level with print to be found again.
        fields: of one form.
        level: the blank.
        patch: what is cut there.
        params: which are taken.

    Returns:
        For each field, up to ``most`` patches; none where all print near it is like other print.
    """
    if not len(fields):
        return []
    to_level = inverse(level.to_original())
    gaps = np.array([box_gaps(candidates, spec.box, to_level) for spec in fields])  # (F, N)
    chosen: list[OwnPrint] = []
    for gap in gaps:
        mine = np.flatnonzero((gap <= gaps.min(axis=0)) & (gap <= params.reach_px))
        nearest = mine[np.argsort(gap[mine], kind="stable")][: params.tried]
        chosen.append(_least_alike(candidates[nearest], level, patch, params))
    return chosen


def _least_alike(
    places: Points, level: Level, patch: PatchParams, params: OwnPrintParams
) -> OwnPrint:
    """Take those of (N, 2) places that are least like what is printed above or below them."""
    found = [(_likeness_elsewhere(place, level, patch, params), place) for place in places]
    taken: list[tuple[float, Points]] = []
    for likeness, place in sorted(found, key=lambda pair: pair[0]):
        far = params.apart * patch.side_px
        apart = all(np.abs(place - other).max() >= far for _, other in taken)
        if apart and likeness <= params.max_likeness and len(taken) < params.most:
            taken.append((likeness, place))
    centers = np.array([place for _, place in taken], np.float64).reshape(-1, 2)
    return OwnPrint(
        patches=cut_patches(level, centers, patch),
        likeness=np.array([likeness for likeness, _ in taken], np.float64),
    )


def _likeness_elsewhere(
    place: Points, level: Level, patch: PatchParams, params: OwnPrintParams
) -> float:
    """Give how like the print at a place is to the second best copy of it above or below.

    The best is left out: two labels may share a word, as the names of a mother and a father do.
    """
    half = patch.side_px // 2
    x, y = (int(v) for v in place)
    square = level.image[y - half : y + half + 1, x - half : x + half + 1]
    reach = half + params.beside_px
    strip = level.image[:, max(0, x - reach) : x + reach + 1]
    likeness = cv2.matchTemplate(strip, square, cv2.TM_CCOEFF_NORMED).max(axis=1)
    rows = np.arange(len(likeness))
    for at in (
        y - half,
        int(np.where(np.abs(rows + half - y) < params.near_px, -1, likeness).argmax()),
    ):
        likeness = np.where(np.abs(rows - at) < params.near_px, -1.0, likeness)
    return float(likeness.max())

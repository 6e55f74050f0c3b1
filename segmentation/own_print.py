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

    beside_px: float = 300.0  # how far to its left or right it may lie
    beyond_px: float = 90.0  # and how far above or below
    most: int = 3  # on each side, the nearest
    tried: int = 12  # on each side
    apart: float = 0.8  # of a patch's side, between two places
    slack_px: int = 7  # copies lie straight above or below, this far to either side at most
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
    side: npt.NDArray[np.int_] = field(  # (P,) of the field: 0 left, 1 right, 2 above, 3 below
        default_factory=lambda: np.empty(0, np.int_)
    )


def box_gaps(places: Points, box: Box, template_to_level: Homography) -> Floats:
    """Give how far (N, 2) places of a level lie outside a box of the blank, level px; (N,)."""
    return _gaps(_outside(places, box, template_to_level))


def _gaps(sides: Floats) -> Floats:
    """Give how far places lie outside a box from how far to each side, (..., 4); (...)."""
    across, down = sides[..., :2].max(axis=-1), sides[..., 2:].max(axis=-1)
    return np.asarray(np.hypot(across, down), np.float64)


def _outside(places: Points, box: Box, template_to_level: Homography) -> Floats:
    """Give how far (N, 2) places lie to the left, right, above and below a box; (N, 4), from 0."""
    quad = move(corners(box), template_to_level)
    before, behind = quad.min(axis=0) - places, places - quad.max(axis=0)  # (N, 2), x and y
    sides = np.column_stack([before[:, 0], behind[:, 0], before[:, 1], behind[:, 1]])
    return np.asarray(np.maximum(sides, 0), np.float64)


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
        For each field, some patches on each side; none where all print there is like other print.
    """
    if not fields:
        return []
    to_level = inverse(level.to_original())
    outside = np.array([_outside(candidates, spec.box, to_level) for spec in fields])  # (F, N, 4)
    gaps = _gaps(outside)
    reach = np.array([params.beside_px] * 2 + [params.beyond_px] * 2)
    chosen: list[OwnPrint] = []
    for gap, sides in zip(gaps, outside, strict=True):
        near = (gap <= gaps.min(axis=0)) & (sides <= reach).all(axis=1)
        taken: list[tuple[Points, float, int]] = []
        for side in range(len(reach)):
            mine = np.flatnonzero(near & (sides.argmax(axis=1) == side))
            nearest = mine[np.argsort(gap[mine], kind="stable")][: params.tried]
            taken += [(*one, side) for one in _unlike(candidates[nearest], level, patch, params)]
        centers = np.array([place for place, _, _ in taken], np.float64).reshape(-1, 2)
        chosen.append(
            OwnPrint(
                patches=cut_patches(level, centers, patch),
                likeness=np.array([likeness for _, likeness, _ in taken], np.float64),
                side=np.array([side for _, _, side in taken], np.int_),
            )
        )
    return chosen


def _unlike(
    places: Points, level: Level, patch: PatchParams, params: OwnPrintParams
) -> list[tuple[Points, float]]:
    """Take the first of (N, 2) places that are unlike what is printed above or below them."""
    taken: list[tuple[Points, float]] = []
    for place in places:
        far = params.apart * patch.side_px
        if all(np.abs(place - other).max() >= far for other, _ in taken):
            likeness = _likeness_elsewhere(place, level, patch, params)
            if likeness <= params.max_likeness:
                taken.append((place, likeness))
        if len(taken) == params.most:
            break
    return taken


def _likeness_elsewhere(
    place: Points, level: Level, patch: PatchParams, params: OwnPrintParams
) -> float:
    """Give how like the print at a place is to the second best copy of it above or below.

    The best is left out: two labels may share a word, as the names of a mother and a father do.
    """
    half = patch.side_px // 2
    x, y = (int(v) for v in place)
    square = level.image[y - half : y + half + 1, x - half : x + half + 1]
    reach = half + params.slack_px
    strip = level.image[:, max(0, x - reach) : x + reach + 1]
    likeness = cv2.matchTemplate(strip, square, cv2.TM_CCOEFF_NORMED).max(axis=1)
    rows = np.arange(len(likeness))
    for at in (
        y - half,
        int(np.where(np.abs(rows + half - y) < params.near_px, -1, likeness).argmax()),
    ):
        likeness = np.where(np.abs(rows - at) < params.near_px, -1.0, likeness)
    return float(likeness.max())

"""Choose printed patches of a blank form and find each one again on a registered page.

A patch is a small square with structure in both directions. Found again at its expected place
by normalised cross-correlation, it is evidence that the page really is this form there, and a
point pair of a tenth of a pixel. All patches of a page are cut in one ``remap``.

Sources: choice by the smaller eigenvalue, Shi and Tomasi 1994, doi:10.1109/CVPR.1994.323794;
fast normalised cross-correlation, Lewis 1995.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.pyramid import Level  # noqa: TC001, read by dataclass users
from segmentation.types import Homography, Mask, Points  # noqa: TC001, read by dataclass users
from segmentation.warp import jacobians, move

Floats = npt.NDArray[np.float64]

_FLAT = 0.25  # variance, gray steps squared: no more than rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchParams:
    """How patches are chosen and when one counts as found; px of the level they are cut from."""

    side_px: int = 31  # near 0.4 inch at 75 dpi: a few letters, so that patches differ
    min_strength: float = 2e-4  # smaller eigenvalue; paper noise lies two orders below
    search_px: int = 8  # how far a patch may lie from where the first fit puts it
    min_score: float = 0.55  # correlation of a found patch; chance stays under 0.4
    min_contrast: float = 4.0  # gray standard deviation; less is paper, a cover or a border
    hidden_contrast: float = 0.35  # contrast of a covered place, as a share of the usual place's


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patches:
    """Squares of a blank form, in pixels of one of its levels."""

    centers: Points  # (P, 2), level px, whole numbers
    images: npt.NDArray[np.uint8]  # (P, side, side)

    def every(self, step: int) -> Patches:
        """Take every n-th patch."""
        return Patches(centers=self.centers[::step], images=self.images[::step])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sighting:
    """What became of each patch on a page."""

    moved: Points  # (P, 2), how far from its expected place each patch was found, level px
    scores: Floats  # (P,), correlation there
    on_page: npt.NDArray[np.bool_]  # (P,): the place lies on the page
    visible: npt.NDArray[np.bool_]  # (P,): and is not covered, as far as contrast tells
    found: npt.NDArray[np.bool_]  # (P,): visible, alike enough, and not at the search's edge


def patch_strength(level: Level, params: PatchParams, *, avoid: Mask) -> npt.NDArray[np.float32]:
    """Score each pixel of a blank by how well a patch centred there can be found again.

    Args:
        level: of the blank form.
        params: size of a patch.
        avoid: (h, w), 255 where a patch must not reach, since people write there.

    Returns:
        (h, w) smaller eigenvalue, 0 where a patch would reach outside or into ``avoid``.
    """
    side = params.side_px
    strength = cv2.cornerMinEigenVal(level.image, side, ksize=3)
    blocked = cv2.dilate(avoid, np.ones((side, side), np.uint8))
    reach = side // 2 + 1
    usable = np.zeros(strength.shape, bool)
    usable[reach:-reach, reach:-reach] = True
    return np.where(usable & (blocked == 0), strength, 0).astype(np.float32)


def pick_spread(
    strength: npt.NDArray[np.float32], params: PatchParams, *, columns: int, rows: int
) -> Points:
    """Take the strongest place of each cell of a grid, so that evidence covers the form."""
    height, width = strength.shape
    places: list[tuple[int, int]] = []
    for row in range(rows):
        for column in range(columns):
            top, left = row * height // rows, column * width // columns
            cell = strength[
                top : (row + 1) * height // rows, left : (column + 1) * width // columns
            ]
            _, best, _, at = cv2.minMaxLoc(cell)
            if best >= params.min_strength:
                places.append((left + at[0], top + at[1]))
    return np.array(places, np.float64).reshape(-1, 2)


def cut_patches(level: Level, centers: Points, params: PatchParams) -> Patches:
    """Cut the squares around (P, 2) whole-number centres."""
    half = params.side_px // 2
    squares = [
        level.image[y - half : y + half + 1, x - half : x + half + 1]
        for x, y in centers.astype(int).tolist()
    ]
    side = params.side_px
    return Patches(
        centers=centers,
        images=np.array(squares, np.uint8).reshape(-1, side, side),
    )


def find_patches(
    patches: Patches, page: Level, template_to_page: Homography, params: PatchParams
) -> Sighting:
    """Look for each patch near where a homography puts it.

    Args:
        patches: in px of a template level.
        page: the page level to look in.
        template_to_page: from px of the template level to px of ``page``.
        params: how far to look and what counts as found.
    """
    count = len(patches.centers)
    moved, scores = np.zeros((count, 2)), np.zeros(count)
    found, nowhere = np.zeros(count, bool), np.zeros(count, bool)
    if count == 0:
        return Sighting(moved=moved, scores=scores, on_page=nowhere, visible=nowhere, found=found)
    windows, on_page = _windows(patches, page, template_to_page, params)
    visible = on_page & ~_hidden(windows, patches.images, on_page, params)
    if visible.any():
        surfaces = _correlate(windows[visible], patches.images[visible])
        moved[visible], scores[visible], inner = _peaks(surfaces, params.search_px)
        found[visible] = inner & (scores[visible] >= params.min_score)
    return Sighting(moved=moved, scores=scores, on_page=on_page, visible=visible, found=found)


def _hidden(
    windows: npt.NDArray[np.uint8],
    images: npt.NDArray[np.uint8],
    on_page: npt.NDArray[np.bool_],
    params: PatchParams,
) -> npt.NDArray[np.bool_]:
    """Tell which places show no print at all, compared with the page's other places; (P,)."""
    contrast = _deviations(windows)
    share = contrast / np.maximum(_deviations(images), 1.0)
    usual = float(np.median(share[on_page])) if on_page.any() else 0.0
    return (contrast < params.min_contrast) | (share < params.hidden_contrast * usual)


def _deviations(squares: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    """Give the gray standard deviation of each of (P, n, n) squares."""
    flat = squares.reshape(len(squares), -1).astype(np.float32)
    return np.asarray(flat.std(axis=1), np.float32)


def _windows(
    patches: Patches, page: Level, template_to_page: Homography, params: PatchParams
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Cut the search window of every patch from the page, in one remap.

    Over one window a homography is as good as linear, so each window is laid out by the
    Jacobian at its centre.

    Returns:
        (P, w, w) windows in the patches' own scale and turn, and (P,) whether each centre
        lies on the page.
    """
    reach = params.side_px // 2 + params.search_px
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    landed = move(patches.centers, template_to_page)
    local = jacobians(template_to_page, patches.centers).astype(np.float32)
    start = landed.astype(np.float32)[:, :, None, None]  # (P, 2, 1, 1)
    along_x = local[:, :, 0, None, None] * offsets[None, None, None, :]
    along_y = local[:, :, 1, None, None] * offsets[None, None, :, None]
    where = start + along_x + along_y  # (P, 2, w, w)
    side = len(offsets)
    tall = where.transpose(1, 0, 2, 3).reshape(2, -1, side)
    flat = cv2.remap(
        page.image,
        tall[0],
        tall[1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=0,
    )
    height, width = page.image.shape
    on_page = (
        (landed[:, 0] >= 0)
        & (landed[:, 1] >= 0)
        & (landed[:, 0] <= width - 1)
        & (landed[:, 1] <= height - 1)
    )
    return np.asarray(flat, np.uint8).reshape(-1, side, side), on_page


def _correlate(
    windows: npt.NDArray[np.uint8], images: npt.NDArray[np.uint8]
) -> npt.NDArray[np.float64]:
    """Correlate (P, w, w) windows with (P, n, n) patches at every shift; (P, w-n+1, w-n+1).

    The same as OpenCV's ``TM_CCOEFF_NORMED`` of each pair, but all that can be done at once for
    all of them is.
    """
    count, side, n = len(windows), windows.shape[1], images.shape[1]
    patches = images.astype(np.float32)
    patches -= patches.mean(axis=(1, 2), keepdims=True)
    tall = windows.reshape(-1, side)
    sums, squares = (_sums_under(table, count, side, n) for table in cv2.integral2(tall))
    spread = squares - sums * sums / (n * n)
    norms = np.square(patches).sum(axis=(1, 2), dtype=np.float64)[:, None, None]
    real = windows.astype(np.float32)
    products = [
        cv2.matchTemplate(window, patch, cv2.TM_CCORR)
        for window, patch in zip(real, patches, strict=True)
    ]
    flat = spread < _FLAT * n * n  # where what is left of rounding would be taken for likeness
    likeness = products / np.sqrt(np.maximum(spread * norms, 1.0))
    return np.where(flat, 0.0, likeness)


def _sums_under(
    table: npt.NDArray[np.generic], count: int, side: int, n: int
) -> npt.NDArray[np.float64]:
    """Sum what lies under n x n squares at every shift, from (count * side + 1, side + 1) sums."""
    rows = np.arange(count)[:, None] * side + np.arange(side - n + 1)  # (count, shifts)
    bands = table[rows + n] - table[rows]  # (count, shifts, side + 1)
    return np.asarray(bands[:, :, n:] - bands[:, :, :-n], np.float64)


def _peaks(
    surfaces: npt.NDArray[np.float64], search_px: int
) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Find the best match of each of (P, s, s) surfaces.

    Returns:
        (P, 2) shifts to a tenth of a pixel, (P,) scores, and (P,) whether the search went on past
        the best place on all sides.
    """
    count, side, _ = surfaces.shape
    flat = surfaces.reshape(count, -1)
    best = flat.argmax(axis=1)
    y, x = np.divmod(best, side)
    inner = (x > 0) & (x < side - 1) & (y > 0) & (y < side - 1)
    each, at = np.arange(count), np.where(inner, best, side + 1)  # any inner place will do
    top = flat[each, best]
    dx = _vertices(flat[each, at - 1], flat[each, at], flat[each, at + 1])
    dy = _vertices(flat[each, at - side], flat[each, at], flat[each, at + side])
    shifts = np.column_stack([x + np.where(inner, dx, 0), y + np.where(inner, dy, 0)]) - search_px
    return shifts, top, inner


def _vertices(before: Floats, at: Floats, after: Floats) -> Floats:
    """Give the tops of parabolas through three neighbours, as offsets from the middle ones."""
    bend = before - 2 * at + after
    return np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, -1.0), 0.0)

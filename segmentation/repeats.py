"""Find the shifts under which a blank form looks like itself, and the print that tells them apart.

A list of thirty equal rows fits a page as well one row off: nearly all its print is found again.
What is printed once, such as the title, the column heads or a footer, settles which row is which.
Such places are landmarks here; a page is laid onto such a form only where they are found.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.patches import (
    Patches,
    PatchParams,
    cut_patches,
    find_patches,
    patch_strength,
    pick_spread,
)
from segmentation.pyramid import Level  # noqa: TC001, read by dataclass users
from segmentation.types import Points  # noqa: TC001, read by dataclass users

if TYPE_CHECKING:
    from segmentation.types import GrayImage, Homography, Mask

Floats = npt.NDArray[np.float64]
_AT_ONCE = 500  # patches; OpenCV takes no image of more than 32767 rows


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatParams:
    """When a form repeats itself, and what tells the copies apart; px of the reduced level."""

    patch: PatchParams = field(default_factory=PatchParams)
    near: PatchParams = field(default_factory=lambda: PatchParams(search_px=5))  # of landmarks
    min_likeness: float = 0.15  # of the blank with itself, shifted; less is looked at no further
    min_shift_px: int = 8  # nearer copies lie within a patch's own search
    max_shift: float = 0.6  # of each side; more leaves too little of the form on the page
    max_shifts: int = 64  # best first
    patience: int = 8  # shifts without a copy, best first, after which none is expected
    consistent_px: float = 3.0  # patches that a fit would count as found move alike within this
    min_share: float = 0.38  # of the form's patches; a fit needs 0.45
    cell_px: int = 12  # grid step of candidates for landmarks
    max_likeness: float = 0.5  # of a landmark with what its copies would show; found is 0.55
    max_landmarks: int = 20
    gap: float = 0.5  # between landmarks, of a patch's side


@dataclass(frozen=True, slots=True, kw_only=True)
class RowParams:
    """When the rows of one list are those of another, stretched."""

    least_stretch: float = 0.004  # as a logarithm; less is one height
    most_stretch: float = 0.3  # more is another list
    level: float = 0.1  # px to the side, for each px down, of a shift by rows


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Repeats:
    """Where a form looks like itself; no shifts where it does not."""

    shifts: Points  # (S, 2), to either side, the shortest first
    landmarks: Patches  # print that no shift shows a copy of


def find_repeats(level: Level, patches: Patches, written: Mask, params: RepeatParams) -> Repeats:
    """Find the shifts under which a form could be laid onto a page wrongly, and its landmarks.

    Args:
        level: of the blank form; fits are measured in its pixels.
        patches: what a fit is judged by.
        written: (h, w) of ``level``, 255 where people write.
        params: what counts as a repeat and as a landmark.
    """
    shifts = _shifts(level, patches, params)
    if len(shifts) == 0:
        return Repeats(shifts=shifts, landmarks=cut_patches(level, np.empty((0, 2)), params.patch))
    both = np.vstack([shifts, -shifts])
    both = both[np.argsort(np.linalg.norm(both, axis=1), kind="stable")]
    return Repeats(shifts=both, landmarks=_landmarks(level, both, written, params))


def rows_on_rows(
    one: Repeats, other: Repeats, to_other: Homography, params: RowParams
) -> Homography | None:
    """Give the stretch that lays a list's rows onto those of another that has the same head.

    Args:
        one: of the list whose rows are laid.
        other: of the list they are laid onto.
        to_other: from the one to the other, right where the heads are.
        params: how much higher or lower rows may be.

    Returns:
        The map, in px of the other, to be applied after ``to_other``; None where the rows of both
        are of one height, one of them has none, or they lie turned to each other.
    """
    pitch, wanted = _row_pitch(one, params), _row_pitch(other, params)
    down = float(to_other[1, 1])
    if pitch is None or wanted is None or down <= 0:
        return None
    stretch = wanted / (pitch * down)
    if not params.least_stretch < abs(np.log(stretch)) < params.most_stretch:
        return None
    head_px = float(np.median(other.landmarks.centers[:, 1]))
    return np.array([[1.0, 0.0, 0.0], [0.0, stretch, (1 - stretch) * head_px], [0.0, 0.0, 1.0]])


def _row_pitch(repeats: Repeats, params: RowParams) -> float | None:
    """Give how far the form's rows lie apart; None where it has none."""
    across, down = repeats.shifts[:, 0], repeats.shifts[:, 1]
    straight = down[(down > 0) & (np.abs(across) < params.level * down)]
    return float(straight.min()) if len(straight) else None


def shifted(shift: Points) -> Homography:
    """Give the map that moves every point by (2,) ``shift``."""
    out = np.eye(3)
    out[:2, 2] = shift
    return out


def _shifts(level: Level, patches: Patches, params: RepeatParams) -> Points:
    """Find the (S, 2) shifts, to one side only, under which a fit could stand."""
    found: list[Points] = []
    missed = 0
    for shift in _candidates(level, params):
        moved = _copied(level, patches, shift, params)
        if moved is not None:
            found.append(shift + moved)
        elif not found:
            missed += 1
            if missed == params.patience:
                break
    return np.array(found, np.float64).reshape(-1, 2)


def _candidates(level: Level, params: RepeatParams) -> Points:
    """List shifts under which the blank's print lies on print, the best first; (N, 2)."""
    likeness = _autocorrelation(np.asarray(cv2.GaussianBlur(level.image, (3, 3), 0), np.uint8))
    height, width = level.image.shape
    down, across = round(params.max_shift * height), round(params.max_shift * width)
    # A shift and its opposite are the same, so those upwards are left out.
    half = np.hstack([likeness[: down + 1, -across:], likeness[: down + 1, : across + 1]])
    side = params.min_shift_px
    top = half >= np.asarray(cv2.dilate(half, np.ones((side + 1, side + 1), np.uint8)))
    y, x = np.nonzero(top & (half >= params.min_likeness))
    best = np.argsort(-half[y, x], kind="stable")
    shifts = np.column_stack([x - across, y])[best].astype(np.float64)
    far = np.abs(shifts).max(axis=1) >= params.min_shift_px
    once = (shifts[:, 1] > 0) | (shifts[:, 0] > 0)
    return np.asarray(shifts[far & once][: params.max_shifts], np.float64)


def _autocorrelation(image: GrayImage) -> Floats:
    """Correlate an (H, W) image with itself at every shift, as a share of the overlap's own.

    Returns:
        Shifts down and right from the first row and column on, up and left from the last back.
    """
    height, width = image.shape
    rows, columns = cv2.getOptimalDFTSize(2 * height), cv2.getOptimalDFTSize(2 * width)
    ink = np.zeros((rows, columns), np.float32)
    ink[:height, :width] = float(image.mean()) - image.astype(np.float32)
    spectrum = cv2.dft(ink, flags=cv2.DFT_COMPLEX_OUTPUT)
    power = cv2.mulSpectrums(spectrum, spectrum, 0, conjB=True)
    alike = np.asarray(cv2.dft(power, flags=cv2.DFT_INVERSE | cv2.DFT_REAL_OUTPUT), np.float64)
    down, across = np.arange(rows), np.arange(columns)
    left_y = np.clip(height - np.minimum(down, rows - down), 1, None) / height
    left_x = np.clip(width - np.minimum(across, columns - across), 1, None) / width
    return np.asarray(alike / max(float(alike[0, 0]), 1.0) / np.outer(left_y, left_x), np.float64)


def _copied(level: Level, patches: Patches, shift: Points, params: RepeatParams) -> Points | None:
    """Give how far from a shift most copies lie, or None where too few patches have one."""
    sighting = find_patches(patches, level, shifted(shift), params.patch)
    if not sighting.found.any():
        return None
    moved = sighting.moved[sighting.found]
    middle = np.median(moved, axis=0)
    alike = np.linalg.norm(moved - middle, axis=1) <= params.consistent_px
    if alike.sum() < params.min_share * len(patches.centers):
        return None
    return np.asarray(middle, np.float64)


def _landmarks(level: Level, shifts: Points, written: Mask, params: RepeatParams) -> Patches:
    """Choose places of a blank that show something else under each of (S, 2) shifts."""
    strength = patch_strength(level, params.patch, avoid=written)
    height, width = level.image.shape
    columns, rows = max(1, width // params.cell_px), max(1, height // params.cell_px)
    places = pick_spread(strength, params.patch, columns=columns, rows=rows)
    parts = [places[at : at + _AT_ONCE] for at in range(0, len(places), _AT_ONCE)]
    once = [_seen_once(level, part, shifts, params) for part in parts]
    taken: list[Points] = []
    ranked = sorted((pair for part in once for pair in part), key=lambda pair: pair[1])
    for place, _ in ranked:
        apart = params.gap * params.patch.side_px
        if all(np.abs(place - other).max() >= apart for other in taken):
            taken.append(place)
        if len(taken) == params.max_landmarks:
            break
    return cut_patches(level, np.array(taken, np.float64).reshape(-1, 2), params.patch)


def _seen_once(
    level: Level, places: Points, shifts: Points, params: RepeatParams
) -> list[tuple[Points, float]]:
    """Give those of (N, 2) places that no shift shows a copy of, each with its best likeness."""
    left, best = cut_patches(level, places, params.patch), np.zeros(len(places))
    for shift in shifts:
        best = np.maximum(best, find_patches(left, level, shifted(shift), params.near).scores)
        keep = best <= params.max_likeness
        left = Patches(centers=left.centers[keep], images=left.images[keep])
        best = best[keep]
    return list(zip(left.centers, best.tolist(), strict=True))

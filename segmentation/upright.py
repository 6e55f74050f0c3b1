"""Set a page of no known form upright: find its skew and whether it lies on its side.

Printed lines of text and rulings run level on an upright page, so the ink of its rows comes in
steps: the turn that makes them steepest is the page's own (Postl 1986, US patent 4723297).
Head and foot are not told apart here; that takes somebody who can read.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, ink_mask
from segmentation.pyramid import Level, shrink
from segmentation.types import GrayImage, Homography  # noqa: TC001, read by dataclass users
from segmentation.warp import inverse, pull


@dataclass(frozen=True, slots=True, kw_only=True)
class UprightParams:
    """How far and how finely turns are tried."""

    measure_px: int = 900  # long side of the image that is measured, about 80 dpi
    border: float = 0.03  # share of each side left out, where scanners draw shadows
    max_skew_deg: float = 15.0
    steps_deg: tuple[float, ...] = (1.0, 0.2, 0.04)  # each tried about the best of the one before
    kept_deg: float = 0.12  # less is left as it is: a straight scan then keeps its very pixels
    side_gain: float = 1.15  # steps this much steeper down the page: it lies on its side
    flat: FlattenParams = field(default_factory=lambda: FlattenParams(shrink=2))
    ink: InkParams = field(default_factory=InkParams)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Upright:
    """A page whose print runs level."""

    image: GrayImage = field(repr=False)  # (h, w)
    from_page: Homography  # page px to px of ``image``
    turn_deg: int  # quarter turn that the page came with: 0, 90, 180 or 270
    skew_deg: float  # and what it was turned beyond that


def set_upright(image: GrayImage, params: UprightParams) -> Upright:
    """Turn a (H, W) page so that its print runs level, head or foot up."""
    small = shrink(Level(image=image, scale_x=1.0, scale_y=1.0), long_side_px=params.measure_px)
    ink = _thin_ink(small.image, params)
    level_deg, level_gain = _measure(ink, params)
    side_deg, side_gain = _measure(np.ascontiguousarray(np.rot90(ink)), params)
    if side_gain > params.side_gain * level_gain:
        # A page whose head points left came turned by 90 degrees counter-clockwise.
        return _turned(image, 270, side_deg, params)
    return _turned(image, 0, level_deg, params)


def turn_over(upright: Upright) -> Upright:
    """Turn an upright page by half a turn: its foot was up."""
    height, width = upright.image.shape
    half = np.array([[-1.0, 0.0, width - 1.0], [0.0, -1.0, height - 1.0], [0.0, 0.0, 1.0]])
    return Upright(
        image=np.ascontiguousarray(upright.image[::-1, ::-1]),
        from_page=half @ upright.from_page,
        turn_deg=(upright.turn_deg + 180) % 360,
        skew_deg=upright.skew_deg,
    )


def _thin_ink(image: GrayImage, params: UprightParams) -> GrayImage:
    mask = ink_mask(flatten(image, params.flat), params.ink)
    height, width = mask.shape
    y, x = round(height * params.border), round(width * params.border)
    return mask[y : height - y, x : width - x]


def _measure(ink: GrayImage, params: UprightParams) -> tuple[float, float]:
    """Find the skew, counter-clockwise positive, under which rows are steepest, and how steep."""
    ys, xs = np.nonzero(ink)
    if len(ys) == 0:
        return 0.0, 0.0
    best_deg, best_gain = 0.0, -1.0
    reach = params.max_skew_deg
    for step in params.steps_deg:
        for deg in best_deg + np.arange(-reach, reach + step / 2, step):
            gain = _steepness(ys, xs, float(deg))
            if gain > best_gain * (1 + 1e-9):
                best_deg, best_gain = float(deg), gain
        reach = step
    return float(np.clip(best_deg, -params.max_skew_deg, params.max_skew_deg)), best_gain


def _steepness(ys: npt.NDArray[np.intp], xs: npt.NDArray[np.intp], deg: float) -> float:
    """Sum the squared steps between rows of the ink turned back by ``deg``."""
    angle = np.radians(deg)
    rows = ys * np.cos(angle) + xs * np.sin(angle)
    counts = np.bincount(np.round(rows - rows.min()).astype(np.intp))
    return float(np.square(np.diff(counts.astype(np.float64))).sum())


def _turned(image: GrayImage, turn_deg: int, skew_deg: float, params: UprightParams) -> Upright:
    """Undo a quarter turn and a skew, on paper large enough for all of the page."""
    height, width = image.shape
    turn = np.eye(3)
    if turn_deg == 270:
        image = np.ascontiguousarray(np.rot90(image))
        turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, width - 1.0], [0.0, 0.0, 1.0]])
        height, width = width, height
    if abs(skew_deg) < params.kept_deg:
        return Upright(image=image, from_page=turn, turn_deg=turn_deg, skew_deg=0.0)
    level, (width, height) = _leveling(width, height, skew_deg)
    return Upright(
        image=pull(image, inverse(level), width_px=width, height_px=height),
        from_page=level @ turn,
        turn_deg=turn_deg,
        skew_deg=skew_deg,
    )


def _leveling(width: int, height: int, skew_deg: float) -> tuple[Homography, tuple[int, int]]:
    angle = np.radians(skew_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    moved = corners @ turn[:2, :2].T
    low = moved.min(axis=0)
    size = np.ceil(np.ptp(moved, axis=0)).astype(int)
    turn[:2, 2] = -low
    return turn, (int(size[0]), int(size[1]))

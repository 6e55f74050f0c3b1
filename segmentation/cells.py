"""Cut a comb into its cells, one for each letter, and lay them out as one line to read.

The network reads letters that stand in cells as well as those of a line (measured:
docs/segmentation.md), but an empty cell between two names is hardly wider to it than the room
between two letters. Where the cells are, the blank says; which are written in, the field's ink.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.types import CombCells

if TYPE_CHECKING:
    from segmentation.types import Box, GrayImage, Mask


@dataclass(frozen=True, slots=True, kw_only=True)
class CellParams:
    """What parts two cells, and when one is written in; crop px, 300 to the inch."""

    min_wall_px: int = 14  # a tick on the foot of an open comb is at least this high
    foot_px: int = 14  # and reaches this part of the box, above its foot
    line_px: int = 20  # the line under a cell lies this near to the foot,
    min_line_share: float = 0.5  # and under so much of the cell; there is none between two boxes
    end_px: int = 30  # the outer walls lie this near to the sides of the box
    min_cell_px: int = 40  # of its width, 3.4 mm; narrower holds no letter
    max_apart_px: int = 32  # boxes that stand apart by up to this have one wall between them
    near_share: float = 0.12  # of a cell's width: how far a wall may lie from its place
    min_seen: float = 0.8  # share of the inner walls that must be found, and of what is found
    # that must be a wall
    inner_share: float = 0.6  # of a cell's width, in its middle, where its letter stands
    min_ink_px: int = 20  # in that part; less is dust or a neighbour's end
    rim_share: float = 0.1  # of a cell's width, on each side, where no letter should stand
    max_in_rims: float = 0.1  # share of the ink there; with more, people wrote across the cells
    paper: int = 200  # a column that is nowhere darker than this parts an empty cell
    min_cells: int = 3


def find_cells(printed: Mask, box: Box, params: CellParams) -> tuple[int, ...]:
    """Find the columns of a comb's walls, its two ends among them.

    Args:
        printed: (h, w) of the crop, 255 on what the form prints.
        box: the field without its margin, crop px.
        params: what a wall is.

    Returns:
        The columns from left to right; none where no even walls are seen.
    """
    strokes = _strokes(printed, box, params)
    left = _end(strokes, box.x_px, params)
    right = _end(strokes, box.x_px + box.width_px, params)
    walls = _merged(strokes, params)
    most = int((right - left) / params.min_cell_px)
    for count in range(most, params.min_cells - 1, -1):
        places = np.linspace(left, right, count + 1)
        near_px = params.near_share * (right - left) / count
        between = walls[(walls > left + near_px) & (walls < right - near_px)]
        near = np.abs(places[1:-1, None] - between[None, :]) <= near_px
        agreed = min(near.any(axis=1).sum(), near.any(axis=0).sum())
        columns = tuple(np.round(places).astype(int).tolist())
        if agreed >= params.min_seen * max(count - 1, len(between)) and _underlined(
            printed, box, columns, params
        ):
            return columns
    return ()


def mark_written(own: Mask, walls_px: tuple[int, ...], params: CellParams) -> CombCells | None:
    """Tell which cells of a comb are written in.

    Args:
        own: (h, w) of the crop, 255 on the field's own ink.
        walls_px: as ``find_cells`` gives them.
        params: how much ink is a letter.

    Returns:
        The cells; None where no walls are known.
    """
    if not walls_px:
        return None
    left = walls_px[0]
    counts = np.count_nonzero(own[:, left : walls_px[-1]], axis=0)
    before = np.concatenate([[0], np.cumsum(counts)])  # ink left of each column

    def ink(columns: slice) -> int:
        return int(before[columns.stop - left] - before[columns.start - left])

    cells = list(itertools.pairwise(walls_px))
    off_rims = sum(ink(_middle(*cell, 1 - 2 * params.rim_share)) for cell in cells)
    return CombCells(
        walls_px=walls_px,
        written=tuple(
            ink(_middle(*cell, params.inner_share)) >= params.min_ink_px for cell in cells
        ),
        letter_each=bool(off_rims >= (1 - params.max_in_rims) * before[-1]),
    )


def as_line(
    image: GrayImage, cells: CombCells | None, params: CellParams | None = None
) -> GrayImage:
    """Lay a comb's crop out to be read: an empty cell between letters becomes a space.

    Each such cell is drawn twice as wide, parted where nothing is written. What was written
    across the cells stays as it is: there a cell between two letters is empty by chance.

    Args:
        image: (h, w), a field's crop, 255 on paper.
        cells: its cells; None of a field that is no comb, whose crop stays as it is.
        params: which part of a cell its letter stands in.

    Returns:
        (h, w + k), a new image where any cell was widened.
    """
    if cells is None or not cells.letter_each or not any(cells.written):
        return image
    params = params or CellParams()
    first = cells.written.index(True)
    last = len(cells.written) - cells.written[::-1].index(True)
    parts, done = [], 0
    darkest = image.min(axis=0)
    for number in range(first, last):
        if cells.written[number]:
            continue
        left, right = cells.walls_px[number], cells.walls_px[number + 1]
        inner = _middle(left, right, params.inner_share)
        at = inner.start + int(darkest[inner].argmax())
        if darkest[at] < params.paper:
            continue
        parts += [image[:, done:at], np.repeat(image[:, at : at + 1], right - left, axis=1)]
        done = at
    return np.ascontiguousarray(np.hstack([*parts, image[:, done:]])) if parts else image


def _strokes(printed: Mask, box: Box, params: CellParams) -> npt.NDArray[np.float64]:
    """Find the upright strokes of print that reach the foot of a box: (n,), their columns."""
    upright = cv2.morphologyEx(printed, cv2.MORPH_OPEN, np.ones((params.min_wall_px, 1), np.uint8))
    foot = box.y_px + box.height_px
    left = max(0, box.x_px - params.end_px)
    right = box.x_px + box.width_px + params.end_px
    at_foot = upright[foot - params.foot_px : foot, left:right].any(axis=0)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], at_foot.astype(np.int8), [0]])))
    return left + (edges[::2] + edges[1::2] - 1) / 2


def _end(walls: npt.NDArray[np.float64], side_px: int, params: CellParams) -> float:
    """Give the wall at a side of the box, or that side where none is near."""
    off = np.abs(walls - side_px)
    return float(walls[off.argmin()]) if off.min(initial=np.inf) <= params.end_px else side_px


def _merged(strokes: npt.NDArray[np.float64], params: CellParams) -> npt.NDArray[np.float64]:
    """Give (n,) walls: one for the sides of two boxes that stand apart, else a stroke each."""
    parted = np.flatnonzero(np.diff(strokes) > params.max_apart_px) + 1
    groups = np.split(strokes, parted)
    return np.array([(group[0] + group[-1]) / 2 for group in groups if len(group)])


def _underlined(printed: Mask, box: Box, walls_px: tuple[int, ...], params: CellParams) -> bool:
    """Tell whether each cell has a line under it, which the room between two boxes has not."""
    foot = box.y_px + box.height_px
    line = printed[foot - params.line_px : foot + params.line_px].max(axis=0) > 0
    return all(
        line[left:right].mean() >= params.min_line_share
        for left, right in itertools.pairwise(walls_px)
    )


def _middle(left: int, right: int, share: float) -> slice:
    """Give the columns of a cell but for its sides."""
    spare = round((1 - share) / 2 * (right - left))
    return slice(left + spare, right - spare)

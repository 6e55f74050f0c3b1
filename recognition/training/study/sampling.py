"""Draw the items that a study looks at: the same ones in every study."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


def draw_items(count: int, limit: int) -> npt.NDArray[np.int64]:
    """Give the numbers of up to ``limit`` of ``count`` items, in an order drawn at random."""
    return np.random.default_rng(0).permutation(count)[:limit]

"""Draw a sheet of crops that two networks read differently, with what each says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recognition.training.captions import draw_captioned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.training.compare import Pair
    from recognition.types import GrayImage


def draw_differences(pairs: Sequence[Pair], *, names: tuple[str, str]) -> GrayImage:
    """Draw one row a crop: the crop, what it says, and what each network made of it.

    Args:
        pairs: what to draw; the sheet is as long as there are many.
        names: of the two networks, for the captions.

    Returns:
        (H, 1100) uint8, 0 ink on 255 paper.

    Raises:
        ManifestError: a file is missing or is no picture.
    """
    rows = []
    for pair in pairs:
        right_a, right_b = pair.right
        captions = (
            f"label: {pair.sample.text}",
            f"{names[0]}: {pair.text_a}{' (right)' if right_a else ''}",
            f"{names[1]}: {pair.text_b}{' (right)' if right_b else ''}",
        )
        rows.append((pair.sample.image, captions))
    return draw_captioned(rows)

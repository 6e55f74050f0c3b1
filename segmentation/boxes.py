"""Lay boxes against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from segmentation.types import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Item = TypeVar("Item")


def around(boxes: Sequence[Box]) -> Box:
    """Give the smallest box around some."""
    left, top = min(b.x_px for b in boxes), min(b.y_px for b in boxes)
    right = max(b.x_px + b.width_px for b in boxes)
    bottom = max(b.y_px + b.height_px for b in boxes)
    return Box(x_px=left, y_px=top, width_px=right - left, height_px=bottom - top)


def overlap(a: Box, b: Box) -> float:
    """Give the share of the smaller box that both cover."""
    width = min(a.x_px + a.width_px, b.x_px + b.width_px) - max(a.x_px, b.x_px)
    height = min(a.y_px + a.height_px, b.y_px + b.height_px) - max(a.y_px, b.y_px)
    smaller = min(a.width_px * a.height_px, b.width_px * b.height_px)
    return max(0, width) * max(0, height) / smaller


def in_rows(items: Iterable[Item], goes_on: Callable[[Item, Item], bool]) -> list[list[Item]]:
    """Put each item behind the last one of the first row that it goes on, else into a new row.

    Args:
        items: from left to right.
        goes_on: says whether the second item follows the first one in its row.
    """
    rows: list[list[Item]] = []
    for item in items:
        row = next((r for r in rows if goes_on(r[-1], item)), None)
        if row is None:
            rows.append([item])
        else:
            row.append(item)
    return rows

"""Small plots as inline SVG: no script, no picture, and colours of the style sheet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from worker.database.throughput import Interval

_WIDTH, _HEIGHT = 600, 120  # of the drawing, in its own units


@dataclass(frozen=True, slots=True, kw_only=True)
class RatePlot:
    """What the template draws."""

    width: int
    height: int
    line: str  # points of a polyline
    area: str  # points of the polygon below it
    most: float  # documents a second at the top
    start: str
    end: str


def plot_rate(intervals: Sequence[Interval]) -> RatePlot | None:
    """Draw how many documents a second were finished; None where there is nothing to draw."""
    if len(intervals) < 2:
        return None
    most = max(one.per_second for one in intervals)
    step = _WIDTH / (len(intervals) - 1)
    points = [
        f"{i * step:.1f},{_HEIGHT - _HEIGHT * one.per_second / most:.1f}"
        for i, one in enumerate(intervals)
    ]
    return RatePlot(
        width=_WIDTH,
        height=_HEIGHT,
        line=" ".join(points),
        area=" ".join([f"0,{_HEIGHT}", *points, f"{_WIDTH},{_HEIGHT}"]),
        most=most,
        start=f"{intervals[0].start:%Y-%m-%d %H:%M:%S}",
        end=f"{intervals[-1].start:%Y-%m-%d %H:%M:%S}",
    )

"""Where each contestant stands: its runs taken together, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from recognition.training.study.intervals import Interval, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from recognition.training.study.types import Run

YARDSTICK = "CRNN"  # what the others are compared with: the first contestant so named


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Standing:
    """One contestant over all seeds."""

    name: str
    runs: tuple[Run, ...]
    exact: Interval  # share of items read exactly
    error_rate: Interval  # all edits over all characters
    lead: Interval | None  # of ``exact`` over the yardstick's; None for that itself
    train_per_s: float  # median of the runs
    read_per_s: float

    @property
    def parameters(self) -> int:
        """Count the weights: equal for all seeds."""
        return self.runs[0].parameters

    @property
    def confusion(self) -> npt.NDArray[np.int64]:
        """Add the confusions of all seeds."""
        return np.asarray(np.sum([run.outcome.confusion for run in self.runs], axis=0), np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How texts of some lengths were read by one contestant."""

    name: str
    shortest: int  # characters
    longest: int
    items: int
    exact: Interval
    error_rate: Interval


def standings(runs: Sequence[Run]) -> list[Standing]:
    """Take each contestant's runs together, in the order in which contestants first come."""
    by_name: dict[str, list[Run]] = {}
    for run in runs:
        by_name.setdefault(run.contestant, []).append(run)
    yardstick = next((own for name, own in by_name.items() if name.startswith(YARDSTICK)), None)
    return [_standing(name, own, yardstick) for name, own in by_name.items()]


def _standing(name: str, runs: Sequence[Run], yardstick: Sequence[Run] | None) -> Standing:
    right, characters = _right(runs), runs[0].outcome.characters.astype(np.float64)
    lead = None
    if yardstick is not None and yardstick is not runs:
        lead = ratio(right - _right(yardstick), np.ones(right.shape[1]))
    return Standing(
        name=name,
        runs=tuple(runs),
        exact=ratio(right, np.ones(right.shape[1])),
        error_rate=ratio(_edits(runs), characters),
        lead=lead,
        train_per_s=float(np.median([run.train_per_s for run in runs])),
        read_per_s=float(np.median([run.read_per_s for run in runs])),
    )


def reaches(found: Sequence[Standing], bounds: Sequence[int]) -> list[Reach]:
    """Part the test items by their length: up to each bound, and beyond the last.

    Groups without an item are left out.
    """
    rows: list[Reach] = []
    lengths = found[0].runs[0].outcome.characters
    edges = [0, *bounds, int(max(lengths.max(), bounds[-1]))]
    for low, high in pairwise(edges):
        inside = (lengths > low) & (lengths <= high)
        if not inside.any():
            continue
        own = lengths[inside]
        rows.extend(
            Reach(
                name=standing.name,
                shortest=int(own.min()),
                longest=int(own.max()),
                items=len(own),
                exact=ratio(_right(standing.runs)[:, inside], np.ones(len(own))),
                error_rate=ratio(_edits(standing.runs)[:, inside], own.astype(np.float64)),
            )
            for standing in found
        )
    return rows


def _right(runs: Sequence[Run]) -> npt.NDArray[np.float64]:
    return np.array([run.outcome.right for run in runs], np.float64)


def _edits(runs: Sequence[Run]) -> npt.NDArray[np.float64]:
    return np.array([run.outcome.edits for run in runs], np.float64)

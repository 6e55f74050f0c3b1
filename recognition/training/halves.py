"""Two halves of labelled crops: settings are fitted on one and judged on the other."""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recognition.training.manifest import Sample


class Half(StrEnum):
    """One half of a set, the same in every run."""

    FITTING = "fitting"
    JUDGING = "judging"


def half_of(sample: Sample) -> Half:
    """Say which half a sample is in: the SHA-256 of its file name is even or odd."""
    digest = int(hashlib.sha256(sample.image.name.encode()).hexdigest(), 16)
    return Half.JUDGING if digest % 2 else Half.FITTING


def only(half: Half, samples: Iterable[Sample]) -> list[Sample]:
    """Keep the samples of one half, in their order: about every second."""
    return [sample for sample in samples if half_of(sample) is half]

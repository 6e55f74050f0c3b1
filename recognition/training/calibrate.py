"""Fit the confidence on one half of the validation crops; the other half stays for judging it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from recognition.confidence import fit_temperature
from recognition.training.evaluate import read_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.recognizer import Recognizer
    from recognition.training.manifest import Sample

_LEAST = 1e-300  # keeps the log finite where a path's probability was too small to hold


def fitting_half(samples: Sequence[Sample]) -> list[Sample]:
    """Keep the samples whose file name has an even SHA-256: about half, the same in every run."""
    return [
        sample
        for sample in samples
        if int(hashlib.sha256(sample.image.name.encode()).hexdigest(), 16) % 2 == 0
    ]


def calibrate(uncalibrated: Recognizer, samples: Sequence[Sample]) -> float:
    """Find the temperature under which confidence is the chance that a text is exactly right.

    Args:
        uncalibrated: a recognizer of temperature 1.
        samples: validation crops; only the fitting half is read.

    Returns:
        The temperature; 1 where there is nothing to fit.
    """
    half = fitting_half(samples)
    if not half:
        return 1.0
    readings, _ = read_samples(uncalibrated, half)
    return fit_temperature(
        [math.log(max(reading.confidence, _LEAST)) for reading in readings],
        [reading.text == sample.text for reading, sample in zip(readings, half, strict=True)],
    )

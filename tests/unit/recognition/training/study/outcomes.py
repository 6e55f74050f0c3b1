"""Runs made up for tests."""

from __future__ import annotations

import numpy as np

from recognition.training.study.types import CurvePoint, Outcome, Run


def outcome(edits):
    """Texts of 2, 3, 4 ... characters, with so many edits each."""
    return Outcome(
        edits=np.array(edits),
        characters=np.arange(2, 2 + len(edits)),
        confusion=np.array([[3, 1], [0, 2]]),
        labels=("A", "B"),
    )


def run(name, seed, read):
    """One run."""
    point = CurvePoint(items=10, loss=1.5, exact=read.exact, error_rate=read.error_rate)
    return Run(
        contestant=name, seed=seed, parameters=7, curve=(point,), train_per_s=5.0,
        read_per_s=50.0, outcome=read,
    )  # fmt: skip

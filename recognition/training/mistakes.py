"""Say what a network mistakes for what, and show the crops that it is surest to be right about.

``python -m recognition.training.mistakes FOLDER SPLIT [--weights FILE] [--holdout] [--prior]
[--pictures OUT.png]``

Texts are compared folded. A wrong reading of high confidence is either the network's worst kind of
mistake or a wrong label: only a person who looks at the picture can tell.
The sheet shows names of people: treat it as the data it was made from.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from recognition.errors import RecognitionError
from recognition.metrics import NOTHING, count_edits, fold
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.training.captions import draw_captioned
from recognition.training.evaluate import read_samples, select
from recognition.training.exit_codes import tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from recognition.training.manifest import Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """One crop that was read wrongly."""

    sample: Sample
    text: str = field(repr=False)
    confidence: float  # [0, 1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the most common edits, and draw the surest mistakes; give the exit code."""
    parser = argparse.ArgumentParser(prog="python -m recognition.training.mistakes")
    parser.add_argument("folder", type=Path)
    parser.add_argument("split")
    parser.add_argument("--weights", type=Path, help="a checkpoint; the release if left out")
    parser.add_argument("--holdout", action="store_true", help="only writers left out of training")
    parser.add_argument("--prior", action="store_true", help="read with the prior over names")
    parser.add_argument("--most", type=int, default=24, help="edits and crops shown")
    parser.add_argument("--pictures", type=Path, help="a PNG to draw the surest mistakes on")
    options = parser.parse_args(arguments)
    try:
        samples = select(options.folder, options.split, holdout=options.holdout, limit=None)
        recognizer = Recognizer.load(options.weights)
        found = mistakes(
            recognizer.believing(read_prior()) if options.prior else recognizer, samples
        )
        if options.pictures is not None:
            Image.fromarray(draw_mistakes(found[: options.most])).save(options.pictures)
    except RecognitionError as error:
        return tell(error)
    counts = count_edits((fold(m.sample.text), fold(m.text)) for m in found)
    sys.stdout.write(f"{len(found)} of {len(samples)} wrong, {counts.total()} edits\n")
    for (wanted, read), count in counts.most_common(options.most):
        sys.stdout.write(f"{_shown(wanted)} read as {_shown(read)}: {count}\n")
    return 0


def mistakes(recognizer: Recognizer, samples: Sequence[Sample]) -> list[Mistake]:
    """Read samples and give those read wrongly, folded, the surest first.

    Raises:
        ManifestError: a file is no picture.
    """
    readings, _ = read_samples(recognizer, samples)
    wrong = [
        Mistake(sample=sample, text=reading.text, confidence=reading.confidence)
        for sample, reading in zip(samples, readings, strict=True)
        if fold(sample.text) != fold(reading.text)
    ]
    return sorted(wrong, key=lambda mistake: (-mistake.confidence, mistake.sample.image.name))


def draw_mistakes(found: Sequence[Mistake]) -> np.ndarray:
    """Draw one row a mistake: the crop, its label, and what was read with what confidence."""
    return draw_captioned(
        [
            (
                mistake.sample.image,
                (
                    f"label: {mistake.sample.text}",
                    f"read: {mistake.text}",
                    f"confidence {mistake.confidence:.2f}",
                ),
            )
            for mistake in found
        ]
    )


def _shown(letter: str) -> str:
    signs = {NOTHING: "nothing", " ": "a space", "-": "a hyphen", "'": "an apostrophe"}
    return signs.get(letter, letter)


if __name__ == "__main__":
    sys.exit(main())

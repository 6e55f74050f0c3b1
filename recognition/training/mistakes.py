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
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from recognition.errors import RecognitionError
from recognition.metrics import fold
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.training.captions import draw_captioned
from recognition.training.evaluate import read_samples, select

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from recognition.training.manifest import Sample

EXIT_DATA = 65  # as sysexits.h has it
NOTHING = ""  # in an edit: no letter on this side


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
        sys.stderr.write(f"{error}\n")
        return EXIT_DATA
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


def count_edits(pairs: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Count which letter was read as which, over pairs of wanted and read texts."""
    return Counter(edit for wanted, read in pairs for edit in edits(wanted, read))


def edits(wanted: str, read: str) -> list[tuple[str, str]]:
    """Give the fewest edits that turn one text into the other: (letter wanted, letter read).

    A letter without its other side stands against ``NOTHING``.
    """
    distance = np.zeros((len(wanted) + 1, len(read) + 1), np.int64)
    distance[:, 0], distance[0] = np.arange(len(wanted) + 1), np.arange(len(read) + 1)
    for i, a in enumerate(wanted, start=1):
        for j, b in enumerate(read, start=1):
            distance[i, j] = min(
                distance[i - 1, j] + 1, distance[i, j - 1] + 1, distance[i - 1, j - 1] + (a != b)
            )
    i, j = len(wanted), len(read)
    found: list[tuple[str, str]] = []
    while i or j:
        if i and j and distance[i, j] == distance[i - 1, j - 1] + (wanted[i - 1] != read[j - 1]):
            i, j = i - 1, j - 1
            if wanted[i] != read[j]:
                found.append((wanted[i], read[j]))
        elif i and distance[i, j] == distance[i - 1, j] + 1:
            i -= 1
            found.append((wanted[i], NOTHING))
        else:
            j -= 1
            found.append((NOTHING, read[j]))
    return found[::-1]


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

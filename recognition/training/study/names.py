"""Read the names to learn from and to test on, as line images.

Learned from are short names only, so that longer ones show who reads beyond what it has seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from recognition.alphabet import Alphabet, frames_needed
from recognition.errors import ManifestError, StudyError, StudyFault
from recognition.model import frames
from recognition.preprocess import line_image
from recognition.training.crop_store import read_crop
from recognition.training.manifest import read_split, without_held_out
from recognition.training.study.sampling import draw_items
from recognition.training.study.types import LINE_PX, LineSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from recognition.training.manifest import Sample
    from recognition.training.study.types import Budget
    from recognition.types import GrayImage, LineImage

_WIDEST_PX = 224  # wider lines are left out of training, as 448 px are at full height


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Names:
    """Both sets, and the characters of their labels."""

    learned: LineSet
    tested: LineSet
    alphabet: Alphabet


def read_names(folder: Path, budget: Budget) -> Names:
    """Read the splits ``train`` and ``validation`` of a folder, or of its sub-folder ``names``.

    Raises:
        StudyError: a list or a picture is missing or damaged, or no name is short enough to
            learn from.
    """
    nested = folder / "names"
    try:
        return _read(nested if nested.is_dir() else folder, budget)
    except ManifestError as error:
        raise StudyError(StudyFault.NAMES_UNUSABLE, str(error)) from error


def _read(folder: Path, budget: Budget) -> Names:
    samples = without_held_out(read_split(folder, "train"))
    tested = _drawn(read_split(folder, "validation"), budget.test_limit)
    alphabet = Alphabet("".join(sorted({char for s in [*samples, *tested] for char in s.text})))
    short = [s for s in samples if len(s.text) <= budget.short_letters]
    chosen = _drawn(short, len(short))
    fitting = _take(_readable(chosen, alphabet), budget.train_limit)
    if not fitting:
        raise StudyError(
            StudyFault.DATA_TOO_LITTLE,
            f"no name of at most {budget.short_letters} characters to learn from in {folder}",
        )
    return Names(
        learned=_line_set(fitting),
        tested=_line_set([(small_line(read_crop(s.image)), s.text) for s in tested]),
        alphabet=alphabet,
    )


def small_line(crop: GrayImage) -> LineImage:
    """Prepare a crop as the project does, and halve it: (16, W) uint8, 255 ink."""
    line = line_image(crop)
    width = max(1, round(line.shape[1] * LINE_PX / line.shape[0]))
    small = cv2.resize(line, (width, LINE_PX), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


def _drawn(samples: Sequence[Sample], limit: int) -> list[Sample]:
    return [samples[index] for index in draw_items(len(samples), limit)]


def _readable(samples: Sequence[Sample], alphabet: Alphabet) -> Iterator[tuple[LineImage, str]]:
    """Give the lines that a CRNN can learn: not too wide, and with frames enough."""
    for sample in samples:
        image = small_line(read_crop(sample.image))
        needed = frames_needed(alphabet.encode(sample.text))
        if image.shape[1] <= _WIDEST_PX and frames(image.shape[1]) > needed:
            yield image, sample.text


def _take(lines: Iterator[tuple[LineImage, str]], limit: int) -> list[tuple[LineImage, str]]:
    return [line for line, _ in zip(lines, range(limit), strict=False)]


def _line_set(lines: Sequence[tuple[LineImage, str]]) -> LineSet:
    images, texts = zip(*lines, strict=True)
    return LineSet(images=images, texts=texts)

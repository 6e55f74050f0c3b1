"""The study of names: what is learned and measured."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
import torch

from recognition.batching import by_width, pad_lines
from recognition.metrics import edits
from recognition.training.study import lines
from recognition.training.study.checksum import checksum
from recognition.training.study.contestants import line_contestants
from recognition.training.study.types import NOTHING, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    from torch import Tensor, nn

    from recognition.alphabet import Alphabet
    from recognition.training.study.types import LineSet

_READ_AT_ONCE = 256  # lines
_READ_PIXELS = 64 * 256  # columns of lines read at once


class LineTask:
    """Read names."""

    measure = "exact match"

    def __init__(self, learned: LineSet, tested: LineSet, alphabet: Alphabet) -> None:
        self._learned, self._tested = learned, tested
        self.alphabet = alphabet
        self.checksum = checksum(
            [
                *learned.images,
                *tested.images,
                np.frombuffer("\0".join([*learned.texts, *tested.texts]).encode(), np.uint8),
            ]
        )
        self.contestants = line_contestants(alphabet)

    @property
    def widths_px(self) -> npt.NDArray[np.int64]:
        """Give the width of each line."""
        return np.array([image.shape[1] for image in self._learned.images])

    def losses(self, network: nn.Module, chosen: npt.NDArray[np.int64]) -> Tensor:
        """Give the losses of some lines, by the character, so that long ones count no more."""
        texts = [self._learned.texts[index] for index in chosen]
        batch = pad_lines([self._learned.images[index] for index in chosen])
        each: Tensor = _reader(network).losses(batch, texts)
        return each / torch.tensor([len(text) for text in texts])

    def read(self, network: nn.Module) -> Outcome:
        """Read the whole test set."""
        texts = read_lines(network, self._tested)
        truths = self._tested.texts
        made = [edits(truth, text) for truth, text in zip(truths, texts, strict=True)]
        return Outcome(
            edits=np.array([len(own) for own in made]),
            characters=np.array([len(text) for text in truths]),
            confusion=confusion_of(truths, made, self.alphabet),
            labels=(*self.alphabet.characters, NOTHING),
        )


def confusion_of(
    truths: Sequence[str], made: Sequence[Sequence[tuple[str, str]]], alphabet: Alphabet
) -> npt.NDArray[np.int64]:
    """Count which character was read as which: (K, K), the last one being nothing at all.

    Args:
        truths: N texts.
        made: N lists of edits that turn a truth into what was read.
        alphabet: of both.
    """
    place = {char: index for index, char in enumerate(alphabet.characters)}
    nothing = len(place)
    confusion = np.zeros((nothing + 1, nothing + 1), np.int64)
    for char, count in Counter("".join(truths)).items():
        confusion[place[char], place[char]] = count
    for (wanted, read), count in Counter(chain.from_iterable(made)).items():
        confusion[place.get(wanted, nothing), place.get(read, nothing)] += count
        if wanted:
            confusion[place[wanted], place[wanted]] -= count
    return confusion


def read_lines(network: nn.Module, lines_read: LineSet) -> list[str]:
    """Read lines in their order; those of like width are read together."""
    images = lines_read.images
    groups = by_width(
        [image.shape[1] for image in images],
        max_lines=_READ_AT_ONCE,
        max_pixels=_READ_PIXELS,
        group_px=_READ_PIXELS,  # as few groups as may be
    )
    texts = [""] * len(images)
    with torch.inference_mode():
        for group in groups:
            read = _reader(network).read(pad_lines([images[index] for index in group]))
            for index, text in zip(group, read, strict=True):
                texts[index] = text
    return texts


def _reader(network: nn.Module) -> lines.CtcReader | lines.PositionCnn:
    if not isinstance(network, lines.CtcReader | lines.PositionCnn):
        raise TypeError(f"want a network that reads lines, got {type(network).__name__}")
    return network

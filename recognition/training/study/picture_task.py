"""The studies of pictures: what is learned and measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn import functional as nnf

from recognition.errors import StudyError, StudyFault
from recognition.training.study.checksum import checksum
from recognition.training.study.contestants import picture_contestants
from recognition.training.study.sampling import draw_items
from recognition.training.study.types import Outcome, PictureSet

if TYPE_CHECKING:
    import numpy.typing as npt
    from torch import Tensor, nn

    from recognition.training.study.types import Budget

_LEAST_SHARE = 0.1  # of the pictures of the commonest class, that a class is learned from
_READ_AT_ONCE = 256  # pictures


class PictureTask:
    """Say which class a picture is of."""

    measure = "accuracy"

    def __init__(self, learned: PictureSet, tested: PictureSet, budget: Budget) -> None:
        """Choose what is learned from and measured on.

        Raises:
            StudyError: fewer than two classes can be learned, or none of them is tested.
        """
        learned, tested, self.left_out = with_known_classes(learned, tested)
        learned = _drawn(learned, budget.train_limit)
        tested = _drawn(tested, budget.test_limit)
        if len(np.unique(learned.labels)) < 2 or not len(tested.labels):
            raise StudyError(
                StudyFault.DATA_TOO_LITTLE,
                "want pictures of two classes or more to learn from, and some of them to test on; "
                f"to learn from are {learned.held}, to test on {tested.held}",
            )
        self.learned_of, self.tested_of = learned.held, tested.held  # pictures of each class
        # What is learned from sets the scale of both.
        mean = learned.images.mean(axis=(0, 1, 2), dtype=np.float64)
        spread = np.maximum(learned.images.std(axis=(0, 1, 2), dtype=np.float64), 1.0)
        self._images = _scaled(learned.images, mean, spread)
        self._test_images = _scaled(tested.images, mean, spread)
        self._labels = torch.from_numpy(learned.labels)
        self.tested = tested
        self.checksum = checksum([learned.images, learned.labels, tested.images, tested.labels])
        self.contestants = picture_contestants(
            channels=learned.images.shape[3], classes=len(learned.classes)
        )

    @property
    def widths_px(self) -> npt.NDArray[np.int64]:
        """Give the width of each picture: all are alike."""
        return np.full(len(self._labels), self._images.shape[3])

    def losses(self, network: nn.Module, chosen: npt.NDArray[np.int64]) -> Tensor:
        """Give the cross entropies of some pictures."""
        index = torch.from_numpy(chosen)
        scores = network(self._images[index])
        return nnf.cross_entropy(scores, self._labels[index], reduction="none")

    def guess(self, network: nn.Module) -> npt.NDArray[np.int64]:
        """Say which class each test picture is taken for: (N,)."""
        parts = torch.split(self._test_images, _READ_AT_ONCE)
        with torch.inference_mode():
            return np.concatenate([network(part).argmax(dim=1).numpy() for part in parts])

    def read(self, network: nn.Module) -> Outcome:
        """Read the whole test set."""
        guesses, truth = self.guess(network), self.tested.labels
        classes = self.tested.classes
        confusion = np.zeros((len(classes), len(classes)), np.int64)
        np.add.at(confusion, (truth, guesses), 1)
        return Outcome(
            edits=(guesses != truth).astype(np.int64),
            characters=np.ones(len(truth), np.int64),
            confusion=confusion,
            labels=classes,
        )


def with_known_classes(
    learned: PictureSet, tested: PictureSet
) -> tuple[PictureSet, PictureSet, dict[str, int]]:
    """Leave out classes that hardly any picture to learn from shows: no network could know them.

    Returns:
        Both sets, their labels counted anew, and how many pictures to learn from each of the
        classes left out has.
    """
    held = learned.held
    enough = _LEAST_SHARE * max(held.values())
    kept = np.flatnonzero(np.array(list(held.values())) >= enough)
    left_out = {name: count for name, count in held.items() if count < enough}
    return _only(learned, kept), _only(tested, kept), left_out


def _only(found: PictureSet, kept: npt.NDArray[np.intp]) -> PictureSet:
    inside = np.isin(found.labels, kept)
    return PictureSet(
        images=found.images[inside],
        labels=np.searchsorted(kept, found.labels[inside]),
        classes=tuple(found.classes[index] for index in kept),
    )


def _drawn(found: PictureSet, limit: int) -> PictureSet:
    order = draw_items(len(found.labels), limit)
    return PictureSet(images=found.images[order], labels=found.labels[order], classes=found.classes)


def _scaled(
    images: npt.NDArray[np.uint8],
    mean: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
) -> Tensor:
    """Bring (N, H, W, channels) to (N, channels, H, W) float32 about 0."""
    scaled = ((images - mean) / spread).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))

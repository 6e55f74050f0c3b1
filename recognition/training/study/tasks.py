"""What a run learns and is measured on, and who takes part: one task a kind of study."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from torch.nn import functional as nnf

from recognition.batching import by_width, pad_lines
from recognition.metrics import edit_distance
from recognition.training.study import lines
from recognition.training.study.alignment import aligned
from recognition.training.study.cifar import read_cifar10
from recognition.training.study.contestants import line_contestants, picture_contestants
from recognition.training.study.mnist import read_mnist
from recognition.training.study.names import read_names
from recognition.training.study.types import NOTHING, Kind, LineSet, Outcome, PictureSet

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    from torch import Tensor, nn

    from recognition.alphabet import Alphabet
    from recognition.training.study.contestants import Contestant
    from recognition.training.study.types import StudySettings

_LEAST_SHARE = 0.1  # of the pictures of the commonest class, that a class is learned from
_READ_AT_ONCE = 256  # pictures
_READ_PIXELS = 64 * 256  # columns of lines read at once


class Task(Protocol):
    """Data, and how networks learn and read them."""

    contestants: tuple[Contestant, ...]
    checksum: str  # SHA-256 over the data

    @property
    def widths_px(self) -> npt.NDArray[np.int64]:
        """Give the width of each item that is learned from."""
        ...

    def losses(self, network: nn.Module, chosen: npt.NDArray[np.int64]) -> Tensor:
        """Give the losses of some items that are learned from."""
        ...

    def read(self, network: nn.Module) -> Outcome:
        """Read the whole test set; the network is in eval mode."""
        ...


class PictureTask:
    """Say which class a picture is of."""

    def __init__(self, learned: PictureSet, tested: PictureSet, settings: StudySettings) -> None:
        learned, tested, self.left_out = with_known_classes(learned, tested)
        learned = _sample(learned, settings.train_limit)
        tested = _sample(tested, settings.test_limit)
        # What is learned from sets the scale of both.
        mean = learned.images.mean(axis=(0, 1, 2), dtype=np.float64)
        spread = np.maximum(learned.images.std(axis=(0, 1, 2), dtype=np.float64), 1.0)
        self._images = _scaled(learned.images, mean, spread)
        self._test_images = _scaled(tested.images, mean, spread)
        self._labels = torch.from_numpy(learned.labels)
        self.tested = tested
        self.checksum = _checksum([learned.images, learned.labels, tested.images, tested.labels])
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


class LineTask:
    """Read names."""

    def __init__(self, learned: LineSet, tested: LineSet, alphabet: Alphabet) -> None:
        self._learned, self._tested = learned, tested
        self.alphabet = alphabet
        self.checksum = _checksum(
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
        labels = (*self.alphabet.characters, NOTHING)
        place = {char: index for index, char in enumerate(labels)}
        pairs = Counter(pair for a, b in zip(truths, texts, strict=True) for pair in aligned(a, b))
        confusion = np.zeros((len(labels), len(labels)), np.int64)
        for (true, read), count in pairs.items():
            confusion[place[true], place[read]] = count
        return Outcome(
            edits=np.array([edit_distance(a, b) for a, b in zip(truths, texts, strict=True)]),
            characters=np.array([len(text) for text in truths]),
            confusion=confusion,
            labels=labels,
        )


def read_lines(network: nn.Module, lines_read: LineSet) -> list[str]:
    """Read lines in their order; those of like width are read together."""
    images = lines_read.images
    groups = by_width(
        [image.shape[1] for image in images], max_lines=_READ_AT_ONCE, max_pixels=_READ_PIXELS
    )
    texts = [""] * len(images)
    with torch.inference_mode():
        for group in groups:
            read = _reader(network).read(pad_lines([images[index] for index in group]))
            for index, text in zip(group, read, strict=True):
                texts[index] = text
    return texts


def open_task(settings: StudySettings) -> PictureTask | LineTask:
    """Read the data of a study.

    Raises:
        StudyError, ManifestError: they are missing or damaged.
    """
    if settings.kind is Kind.NAMES:
        names = read_names(settings)
        return LineTask(names.learned, names.tested, names.alphabet)
    read = read_mnist if settings.kind is Kind.MNIST else read_cifar10
    return PictureTask(*read(settings.data), settings)


def _reader(network: nn.Module) -> lines.CtcReader | lines.PositionCnn:
    if not isinstance(network, lines.CtcReader | lines.PositionCnn):
        raise TypeError(f"want a network that reads lines, got {type(network).__name__}")
    return network


def with_known_classes(
    learned: PictureSet, tested: PictureSet
) -> tuple[PictureSet, PictureSet, tuple[str, ...]]:
    """Leave out classes that hardly any picture to learn from shows: no network could know them.

    Returns:
        Both sets, their labels counted anew, and the classes left out.
    """
    held = np.bincount(learned.labels, minlength=len(learned.classes))
    kept = np.flatnonzero(held >= _LEAST_SHARE * held.max())
    left_out = tuple(n for i, n in enumerate(learned.classes) if i not in kept)
    return _only(learned, kept), _only(tested, kept), left_out


def _only(found: PictureSet, kept: npt.NDArray[np.intp]) -> PictureSet:
    inside = np.isin(found.labels, kept)
    return PictureSet(
        images=found.images[inside],
        labels=np.searchsorted(kept, found.labels[inside]),
        classes=tuple(found.classes[index] for index in kept),
    )


def _sample(found: PictureSet, limit: int) -> PictureSet:
    """Draw up to ``limit`` pictures, the same ones in every study."""
    order = np.random.default_rng(0).permutation(len(found.labels))[:limit]
    return PictureSet(images=found.images[order], labels=found.labels[order], classes=found.classes)


def _scaled(
    images: npt.NDArray[np.uint8],
    mean: npt.NDArray[np.float64],
    spread: npt.NDArray[np.float64],
) -> Tensor:
    """Bring (N, H, W, channels) to (N, channels, H, W) float32 about 0."""
    scaled = ((images - mean) / spread).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))


def _checksum(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()

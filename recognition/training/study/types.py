"""What the study passes on: pictures and lines to learn, and how each of them was read.

Letters in shapes: N items, K classes or labels, H and W pixels.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from recognition.types import LineImage

SIDE_PX = 32  # every picture is this wide and high
LINE_PX = 16  # height of a name's line image: half of the project's own, for a small study
NOTHING = "∅"  # in a confusion of characters: none stood there, or none was read


class Kind(StrEnum):
    """What is read."""

    MNIST = "mnist"
    CIFAR10 = "cifar10"
    NAMES = "names"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What every contestant of a study may use, and how it learns."""

    parameters: int  # weights of a network, at most
    epochs: int
    batch: int  # items
    learning_rate: float
    train_limit: int  # items learned from, a fixed sample of the data
    test_limit: int  # items read for measuring, likewise
    short_letters: int = 6  # names: only texts of so many characters at most are learned from
    weight_decay: float = 0.01
    warmup_share: float = 0.05  # of the steps
    clip_norm: float = 5.0
    measures: int = 6  # points of a learning curve; after each the state is saved


@dataclass(frozen=True, slots=True, kw_only=True)
class StudySettings:
    """A whole study: its data, its budget and where it goes."""

    kind: Kind
    data: Path  # folder
    out: Path  # folder for runs and report
    seeds: tuple[int, ...] = (1, 2, 3)
    budget: Budget


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PictureSet:
    """Pictures of one thing each."""

    images: npt.NDArray[np.uint8]  # (N, 32, 32, channels)
    labels: npt.NDArray[np.int64]  # (N,), index into ``classes``
    classes: tuple[str, ...]

    @property
    def held(self) -> dict[str, int]:
        """Count the pictures of each class."""
        found = np.bincount(self.labels, minlength=len(self.classes))
        return dict(zip(self.classes, found.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineSet:
    """Names as the network sees them."""

    images: tuple[LineImage, ...]
    texts: tuple[str, ...] = field(repr=False)  # names, so kept out of logs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outcome:
    """How a test set was read; it holds no text.

    A picture is a text of one character: its class.
    """

    edits: npt.NDArray[np.int64]  # (N,), from what was read to the truth
    characters: npt.NDArray[np.int64]  # (N,), of the truth
    confusion: npt.NDArray[np.int64]  # (K, K), how often row's truth was read as column
    labels: tuple[str, ...]  # K, of rows and columns

    @property
    def right(self) -> npt.NDArray[np.bool_]:
        """Say which items were read exactly: (N,)."""
        return np.asarray(self.edits == 0)

    @property
    def exact(self) -> float:
        """Give the share of items read exactly."""
        return float(self.right.mean())

    @property
    def error_rate(self) -> float:
        """Give all edits over all characters: the CER of texts, 1 - accuracy of pictures."""
        return float(self.edits.sum() / self.characters.sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """How far a run was, and how well it read the test set then."""

    items: int  # learned from so far, repeats counted
    loss: float  # mean since the last point
    exact: float  # [0, 1], of the test set
    error_rate: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """One contestant trained from one seed."""

    contestant: str
    seed: int
    parameters: int
    curve: tuple[CurvePoint, ...]
    train_per_s: float  # items a second of CPU time, one thread
    read_per_s: float
    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyProgress:
    """How far a study is."""

    done: float  # [0, 1], of all runs
    contestant: str
    seed: int
    loss: float  # smoothed


def counts(settings: StudySettings) -> Mapping[str, object]:
    """Give what must be equal for runs to stand side by side; seeds may be added later."""
    return {"kind": settings.kind, **asdict(settings.budget)}

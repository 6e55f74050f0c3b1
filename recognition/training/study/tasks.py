"""What a run learns and is measured on: one task a kind of study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from recognition.training.study.cifar import read_cifar10
from recognition.training.study.line_task import LineTask
from recognition.training.study.mnist import read_mnist
from recognition.training.study.names import read_names
from recognition.training.study.picture_task import PictureTask
from recognition.training.study.types import Kind

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from torch import Tensor, nn

    from recognition.training.study.contestants import Contestant
    from recognition.training.study.types import Outcome, StudySettings


class Task(Protocol):
    """Data, and how networks learn and read them."""

    contestants: tuple[Contestant, ...]
    checksum: str  # SHA-256 over the data
    measure: str  # what the share of items read exactly is called

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


def open_task(settings: StudySettings) -> PictureTask | LineTask:
    """Read the data of a study.

    Raises:
        StudyError: they are missing, damaged or too little.
    """
    if settings.kind is Kind.NAMES:
        names = read_names(settings.data, settings.budget)
        return LineTask(names.learned, names.tested, names.alphabet)
    read = read_mnist if settings.kind is Kind.MNIST else read_cifar10
    return PictureTask(*read(settings.data), settings.budget)

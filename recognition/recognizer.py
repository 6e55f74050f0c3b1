"""The main path of recognition: crops to readings.

Each crop becomes a line image, the network reads the lines in groups, the best path is
decoded, and the readings come back in the order of the crops. A recognizer that believes a
prior weighs what names say beside the ink.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from recognition.alphabet import Alphabet
from recognition.checkpoint import load_checkpoint
from recognition.confidence import path_confidence
from recognition.decode import best_path
from recognition.line_reader import LineReader
from recognition.preprocess import line_image
from recognition.rewriting import PriorParams, with_prior
from recognition.types import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from recognition.model import Crnn
    from recognition.prior import NamePrior
    from recognition.types import GrayImage

_LEAST = 1e-300  # keeps the log finite where a probability was too small to hold


class Recognizer:
    """A loaded network; keeps nothing between calls but what its device's memory holds."""

    def __init__(  # noqa: PLR0913, all that a loaded network is
        self,
        model: Crnn,
        alphabet: Alphabet,
        *,
        model_id: str,
        temperature: float,
        device: str,
        prior: NamePrior | None = None,
    ) -> None:
        """Take a network in eval mode; ``Recognizer.load`` is the usual way."""
        self._model = model.to(device)
        self._alphabet = alphabet
        self._temperature = temperature
        self._device = device
        self._lines = LineReader(self._model, device=device)
        self._prior = prior
        self.model_id = model_id

    @classmethod
    def load(cls, path: Path | None = None, *, device: str = "cpu") -> Recognizer:
        """Load a checkpoint; None is the release inside the package.

        Raises:
            CheckpointError: the file is missing, damaged or contradicts itself.
        """
        checkpoint = load_checkpoint(path)
        return cls(
            checkpoint.model,
            Alphabet(checkpoint.config.alphabet),
            model_id=checkpoint.model_id,
            temperature=float(checkpoint.record.get("temperature", 1.0)),
            device=device,
        )

    def believing(self, prior: NamePrior) -> Recognizer:
        """Give a recognizer of the same network that weighs what names say beside the ink.

        Its confidence is the text's share among all texts weighed, under the temperature that
        was fitted without a prior: good for ranking, not calibrated.
        """
        return Recognizer(
            self._model,
            self._alphabet,
            model_id=self.model_id,
            temperature=self._temperature,
            device=self._device,
            prior=prior,
        )

    def read(self, crops: Sequence[GrayImage]) -> list[Reading]:
        """Read crops of any size; an empty one reads as an empty text.

        Args:
            crops: (h, w) uint8 each, 0 ink to 255 paper; never written to.

        Returns:
            One reading a crop, in their order.

        Raises:
            ValueError: a crop is not a non-empty (h, w) uint8 array.
            DeviceMemoryError: a crop is too wide for the device's memory, even alone.
        """
        lines = [line_image(crop) for crop in crops]
        found: dict[int, Reading] = {}
        for index, log_probs in self._lines.read(lines):
            found[index] = self._reading(log_probs)
        return [found[index] for index in range(len(lines))]

    def _reading(self, log_probs: npt.NDArray[np.float32]) -> Reading:
        if self._prior is None:
            text, chars, score = best_path(log_probs, self._alphabet)
        else:
            weighed = with_prior(
                log_probs, alphabet=self._alphabet, prior=self._prior, params=PriorParams()
            )
            text, chars = weighed.text, weighed.chars
            score = math.log(max(weighed.probability, _LEAST))
        return Reading(
            text=text.strip(),
            confidence=path_confidence(score, self._temperature),
            chars=chars,
            model_id=self.model_id,
        )


def use_threads(count: int) -> None:
    """Let networks run on this many cores of a CPU; process-wide, as torch has it."""
    torch.set_num_threads(count)

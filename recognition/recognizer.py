"""The main path of recognition: crops to readings.

Each crop becomes a line image, the network reads the lines in groups, the best path is
decoded, and the readings come back in the order of the crops. A recognizer that believes a
prior weighs what names say beside the ink.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from recognition.alphabet import Alphabet
from recognition.checkpoint import load_checkpoint
from recognition.confidence import UNCALIBRATED, calibrators_of
from recognition.decode import best_path
from recognition.likelihood import text_log_prob
from recognition.line_reader import LineReader
from recognition.preprocess import line_image
from recognition.rewriting import PriorParams, with_prior
from recognition.types import Evidence, Reading

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from recognition.confidence import Calibrators
    from recognition.model import Crnn
    from recognition.prior import NamePrior
    from recognition.types import CharReading, GrayImage


class Recognizer:
    """A loaded network; keeps nothing between calls but what its device's memory holds."""

    def __init__(  # noqa: PLR0913, all that a loaded network is
        self,
        model: Crnn,
        alphabet: Alphabet,
        *,
        model_id: str,
        device: str,
        calibrators: Calibrators = UNCALIBRATED,
        prior: NamePrior | None = None,
    ) -> None:
        """Take a network in eval mode; ``Recognizer.load`` is the usual way.

        Args:
            model: the network.
            alphabet: of its labels.
            model_id: names network and prior.
            device: as torch names it.
            calibrators: make confidence of evidence, with a prior and without.
            prior: what names say beside the ink; None is greedy reading.
        """
        self._model = model.to(device)
        self._alphabet = alphabet
        self._calibrators = calibrators
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
            device=device,
            calibrators=calibrators_of(checkpoint.record),
        )

    def believing(self, prior: NamePrior) -> Recognizer:
        """Give a recognizer of the same network that weighs what names say beside the ink.

        Its confidence has a calibrator of its own. Its model id tells readings with this prior,
        believed this far, from others.
        """
        how = hashlib.sha256(f"{prior.digest} {PriorParams()}".encode()).hexdigest()[:8]
        return Recognizer(
            self._model,
            self._alphabet,
            model_id=f"{self.model_id}+{how}",
            device=self._device,
            calibrators=self._calibrators,
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
            raw_text, chars, _ = best_path(log_probs, self._alphabet)
            text = raw_text
            evidence = self._evidence(log_probs, chars, share=None)
        else:
            weighed = with_prior(
                log_probs, alphabet=self._alphabet, prior=self._prior, params=PriorParams()
            )
            raw_text, text, chars = weighed.raw_text, weighed.text, weighed.chars
            evidence = self._evidence(log_probs, chars, share=weighed.probability)
        return Reading(
            raw_text=raw_text.strip(),
            text=text.strip(),
            raw_confidence=UNCALIBRATED.confidence(evidence),
            confidence=self._calibrators.confidence(evidence),
            evidence=evidence,
            chars=chars,
            model_id=self.model_id,
        )

    def _evidence(
        self,
        log_probs: npt.NDArray[np.float32],
        chars: tuple[CharReading, ...],
        *,
        share: float | None,
    ) -> Evidence:
        spelt = "".join(char.char for char in chars)
        ink_log_prob = text_log_prob(log_probs, spelt, self._alphabet.characters)
        return Evidence(ink_log_prob=ink_log_prob, share=share)


def use_threads(count: int) -> None:
    """Let networks run on this many cores of a CPU; process-wide, as torch has it."""
    torch.set_num_threads(count)

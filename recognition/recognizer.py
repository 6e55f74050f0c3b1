"""The main path of recognition: crops to readings.

Each crop becomes a line image, the network reads the lines in groups, the best path is
decoded, and the readings come back in the order of the crops. A recognizer that believes a
prior or holds lexicons weighs what names say beside the ink; what is known of a field before it
is read comes as a ``Hint``.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import torch

from recognition.alphabet import Alphabet
from recognition.checkpoint import load_checkpoint
from recognition.confidence import UNCALIBRATED, calibrators_of
from recognition.decode import best_path
from recognition.letter_case import only_capitals
from recognition.likelihood import text_log_prob
from recognition.line_reader import LineReader
from recognition.normal import normalise
from recognition.preprocess import line_image
from recognition.rewriting import LexiconParams, PriorParams, with_lexicon, with_prior
from recognition.types import Evidence, Hint, Reading

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from recognition.confidence import Calibrators
    from recognition.ink import LogProbs
    from recognition.lexicon import Lexicon
    from recognition.model import Crnn
    from recognition.prior import NamePrior
    from recognition.rewriting import Rewriting
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
        lexicons: Mapping[str, Lexicon] = MappingProxyType({}),
    ) -> None:
        """Take a network in eval mode; ``Recognizer.load`` is the usual way.

        Args:
            model: the network.
            alphabet: of its labels.
            model_id: first 12 hex digits of the checkpoint's SHA-256.
            device: as torch names it.
            calibrators: make confidence of evidence, with a prior and without.
            prior: what names say beside the ink; None is greedy reading.
            lexicons: name lists by id, for the crops whose hints name them.
        """
        self._model = model.to(device)
        self._alphabet = alphabet
        self._calibrators = calibrators
        self._device = device
        self._lines = LineReader(self._model, device=device)
        self._prior = prior
        self._lexicons = dict(lexicons)
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

    @property
    def calibrators(self) -> Calibrators:
        """Give what makes confidence of evidence."""
        return self._calibrators

    def calibrated(self, calibrators: Calibrators) -> Recognizer:
        """Give a recognizer of the same network and names whose confidence is made by these."""
        return self._with_names(self._prior, self._lexicons, calibrators)

    def believing(self, prior: NamePrior) -> Recognizer:
        """Give a recognizer of the same network that weighs what names say beside the ink.

        Its confidence has a calibrator of its own.
        """
        return self._with_names(prior, self._lexicons)

    def with_lexicons(self, lexicons: Mapping[str, Lexicon]) -> Recognizer:
        """Give a recognizer of the same network that holds these name lists, by id.

        A list serves the crops whose hint names it, in place of the prior.
        """
        return self._with_names(self._prior, lexicons)

    def read(
        self, crops: Sequence[GrayImage], hints: Sequence[Hint] | None = None
    ) -> list[Reading]:
        """Read crops of any size; one without ink most likely reads as an empty text.

        Args:
            crops: (h, w) uint8 each, 0 ink to 255 paper; never written to.
            hints: what is known of each crop; None is nothing of any.

        Returns:
            One reading a crop, in their order.

        Raises:
            ValueError: a crop is not a non-empty (h, w) uint8 array, there is not one hint a
                crop, or a hint names a lexicon that this recognizer does not hold.
            DeviceMemoryError: a crop is too wide for the device's memory, even alone.
            FramesNotFiniteError: the network's answer to a crop holds NaN or infinity.
        """
        known = [Hint()] * len(crops) if hints is None else hints
        self._check(known, count=len(crops))
        lines = [line_image(crop) for crop in crops]
        found: dict[int, Reading] = {}
        for index, log_probs in self._lines.read(lines):
            found[index] = self._reading(log_probs, known[index])
        return [found[index] for index in range(len(lines))]

    def _with_names(
        self,
        prior: NamePrior | None,
        lexicons: Mapping[str, Lexicon],
        calibrators: Calibrators | None = None,
    ) -> Recognizer:
        return Recognizer(
            self._model,
            self._alphabet,
            model_id=self.model_id,
            device=self._device,
            calibrators=calibrators or self._calibrators,
            prior=prior,
            lexicons=lexicons,
        )

    def _check(self, hints: Sequence[Hint], *, count: int) -> None:
        if len(hints) != count:
            raise ValueError(f"want {count} hints, one a crop, got {len(hints)}")
        named = {hint.lexicon for hint in hints if hint.lexicon is not None}
        if unknown := sorted(named - self._lexicons.keys()):
            raise ValueError(f"this recognizer holds no lexicons {unknown}")

    def _reading(self, log_probs: npt.NDArray[np.float32], hint: Hint) -> Reading:
        ink: LogProbs = log_probs
        if hint.letters == "upper":
            ink = only_capitals(log_probs, self._alphabet.characters)
        weighed = self._weigh(ink, hint)
        if weighed is None:
            raw_text, chars, _ = best_path(ink, self._alphabet)
            text = raw_text = normalise(raw_text)
        else:
            text, raw_text, chars = weighed.text, weighed.raw_text, weighed.chars
        # A list says nothing of a text that it lacks: that is as sure as its ink.
        share = weighed.probability if weighed is not None and weighed.backed else None
        evidence = self._evidence(ink, chars, share=share)
        return Reading(
            text=text,
            raw_text=raw_text,
            alternatives=() if weighed is None else weighed.alternatives,
            raw_confidence=UNCALIBRATED.confidence(evidence),
            confidence=self._calibrators.confidence(evidence),
            evidence=evidence,
            chars=chars,
            model_id=self.model_id,
        )

    def _evidence(
        self,
        ink: LogProbs,
        chars: tuple[CharReading, ...],
        *,
        share: float | None,
    ) -> Evidence:
        spelt = "".join(char.char for char in chars)
        ink_log_prob = text_log_prob(ink, spelt, self._alphabet.characters)
        return Evidence(ink_log_prob=ink_log_prob, share=share)

    def _weigh(self, ink: LogProbs, hint: Hint) -> Rewriting | None:
        """Ask the names: the hint's lexicon, else the prior, else nobody."""
        if hint.lexicon is not None:
            lexicon = self._lexicons[hint.lexicon]
            return with_lexicon(
                ink, alphabet=self._alphabet, lexicon=lexicon, params=LexiconParams()
            )
        if self._prior is not None:
            return with_prior(ink, alphabet=self._alphabet, prior=self._prior, params=PriorParams())
        return None


def use_threads(count: int) -> None:
    """Let networks run on this many cores of a CPU; process-wide, as torch has it."""
    torch.set_num_threads(count)

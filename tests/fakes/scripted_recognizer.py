"""A recognizer that says what it is told: a full double of ``recognition.Recognizer``."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from recognition.types import CharReading, Evidence, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from recognition.types import GrayImage

MODEL_ID = "0123456789ab"


class ScriptedRecognizer:
    """Gives the scripted texts in turn, over and over, and keeps the size of each batch."""

    def __init__(
        self,
        texts: Sequence[str] = ("Ada Lovelace",),
        *,
        confidence: float = 0.99,
        refuses: Callable[[GrayImage], bool] = lambda _: False,
    ) -> None:
        self.model_id = MODEL_ID
        self.batches: list[int] = []
        self._texts = itertools.cycle(texts)
        self._confidence = confidence
        self._refuses = refuses

    def read(self, crops: Sequence[GrayImage]) -> list[Reading]:
        """Read nothing and answer by the script; crops are checked as the real one does."""
        self.batches.append(len(crops))
        for crop in crops:
            if crop.ndim != 2 or crop.dtype != np.uint8 or crop.size == 0:
                raise ValueError(f"want (h, w) uint8, got {crop.shape} {crop.dtype}")
            if self._refuses(crop):
                raise RuntimeError("this crop was scripted to fail")
        return [self._reading(next(self._texts)) for _ in crops]

    def _reading(self, text: str) -> Reading:
        chars = tuple(
            CharReading(
                char=char, probability=self._confidence, start_frame=2 * at, end_frame=2 * at + 1
            )
            for at, char in enumerate(text)
        )
        evidence = Evidence(ink_log_prob=math.log(self._confidence), share=None)
        return Reading(
            raw_text=text,
            text=text,
            raw_confidence=self._confidence,
            confidence=self._confidence,
            evidence=evidence,
            chars=chars,
            model_id=self.model_id,
        )

"""A recognizer that says what it is told: a full double of ``recognition.Recognizer``."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

from recognition.types import CharReading, Evidence, Hint, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from recognition.types import GrayImage

MODEL_ID = "0123456789ab"


class ScriptedRecognizer:
    """Gives the scripted texts in turn, over and over, and keeps what each batch was.

    ``raw_texts`` says what the ink says where that is not the text.
    """

    def __init__(
        self,
        texts: Sequence[str] = ("Ada Lovelace",),
        *,
        confidence: float = 0.99,
        raw_texts: Mapping[str, str] | None = None,
        refuses: Callable[[GrayImage], bool] = lambda _: False,
    ) -> None:
        self.model_id = MODEL_ID
        self.batches: list[int] = []
        self.hints: list[Hint] = []
        self._raw_texts = raw_texts or {}
        self._texts = itertools.cycle(texts)
        self._confidence = confidence
        self._refuses = refuses

    def read(
        self, crops: Sequence[GrayImage], hints: Sequence[Hint] | None = None
    ) -> list[Reading]:
        """Read nothing and answer by the script; crops are checked as the real one does."""
        known = [Hint()] * len(crops) if hints is None else hints
        if len(known) != len(crops):
            raise ValueError(f"want {len(crops)} hints, got {len(known)}")
        self.batches.append(len(crops))
        self.hints += known
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
        raw_text = self._raw_texts.get(text, text)
        return Reading(
            text=text,
            raw_text=raw_text,
            alternatives=() if raw_text == text else ((raw_text, 0.25),),
            raw_confidence=self._confidence,
            confidence=self._confidence,
            evidence=evidence,
            chars=chars,
            model_id=self.model_id,
        )

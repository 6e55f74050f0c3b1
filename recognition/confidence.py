"""From what speaks for a text to the chance that the whole of it is right.

The chance is a logistic function of the text's log odds: those that the ink gives it, summed
over every path that spells it, and, where names were weighed too, those of its share among all
texts weighed on top (Platt scaling). The event is that the whole text is exactly right with
letter case and marks left out (``metrics.fold``), because labels of names often come in plain
capitals. More evidence never makes a text less believable: no weight is below 0.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from recognition.errors import CheckpointError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from recognition.types import Evidence

_SUREST = -1e-6  # log probability; float32 sums over a line's frames are no finer
_LEAST = -30.0  # the same: below it a text is hopeless, by however much


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """Weighs log odds; both numbers come from lines whose text is known."""

    intercept: float = 0.0
    weight: float = 1.0

    def confidence(self, evidence: Evidence) -> float:
        """Give the chance, in [0, 1], that the text is exactly right."""
        return _chance(self.intercept + self.weight * log_odds(evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrators:
    """How a network's evidence is weighed, with names and without; stored with its weights."""

    ink: Calibrator = Calibrator()  # the best path's text, read without names
    names: Calibrator = Calibrator(weight=0.35)  # as fits find it: a share counts the ink too

    def confidence(self, evidence: Evidence) -> float:
        """Give the chance, in [0, 1], that the text is exactly right."""
        calibrator = self.ink if evidence.share is None else self.names
        return calibrator.confidence(evidence)

    def as_dict(self) -> dict[str, dict[str, float]]:
        """Give them as JSON takes them."""
        return asdict(self)


UNCALIBRATED = Calibrators()  # as the network and the names have it


def log_odds(evidence: Evidence) -> float:
    """Give the log odds of a text, by ink and names together; finite, at least -60."""
    ink = _log_odds(evidence.ink_log_prob)
    if evidence.share is None:
        return ink
    return ink + _log_odds(math.log(evidence.share) if evidence.share > 0 else _LEAST)


def calibrators_of(record: Mapping[str, Any]) -> Calibrators:
    """Read the calibrators from a checkpoint's training record.

    One that is missing leaves the evidence as it is. The ``temperature`` of older records was
    fitted to the best path's probability alone and is not used: it would soften this too much.

    Raises:
        CheckpointError: they are damaged.
    """
    try:
        stored = record.get("calibrators", {}).items()
        found = Calibrators(**{name: Calibrator(**own) for name, own in stored})
        sound = all(
            math.isfinite(own.intercept) and math.isfinite(own.weight) and own.weight >= 0
            for own in (found.ink, found.names)
        )
    except (AttributeError, TypeError) as error:
        raise CheckpointError(f"the calibrators are damaged: {error}") from error
    if not sound:
        raise CheckpointError("the calibrators are damaged: a number is below 0 or not finite")
    return found


def _log_odds(log_prob: float) -> float:
    kept = min(max(log_prob, _LEAST), _SUREST)
    return kept - math.log(-math.expm1(kept))


def _chance(log_odds: float) -> float:
    if log_odds >= 0:
        return 1 / (1 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1 + odds)

"""Models that were compared with another, as ``penname train --from-db`` leaves them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recognition.checkpoint import RELEASE
from recognition.training.compare import Pair, compare
from recognition.training.manifest import Sample
from tests.checkpoints import save_untrained
from worker.models import ModelRecord, keep_model, model_id_of

if TYPE_CHECKING:
    from recognition.training.compare import Comparison


def comparison(*, lost: int = 0, won: int = 0) -> Comparison:
    """Compare on crops of which some only the old model reads, some only the new one, 20 both."""
    sample = Sample(image=Path("x.png"), text="ADA", writer=None)
    pairs = [Pair(sample=sample, text_a="ADA", text_b="XXX")] * lost
    pairs += [Pair(sample=sample, text_a="XXX", text_b="ADA")] * won
    pairs += [Pair(sample=sample, text_a="ADA", text_b="ADA")] * 20
    return compare("held-out reviewed", pairs)


def keep_candidate(
    folder: Path, elsewhere: Path, *, seed: int = 1, lost: int = 0, won: int = 0, **changes: Any
) -> str:
    """Put a model, with its record, into a model folder; its file stays in ``elsewhere`` too."""
    path = save_untrained(elsewhere / f"{seed}.safetensors", seed=seed)
    said: dict[str, Any] = {
        "model_id": model_id_of(path),
        "base_model_id": model_id_of(RELEASE),
        "compared_with": model_id_of(RELEASE),
        "trained_at": f"2026-11-2{seed}T12:00:00+00:00",
        "lines": 640,
        "reviewed_values": 200,
        "held_out_values": 40,
        "comparisons": (comparison(lost=lost, won=won),),
        **changes,
    }
    record = ModelRecord(**said)
    keep_model(folder, path.read_bytes(), record)
    return record.model_id

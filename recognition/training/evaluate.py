"""Score a network on labelled crops: greedy, and beside it with a prior over names."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from recognition import metrics
from recognition.errors import ManifestError
from recognition.reliability import calibration_error, straight_through_shares
from recognition.training.crop_store import read_crop
from recognition.training.halves import only
from recognition.training.manifest import only_held_out, read_split

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from recognition.prior import NamePrior
    from recognition.recognizer import Recognizer
    from recognition.training.halves import Half
    from recognition.training.manifest import Sample
    from recognition.types import Reading

_SHARD = 1024  # crops decoded at once, so that a large split does not fill the memory


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorScore:
    """How well the same crops were read with a prior over names."""

    exact_folded: float
    cer: float  # folded
    ece: float  # as below, of this reading's own confidence
    straight_through: Mapping[str, float]  # as below


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesReport:
    """How well a split was read, greedily but for ``prior``."""

    n: int
    exact: float  # share of texts equal to their label, as it stands
    exact_folded: float  # without marks, letter case and other signs
    cer: float  # folded; all edits over all reference characters
    cer_strict: float
    crops_per_s: float  # from decoded crop to reading
    model_id: str
    ece: float  # expected calibration error of "exact, folded", in ten bins
    straight_through: Mapping[str, float]  # by target error, the share that a threshold accepts
    prior: PriorScore | None  # None where no prior was given


def evaluate_names(  # noqa: PLR0913, which crops, and what to read them with
    recognizer: Recognizer,
    folder: Path,
    split: str,
    *,
    holdout: bool = False,
    limit: int | None = None,
    half: Half | None = None,
    prior: NamePrior | None = None,
) -> NamesReport:
    """Read a split and compare it with its labels.

    Args:
        recognizer: the network.
        folder: holds the split, in either layout of ``manifest``.
        split: its name.
        holdout: keep only the writers that training leaves out.
        limit: keep only the first so many.
        half: of these, keep only what is in this half; None keeps both.
        prior: read once more with it.

    Raises:
        ManifestError: there is nothing to read or to compare, or a file is no picture.
    """
    samples = select(folder, split, holdout=holdout, limit=limit)
    samples = samples if half is None else only(half, samples)
    check_comparable(samples, f"split {split!r} of {folder}")
    readings, seconds = read_samples(recognizer, samples)
    references = [sample.text for sample in samples]
    report = score(
        readings,
        references,
        crops_per_s=len(samples) / seconds,
        model_id=recognizer.model_id,
    )
    if prior is None:
        return report
    weighed, _ = read_samples(recognizer.believing(prior), samples)
    found = score(weighed, references, crops_per_s=0.0, model_id=report.model_id)
    own = PriorScore(
        exact_folded=found.exact_folded,
        cer=found.cer,
        ece=found.ece,
        straight_through=found.straight_through,
    )
    return replace(report, prior=own)


def select(folder: Path, split: str, *, holdout: bool, limit: int | None) -> list[Sample]:
    """List the samples that are measured."""
    samples = read_split(folder, split)
    return (only_held_out(samples) if holdout else samples)[:limit]


def check_comparable(samples: Iterable[Sample], name: str) -> None:
    """Refuse a set that texts cannot be compared on.

    Args:
        samples: of the set.
        name: of the set, for people.

    Raises:
        ManifestError: it is empty, or no label holds a letter.
    """
    labels = [sample.text for sample in samples]
    if not labels:
        raise ManifestError(f"{name} holds no such crop")
    if not any(map(metrics.fold, labels)):
        raise ManifestError(f"no label of {name} holds a letter, so that nothing can be compared")


def read_samples(recognizer: Recognizer, samples: Sequence[Sample]) -> tuple[list[Reading], float]:
    """Read the crops of samples; the seconds count reading alone, not decoding."""
    readings: list[Reading] = []
    seconds = 0.0
    for start in range(0, len(samples), _SHARD):
        crops = [read_crop(sample.image) for sample in samples[start : start + _SHARD]]
        began = time.perf_counter()
        readings.extend(recognizer.read(crops))
        seconds += time.perf_counter() - began
    return readings, max(seconds, 1e-9)


def score(
    readings: Sequence[Reading], references: Sequence[str], *, crops_per_s: float, model_id: str
) -> NamesReport:
    """Compare readings with the texts that they should have.

    Raises:
        ValueError: the numbers differ, or there is nothing to compare.
    """
    texts = [reading.text for reading in readings]
    folded, wanted = [metrics.fold(t) for t in texts], [metrics.fold(r) for r in references]
    exact_folded = metrics.exact(folded, wanted)
    right = [text == truth for text, truth in zip(folded, wanted, strict=True)]
    confidences = [reading.confidence for reading in readings]
    return NamesReport(
        n=len(references),
        exact=metrics.exact(texts, references),
        exact_folded=exact_folded,
        cer=metrics.cer(folded, wanted),
        cer_strict=metrics.cer(texts, references),
        crops_per_s=crops_per_s,
        model_id=model_id,
        ece=calibration_error(confidences, right),
        straight_through=straight_through_shares(confidences, right),
        prior=None,
    )

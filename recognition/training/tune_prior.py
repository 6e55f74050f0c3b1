"""Fit how far the name prior is believed, on one half of the validation crops.

``python -m recognition.training.tune_prior FOLDER SPLIT [--weights FILE]``

Every setting of a small grid reads the fitting half (``halves``). Of the settings that read
as many values exactly as the best one does, within one standard error of the difference, the
most cautious is taken: a prior that is believed less harms names it does not know less. The
figures that count are the other half's, which no setting has seen.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from recognition import metrics
from recognition.alphabet import Alphabet
from recognition.checkpoint import load_checkpoint
from recognition.errors import RecognitionError
from recognition.line_reader import read_lines
from recognition.preprocess import line_image
from recognition.prior import read_prior
from recognition.rewriting import Belief, PriorParams, with_prior
from recognition.training.crop_store import read_crop
from recognition.training.evaluate import check_comparable
from recognition.training.exit_codes import tell
from recognition.training.halves import Half, half_of, only
from recognition.training.manifest import read_split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from recognition.ink import LogProbs
    from recognition.prior import NamePrior


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The settings tried."""

    weights: tuple[float, ...] = (0.3, 0.4, 0.5, 0.6, 0.7)
    letter_bonuses: tuple[float, ...] = (0.4, 0.8, 1.2, 1.6)
    margins_nats: tuple[float, ...] = (3.0, 4.5, 6.0, 8.0)

    def settings(self) -> list[PriorParams]:
        """Give them all."""
        return [
            PriorParams(clear=Belief(weight=weight, letter_bonus=bonus, margin_nats=margin))
            for weight, bonus, margin in itertools.product(
                self.weights, self.letter_bonuses, self.margins_nats
            )
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LabelledLine:
    """A line as the network sees it, and what it says."""

    log_probs: LogProbs  # (T, C)
    text: str = field(repr=False)
    fits: bool  # in the half that settings are fitted on


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorReport:
    """What a prior did to some lines; texts are compared folded."""

    n: int
    raw_exact: float  # [0, 1]
    exact: float
    raw_cer: float
    cer: float
    rewritten: int
    righted: int  # of those: wrong before, exact after
    spoilt: int  # exact before, wrong after


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit the prior's settings and print both halves' figures; give the exit code."""
    parser = argparse.ArgumentParser(prog="recognition.training.tune_prior", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("split")
    parser.add_argument("--weights", type=Path, help="a checkpoint; the release if left out")
    options = parser.parse_args(arguments)
    try:
        tune(options.folder, options.split, options.weights)
    except RecognitionError as error:
        return tell(error)
    return 0


def tune(folder: Path, split: str, weights: Path | None) -> None:
    """Fit the prior's settings on one half of a split and print both halves' figures.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        ManifestError: there is nothing to read, or a half has no letter to compare.
    """
    lines, alphabet = labelled_lines(folder, split, weights)
    prior = read_prior()
    fitted = fit([line for line in lines if line.fits], alphabet=alphabet, prior=prior)
    for name, params in (("fitted", fitted), ("as it stands", PriorParams())):
        sys.stdout.write(f"{name}: {params}\n")
        for half in (True, False):
            own = [line for line in lines if line.fits is half]
            report = judge(own, alphabet=alphabet, prior=prior, params=params)
            sys.stdout.write(f"  {'fitting' if half else 'other'} half: {report}\n")


def labelled_lines(
    folder: Path, split: str, weights: Path | None
) -> tuple[list[LabelledLine], Alphabet]:
    """Run a network over the crops of a split.

    Raises:
        ManifestError: there is nothing to read, or a half has no letter to compare.
    """
    checkpoint = load_checkpoint(weights)
    samples = read_split(folder, split)
    for half in Half:
        check_comparable(only(half, samples), f"the {half} half of split {split!r} of {folder}")
    images = [line_image(read_crop(sample.image)) for sample in samples]
    lines = [
        LabelledLine(
            log_probs=values,
            text=samples[index].text,
            fits=half_of(samples[index]) is Half.FITTING,
        )
        for index, values in read_lines(checkpoint.model, images, device="cpu")
    ]
    return lines, Alphabet(checkpoint.config.alphabet)


def fit(
    lines: Sequence[LabelledLine], *, alphabet: Alphabet, prior: NamePrior, grid: Grid | None = None
) -> PriorParams:
    """Find the setting to use.

    Raises:
        ValueError: there is no line.
    """
    if not lines:
        raise ValueError("want at least one line")
    settings = (grid or Grid()).settings()
    wanted = [metrics.fold(line.text) for line in lines]
    right = np.array(
        [
            [metrics.fold(text) == truth for text, truth in zip(texts, wanted, strict=True)]
            for texts in (_texts(lines, alphabet, prior, params) for params in settings)
        ]
    )  # (settings, lines)
    best = right[right.sum(axis=1).argmax()]
    lost, won = (best & ~right).sum(axis=1), (right & ~best).sum(axis=1)
    # Lines that both read alike say nothing of the difference; each other one is a coin's throw.
    as_good = np.flatnonzero(lost - won <= np.sqrt(lost + won))
    return min(
        (settings[index] for index in as_good),
        key=lambda s: (s.clear.weight, s.clear.margin_nats, s.clear.letter_bonus),
    )


def _texts(
    lines: Sequence[LabelledLine], alphabet: Alphabet, prior: NamePrior, params: PriorParams
) -> list[str]:
    """Read lines with a prior."""
    return [
        with_prior(line.log_probs, alphabet=alphabet, prior=prior, params=params).text
        for line in lines
    ]


def judge(
    lines: Sequence[LabelledLine], *, alphabet: Alphabet, prior: NamePrior, params: PriorParams
) -> PriorReport:
    """Compare the raw and the prior's texts with the truth.

    Raises:
        ValueError: there is no line, or the lines say nothing.
    """
    readings = [
        with_prior(line.log_probs, alphabet=alphabet, prior=prior, params=params) for line in lines
    ]
    wanted = [metrics.fold(line.text) for line in lines]
    raw = [metrics.fold(reading.raw_text) for reading in readings]
    texts = [metrics.fold(reading.text) for reading in readings]
    triples = list(zip(raw, texts, wanted, strict=True))
    return PriorReport(
        n=len(lines),
        raw_exact=metrics.exact(raw, wanted),
        exact=metrics.exact(texts, wanted),
        raw_cer=metrics.cer(raw, wanted),
        cer=metrics.cer(texts, wanted),
        rewritten=sum(reading.changed for reading in readings),
        righted=sum(before != truth == after for before, after, truth in triples),
        spoilt=sum(before == truth != after for before, after, truth in triples),
    )


if __name__ == "__main__":
    sys.exit(main())

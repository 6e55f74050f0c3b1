"""Fit the confidence on one half of labelled crops; the other half judges it.

``python -m recognition.training.calibrate FOLDER SPLIT --weights FILE [--holdout]``

A text is right when it equals its label folded (``metrics.fold``). The command prints the
judging half's figures before and after, and writes the calibrators into the checkpoint, whole
or not at all. The calibration errors in its training record are dropped: they are of the
confidence before. The file's model id changes with them, so readings say which confidence they had;
a file that is named by its id, as those of a model folder are, is refused. So are sets of which
fewer than 100 lines are in the fitting half, or none in the other: nobody could tell the outcome.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from recognition.checkpoint import load_checkpoint, save_checkpoint
from recognition.confidence import UNCALIBRATED, Calibrators, calibrators_of
from recognition.errors import CheckpointError, ManifestError, RecognitionError
from recognition.metrics import fold
from recognition.prior import read_prior
from recognition.recognizer import Recognizer
from recognition.reliability import calibration_error, straight_through_shares
from recognition.training.evaluate import read_samples, select
from recognition.training.exit_codes import tell
from recognition.training.halves import Half, half_of, only
from recognition.training.logistic import fit_calibrator

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from recognition.confidence import Calibrator
    from recognition.training.manifest import Sample
    from recognition.types import Evidence

LEAST_LINES = 100  # to fit on; with fewer, a handful of wrong labels decides


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLine:
    """What spoke for a line's text, and whether the text was right."""

    evidence: Evidence
    right: bool  # folded
    half: Half


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit both calibrators, print how they are judged, and store them; give the exit code."""
    parser = argparse.ArgumentParser(prog="recognition.training.calibrate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("split")
    parser.add_argument("--weights", type=Path, required=True, help="the checkpoint to calibrate")
    parser.add_argument("--holdout", action="store_true", help="only writers training leaves out")
    options = parser.parse_args(arguments)
    try:
        calibrate_checkpoint(options.weights, options.folder, options.split, options.holdout)
    except RecognitionError as error:
        return tell(error)
    return 0


def calibrate_checkpoint(
    weights: Path,
    folder: Path,
    split: str,
    holdout: bool,  # noqa: FBT001, as the command has it
) -> None:
    """Fit a checkpoint's calibrators on a split and store them in its file.

    Raises:
        CheckpointError: the checkpoint cannot be used, or bears its id as its name.
        ManifestError: there is nothing to read, or too little.
    """
    samples = select(folder, split, holdout=holdout, limit=None)
    _refuse_few(samples)
    recognizer = Recognizer.load(weights)
    checkpoint = load_checkpoint(weights)
    _refuse_named_by_id(weights, checkpoint.model_id)
    before = calibrators_of(checkpoint.record)
    lines = judged_lines(recognizer, samples)
    weighed = judged_lines(recognizer.believing(read_prior()), samples)
    fitted = _fitted(lines, weighed)
    _print("ink", lines, before.ink, fitted.ink)
    _print("names", weighed, before.names, fitted.names)
    record = {**checkpoint.record, "calibrators": fitted.as_dict()}
    if "metrics" in record:
        record["metrics"] = _without_ece(record["metrics"])
    model_id = save_checkpoint(weights, checkpoint.model, checkpoint.config, record)
    sys.stdout.write(f"stored in {weights}, now model {model_id}\n")


def _refuse_few(samples: Sequence[Sample]) -> None:
    """Refuse what two numbers cannot be fitted on, or not be judged on."""
    count, others = (len(only(half, samples)) for half in (Half.FITTING, Half.JUDGING))
    if count < LEAST_LINES or not others:
        raise ManifestError(
            f"{count} crops are in the half that confidence is fitted on and {others} in the half "
            f"that judges it; {LEAST_LINES} and 1 are needed: label more, or name another split"
        )


def _refuse_named_by_id(weights: Path, model_id: str) -> None:
    """Refuse a file of a model folder: calibrating changes its id, so its name would be wrong."""
    if weights.stem == model_id:
        raise CheckpointError(
            f"{weights} is named by its id, which calibrating changes; copy it to another name, "
            "calibrate the copy, and read with it by: penname model promote COPY --force"
        )


def _without_ece(metrics: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Drop the calibration errors: they are of the confidence that was, on other sets than this."""
    return {
        name: {key: value for key, value in own.items() if key != "ece"}
        for name, own in metrics.items()
    }


def calibrate(reader: Recognizer, samples: Sequence[Sample]) -> Calibrators:
    """Fit both calibrators on the fitting half of the samples, with the shipped prior for names.

    Args:
        reader: reads without names; its own confidence does not count.
        samples: labelled crops; only the fitting half is read.
    """
    if not (own := only(Half.FITTING, samples)):
        return UNCALIBRATED
    lines = judged_lines(reader, own)
    weighed = judged_lines(reader.believing(read_prior()), own)
    return _fitted(lines, weighed)


def _fitted(lines: Sequence[JudgedLine], weighed: Sequence[JudgedLine]) -> Calibrators:
    """Fit on the same lines read without names and with them."""
    return Calibrators(
        ink=fit(lines, start=UNCALIBRATED.ink), names=fit(weighed, start=UNCALIBRATED.names)
    )


def judged_lines(recognizer: Recognizer, samples: Sequence[Sample]) -> list[JudgedLine]:
    """Read crops and compare the texts with their labels, folded."""
    readings, _ = read_samples(recognizer, samples)
    return [
        JudgedLine(
            evidence=reading.evidence,
            right=fold(reading.text) == fold(sample.text),
            half=half_of(sample),
        )
        for reading, sample in zip(readings, samples, strict=True)
    ]


def fit(lines: Sequence[JudgedLine], *, start: Calibrator) -> Calibrator:
    """Fit a calibrator on the lines of the fitting half; ``start`` where there are none."""
    own = [line for line in lines if line.half is Half.FITTING]
    return fit_calibrator(
        [line.evidence for line in own], [line.right for line in own], start=start
    )


def judge(lines: Sequence[JudgedLine], calibrator: Calibrator) -> Mapping[str, float]:
    """Give the figures of lines, one at least, under a calibrator.

    Raises:
        ValueError: there is no line.
    """
    confidences = [calibrator.confidence(line.evidence) for line in lines]
    right = [line.right for line in lines]
    return {
        "n": len(lines),
        "ece": calibration_error(confidences, right),
        **straight_through_shares(confidences, right),
    }


def _print(name: str, lines: Sequence[JudgedLine], before: Calibrator, fitted: Calibrator) -> None:
    judging = [line for line in lines if line.half is Half.JUDGING]
    sys.stdout.write(f"{name}: {fitted}\n")
    for label, calibrator in (("before", before), ("fitted", fitted)):
        n, ece, *shares = judge(judging, calibrator).items()
        through = ", ".join(f"{share:.3f} at {target}" for target, share in shares)
        sys.stdout.write(
            f"  {label}, judging half of {n[1]}: ECE {ece[1]:.4f}, straight through {through}\n"
        )


if __name__ == "__main__":
    sys.exit(main())

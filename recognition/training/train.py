"""The whole run, top to bottom: data, network, steps, measures, weights.

State is saved every so many steps; a run that is killed goes on from there when it is started
again. Its length may be changed between: the learning rate follows the share that is done.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from recognition.checkpoint import save_checkpoint
from recognition.metrics import fold
from recognition.recognizer import Recognizer
from recognition.reliability import calibration_error
from recognition.training.calibrate import calibrate
from recognition.training.crop_store import check_files, data_checksum
from recognition.training.evaluate import check_comparable, read_samples, score, select
from recognition.training.feed import batches
from recognition.training.halves import Half, half_of
from recognition.training.learner import Learner
from recognition.training.manifest import read_split, without_held_out
from recognition.training.run_record import (
    RunRecord,
    count_fonts,
    settings_of,
    versions,
    write_record,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recognition.training.config import TrainingConfig, ValidationConfig
    from recognition.training.dataset import TrainingLine
    from recognition.training.manifest import Sample
    from recognition.types import Reading

WEIGHTS, BEST, RECORD, LOG = (
    "weights.safetensors", "best.safetensors", "record.json", "log.jsonl",
)  # fmt: skip
_SMOOTHING = 0.02  # weight of the newest loss in the one that is logged


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is."""

    done: float  # [0, 1], by steps or by time, whichever is further
    step: int
    loss: float  # a character, smoothed since this start
    lines_per_s: float  # since this start


def train(
    config: TrainingConfig, on_progress: Callable[[Progress], None] | None = None
) -> RunRecord:
    """Run the training, or what is left of it, and write weights and record to ``config.out``.

    Args:
        config: the whole run.
        on_progress: told after every step how far the run is.

    Raises:
        ManifestError: a source or a validation set is missing, empty or damaged.
        TrainingConfigError: the folder holds a run of another network.
        NonFiniteLossError: the loss is NaN or infinite.
    """
    for validation in config.validations:  # here a fault costs no training
        check_files(_samples_of(validation))
    config.out.mkdir(parents=True, exist_ok=True)
    learner = Learner(config)
    checksums = [
        data_checksum(without_held_out(read_split(s.folder, s.split))) for s in config.sources
    ]
    with contextlib.closing(batches(config, learner.alphabet, first_step=learner.step)) as feed:
        _learn(learner, feed, checksums, on_progress)
    learner.save()
    return _release(learner, checksums)


def _learn(
    learner: Learner,
    feed: Iterator[list[TrainingLine]],
    checksums: list[str],
    on_progress: Callable[[Progress], None] | None,
) -> None:
    """Take steps until the run is over, saving and measuring on the way."""
    config = learner.config
    began = time.monotonic() - learner.seconds
    lines, seconds, loss = learner.lines, learner.seconds, 0.0
    first_line, first_second = lines, seconds
    while learner.done() < 1:
        loss += _SMOOTHING * (learner.learn(next(feed)) - loss)
        learner.seconds = time.monotonic() - began
        if on_progress is not None:
            pace = (learner.lines - first_line) / (learner.seconds - first_second)
            on_progress(
                Progress(done=learner.done(), step=learner.step, loss=loss, lines_per_s=pace)
            )
        if learner.step % config.save_every == 0:
            learner.save()
            rate = (learner.lines - lines) / (learner.seconds - seconds)
            lines, seconds = learner.lines, learner.seconds
            _log(config, event="step", step=learner.step, loss=loss, lines_per_s=rate)
        if learner.step % config.evaluate_every == 0 and learner.done() < 1:
            _release(learner, checksums)


def _release(learner: Learner, checksums: list[str]) -> RunRecord:
    """Measure the averaged network and write it, with its record, to the run's folder."""
    config = learner.config
    reader = _calibrated(learner)
    measured = measure(reader, config.validations)
    record = RunRecord(
        seed=config.seed,
        settings=settings_of(config),
        start_model_id=learner.start_model_id,
        steps=learner.step,
        lines=learner.lines,
        data_sha256=checksums,
        fonts=count_fonts(config),
        versions=versions(),
        metrics=measured,
        calibrators=reader.calibrators.as_dict(),
    )
    save_checkpoint(config.out / WEIGHTS, learner.average, learner.model_config, record.as_dict())
    write_record(config.out / RECORD, record)
    _log(config, event="measured", step=learner.step, **measured)
    mean_cer = sum(m["cer"] for m in measured.values()) / len(measured) if measured else 0.0
    if mean_cer <= learner.best:
        learner.best = mean_cer
        save_checkpoint(config.out / BEST, learner.average, learner.model_config, record.as_dict())
    return record


def _calibrated(learner: Learner) -> Recognizer:
    """Give the averaged network with the confidence fitted on half of the first validation set."""
    fitted_on = [sample for v in learner.config.validations[:1] for sample in _samples_of(v)]
    reader = Recognizer(learner.average, learner.alphabet, model_id="training", device="cpu")
    return reader.calibrated(calibrate(reader, fitted_on))


def measure(
    reader: Recognizer, validations: Sequence[ValidationConfig]
) -> dict[str, dict[str, float]]:
    """Read every validation set: figures by the set's name.

    Half of the first set fitted the confidence, so the set's calibration error is that of the
    other half alone; it is left out where nothing is in that half.
    """
    measured: dict[str, dict[str, float]] = {}
    for number, v in enumerate(validations):
        samples = _samples_of(v)
        readings, seconds = read_samples(reader, samples)
        texts = [sample.text for sample in samples]
        report = score(
            readings, texts, crops_per_s=len(samples) / seconds, model_id=reader.model_id
        )
        own = {k: x for k, x in asdict(report).items() if isinstance(x, int | float)}
        if number == 0:
            own.pop("ece")
            own |= _judged_error(samples, readings)
        measured[v.name] = own
    return measured


def _samples_of(validation: ValidationConfig) -> list[Sample]:
    """List a validation set.

    Raises:
        ManifestError: it is missing or empty, or no text can be compared with its labels.
    """
    samples = select(
        validation.folder, validation.split, holdout=validation.holdout, limit=validation.limit
    )
    check_comparable(samples, f"validation set {validation.name!r}")
    return samples


def _judged_error(samples: Sequence[Sample], readings: Sequence[Reading]) -> dict[str, float]:
    """Give the calibration error of the judging half, if anything is in it."""
    judged = [
        (reading.confidence, fold(reading.text) == fold(sample.text))
        for sample, reading in zip(samples, readings, strict=True)
        if half_of(sample) is Half.JUDGING
    ]
    if not judged:
        return {}
    confidences, right = zip(*judged, strict=True)
    return {"ece": calibration_error(confidences, right)}


def _log(config: TrainingConfig, **fields: Any) -> None:  # noqa: ANN401 - JSON values
    """Add one line of JSON to the run's log; it holds figures, never texts."""
    with (config.out / LOG).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"time": time.strftime("%H:%M:%S"), **fields}) + "\n")

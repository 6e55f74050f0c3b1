"""Train on from a model with what people reviewed, and say how it compares with the one in use.

One document in eight is never learned from: on its values, and on the validation sets of the
settings that are mixed in, both models are read and compared crop by crop: greedily, since the
prior over names would hide part of what a network lost. Where another model than the release is
in use, the new one is compared with the release as well: of many small losses, each within
chance of the one before, nobody would know otherwise.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from recognition.alphabet import NAME_ALPHABET
from recognition.checkpoint import RELEASE, load_checkpoint, save_checkpoint
from recognition.recognizer import Recognizer
from recognition.training.compare import compare, read_both
from recognition.training.config import SourceConfig, TrainingConfig, ValidationConfig
from recognition.training.crop_store import check_files
from recognition.training.evaluate import check_comparable, select
from recognition.training.train import WEIGHTS, train
from worker.errors import NoCorrectionsError, TooFewReviewedError, UnsuitableBaseError
from worker.models import ModelRecord, keep_model, model_id_of
from worker.reviewed import SPLIT, make_run_folder, write_samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from recognition.checkpoint import Checkpoint
    from recognition.training.compare import Comparison
    from recognition.training.manifest import Sample
    from recognition.training.train import Progress
    from worker.database.corrections import ReviewedValue
    from worker.reviewed import ReviewedSamples
    from worker.storage.base import ObjectStore

HELD_OUT = "held-out reviewed"  # name of the set of reviewed values that were kept for judging
_MODEL = "model.safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainParams:
    """How training goes on from weights that read well already."""

    least_samples: int = 50  # values to learn from; fewer teach their own names, not writing
    passes: int = 40  # times that each value is learned from, distorted anew each time
    least_steps: int = 200  # batches, however few the values are
    learning_rate: float = 3e-4  # a seventh of what an untrained network learns with
    reviewed_share: float = 0.5  # of the lines, where other sources are mixed in
    least_to_calibrate: int = 100  # crops of a set; with fewer the base's confidence is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """What to train, from what, and where."""

    out: Path  # folder of the run
    base: Path  # weights to begin with
    in_use: Path  # weights that the new ones would replace
    model_dir: Path
    mix: TrainingConfig | None  # its sources and names keep the network from forgetting
    budget_s: float
    case: str  # of the reviewed texts, as ``SourceConfig`` has it
    device: str = "cpu"  # where the two models are compared
    params: RetrainParams = RetrainParams()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrained:
    """A new model, in the model folder."""

    record: ModelRecord
    samples: ReviewedSamples


def retrain(
    run: Retraining,
    values: Sequence[ReviewedValue],
    store: ObjectStore,
    on_progress: Callable[[Progress], None] | None = None,
) -> Retrained:
    """Train, compare, and put the new model into the model folder; it is not promoted yet.

    Args:
        run: what to train.
        values: what people reviewed.
        store: where the crops lie.
        on_progress: told after every step how far the run is.

    Raises:
        NoCorrectionsError: nothing was reviewed.
        TooFewReviewedError: too little was.
        ObjectMissingError: no crop is in the store.
        UnsuitableBaseError: training cannot go on from the base.
        ConfigError: the run's folder holds something else.
        RecognitionError: a source is damaged, or the training fails.
    """
    if not values:
        raise NoCorrectionsError(
            "nobody has confirmed or typed a text there; check some with: penname correct"
        )
    base = load_checkpoint(run.base)
    network = _network(base, run.mix)
    make_run_folder(run.out, digest=_digest(run, values, base.model_id))
    samples = write_samples(values, store, run.out)
    _check_count(samples, run.params)
    judging = _judging(run, samples)
    record = train(training_config(run, samples, network), on_progress)
    new = _keep_base_confidence(run, samples, base)
    model = ModelRecord(
        model_id=model_id_of(new),
        base_model_id=base.model_id,
        compared_with=model_id_of(run.in_use),
        trained_at=datetime.now(UTC).isoformat(timespec="seconds"),
        lines=record.lines,
        reviewed_values=samples.to_learn,
        held_out_values=samples.held_out,
        comparisons=tuple(_compare(run, run.in_use, new, judging)),
        release_comparisons=tuple(_compare(run, RELEASE, new, judging))
        if model_id_of(run.in_use) != model_id_of(RELEASE)
        else (),
    )
    keep_model(run.model_dir, new.read_bytes(), model)
    return Retrained(record=model, samples=samples)


def training_config(
    run: Retraining, samples: ReviewedSamples, network: dict[str, Any]
) -> TrainingConfig:
    """Give the settings of the run: the reviewed values, mixed with the sources given."""
    params = run.params
    share, others = 1.0, 0.0
    if run.mix is not None:
        others = sum(source.share for source in run.mix.sources)
        others += run.mix.drawn.share if run.mix.drawn else 0.0
        share = others * params.reviewed_share / (1 - params.reviewed_share)
    reviewed = SourceConfig(
        folder=samples.folder, split=SPLIT, share=share, case=run.case, form=True
    )
    blank = run.mix or TrainingConfig(out=run.out, steps=1, sources=())
    lines = samples.to_learn * params.passes * (share + others) / share
    steps = max(params.least_steps, math.ceil(lines / blank.batch_lines))
    return dataclasses.replace(
        blank,
        out=run.out,
        start=run.base,
        steps=steps,
        budget_s=run.budget_s,
        sources=(reviewed, *blank.sources),
        validations=_calibrating(run, samples),
        learning_rate=params.learning_rate,
        evaluate_every=steps + 1,  # what judges the model at the end must not choose among steps
        model=network,
    )


def _network(base: Checkpoint, mix: TrainingConfig | None) -> dict[str, Any]:
    """Give the settings of the base's network, if training can go on with it."""
    found = dataclasses.asdict(base.config)
    if found.pop("alphabet") != NAME_ALPHABET:
        raise UnsuitableBaseError(
            f"model {base.model_id} knows other characters than this penname trains; leave --base "
            "out to start from the model in use, or train anew with: penname train RUN.toml"
        )
    wanted = {name: _as_tuple(value) for name, value in (mix.model if mix else {}).items()}
    if other := sorted(name for name, value in wanted.items() if found.get(name) != value):
        raise UnsuitableBaseError(
            f"model {base.model_id} has another {', '.join(other)} than [model] of the settings; "
            "take [model] out of them, or train anew with: penname train RUN.toml"
        )
    return found


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _digest(run: Retraining, values: Sequence[ReviewedValue], base_id: str) -> str:
    """Name all that a run is made from, so that it is only ever gone on with as it began."""
    said = [(value.reading_id.hex, value.text) for value in values]
    whole = repr((base_id, said, run.mix, run.case, run.params))
    return hashlib.sha256(whole.encode()).hexdigest()


def _check_count(samples: ReviewedSamples, params: RetrainParams) -> None:
    if samples.to_learn >= params.least_samples:
        return
    left_out = f"; left out: {samples.left_out}" if samples.left_out else ""
    raise TooFewReviewedError(
        f"{samples.to_learn} reviewed values to learn from, {params.least_samples} are needed "
        f"({samples.held_out} more are kept for judging{left_out}); "
        "check more with: penname correct"
    )


def _calibrating(run: Retraining, samples: ReviewedSamples) -> tuple[ValidationConfig, ...]:
    """Choose the set that the confidence is fitted on; none where all are too small."""
    sets = (_held_out(samples), *(run.mix.validations[:1] if run.mix else ()))
    counts = (
        len(select(one.folder, one.split, holdout=one.holdout, limit=one.limit)) for one in sets
    )
    large = (one for one, n in zip(sets, counts, strict=True) if n >= run.params.least_to_calibrate)
    return tuple(islice(large, 1))


def _judging(run: Retraining, samples: ReviewedSamples) -> dict[str, list[Sample]]:
    """List what the models are compared on; a set that is no good costs no training."""
    sets = [_held_out(samples)] if samples.held_out else []
    listed = {
        one.name: select(one.folder, one.split, holdout=one.holdout, limit=one.limit)
        for one in [*sets, *(run.mix.validations if run.mix else ())]
    }
    for name, own in listed.items():
        check_comparable(own, f"validation set {name!r}")
        check_files(own)
    return listed


def _held_out(samples: ReviewedSamples) -> ValidationConfig:
    return ValidationConfig(name=HELD_OUT, folder=samples.folder, split=SPLIT, holdout=True)


def _keep_base_confidence(run: Retraining, samples: ReviewedSamples, base: Checkpoint) -> Path:
    """Write the trained weights as a model; where nothing fitted its confidence, the base's."""
    trained = load_checkpoint(run.out / WEIGHTS)
    fitted = trained.record["calibrators"] if _calibrating(run, samples) else {}
    settings = {
        **trained.record,
        "base_model_id": base.model_id,
        "metrics": _timeless(trained),
        "calibrators": {**base.record.get("calibrators", {}), **fitted},
    }
    path = run.out / _MODEL
    # The file's bytes differ with every writing, and with them the id: a run that is given
    # again keeps the model that it ended at.
    if not (path.is_file() and _is_same(load_checkpoint(path), trained, settings)):
        save_checkpoint(path, trained.model, trained.config, settings)
    return path


def _is_same(kept: Checkpoint, trained: Checkpoint, settings: dict[str, Any]) -> bool:
    weights = kept.model.state_dict(), trained.model.state_dict()
    return kept.record == settings and all(
        bool((one == other).all())
        for one, other in zip(*(found.values() for found in weights), strict=True)
    )


def _timeless(trained: Checkpoint) -> dict[str, dict[str, float]]:
    """Drop speeds from the figures: a run that is given again must end at the same file."""
    return {
        name: {key: value for key, value in measured.items() if key != "crops_per_s"}
        for name, measured in trained.record["metrics"].items()
    }


def _compare(
    run: Retraining, old: Path, new: Path, judging: Mapping[str, Sequence[Sample]]
) -> Iterator[Comparison]:
    """Read every set with an old model and the new one."""
    before, after = (Recognizer.load(weights, device=run.device) for weights in (old, new))
    for name, samples in judging.items():
        yield compare(name, read_both(before, after, samples))

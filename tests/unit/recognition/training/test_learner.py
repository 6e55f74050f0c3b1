from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from recognition.batching import pad_lines
from recognition.checkpoint import save_checkpoint
from recognition.decode import best_path
from recognition.errors import NonFiniteLossError, TrainingConfigError
from recognition.preprocess import line_image
from recognition.training.config import TrainingConfig
from recognition.training.dataset import TrainingLine
from recognition.training.learner import Learner
from recognition.training.steps import learning_pace
from recognition.training.synthetic import draw_name
from tests.unit.recognition.training.sources import FONTS, TEXTS

if TYPE_CHECKING:
    from pathlib import Path

MODEL = {
    "conv_channels": (16, 32, 48, 64), "frame_features": 64, "rnn_units": 64, "dropout": 0.0,
}  # fmt: skip


def run(tmp_path: Path, **changes) -> Learner:
    settings = {
        "out": tmp_path, "steps": 100_000, "sources": (), "model": MODEL, "threads": 1,
        "learning_rate": 3e-3, "ema_decay": 0.8, "doubt_loss": 100.0, "warmup_share": 0.0,
    }  # fmt: skip
    return Learner(TrainingConfig(**{**settings, **changes}))


def lines(texts=TEXTS, *, open_case=False):
    rng = np.random.default_rng(1)
    return [
        TrainingLine(
            image=line_image(draw_name(text, font_path=FONTS[i % 3], height_px=48, rng=rng)),
            text=text,
            open_case=open_case,
        )
        for i, text in enumerate(texts)
    ]


@pytest.mark.slow
def test_the_network_learns_eight_lines_by_heart(tmp_path):
    learner, batch = run(tmp_path), lines()

    for _ in range(400):
        if learner.learn(batch) < 0.02:  # the average lags behind
            break

    with torch.inference_mode():
        out = learner.average(pad_lines([line.image for line in batch]))
    texts = [
        best_path(out.values[: int(own), n].numpy(), learner.alphabet)[0]
        for n, own in enumerate(out.frames)
    ]
    assert texts == [line.text for line in batch]


def test_parts_of_a_batch_teach_what_the_whole_teaches(tmp_path):
    # Each part normalises by itself, so both parts hold the same lines.
    batch = [line for line in lines(("ADA", "EVE")) for _ in range(2)]
    gradients = []
    for threads in (1, 2):
        learner = run(tmp_path, threads=threads, clip_norm=1e9)
        learner.learn(batch)
        gradients.append(
            torch.cat([p.grad.flatten() for p in learner.model.parameters() if p.grad is not None])
        )

    # Training runs in bfloat16, so single numbers differ; the direction and length may not.
    whole, parts = gradients
    assert torch.cosine_similarity(whole, parts, dim=0) > 0.995
    assert float(parts.norm() / whole.norm()) == pytest.approx(1.0, abs=0.03)


def test_a_saved_run_goes_on_with_the_same_numbers(tmp_path):
    batch = lines(("ADA", "EVE"))
    first = run(tmp_path)
    first.learn(batch)
    first.save()
    second = run(tmp_path)

    assert (second.step, second.lines) == (1, 2)
    for a, b in zip(first.model.parameters(), second.model.parameters(), strict=True):
        torch.testing.assert_close(a, b)
    assert first.learn(batch) == pytest.approx(second.learn(batch), rel=1e-3)
    assert not list(tmp_path.glob("*.partial"))


def test_a_state_of_another_network_is_refused(tmp_path):
    run(tmp_path).save()

    with pytest.raises(TrainingConfigError, match="model"):
        run(tmp_path, model={**MODEL, "rnn_units": 8})


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path):
    learner = run(tmp_path)
    with torch.no_grad():
        learner.model.head.bias[3] = float("nan")

    with pytest.raises(NonFiniteLossError, match="step 0"):
        learner.learn(lines(("ADA",)))


def test_a_line_with_a_wrong_label_teaches_nothing_once_its_neighbours_are_learned(tmp_path):
    learner = run(tmp_path, doubt_loss=3.0)
    losses = torch.tensor([0.2, 0.4, 0.9, 3.1, 8.0])

    assert learner._trusted(losses).tolist() == [1, 1, 1, 0, 0]  # noqa: SLF001 - the rule itself
    assert learner._trusted(losses + 1.0).tolist() == [1, 1, 1, 1, 1]  # noqa: SLF001


@pytest.mark.parametrize(
    ("done", "pace"),
    [(0.0, 0.01), (0.05, 0.5), (0.1, 1.0), (0.55, 0.5), (1.0, 0.0), (1.2, 0.0)],
    ids=["start", "rising", "full", "middle", "end", "beyond"],
)
def test_the_learning_rate_rises_and_falls_with_the_share_of_steps(done, pace):
    assert learning_pace(done, 0.1) == pytest.approx(pace, abs=1e-9)


def test_a_constant_learning_rate_rises_and_stays():
    assert [learning_pace(done, 0.1, cosine=False) for done in (0.05, 0.1, 1.0)] == [0.5, 1.0, 1.0]


def test_smoothed_labels_keep_a_network_from_being_sure(tmp_path):
    plain, smooth = run(tmp_path / "plain"), run(tmp_path / "smooth", label_smoothing=0.5)
    for learner in (plain, smooth):
        for _ in range(12):
            learner.learn(lines(("ADA", "EVE")))

    sureness = [
        learner.model.eval()(pad_lines([line.image for line in lines(("ADA", "EVE"))]))
        .values.exp()
        .amax(dim=2)
        .mean()
        for learner in (plain, smooth)
    ]

    assert sureness[1] < sureness[0]


def test_a_run_starts_from_weights_of_the_network_that_toml_describes(tmp_path):
    first = run(tmp_path / "first", seed=1)
    start = tmp_path / "start.safetensors"
    model_id = save_checkpoint(start, first.model, first.model_config, {})
    as_toml_has_it = {**MODEL, "conv_channels": [16, 32, 48, 64]}

    second = run(tmp_path / "second", seed=2, start=start, model=as_toml_has_it)

    for name, weights in first.model.state_dict().items():
        assert torch.equal(second.model.state_dict()[name], weights), name
    assert (first.start_model_id, second.start_model_id) == (None, model_id)


def test_a_run_with_added_layers_begins_where_the_network_without_them_ended(tmp_path):
    first = run(tmp_path / "first", seed=1)
    start = tmp_path / "start.safetensors"
    save_checkpoint(start, first.model, first.model_config, {})
    batch = pad_lines([line.image for line in lines()])

    deep = {**MODEL, "more_convs": [0, 1, 1], "more_rnn_layers": 1, "dropout": 0.3}
    second = run(tmp_path / "second", seed=2, start=start, model=deep)

    with torch.inference_mode():
        torch.testing.assert_close(second.average(batch).values, first.average(batch).values)


@pytest.mark.parametrize(
    ("had", "wanted"),
    [
        ({}, {"rnn_units": 32}),
        ({"more_rnn_layers": 1}, {}),
        ({"more_convs": (0, 2, 0)}, {"more_convs": (1, 1, 1)}),
    ],
    ids=["of another size", "with more layers", "with more convolutions in a stage"],
)
def test_weights_of_another_network_are_no_start(tmp_path, had, wanted):
    first = run(tmp_path / "first", model={**MODEL, **had})
    start = tmp_path / "start.safetensors"
    save_checkpoint(start, first.model, first.model_config, {})

    with pytest.raises(TrainingConfigError, match="another network"):
        run(tmp_path / "second", start=start, model={**MODEL, **wanted})

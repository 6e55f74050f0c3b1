from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from recognition.batching import pad_lines
from recognition.ctc import ctc_losses
from recognition.model import Crnn, frames, fused
from recognition.types import LineBatch
from tests.unit.recognition.networks import DEEP, SMALL, small_network

TOLERANCE = 1e-4  # log probability; float32 sums run in another order in another shape
HALF_TOLERANCE = 0.1  # bfloat16 keeps 8 bits


def lines(*widths, seed=2):
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (SMALL.height_px, w), dtype=np.uint8) for w in widths]


def test_frames_tells_the_output_length_of_every_width():
    model = small_network()

    for width in range(1, 513):
        image = torch.zeros(1, 1, SMALL.height_px, width)
        with torch.inference_mode():
            out = model(LineBatch(images=image, widths_px=torch.tensor([width])))
        assert out.values.shape[0] == frames(width)
        assert out.frames.tolist() == [frames(width)]


@pytest.mark.parametrize("config", [SMALL, DEEP], ids=["plain", "with added layers"])
def test_a_line_reads_the_same_alone_and_in_any_batch(config):
    model = small_network(config)
    crops = lines(1, 5, 37, 64, 130, 131, 255)

    with torch.inference_mode():
        together = model(pad_lines(crops))
        for column, crop in enumerate(crops):
            alone = model(pad_lines([crop]))
            own = int(alone.frames[0])
            assert own == int(together.frames[column])
            apart = (alone.values[:own, 0] - together.values[:own, column]).abs().max()
            assert float(apart) < TOLERANCE


def test_what_stands_in_the_padding_is_never_seen():
    model = small_network()
    clean = pad_lines(lines(50, 90))
    dirty = clean.images.clone()
    dirty[0, :, :, 52:] = 1.0

    with torch.inference_mode():
        expected = model(clean)
        got = model(LineBatch(images=dirty, widths_px=clean.widths_px))

    own = int(expected.frames[0])
    # The stem sees two columns past the line's end, so only those must be paper.
    torch.testing.assert_close(got.values[:own, 0], expected.values[:own, 0])


def test_log_probabilities_sum_to_one_in_every_frame():
    with torch.inference_mode():
        out = small_network()(pad_lines(lines(40, 60)))

    torch.testing.assert_close(out.values.exp().sum(-1), torch.ones(out.values.shape[:2]))


def test_a_height_that_the_pooling_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="multiples of 8"):
        Crnn(dataclasses.replace(SMALL, height_px=30))


def test_a_single_layer_needs_no_dropout_between_layers():
    model = small_network(dataclasses.replace(SMALL, rnn_layers=1))

    with torch.inference_mode():
        out = model(pad_lines(lines(40)))

    assert out.values.shape == (frames(48), 1, len(SMALL.alphabet) + 1)


def test_added_layers_change_nothing_before_they_are_trained():
    plain, deep = small_network(), Crnn(DEEP).eval()
    deep.load_state_dict(plain.state_dict(), strict=False)
    batch = pad_lines(lines(40, 130))

    with torch.inference_mode():
        torch.testing.assert_close(deep(batch).values, plain(batch).values)


@pytest.mark.parametrize("config", [SMALL, DEEP], ids=["plain", "with added layers"])
def test_training_runs_in_half_precision_and_its_loss_is_finite(config):
    model = small_network(config).train()

    out = model(pad_lines(lines(60, 80)))
    loss = ctc_losses(out, [[1, 2], [3, 3]]).mean()
    loss.backward()

    assert out.values.dtype == torch.float32
    assert torch.isfinite(loss)
    assert all(p.grad is not None and torch.isfinite(p.grad).all() for p in model.parameters())


def test_a_network_made_for_reading_reads_as_the_one_that_was_trained():
    model = small_network()
    batch = pad_lines(lines(3, 60, 128, 200))

    with torch.inference_mode():
        wanted, got = model(batch), fused(model)(batch)
        again = fused(fused(model))(batch)

    assert not any(isinstance(part, torch.nn.BatchNorm2d) for part in fused(model).modules())
    assert any(isinstance(part, torch.nn.BatchNorm2d) for part in model.modules())
    assert float((got.values - wanted.values).abs().max()) < TOLERANCE
    torch.testing.assert_close(again.values, got.values)


def test_half_precision_is_computed_where_it_is_asked_for():
    model, batch = small_network(), pad_lines(lines(60, 128))

    with torch.inference_mode():
        full, half = model(batch), model(batch, dtype=torch.bfloat16)

    apart = float((full.values - half.values).abs().max())
    assert half.values.dtype == torch.float32
    assert 0 < apart < HALF_TOLERANCE

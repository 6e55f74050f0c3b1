from __future__ import annotations

import pytest
import torch

from recognition.training.study import pictures

IMAGES = torch.arange(2 * 3 * 32 * 32, dtype=torch.float32).view(2, 3, 32, 32)


@pytest.mark.parametrize(
    ("folding", "shape"),
    [
        (pictures.columns, (32, 2, 96)),
        (pictures.rows, (32, 2, 96)),
        (pictures.green_columns, (32, 2, 32)),
        (pictures.pixels, (1024, 2, 3)),
    ],
)
def test_a_folding_gives_its_steps(folding, shape):
    assert folding(IMAGES).shape == shape


def test_steps_hold_the_columns_rows_and_pixels_that_they_are_named_for():
    assert torch.equal(pictures.columns(IMAGES)[5, 1], IMAGES[1, :, :, 5].flatten())
    assert torch.equal(pictures.rows(IMAGES)[5, 1], IMAGES[1, :, 5, :].flatten())
    assert torch.equal(pictures.green_columns(IMAGES)[5, 1], IMAGES[1, 1, :, 5])
    assert torch.equal(pictures.pixels(IMAGES)[32 * 3 + 7, 1], IMAGES[1, :, 3, 7])


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(
    "build",
    [
        lambda k: pictures.FoldedRnn(pictures.columns, channels=k, units=4, classes=7),
        lambda k: pictures.Cnn(channels=k, width=2, classes=7),
        lambda k: pictures.PictureCrnn(channels=k, width=2, classes=7),
    ],
    ids=["rnn", "cnn", "crnn"],
)
def test_every_network_scores_the_classes_of_grey_and_colour(build, channels):
    assert build(channels).eval()(IMAGES[:, :channels]).shape == (2, 7)

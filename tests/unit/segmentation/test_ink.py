from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation.illumination import FlattenParams, flatten
from segmentation.ink import InkParams, ink_fraction, ink_mask, paper_noise
from tests.unit.segmentation.conftest import read_only

PARAMS = InkParams()


def paper(sigma, *, seed=1, gray=245):
    noise = np.random.default_rng(seed).normal(0, sigma, (200, 600))
    return np.clip(gray + noise, 0, 255).astype(np.uint8)


def stroke_on(image, step):
    """Darken a pen stroke by a number of gray steps; give the image and where it is."""
    where = np.zeros(image.shape, np.uint8)
    cv2.line(where, (80, 150), (500, 60), 255, 6)
    darker = np.clip(image.astype(int) - step, 0, 255).astype(np.uint8)
    return np.where(where > 0, darker, image), where > 0


@pytest.mark.parametrize(
    ("sigma", "step"),
    [
        pytest.param(1, 45, id="faint-pencil-on-clean-paper"),
        pytest.param(6, 90, id="pencil-on-grain"),
        pytest.param(14, 170, id="pen-on-noise"),
    ],
)
def test_a_stroke_is_found_as_faint_as_the_noise_allows(sigma, step):
    image, where = stroke_on(paper(sigma), step)

    mask = ink_mask(read_only(image), PARAMS)

    assert (mask[where] > 0).mean() > 0.9
    assert (
        mask[~cv2.dilate(where.astype(np.uint8), np.ones((9, 9))).astype(bool)] > 0
    ).mean() < 0.001


@pytest.mark.parametrize("sigma", [0, 2, 8, 15])
def test_bare_paper_has_no_ink(sigma):
    assert ink_fraction(ink_mask(paper(sigma), PARAMS)) < 2e-4


@pytest.mark.parametrize("sigma", [2, 5, 10, 20])
def test_noise_is_measured_about_right_under_writing(sigma):
    image, _ = stroke_on(paper(sigma, gray=180), 120)

    assert paper_noise(255 - image) == pytest.approx(sigma, rel=0.35, abs=1)


def test_an_all_white_image_has_neither_noise_nor_ink():
    white = np.full((50, 60), 255, np.uint8)

    assert paper_noise(255 - white) == 0
    assert ink_mask(white, PARAMS).max() == 0


def test_a_shadow_is_flattened_and_the_writing_stays():
    image, where = stroke_on(paper(1), 120)
    ramp = np.linspace(0.35, 1.0, image.shape[1])
    shaded = (image * ramp).astype(np.uint8)

    flat = flatten(read_only(shaded), FlattenParams(shrink=8))

    assert abs(float(flat[:, :150][~where[:, :150]].mean()) - 255) < 8
    assert float(flat[where].mean()) < 160


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (17, 33), (8, 640)])
def test_flattening_keeps_the_shape_of_odd_images(shape):
    image = np.full(shape, 200, np.uint8)

    flat = flatten(image, FlattenParams())

    assert flat.shape == shape
    assert flat.min() >= 250

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation.patches import (
    PatchParams,
    cut_patches,
    find_patches,
    patch_strength,
    pick_spread,
)
from segmentation.pyramid import Level
from tests.drawing import text_page

PARAMS = PatchParams()
PRINT = text_page(4, width_px=600, height_px=800)
SHIFT = np.array([[1.0, 0.0, 2.6], [0.0, 1.0, -3.3], [0.0, 0.0, 1.0]])


def level(image):
    return Level(image=image, scale_x=1.0, scale_y=1.0)


def chosen(image, avoid=None):
    avoid = np.zeros(image.shape, np.uint8) if avoid is None else avoid
    strength = patch_strength(level(image), PARAMS, avoid=avoid)
    return pick_spread(strength, PARAMS, columns=5, rows=7)


def shifted(image, h=SHIFT):
    size = (image.shape[1], image.shape[0])
    return np.asarray(cv2.warpPerspective(image, h, size, borderValue=255), np.uint8)


def test_patches_lie_on_print_and_apart_from_where_people_write():
    avoid = np.zeros(PRINT.shape, np.uint8)
    avoid[300:500] = 255

    places = chosen(PRINT, avoid)

    assert len(places) >= 15
    reach = PARAMS.side_px // 2
    assert not ((places[:, 1] > 300 - reach) & (places[:, 1] < 499 + reach)).any()


def test_a_white_page_and_plain_lines_have_no_patches():
    lines = np.full((800, 600), 255, np.uint8)
    lines[::50] = 0  # no structure along the lines, so a patch could slide

    assert len(chosen(np.full((800, 600), 255, np.uint8))) == 0
    assert len(chosen(lines)) == 0


def test_print_amid_paper_without_a_speck_is_found_where_it_is():
    sheet = np.full((800, 600), 255, np.uint8)
    places = [(x, y) for y in range(60, 760, 80) for x in range(60, 560, 80)]
    for shade, (x, y) in enumerate(places):
        cv2.rectangle(sheet, (x - 3, y - 3), (x + 1 + shade % 5, y + 2), shade, 1)
    params = replace(PARAMS, search_px=2 * PARAMS.side_px)  # far enough for paper alone
    patches = cut_patches(level(sheet), np.array(places, np.float64), params)

    seen = find_patches(patches, level(sheet), np.eye(3), params)

    assert len(places) > 50
    assert seen.found.all()
    assert np.abs(seen.moved).max() < 0.1


def test_a_shift_is_measured_to_a_fraction_of_a_pixel():
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)

    seen = find_patches(patches, level(shifted(PRINT)), np.eye(3), PARAMS)

    assert seen.found.all()
    np.testing.assert_allclose(np.median(seen.moved, axis=0), [2.6, -3.3], atol=0.15)
    assert np.abs(seen.moved - [2.6, -3.3]).max() < 0.4


def test_print_that_lies_beyond_the_search_is_not_found():
    far = np.array([[1.0, 0.0, 60.0], [0.0, 1.0, 45.0], [0.0, 0.0, 1.0]])
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)

    seen = find_patches(patches, level(shifted(PRINT, far)), np.eye(3), PARAMS)

    assert seen.found.mean() < 0.25


def test_other_print_is_not_taken_for_the_forms():
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)
    other = text_page(99, width_px=600, height_px=800)

    seen = find_patches(patches, level(other), np.eye(3), PARAMS)

    assert seen.found.mean() < 0.25


def test_scores_are_those_of_normalised_correlation():
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)
    rng = np.random.default_rng(3)
    noisy = np.clip(PRINT + rng.normal(0, 20, PRINT.shape), 0, 255).astype(np.uint8)

    seen = find_patches(patches, level(noisy), np.eye(3), PARAMS)

    reach = PARAMS.side_px // 2 + PARAMS.search_px
    for (x, y), image, score in zip(
        patches.centers.astype(int), patches.images, seen.scores, strict=True
    ):
        if reach <= x < PRINT.shape[1] - reach and reach <= y < PRINT.shape[0] - reach:
            window = noisy[y - reach : y + reach + 1, x - reach : x + reach + 1]
            surface = cv2.matchTemplate(window, image, cv2.TM_CCOEFF_NORMED)
            assert score == pytest.approx(surface.max(), abs=1e-4)


def test_a_covered_patch_is_hidden_and_one_off_the_page_is_absent():
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)
    covered = PRINT.copy()
    covered[:, :200] = 170
    cropped = covered[:, :450]

    seen = find_patches(patches, level(cropped), np.eye(3), PARAMS)

    x = patches.centers[:, 0]
    assert not seen.visible[x < 170].any()
    assert not seen.on_page[x > 450].any()
    assert seen.found[(x > 230) & (x < 410)].all()
    assert (~seen.found[x < 170]).all()


def test_no_patches_are_an_empty_sighting():
    patches = cut_patches(level(PRINT), np.empty((0, 2)), PARAMS)

    seen = find_patches(patches, level(PRINT), np.eye(3), PARAMS)

    assert seen.moved.shape == (0, 2)
    assert seen.found.shape == (0,)


@pytest.mark.parametrize("value", [0, 130, 255])
def test_a_flat_page_shows_nothing(value):
    patches = cut_patches(level(PRINT), chosen(PRINT), PARAMS)

    seen = find_patches(patches, level(np.full_like(PRINT, value)), np.eye(3), PARAMS)

    assert not seen.visible.any()

from __future__ import annotations

import numpy as np
import pytest

from recognition.preprocess import PARAMS, line_image
from recognition.training.synthetic import draw_name
from recognition.training.views import ViewParams, some_view
from tests.unit.recognition.training.sources import FONTS


@pytest.fixture(scope="module")
def crop():
    rng = np.random.default_rng(3)
    return draw_name("Ada Lovelace", font_path=FONTS[0], height_px=60, rng=rng)


def test_a_share_of_lines_is_seen_as_reading_sees_them(crop):
    rng = np.random.default_rng(1)
    read = line_image(crop)

    same = sum(np.array_equal(some_view(crop, rng), read) for _ in range(200))

    assert 50 < same < 110  # of 200, two fifths


def test_other_views_differ_in_size_and_darkness_and_keep_the_writing(crop):
    rng = np.random.default_rng(2)
    read = line_image(crop)

    views = [some_view(crop, rng, ViewParams(share=1.0)) for _ in range(40)]

    assert all(view.shape[0] == PARAMS.height_px and view.dtype == np.uint8 for view in views)
    assert len({view.shape[1] for view in views}) > 5
    ink = [view.mean() / read.mean() for view in views]
    assert min(ink) < 0.9
    assert max(ink) > 1.1
    assert all((view > 127).any() for view in views)


def test_a_crop_without_ink_stays_empty():
    paper = np.full((40, 120), 255, np.uint8)

    assert not some_view(paper, np.random.default_rng(4), ViewParams(share=1.0)).any()

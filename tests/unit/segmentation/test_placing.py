from __future__ import annotations

import numpy as np
import pytest

from segmentation.placing import PlacingParams, fit_correction
from segmentation.warp import move

PARAMS = PlacingParams()
MIDDLE = np.array([400.0, 300.0])
PLACES = np.array([[250.0, 250], [300, 360], [420, 240], [520, 350], [560, 260], [330, 290]])
EVEN = np.ones(len(PLACES))


def test_a_shift_all_patches_agree_on_is_undone():
    moved = np.tile([3.0, -2.0], (len(PLACES), 1))

    correction, agreeing = fit_correction(PLACES, moved, EVEN, MIDDLE, PARAMS)

    assert agreeing.sum() == len(PLACES)
    np.testing.assert_allclose(move(MIDDLE[None], correction)[0], MIDDLE + [3, -2], atol=1e-6)


def test_a_stretch_is_followed_most_of_the_way():
    moved = (PLACES - MIDDLE) * [0.012, 0.0]

    correction, agreeing = fit_correction(PLACES, moved, EVEN, MIDDLE, PARAMS)

    assert agreeing.sum() == len(PLACES)
    off = move(PLACES, correction) - (PLACES + moved)
    assert np.abs(off).max() < 0.8  # px; unfitted it would be 2


def test_patches_found_in_the_wrong_place_do_not_count():
    moved = np.tile([1.0, 1.0], (len(PLACES), 1))
    moved[[1, 4]] = [[-6.0, 5.0], [7.0, -7.0]]

    correction, agreeing = fit_correction(PLACES, moved, EVEN, MIDDLE, PARAMS)

    assert agreeing.sum() == len(PLACES) - 2
    np.testing.assert_allclose(move(MIDDLE[None], correction)[0], MIDDLE + 1, atol=0.2)


@pytest.mark.parametrize(
    ("places", "moved"),
    [
        pytest.param(np.empty((0, 2)), np.empty((0, 2)), id="none"),
        pytest.param(
            PLACES[:4], np.array([[7.0, 7], [-7, 7], [7, -7], [-7, -7]]), id="all-disagree"
        ),
    ],
)
def test_without_agreement_nothing_is_moved(places, moved):
    correction, agreeing = fit_correction(places, moved, np.ones(len(places)), MIDDLE, PARAMS)

    np.testing.assert_array_equal(correction, np.eye(3))
    assert agreeing.sum() == 0

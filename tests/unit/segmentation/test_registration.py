from __future__ import annotations

import numpy as np
import pytest

from segmentation.errors import Misfit, RegistrationError
from segmentation.registration import RegistrationParams, fit_registration, hull_share
from segmentation.warp import move

# A scan turned by about 2 degrees, moved by (12, -7) px, with slight perspective.
TRUTH = np.array([[0.9994, -0.0349, 12.0], [0.0349, 0.9994, -7.0], [1e-6, -2e-6, 1.0]])
LINE = np.column_stack([np.arange(40.0), np.full(40, 5.0)])
PARAMS = RegistrationParams()
SIZE = (1130, 800)  # height and width of A4 at about 100 dpi


def grid(step_px: int = 90) -> np.ndarray:
    xs, ys = np.meshgrid(np.arange(40, 800, step_px), np.arange(40, 1130, step_px))
    return np.column_stack([xs.ravel(), ys.ravel()]).astype(np.float64)


def test_exact_pairs_give_back_the_true_map():
    page = grid()

    fit = fit_registration(page, move(page, TRUTH), SIZE, PARAMS)

    assert np.abs(move(page, fit.page_to_template) - move(page, TRUTH)).max() < 1e-3  # px
    assert fit.inliers.all()
    assert fit.rms_px < 1e-3
    assert fit.spread == pytest.approx(hull_share(move(page, TRUTH), SIZE), rel=1e-6)


def test_two_wrong_pairs_in_five_do_not_move_the_fit():
    rng = np.random.default_rng(7)
    page = grid()
    template = move(page, TRUTH)
    wrong = rng.choice(len(page), size=int(0.4 * len(page)), replace=False)
    template[wrong] += rng.uniform(60, 200, size=(len(wrong), 2))

    fit = fit_registration(page, template, SIZE, PARAMS)

    assert not fit.inliers[wrong].any()
    assert np.abs(move(page, fit.page_to_template) - move(page, TRUTH)).max() < 0.05  # px


def test_same_pairs_always_give_the_same_fit():
    rng = np.random.default_rng(7)
    page = grid()
    template = move(page, TRUTH) + rng.normal(0, 1.0, page.shape)

    first, second = (fit_registration(page, template, SIZE, PARAMS) for _ in range(2))

    np.testing.assert_array_equal(first.page_to_template, second.page_to_template)


@pytest.mark.parametrize(
    ("page", "template", "reason"),
    [
        pytest.param(grid()[:5], grid()[:5], Misfit.TOO_FEW_PAIRS, id="few"),
        pytest.param(LINE, LINE, Misfit.NO_FIT, id="one-line"),
        pytest.param(grid(), grid() * [-1, 1], Misfit.NO_FIT, id="mirror"),
        pytest.param(grid(), grid() * [1, 1.6], Misfit.IMPLAUSIBLE_SHAPE, id="stretched"),
        pytest.param(
            grid(),
            move(grid(), np.array([[1, 0, 0], [0, 1, 0], [0, 9e-4, 1]])),
            Misfit.IMPLAUSIBLE_SHAPE,
            id="tilted-away",
        ),
        pytest.param(grid() / 4, grid() / 4, Misfit.NARROW_SPREAD, id="corner"),
        pytest.param(
            grid(),
            np.random.default_rng(3).uniform(0, 1000, grid().shape),
            Misfit.TOO_FEW_INLIERS,
            id="noise",
        ),
    ],
)
def test_a_bad_scan_is_refused_with_its_reason(page, template, reason):
    with pytest.raises(RegistrationError) as caught:
        fit_registration(page, template, SIZE, PARAMS)

    assert caught.value.reason is reason
    assert caught.value.code == reason.value


def test_unequal_arrays_are_a_callers_bug():
    with pytest.raises(ValueError, match=r"two equal \(N, 2\) arrays"):
        fit_registration(grid(), grid()[:-1], SIZE, PARAMS)

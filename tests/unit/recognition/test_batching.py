from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recognition.batching import WIDTH_STEP_PX, by_width, pad_lines


def test_lines_are_padded_on_the_right_with_paper():
    narrow, wide = np.full((8, 3), 255, np.uint8), np.full((8, 20), 51, np.uint8)

    batch = pad_lines([narrow, wide])

    assert batch.images.shape == (2, 1, 8, 2 * WIDTH_STEP_PX)
    assert batch.widths_px.tolist() == [3, 20]
    assert batch.images[0, 0, :, :3].eq(1).all()
    assert batch.images[0, 0, :, 3:].eq(0).all()
    assert batch.images[1, 0, 0, 0].item() == pytest.approx(0.2)


@pytest.mark.parametrize(
    "lines",
    [[], [np.zeros((8, 3), np.uint8), np.zeros((9, 3), np.uint8)]],
    ids=["none", "heights-differ"],
)
def test_lines_that_make_no_batch_are_a_callers_bug(lines):
    with pytest.raises(ValueError, match="line"):
        pad_lines(lines)


@given(st.lists(st.integers(1, 500), max_size=40), st.integers(1, 8), st.integers(1, 2000))
def test_every_line_is_in_one_group_within_the_limits(widths, max_lines, max_pixels):
    groups = by_width(widths, max_lines=max_lines, max_pixels=max_pixels)

    assert sorted(i for group in groups for i in group) == list(range(len(widths)))
    for group in groups:
        assert len(group) <= max_lines
        assert len(group) == 1 or len(group) * max(widths[i] for i in group) <= max_pixels
    in_order = [widths[i] for group in groups for i in group]
    assert in_order == sorted(in_order)

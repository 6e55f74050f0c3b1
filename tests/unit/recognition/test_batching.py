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


@given(
    st.lists(st.integers(1, 500), max_size=40),
    st.integers(1, 8),
    st.integers(1, 2000),
    st.integers(0, 1000),
)
def test_every_line_is_in_one_group_within_the_limits(widths, max_lines, max_pixels, group_px):
    groups = by_width(widths, max_lines=max_lines, max_pixels=max_pixels, group_px=group_px)

    assert sorted(i for group in groups for i in group) == list(range(len(widths)))
    for group in groups:
        assert len(group) <= max_lines
        assert len(group) == 1 or len(group) * max(widths[i] for i in group) <= max_pixels
    in_order = [widths[i] for group in groups for i in group]
    assert in_order == sorted(in_order)


def test_lines_of_like_width_are_grouped_so_that_little_is_padded():
    widths = [100, 400, 110, 90, 390]

    groups = by_width(widths, max_lines=8, max_pixels=4000, group_px=300)

    assert [sorted(group) for group in groups] == [[0, 2, 3], [1, 4]]


def test_groups_that_cost_much_are_few():
    widths = [100, 400, 110, 90, 390]

    assert len(by_width(widths, max_lines=8, max_pixels=4000, group_px=4000)) == 1
    assert len(by_width(widths, max_lines=8, max_pixels=4000, group_px=0)) == len(widths)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=7), st.integers(0, 60))
def test_no_other_cut_of_the_sorted_lines_costs_less(widths, group_px):
    def cost(groups):
        return sum(len(group) * max(group) + group_px for group in groups)

    groups = by_width(widths, max_lines=4, max_pixels=60, group_px=group_px)

    in_order = sorted(widths)
    assert cost([[widths[i] for i in group] for group in groups]) == min(
        cost(cut)
        for cut in _cuts(in_order)
        if all(
            len(group) == 1 or (len(group) <= 4 and len(group) * max(group) <= 60) for group in cut
        )
    )


def _cuts(values):
    """Give every way to cut a list into parts that follow each other."""
    if not values:
        yield []
    for at in range(1, len(values) + 1):
        for rest in _cuts(values[at:]):
            yield [values[:at], *rest]

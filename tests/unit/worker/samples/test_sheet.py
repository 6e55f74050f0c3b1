from __future__ import annotations

import numpy as np
import pytest

from worker.samples.sheet import Sheet, mm_box, to_px


@pytest.fixture
def sheet():
    return Sheet(width_mm=100, height_mm=60, family="arimo", text_pt=10)


def inside(image, box):
    return image[box.y_px : box.y_px + box.height_px, box.x_px : box.x_px + box.width_px]


def test_a_sheet_is_white_and_of_its_size_at_300_dpi(sheet):
    assert sheet.image.shape == (709, 1181)
    assert sheet.image.min() == 255


def test_text_ends_where_it_says(sheet):
    end_mm = sheet.text(10, 30, "Last name")

    columns = np.flatnonzero((sheet.image < 128).any(axis=0))
    assert columns[0] == pytest.approx(to_px(10), abs=8)
    assert columns[-1] == pytest.approx(to_px(end_mm), abs=8)


def test_text_stands_on_its_baseline(sheet):
    sheet.text(10, 30, "HEM")

    rows = np.flatnonzero((sheet.image < 128).any(axis=1))
    assert rows[-1] == pytest.approx(to_px(30), abs=2)


def test_bold_text_has_more_ink(sheet):
    sheet.text(10, 20, "Name")
    plain = np.count_nonzero(sheet.image < 128)

    sheet.text(10, 40, "Name", bold=True)

    assert np.count_nonzero(sheet.image < 128) - plain > 1.2 * plain


def test_a_paragraph_keeps_to_its_width(sheet):
    sheet.paragraph(10, 10, "every word of this goes to the next line in turn", width_mm=30)

    ink = sheet.image < 128
    assert np.flatnonzero(ink.any(axis=0))[-1] <= to_px(40)
    assert np.flatnonzero(ink.any(axis=1))[-1] > to_px(16)


def test_a_frame_is_drawn_on_its_own_edge_and_is_empty(sheet):
    box = sheet.frame(10, 10, 40, 20)

    drawn = inside(sheet.image, box)
    assert drawn[0].max() == drawn[-1].max() == drawn[:, 0].max() == drawn[:, -1].max() == 0
    assert drawn[5:-5, 5:-5].min() == 255
    assert np.count_nonzero(sheet.image < 255) == np.count_nonzero(drawn < 255)


def test_a_comb_has_one_wall_more_than_cells(sheet):
    box = sheet.comb(10, 10, 8, 10, 7)

    middle = inside(sheet.image, box)[box.height_px // 2] < 128
    walls = np.count_nonzero(np.diff(middle.astype(np.int8)) == 1) + middle[0]
    assert walls == 8


def test_a_check_box_stands_before_its_label(sheet):
    box = sheet.check_box(10, 30, "Yes")

    assert inside(sheet.image, box)[0].max() == 0
    assert sheet.image[:, box.x_px + box.width_px + 5 :].min() < 128


def test_boxes_that_touch_share_an_edge():
    left, right = mm_box(10, 10, 33.3, 10), mm_box(43.3, 10, 20, 10)

    assert left.x_px + left.width_px == right.x_px

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation.printed import PrintParams, box_in_crop, crop_frame, find_print
from segmentation.types import Box, FieldKind, FieldSpec, Template, WritingStyle
from segmentation.warp import corners, move

PARAMS = PrintParams()


def spec(box, name="name"):
    return FieldSpec(name=name, box=box, kind=FieldKind.FULL_NAME, style=WritingStyle.LINE)


def template(image, *specs, dpi=300.0):
    return Template(
        template_id="t", version="0", page_index=0, image=image, dpi=dpi, fields=tuple(specs)
    )


@given(
    x=st.integers(0, 2000),
    y=st.integers(0, 3000),
    width=st.integers(1, 2000),
    height=st.integers(1, 400),
    dpi=st.sampled_from([100.0, 150.0, 200.0, 300.0, 600.0]),
)
def test_the_box_lies_in_its_crop_where_the_frame_says(x, y, width, height, dpi):
    box = Box(x_px=x, y_px=y, width_px=width, height_px=height)

    frame, crop_to_template = crop_frame(spec(box), dpi, PARAMS)

    np.testing.assert_allclose(move(corners(frame.box), crop_to_template), corners(box), atol=1e-6)
    assert box_in_crop(box, crop_to_template) == frame.box
    assert frame.width_px == frame.box.width_px + 2 * frame.box.x_px
    assert frame.height_px == frame.box.height_px + 2 * frame.box.y_px
    assert frame.box.width_px == pytest.approx(width * 300 / dpi, abs=0.51) or width * 300 < dpi


def test_rulings_and_labels_are_told_apart():
    image = np.full((600, 1500), 255, np.uint8)
    cv2.line(image, (200, 300), (1100, 300), 0, 3)
    cv2.line(image, (640, 230), (640, 300), 0, 3)
    cv2.putText(image, "Name", (60, 295), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 0, 2)
    field = spec(Box(x_px=200, y_px=220, width_px=900, height_px=85))

    found = find_print(template(image, field), field, PARAMS)

    across = [r for r in found.rulings if not r.upright]
    upright = [r for r in found.rulings if r.upright]
    assert len(across) == 1
    assert across[0].at_px == pytest.approx(80 + found.frame.box.y_px, abs=1)
    assert across[0].end_px - across[0].start_px == pytest.approx(900, abs=10)
    assert across[0].thickness_px in range(3, 8)  # the soft rim counts
    assert [r.at_px for r in upright] == [pytest.approx(440 + found.frame.box.x_px, abs=1)]
    assert found.labels[:, :100].max() == 255  # the end of "Name" reaches into the margin
    assert cv2.countNonZero(found.labels[:, 120:]) == 0


def test_thick_bars_and_short_dashes_are_no_rulings():
    image = np.full((600, 1500), 255, np.uint8)
    cv2.rectangle(image, (200, 290), (1100, 310), 0, cv2.FILLED)
    cv2.line(image, (300, 250), (335, 250), 0, 3)
    field = spec(Box(x_px=200, y_px=220, width_px=900, height_px=85))

    found = find_print(template(image, field), field, PARAMS)

    assert found.rulings == ()
    assert cv2.countNonZero(found.labels) > 900 * 15


def test_a_ruling_is_found_at_the_crops_scale_whatever_the_blanks():
    image = np.full((300, 750), 255, np.uint8)
    cv2.line(image, (100, 150), (550, 150), 0, 2)
    field = spec(Box(x_px=100, y_px=110, width_px=450, height_px=43))

    found = find_print(template(image, field, dpi=150.0), field, PARAMS)

    (ruling,) = found.rulings
    assert ruling.at_px == pytest.approx(2 * 40 + found.frame.box.y_px, abs=2)


def test_print_beyond_the_crop_is_left_out():
    image = np.full((600, 1500), 255, np.uint8)
    cv2.line(image, (0, 40), (1499, 40), 0, 3)
    cv2.line(image, (1400, 0), (1400, 599), 0, 3)
    field = spec(Box(x_px=200, y_px=220, width_px=900, height_px=85))

    found = find_print(template(image, field), field, PARAMS)

    assert found.rulings == ()
    assert found.labels.max() == 0


def test_other_fields_are_known_in_crop_pixels():
    first = spec(Box(x_px=200, y_px=220, width_px=300, height_px=80))
    second = spec(Box(x_px=520, y_px=220, width_px=300, height_px=80), name="other")
    image = np.full((600, 1500), 255, np.uint8)

    found = find_print(template(image, first, second), first, PARAMS)

    (other,) = found.others
    assert other.x_px == found.frame.box.x_px + 320
    assert (other.y_px, other.width_px, other.height_px) == (found.frame.box.y_px, 300, 80)

"""What must be printed around a field before its place is believed."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest

from segmentation import Doubt, Page, Template, WritingStyle, index_templates, segment_page
from segmentation.own_print import OwnPrintParams, find_own_print
from segmentation.patches import PatchParams
from segmentation.pyramid import Level
from segmentation.types import Box, FieldKind, FieldSpec
from tests.drawing import Distortion, scan, write_in
from tests.unit.segmentation.conftest import PARAMS

DPI = 150.0
FONT = cv2.FONT_HERSHEY_SIMPLEX
LABELS = (
    ("Surname", "as on the passport"),
    ("First name", "as on the card of insurance"),
    ("Maiden name", "where it is known"),
    ("Guardian", "name of the practice"),
    ("Doctor", "company and town"),
    ("Employer", "person who saw you sign"),
    ("Witness", "prints it here"),
)
_WORDS = (
    "We would like to take your child on a trip to see how old clocks were made by hand and why"
)


def _px(inches):
    return round(inches * DPI)


def _text(image, x, y, text, height=0.1):
    size = height * DPI / 22
    cv2.putText(image, text, (_px(x), _px(y)), FONT, size, 20, 1, cv2.LINE_AA)


def _template(image, boxes):
    fields = tuple(
        FieldSpec(
            name=f"name_{at}",
            box=Box(x_px=_px(x), y_px=_px(y), width_px=_px(width), height_px=_px(height)),
            kind=FieldKind.FULL_NAME,
            style=WritingStyle.LINE,
        )
        for at, (x, y, width, height) in enumerate(boxes)
    )
    return Template(
        template_id="form", version="1", page_index=0, image=image, dpi=DPI, fields=fields
    )


def _form(*, moved=None, by=0.0, lines=True, without=None):
    """Draw seven labelled fields; one may lie elsewhere, or be left out and the rest move up."""
    image = np.full((_px(11), _px(8.5)), 255, np.uint8)
    _text(image, 1.5, 0.7, "Registration of a patient", 0.18)
    _text(image, 0.7, 1.05, "Please write in block capitals and hand the sheet in at the desk.")
    boxes, y = [], 1.6
    for at, (label, hint) in enumerate(LABELS):
        if at == without:
            continue
        top = y + (by if at == moved else 0.0)
        _text(image, 0.7, top + 0.38, label, 0.11)
        _text(image, 0.7, top + 0.62, hint, 0.08)
        if lines:
            foot = _px(top + 0.4)
            cv2.line(image, (_px(2.2), foot), (_px(6.5), foot), 30, 2)
        boxes.append((2.2, top + 0.08, 4.3, 0.32))
        y += 1.0
    _text(image, 0.7, 10.3, "Form 17-C, printed at the county press, keep for ten years")
    return _template(image, boxes)


def _filled(form):
    sheet = form.image
    for at, spec in enumerate(form.fields):
        sheet = write_in(sheet, spec.box, seed=at, dpi=DPI)
    return sheet


def _read(page, catalog):
    found = segment_page(Page(image=page), catalog, PARAMS)
    return {crop.field_name: crop for crop in found.crops}


@pytest.fixture(scope="module", params=[True, False], ids=["lines", "no lines"])
def known(request):
    form = _form(lines=request.param)
    return request.param, index_templates([form], PARAMS)


def test_a_form_s_own_page_is_trusted_whole(known):
    lines, catalog = known
    image, _ = scan(_filled(_form(lines=lines)), Distortion(noise=5, skew_deg=1, jpeg=60))

    assert not any(crop.doubt for crop in _read(image, catalog).values())


@pytest.mark.parametrize("moved", [1, 3, 6])
@pytest.mark.parametrize("by", [-0.15, 0.1])
def test_a_field_that_an_unknown_edition_moved_is_in_doubt(known, moved, by):
    """The lines of its neighbours are where they were, and once were enough."""
    lines, catalog = known
    image, _ = scan(_filled(_form(lines=lines, moved=moved, by=by)), Distortion(noise=5))

    crops = _read(image, catalog)

    assert crops[f"name_{moved}"].doubt
    assert not crops[f"name_{(moved + 2) % 7}"].doubt


def test_a_line_whose_label_is_another_s_is_in_doubt():
    """Where an edition leaves a line out, those below are found again, each a row too high."""
    catalog = index_templates([_form()], PARAMS)
    image, _ = scan(_filled(_form(without=2)), Distortion(noise=5))

    crops = _read(image, catalog)

    assert not crops["name_0"].doubt
    below = [crops[f"name_{at}"].doubt for at in range(2, 7)]
    assert all(below)


def _letter(*, field_at):
    """Draw a letter's head over an empty page with one field and nothing printed near it."""
    rng = np.random.default_rng(3)
    image = np.full((_px(11), _px(8.5)), 255, np.uint8)
    _text(image, 1.5, 0.7, "Permission slip for the school trip", 0.18)
    for row in range(14):
        _text(image, 0.8, 1.0 + 0.2 * row, " ".join(rng.permutation(_WORDS.split())[:10]))
    return _template(image, [(1.0, field_at, 4.0, 0.4)])


def _bent(sheet, sag_px):
    """Let paper bend, so that its middle lies lower than a flat page would have it."""
    height, width = sheet.shape
    rows = np.arange(height, dtype=np.float64)
    source = np.interp(rows, rows + sag_px * 4 * (rows / height) * (1 - rows / height), rows)
    down = np.repeat(source.astype(np.float32)[:, None], width, axis=1)
    across = np.repeat(np.arange(width, dtype=np.float32)[None], height, axis=0)
    return cv2.remap(sheet, across, down, cv2.INTER_LINEAR, borderValue=255)


@pytest.mark.parametrize("sag_px", [0, 20])
def test_a_field_far_from_all_print_is_never_trusted(sag_px):
    """Bent by 3 mm, it lies 5 mm from where the print at the head of the page would have it."""
    form = _letter(field_at=9.5)

    (crop,) = _read(_bent(_filled(form), sag_px), index_templates([form], PARAMS)).values()

    assert crop.doubt is Doubt.SURROUNDINGS_HIDDEN


def test_a_field_near_the_last_print_is_trusted_on_bent_paper():
    form = _letter(field_at=4.4)

    (crop,) = _read(_bent(_filled(form), 10), index_templates([form], PARAMS)).values()

    assert not crop.doubt


def test_own_print_is_near_its_field_and_like_no_other():
    form = _form()
    level = Level(image=form.image, scale_x=1.0, scale_y=1.0)
    label, line_end = (_px(1.0), _px(1.95)), (_px(2.05), _px(1.98))
    candidates = np.array([label, line_end, (_px(1.0), _px(5.95))], np.float64)
    wide = dataclasses.replace(OwnPrintParams(), beside_px=400.0)

    first, *_ = find_own_print(candidates, form.fields, level, PatchParams(), wide)

    np.testing.assert_array_equal(first.patches.centers, [label])

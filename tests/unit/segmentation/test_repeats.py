from __future__ import annotations

import dataclasses
from types import MappingProxyType

import cv2
import numpy as np
import pytest

from segmentation import (
    AmbiguousTemplateError,
    Page,
    RegistrationError,
    SegmentationError,
    TemplateError,
    index_templates,
    segment_page,
)
from segmentation.errors import Misfit
from segmentation.matching import MatchParams, Pairs, page_features
from segmentation.pyramid import Level
from segmentation.register import register_near
from segmentation.repeats import rows_on_rows, shifted
from segmentation.segment import prepare_page
from segmentation.warp import corners, inverse, move
from tests.drawing import Distortion, scan, text_page, write_in
from tests.lists import LIST_EDITIONS, LISTS, draw_list
from tests.unit.segmentation.conftest import PARAMS

DPI = 150.0
ROW_PX = 50  # of most lists
ROWS = PARAMS.register.rows


@pytest.fixture(scope="module")
def editions():
    """Lists with one head and other rows, known together."""
    drawn = [draw_list(kind, dpi=DPI) for kind in ("visitors", *LIST_EDITIONS)]
    return drawn, index_templates(drawn, PARAMS)


@pytest.fixture(scope="module")
def lists():
    drawn = {kind: draw_list(kind, dpi=DPI) for kind in LISTS}
    return MappingProxyType(
        {kind: (form, index_templates([form], PARAMS)) for kind, form in drawn.items()}
    )


def sheet(form, *, down_px=0.0, skew_deg=0.0):
    """Give a written page that lies somewhat off, and the map from the form to it."""
    image = form.image
    for at, spec in enumerate(form.fields[:-4]):
        image = write_in(image, spec.box, seed=at, dpi=DPI)
    height, width = image.shape
    turn = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), skew_deg, 1.0), [0, 0, 1]])
    truth = shifted(np.array([1.5, down_px])) @ turn
    return cv2.warpPerspective(image, truth, (width, height), borderValue=250), truth


def errors(found, form, truth):
    """Give how far each field is off, px at 300 dpi, and which are in doubt."""
    off = [
        np.linalg.norm(crop.page_box - move(corners(spec.box), truth), axis=1).max()
        for crop, spec in zip(found.crops, form.fields, strict=True)
    ]
    return np.array(off) * 300 / DPI, np.array([bool(crop.doubt) for crop in found.crops])


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("down_px", [0, 22, 30, 50, 75, -30])
def test_a_list_that_lies_lower_or_higher_on_the_page_is_found_row_by_row(lists, kind, down_px):
    form, catalog = lists[kind]
    page, truth = sheet(form, down_px=down_px)

    found = segment_page(Page(image=page), catalog, PARAMS)

    off, doubtful = errors(found, form, truth)
    assert off.max() < 8
    inside = move(corners(form.fields[-1].box), truth)[:, 1].max() < page.shape[0]
    assert not doubtful.any() or not inside


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("skew_deg", [1.0, -3.0])
def test_a_list_that_is_turned_a_little_is_found_row_by_row(lists, kind, skew_deg):
    form, catalog = lists[kind]
    page, truth = sheet(form, down_px=30, skew_deg=skew_deg)

    off, _ = errors(segment_page(Page(image=page), catalog, PARAMS), form, truth)

    assert off.max() < 8


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("down_px", [0, 30, 50])
def test_a_list_is_found_by_keypoints_too(lists, kind, down_px, monkeypatch):
    form, catalog = lists[kind]
    page, truth = sheet(form, down_px=down_px, skew_deg=0.3)
    monkeypatch.setattr("segmentation.choose.guess", lambda *_: None)

    off, _ = errors(segment_page(Page(image=page), catalog, PARAMS), form, truth)

    assert off.max() < 8


@pytest.mark.parametrize("kind", ["visitors", "petition", "two columns"])
@pytest.mark.parametrize("turn_deg", [0, 90, 180, 270])
def test_a_list_is_found_in_every_quarter_turn_by_its_edges(lists, kind, turn_deg, monkeypatch):
    form, catalog = lists[kind]
    page, before = sheet(form)
    image, turned = scan(page, Distortion(turn_deg=turn_deg, skew_deg=2.0, noise=3))
    monkeypatch.setattr("segmentation.choose.pair_features", _no_pairs)

    off, _ = errors(segment_page(Page(image=image), catalog, PARAMS), form, turned @ before)

    assert off.max() < 8


@pytest.mark.parametrize("seed", range(3))
def test_a_photographed_list_is_found_by_its_head_and_followed_down_the_page(
    lists, seed, monkeypatch
):
    """Keypoints in the head alone say nothing of the perspective, which moves the foot by rows."""
    form, catalog = lists["visitors"]
    page, before = sheet(form)
    photo = Distortion(perspective=0.04, skew_deg=4.0, noise=5, jpeg=60, seed=seed)
    image, bent = scan(page, photo)
    monkeypatch.setattr("segmentation.choose.guess", lambda *_: None)

    off, _ = errors(segment_page(Page(image=image), catalog, PARAMS), form, bent @ before)

    assert off.max() < 8


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("seed", range(3))
def test_a_list_is_not_taken_for_one_with_other_rows(editions, number, seed):
    """A page stretched by perspective fits rows that are a little higher or lower as well."""
    drawn, catalog = editions
    page, _ = sheet(drawn[number])
    photo = Distortion(turn_deg=180, perspective=0.03, stretch=1.02, noise=5, seed=seed)
    image, _ = scan(page, photo)

    try:
        found = segment_page(Page(image=image), catalog, PARAMS).template_id
    except AmbiguousTemplateError:
        return

    assert found == drawn[number].template_id


@pytest.mark.parametrize("number", range(4))
def test_a_clean_page_of_a_list_is_given_to_it_among_lists_with_its_head(editions, number):
    """Two others that differ in what the page does not show must not stop it."""
    drawn, catalog = editions
    image, _ = scan(sheet(drawn[number])[0], Distortion(noise=3, skew_deg=0.5))

    found = segment_page(Page(image=image), catalog, PARAMS)

    assert found.template_id == drawn[number].template_id


@pytest.mark.parametrize("number", [1, 3])
def test_a_list_s_rows_are_laid_onto_those_of_another_with_its_head(editions, number):
    """A page laid onto the wrong list by its rows is laid onto its own from there."""
    _, catalog = editions
    visitors, other = catalog.forms[0].repeats, catalog.forms[number].repeats

    to_rows = rows_on_rows(visitors, other, np.eye(3), ROWS)

    assert to_rows is not None
    heights = (DPI / 3, {1: 0.32, 3: 0.36}[number] * DPI)
    assert to_rows[1, 1] == pytest.approx(heights[1] / heights[0], rel=0.003)
    head = np.median(other.landmarks.centers, axis=0)[None]
    assert np.abs(move(head, to_rows) - head).max() < 1e-6
    assert rows_on_rows(other, other, np.eye(3), ROWS) is None


@pytest.mark.parametrize("turned", [np.diag([-1.0, -1.0, 1.0]), np.eye(3)[[1, 0, 2]]])
def test_lists_that_lie_turned_to_each_other_have_no_rows_to_lay_on(editions, turned):
    _, catalog = editions
    one, other = catalog.forms[0].repeats, catalog.forms[1].repeats

    assert rows_on_rows(one, other, turned, ROWS) is None


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("paper", [250, 0])
@pytest.mark.parametrize("down_px", [0, 30, 50])
def test_a_list_whose_head_is_covered_is_never_read_a_row_off(lists, kind, paper, down_px):
    form, catalog = lists[kind]
    page, truth = sheet(form, down_px=down_px)
    page[: 250 + down_px] = paper

    try:
        found = segment_page(Page(image=page), catalog, PARAMS)
    except SegmentationError:
        return
    off, doubtful = errors(found, form, truth)
    assert not (off[~doubtful] > 20).any()


@pytest.mark.parametrize("rows", [-2, -1, 1, 2])
def test_a_fit_that_is_rows_off_is_put_right(lists, rows):
    form, catalog = lists["visitors"]
    page, truth = sheet(form)
    start = shifted(np.array([0.0, rows * ROW_PX])) @ inverse(truth)

    found = _near(page, catalog, start)

    off = found.page_to_template @ truth
    assert np.abs(off / off[2, 2] - np.eye(3)).max() < 1


def test_a_fit_that_nothing_settles_is_refused(lists):
    _, catalog = lists["visitors"]
    page, truth = sheet(lists["visitors"][0])
    page[:140] = 250

    with pytest.raises(RegistrationError) as caught:
        _near(page, catalog, inverse(truth))

    assert caught.value.reason is Misfit.ROWS_ALIKE


def _near(page, catalog, start):
    prepared = prepare_page(page, PARAMS)
    sibling = type(
        "Sibling",
        (),
        {"inlier_count": 20, "form": catalog.forms[0], "page_to_template": start},
    )()
    return register_near(prepared, catalog.forms[0], start, sibling, PARAMS.register)


def test_a_form_that_does_not_repeat_itself_has_nothing_more_to_look_for(form_and_catalog):
    repeats = form_and_catalog[1].forms[0].repeats

    assert len(repeats.shifts) == len(repeats.landmarks.centers) == 0


def test_a_form_of_rows_alone_is_no_template():
    form = draw_list("visitors", dpi=DPI)
    bare = form.image.copy()
    bare[:125] = 250

    with pytest.raises(TemplateError, match="look alike"):
        index_templates([dataclasses.replace(form, image=bare)], PARAMS)


@pytest.mark.parametrize("body", ["empty", "a letter"])
def test_a_form_s_head_over_something_else_is_not_the_form(form_and_catalog, body):
    form, catalog = form_and_catalog
    page = form.image.copy()
    height = page.shape[0]
    letter = text_page(3, width_px=page.shape[1], height_px=height)
    page[height // 3 :] = 255 if body == "empty" else letter[height // 3 :]

    with pytest.raises(SegmentationError):
        segment_page(Page(image=page), catalog, PARAMS)


def test_handwriting_leaves_the_print_its_share_of_keypoints(lists):
    page, _ = sheet(lists["visitors"][0])
    level = Level(image=page, scale_x=1.0, scale_y=1.0)

    def in_head(params):
        return int((page_features(level, params).points[:, 1] < 0.83 * DPI).sum())

    assert in_head(MatchParams()) > in_head(MatchParams(surplus=1.0))


def _no_pairs(*_):
    return Pairs(page=np.empty((0, 2)), template=np.empty((0, 2)))

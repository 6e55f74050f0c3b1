from __future__ import annotations

import pickle

import cv2
import numpy as np
import pytest

from segmentation import (
    BlankPageError,
    Box,
    Doubt,
    FieldKind,
    FieldOutOfPageError,
    FieldSpec,
    FieldState,
    LowResolutionError,
    NoTemplateMatchesError,
    Page,
    SegmentationParams,
    Template,
    TemplateError,
    WritingStyle,
    index_templates,
    segment_page,
)
from segmentation.warp import corners
from tests.drawing import (
    Distortion,
    draw_form,
    move_points,
    noise_page,
    photo_page,
    scan,
    text_page,
    write_in,
)
from tests.unit.segmentation.conftest import PARAMS, read_only

GRAVE_PX = 8.0  # at 300 dpi; a crop's margin is 60 px, so a field this far off is still whole


def fill(template, *, seed=1, leave_blank=()):
    sheet = template.image
    for at, spec in enumerate(template.fields):
        if spec.name not in leave_blank:
            sheet = write_in(sheet, spec.box, seed=seed + at, dpi=template.dpi)
    return sheet


def corner_error_px(found, template, sheet_to_page):
    """Largest distance of a field's corner from its true place, px at 300 dpi."""
    worst = 0.0
    for crop, spec in zip(found.crops, template.fields, strict=True):
        true = move_points(corners(spec.box), sheet_to_page)
        off = np.linalg.norm(true - crop.page_box, axis=1).max()
        worst = max(worst, float(off) * 300 / found.scan_dpi)
    return worst


@pytest.mark.parametrize(
    "distortion",
    [
        pytest.param(Distortion(), id="as-drawn"),
        pytest.param(Distortion(turn_deg=90, noise=4), id="quarter-turn-left"),
        pytest.param(Distortion(turn_deg=180, noise=4, skew_deg=2), id="upside-down"),
        pytest.param(Distortion(turn_deg=270, noise=4), id="quarter-turn-right"),
        pytest.param(Distortion(skew_deg=14, noise=4), id="skewed"),
        pytest.param(Distortion(skew_deg=-14, bed=0, margin=0.04), id="skewed-on-black"),
        pytest.param(Distortion(scale=0.72, noise=3), id="108-dpi"),
        pytest.param(Distortion(scale=3.0), id="450-dpi"),
        pytest.param(Distortion(stretch=1.02, noise=4), id="feeder-stretch"),
        pytest.param(Distortion(perspective=0.04, shadow=0.5, margin=0.1, bed=90), id="photo"),
        pytest.param(Distortion(contrast=0.3, noise=3), id="pale"),
        pytest.param(Distortion(noise=12, jpeg=30), id="noisy"),
        pytest.param(Distortion(one_bit=True, noise=5, scale=1.3), id="fax"),
        pytest.param(Distortion(covered=0.03, seed=3), id="partly-covered"),
    ],
)
def test_a_page_is_found_wherever_the_scanner_put_it(form_and_catalog, distortion):
    template, catalog = form_and_catalog
    image, sheet_to_page = scan(fill(template), distortion)

    found = segment_page(Page(image=read_only(image)), catalog, PARAMS)

    assert found.template_id == template.template_id
    assert corner_error_px(found, template, sheet_to_page) < GRAVE_PX
    assert found.turn_deg == distortion.turn_deg
    assert found.skew_deg == pytest.approx(
        distortion.skew_deg, abs=0.5 + 30 * distortion.perspective
    )
    assert found.scan_dpi == pytest.approx(template.dpi * distortion.scale, rel=0.06)
    assert found.agreement > PARAMS.register.min_agreement


def test_written_fields_are_told_from_blank_ones(form_and_catalog):
    template, catalog = form_and_catalog
    blank = {template.fields[1].name, template.fields[-1].name}
    image, _ = scan(fill(template, leave_blank=blank), Distortion(noise=6, skew_deg=1.5, jpeg=60))

    found = segment_page(Page(image=image), catalog, PARAMS)

    assert {crop.field_name for crop in found.crops if crop.blank} == blank
    assert all(c.state in {FieldState.WRITTEN, FieldState.BLANK} for c in found.crops)
    assert all((c.ink_fraction > 0.01) is not c.blank for c in found.crops)


def test_the_same_page_always_gives_the_same_answer(form_and_catalog):
    template, catalog = form_and_catalog
    image, _ = scan(fill(template), Distortion(noise=6, skew_deg=3))

    first, second = (segment_page(Page(image=image), catalog, PARAMS) for _ in range(2))

    np.testing.assert_array_equal(first.page_to_template, second.page_to_template)
    for one, other in zip(first.crops, second.crops, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_a_pickled_catalog_finds_the_same_page(form_and_catalog):
    template, catalog = form_and_catalog
    image, _ = scan(fill(template), Distortion(skew_deg=1))

    there_and_back = pickle.loads(pickle.dumps(catalog))  # noqa: S301, our own bytes

    found = segment_page(Page(image=image), there_and_back, PARAMS)
    same = segment_page(Page(image=image), catalog, PARAMS)
    np.testing.assert_array_equal(found.page_to_template, same.page_to_template)


def test_each_of_two_forms_is_taken_for_itself(two_forms, catalog):
    for template in two_forms:
        image, _ = scan(fill(template), Distortion(noise=4, turn_deg=180))

        found = segment_page(Page(image=image), catalog, PARAMS)

        assert (found.template_id, found.template_version) == (
            template.template_id,
            template.version,
        )


@pytest.mark.parametrize("seed", range(900, 906))
def test_an_unknown_form_is_none_of_the_known_ones(catalog, seed):
    stranger = draw_form(seed, dpi=150.0)
    image, _ = scan(fill(stranger), Distortion(noise=4, seed=seed))

    with pytest.raises(NoTemplateMatchesError) as caught:
        segment_page(Page(image=image), catalog, PARAMS)

    assert caught.value.code == "no_template_matches"
    assert caught.value.closest is not None


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(text_page(1), id="running-text"),
        pytest.param(noise_page(1), id="noise"),
        pytest.param(photo_page(1), id="photo"),
    ],
)
def test_what_is_no_form_is_refused(catalog, image):
    with pytest.raises(NoTemplateMatchesError):
        segment_page(Page(image=image), catalog, PARAMS)


def test_a_page_with_a_few_specks_is_blank(catalog):
    rng = np.random.default_rng(3)
    image = np.clip(rng.normal(248, 2, (1100, 850)), 0, 255).astype(np.uint8)
    for _ in range(15):
        at = (int(rng.integers(40, 810)), int(rng.integers(40, 1060)))
        cv2.circle(image, at, 1, 90, cv2.FILLED)

    with pytest.raises(BlankPageError) as caught:
        segment_page(Page(image=image), catalog, PARAMS)

    assert caught.value.code == "blank_page"
    assert 0 < caught.value.ink_fraction < caught.value.limit


@pytest.mark.parametrize(
    "scale", [pytest.param(0.2, id="thumbnail"), pytest.param(0.45, id="68-dpi")]
)
def test_a_page_with_too_few_pixels_to_read_is_refused(form_and_catalog, scale):
    template, catalog = form_and_catalog
    image, _ = scan(fill(template), Distortion(scale=scale))

    with pytest.raises(LowResolutionError) as caught:
        segment_page(Page(image=image), catalog, PARAMS)

    assert caught.value.found < caught.value.limit


def test_a_field_under_a_sticker_goes_to_review_and_the_others_are_cut(form_and_catalog):
    template, catalog = form_and_catalog
    hidden = template.fields[0]
    sheet = fill(template).copy()
    box = hidden.box
    sheet[box.y_px - 70 : box.y_px + 110, : box.x_px + box.width_px // 2] = 200

    found = segment_page(Page(image=scan(sheet, Distortion(noise=3))[0]), catalog, PARAMS)

    states = {crop.field_name: crop.state for crop in found.crops}
    assert states.pop(hidden.name) is FieldState.MISPLACED
    assert set(states.values()) == {FieldState.WRITTEN}


def test_a_field_beyond_the_edge_of_the_scan_goes_to_review(form_and_catalog):
    template, catalog = form_and_catalog
    last = max(template.fields, key=lambda spec: spec.box.y_px)
    sheet = fill(template)[: last.box.y_px + last.box.height_px // 2]

    found = segment_page(Page(image=sheet), catalog, PARAMS)

    crop = next(crop for crop in found.crops if crop.field_name == last.name)
    assert (crop.state, crop.doubt) == (FieldState.MISPLACED, Doubt.OUT_OF_PAGE)


def test_a_page_without_any_of_its_fields_is_refused(two_forms):
    whole = two_forms[0]
    lowest = max(whole.fields, key=lambda spec: spec.box.y_px)
    only_last = Template(
        template_id=whole.template_id,
        version=whole.version,
        page_index=0,
        image=whole.image,
        dpi=whole.dpi,
        fields=(lowest,),
    )
    catalog = index_templates([only_last], PARAMS)
    torn = whole.image[: lowest.box.y_px + lowest.box.height_px // 2]

    with pytest.raises(FieldOutOfPageError) as caught:
        segment_page(Page(image=torn), catalog, PARAMS)

    assert caught.value.code == "field_out_of_page"


def test_a_blank_without_print_cannot_be_a_template():
    spec = FieldSpec(
        name="name",
        box=Box(x_px=100, y_px=100, width_px=300, height_px=40),
        kind=FieldKind.FULL_NAME,
        style=WritingStyle.LINE,
    )
    white = Template(
        template_id="white",
        version="0",
        page_index=0,
        image=np.full((1100, 850), 255, np.uint8),
        dpi=100.0,
        fields=(spec,),
    )

    with pytest.raises(TemplateError, match="too little print"):
        index_templates([white], PARAMS)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(np.zeros((500, 400, 3), np.uint8), id="colour"),
        pytest.param(np.zeros((500, 400), np.float32), id="floats"),
        pytest.param(np.zeros((0, 400), np.uint8), id="empty"),
    ],
)
def test_an_image_that_is_not_gray_is_a_callers_bug(catalog, image):
    with pytest.raises(ValueError, match="uint8"):
        segment_page(Page(image=image), catalog, PARAMS)


def test_no_forms_or_one_form_twice_is_a_callers_bug(two_forms):
    with pytest.raises(ValueError, match="no forms"):
        segment_page(Page(image=text_page(1)), index_templates([], SegmentationParams()), PARAMS)
    with pytest.raises(ValueError, match="share an id"):
        index_templates([two_forms[0], two_forms[0]], PARAMS)

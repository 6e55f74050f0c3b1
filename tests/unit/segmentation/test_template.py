from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segmentation import Box, FieldKind, FieldSpec, Letters, TemplateError, WritingStyle
from segmentation.template import format_template, parse_template, template_version

BLANK = np.full((400, 300), 255, np.uint8)
GOOD = """\
id = "intake"
dpi = 150

[[fields]]
name = "family_name"
kind = "last_name"
style = "line"
box = [10, 20, 200, 30]

[[fields]]
name = "first"
kind = "first_name"
style = "comb"
box = [10, 100, 200, 30]
lexicon = "forenames"
"""
VERSION_OF_GOOD = "db26f8028899"  # as the first penname gave it


def faults_of(text):
    with pytest.raises(TemplateError) as caught:
        parse_template(text, BLANK)
    assert caught.value.code == "bad_template"
    assert all(fault.fix for fault in caught.value.faults)
    return [(fault.line, fault.message) for fault in caught.value.faults]


def test_a_good_template_is_read_as_written():
    template = parse_template(GOOD, BLANK)

    assert (template.template_id, template.dpi, template.page_index) == ("intake", 150.0, 0)
    assert template.fields[1] == FieldSpec(
        name="first",
        box=Box(x_px=10, y_px=100, width_px=200, height_px=30),
        kind=FieldKind.FIRST_NAME,
        style=WritingStyle.COMB,
        lexicon="forenames",
    )


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        pytest.param('id = "intake"', "id = ", 1, "not valid TOML", id="syntax"),
        pytest.param('id = "intake"', 'id = "in take"', 1, "not made of letters", id="id"),
        pytest.param('id = "intake"', 'id = "a b"', 1, "id is missing or not", id="id-letters"),
        pytest.param("dpi = 150", "dpi = 5", 2, "dpi is missing or no number", id="dpi-low"),
        pytest.param("dpi = 150", "dpi = true", 2, "dpi is missing or no number", id="dpi-flag"),
        pytest.param("dpi = 150", "dpi = 150\npage_index = -1", 3, "page_index", id="page"),
        pytest.param("dpi = 150", "dpi = 150\ncolour = 1", 3, "unknown key 'colour'", id="key"),
        pytest.param('name = "family_name"', "", 4, "name is missing", id="no-name"),
        pytest.param('"last_name"', '"nickname"', 6, "kind is missing or unknown", id="kind"),
        pytest.param('"line"', "3", 7, "style is missing or unknown", id="style"),
        pytest.param("[10, 20, 200, 30]", "[10, 20, 200]", 8, "four whole numbers", id="box-3"),
        pytest.param("[10, 20, 200, 30]", "[1.5, 20, 2, 3]", 8, "four whole numbers", id="box-f"),
        pytest.param("[10, 20, 200, 30]", "[10, 20, 0, 30]", 8, "no area", id="box-zero"),
        pytest.param("[10, 20, 200, 30]", "[10, 380, 200, 30]", 8, "leaves the blank", id="off"),
        pytest.param("[10, 20, 200, 30]", "[-1, 20, 200, 30]", 8, "leaves the blank", id="neg"),
        pytest.param('name = "first"', 'name = "family_name"', 11, "two fields", id="twice"),
        pytest.param("[10, 100, 200, 30]", "[10, 22, 200, 30]", 14, "covers", id="overlap"),
        pytest.param('lexicon = "forenames"', "lexicon = 3", 15, "lexicon", id="lexicon"),
        pytest.param(
            'style = "comb"', 'style = "comb"\nletters = 3', 14, "letters is unknown", id="letters"
        ),
        pytest.param('style = "comb"', 'style = "comb"\nsize = 2', 14, "unknown key", id="key-2"),
    ],
)
def test_a_fault_is_named_with_its_line(old, new, line, message):
    found = faults_of(GOOD.replace(old, new))

    assert [f[0] for f in found] == [line]
    assert message in found[0][1]


def test_all_faults_are_named_at_once_in_the_order_of_their_lines():
    text = (
        GOOD.replace("dpi = 150", "dpi = 0").replace('"line"', '"ink"').replace("200, 30]", "0, 3]")
    )

    assert [line for line, _ in faults_of(text)] == [2, 7, 8, 14]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('id = "intake"\ndpi = 150\n', id="none"),
        pytest.param('id = "intake"\ndpi = 150\nfields = 3\n', id="number"),
    ],
)
def test_a_template_that_forgets_its_fields_is_faulty(text):
    assert "has no fields" in faults_of(text)[0][1]


def test_a_page_on_which_nothing_is_read_says_so_and_is_written_back():
    text = format_template(template_id="intake", dpi=150, fields=(), page_index=1)

    template = parse_template(text, BLANK)

    assert (template.fields, template.page_index) == ((), 1)


def test_fields_written_inline_have_no_line_of_their_own():
    text = 'id = "intake"\ndpi = 150\nfields = [{name = "a"}]\n'

    assert {line for line, _ in faults_of(text)} == {0}


def test_the_version_changes_with_every_pixel_and_field():
    base = parse_template(GOOD, BLANK)
    touched = BLANK.copy()
    touched[5, 5] = 254
    moved = GOOD.replace("[10, 20,", "[11, 20,")

    versions = {
        base.version,
        parse_template(GOOD, touched).version,
        parse_template(moved, BLANK).version,
        template_version(BLANK, dpi=151.0, page_index=0, fields=base.fields),
        template_version(BLANK, dpi=150.0, page_index=1, fields=base.fields),
    }

    assert len(versions) == 5
    assert all(len(v) == 12 and set(v) <= set("0123456789abcdef") for v in versions)
    assert base.version == parse_template(GOOD, BLANK).version


def test_capitals_make_another_version_and_any_letters_the_one_there_was_before():
    spelt_out = GOOD.replace('style = "comb"', 'style = "comb"\nletters = "any"')
    capitals = GOOD.replace('style = "comb"', 'style = "comb"\nletters = "upper"')

    version = parse_template(GOOD, BLANK).version

    assert version == VERSION_OF_GOOD  # stored with readings: it must never change
    assert parse_template(spelt_out, BLANK).version == version
    assert parse_template(capitals, BLANK).version != version
    assert parse_template(capitals, BLANK).fields[1].letters is Letters.UPPER


BOXES = st.builds(
    Box,
    x_px=st.integers(0, 299),
    y_px=st.integers(0, 399),
    width_px=st.integers(1, 300),
    height_px=st.integers(1, 400),
)
SPECS = st.builds(
    FieldSpec,
    name=st.sampled_from(["name", "a.name-1", "Nom_2"]),
    box=BOXES,
    kind=st.sampled_from(list(FieldKind)),
    style=st.sampled_from(list(WritingStyle)),
    letters=st.sampled_from(list(Letters)),
    lexicon=st.sampled_from([None, "surnames"]),
)


@given(spec=SPECS, page_index=st.integers(0, 9))
def test_what_is_written_is_read_back_or_refused_for_its_box(spec, page_index):
    text = format_template(template_id="form", dpi=200.0, fields=[spec], page_index=page_index)
    box = spec.box

    if box.x_px + box.width_px <= 300 and box.y_px + box.height_px <= 400:
        read = parse_template(text, BLANK)
        assert read.fields == (spec,)
        assert read.page_index == page_index
    else:
        assert "leaves the blank" in faults_of(text)[0][1]


def test_a_blank_that_is_no_gray_image_is_a_callers_bug():
    with pytest.raises(ValueError, match="uint8"):
        parse_template(GOOD, BLANK.astype(np.float32))

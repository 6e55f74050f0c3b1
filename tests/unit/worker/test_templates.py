from __future__ import annotations

import cv2
import numpy as np
import pytest

from segmentation import Box, FieldKind, FieldSpec, TemplateError, WritingStyle
from worker.errors import ConfigError
from worker.templates import load_template, load_templates, write_template

FIELD = FieldSpec(
    name="patient",
    box=Box(x_px=40, y_px=60, width_px=200, height_px=40),
    kind=FieldKind.FULL_NAME,
    style=WritingStyle.LINE,
)


@pytest.fixture
def blank(tmp_path):
    path = tmp_path / "scanned.png"
    page = np.full((400, 300), 255, np.uint8)
    cv2.line(page, (40, 100), (240, 100), 0, 2)
    cv2.imwrite(str(path), page)
    return path


def write(folder, blank, **changed):
    return write_template(
        folder, blank, **{"template_id": folder.name, "dpi": 300.0, "fields": (FIELD,), **changed}
    )


def test_a_written_template_is_read_back_the_same(tmp_path, blank):
    written = write(tmp_path / "intake", blank)

    read = load_template(tmp_path / "intake")

    assert read.template_id == "intake"
    assert read.fields == (FIELD,)
    assert read.version == written.version
    assert (tmp_path / "intake" / "blank.png").read_bytes() == blank.read_bytes()


def test_a_blank_without_a_believable_resolution_is_taken_for_300_dpi(tmp_path, blank):
    template = write(tmp_path / "intake", blank, dpi=None)

    assert template.dpi == 300


def test_writing_over_a_template_is_refused(tmp_path, blank):
    write(tmp_path / "intake", blank)

    with pytest.raises(ConfigError, match="holds a template already"):
        write(tmp_path / "intake", blank)


def test_a_template_that_would_be_faulty_is_not_written(tmp_path, blank):
    off_the_page = FieldSpec(
        name="patient",
        box=Box(x_px=280, y_px=60, width_px=200, height_px=40),
        kind=FieldKind.FULL_NAME,
        style=WritingStyle.LINE,
    )

    with pytest.raises(TemplateError):
        write(tmp_path / "intake", blank, fields=(off_the_page,))

    assert not (tmp_path / "intake").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        pytest.param("blank.bmp", b"BM", "neither PNG, JPEG nor PDF", id="other-kind"),
        pytest.param("blank.png", b"not a picture", "cannot use", id="not-a-picture"),
        pytest.param("missing.png", None, "cannot read", id="missing"),
    ],
)
def test_a_blank_that_cannot_be_used_is_refused(tmp_path, name, content, message):
    blank = tmp_path / name
    if content is not None:
        blank.write_bytes(content)

    with pytest.raises(ConfigError, match=message):
        write(tmp_path / "intake", blank)


def test_a_folder_without_toml_and_blank_names_both_faults(tmp_path):
    with pytest.raises(TemplateError) as caught:
        load_template(tmp_path)

    assert [fault.message for fault in caught.value.faults] == [
        "there is no template.toml",
        "there must be one blank form, found none",
    ]


def test_a_toml_that_is_no_text_is_a_fault_of_the_template(tmp_path, blank):
    write(tmp_path / "intake", blank)
    (tmp_path / "intake" / "template.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(TemplateError):
        load_template(tmp_path / "intake")


def test_templates_are_found_by_their_own_folders_and_by_a_folder_of_them(tmp_path, blank):
    write(tmp_path / "forms" / "one", blank)
    write(tmp_path / "forms" / "two", blank)
    write(tmp_path / "three", blank)

    templates = load_templates([tmp_path / "forms", tmp_path / "three"])

    assert [t.template_id for t in templates] == ["one", "two", "three"]


def test_two_templates_with_one_id_are_refused_with_both_places(tmp_path, blank):
    write(tmp_path / "a" / "intake", blank)
    write(tmp_path / "b" / "intake", blank)

    with pytest.raises(ConfigError, match=r"a/intake and .*b/intake have one id, 'intake'"):
        load_templates([tmp_path / "a", tmp_path / "b"])


def test_a_form_of_several_pages_is_a_template_for_each(tmp_path, blank):
    write(tmp_path / "front", blank, template_id="intake")
    write(tmp_path / "back", blank, template_id="intake", page_index=1, fields=())

    templates = load_templates([tmp_path])

    assert [(t.template_id, t.page_index, len(t.fields)) for t in templates] == [
        ("intake", 1, 0),
        ("intake", 0, 1),
    ]


def test_two_pages_of_a_form_may_not_name_a_field_alike(tmp_path, blank):
    write(tmp_path / "front", blank, template_id="intake")
    write(tmp_path / "back", blank, template_id="intake", page_index=1)

    with pytest.raises(ConfigError, match=r"'intake' has a field '\w+' on pages 1 and 2"):
        load_templates([tmp_path])


def test_every_faulty_template_is_named_at_once(tmp_path, blank):
    for name in ("one", "two"):
        write(tmp_path / name, blank)
        (tmp_path / name / "template.toml").write_text("id = 7\n")

    with pytest.raises(ConfigError) as caught:
        load_templates([tmp_path])

    assert str(tmp_path / "one") in str(caught.value)
    assert str(tmp_path / "two") in str(caught.value)


def test_a_place_without_templates_says_how_to_make_one(tmp_path):
    with pytest.raises(ConfigError, match="penname template new"):
        load_templates([tmp_path])


def test_a_place_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no template folder"):
        load_templates([tmp_path / "nowhere"])

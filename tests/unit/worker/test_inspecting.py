from __future__ import annotations

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from segmentation import BlankPageError, NoTemplateMatchesError
from tests.drawing import draw_form, text_page, write_in
from worker.cli.app import app
from worker.templates import write_draft


@pytest.fixture
def form(tmp_path):
    template = draw_form(12, dpi=150.0)
    _, png = cv2.imencode(".png", template.image)
    fields = template.fields[:2]
    write_draft(tmp_path / "intake", png.tobytes(), template_id="intake", dpi=150, fields=fields)
    return template


def segment(tmp_path, image, *options):
    cv2.imwrite(str(tmp_path / "scan.png"), image)
    out = tmp_path / "seen.png"
    arguments = [tmp_path / "scan.png", "--template", tmp_path / "intake", "--overlay", out]
    return CliRunner().invoke(app, ["segment", *map(str, arguments), *options]), out


def test_the_picture_shows_the_page_and_each_field_under_it(tmp_path, form):
    sheet = write_in(form.image, form.fields[0].box, seed=1, dpi=150.0)

    done, out = segment(tmp_path, np.rot90(sheet, 2))

    assert done.exit_code == 0, done.output
    assert "turn 180" in done.output
    assert f"{form.fields[0].name}: written" in done.output
    assert f"{form.fields[1].name}: blank" in done.output
    picture = np.asarray(cv2.imread(str(out)))
    page_height = 1600
    assert picture.shape[0] > page_height + 200  # two fields, each before and after
    crops = picture[page_height + 40 :]
    assert (crops.min(axis=2) < 120).any()  # writing


GREEN, RED = (22, 130, 70), (200, 40, 40)


def count(out, color):
    """Count the pixels of a (red, green, blue) colour in a picture."""
    return int((np.asarray(cv2.imread(str(out))) == color[::-1]).all(axis=2).sum())


def test_a_page_that_hides_most_of_its_form_is_refused_and_shown_beside_what_was_found(
    tmp_path, form
):
    sheet = form.image.copy()
    sheet[len(sheet) // 4 :] = 255

    done, out = segment(tmp_path, sheet)

    assert isinstance(done.exception, NoTemplateMatchesError)
    assert count(out, GREEN) > 100
    assert count(out, RED) > 100


@pytest.mark.usefixtures("form")
def test_a_page_of_no_known_form_is_refused_and_shown_with_the_reason(tmp_path):
    done, out = segment(tmp_path, text_page(3))

    assert isinstance(done.exception, NoTemplateMatchesError)
    assert f"wrote {out}" in done.output
    picture = np.asarray(cv2.imread(str(out)))
    assert (picture[-20:].max(axis=2) > 200).any()  # the reason, in light letters below the page


def test_a_page_without_a_mark_is_shown_too(tmp_path, form):
    done, out = segment(tmp_path, np.full_like(form.image, 255))

    assert isinstance(done.exception, BlankPageError)
    assert out.exists()


def test_a_page_that_the_file_lacks_is_named(tmp_path, form):
    done, _ = segment(tmp_path, form.image, "--page", "2")

    assert "has no page 2" in str(done.exception)

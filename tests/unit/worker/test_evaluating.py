from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from segmentation import SegmentationParams, index_templates
from tests.drawing import draw_form, noise_page, write_in
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from worker.document_images import DecodeLimits
from worker.errors import ConfigError
from worker.evaluating import evaluate_forms

FORM, OTHER = draw_form(3, template_id="clinic"), draw_form(8, template_id="school")
FIRST, SECOND = FORM.fields[0], FORM.fields[1]


def filled(*fields, template=FORM):
    page = template.image
    for seed, field in enumerate(fields):
        page = write_in(page, field.box, seed=seed, dpi=template.dpi)
    return page


def lay_out(folder, rows, **scans):
    """Write scans as clinic/NAME.png, and the rows of truth.csv."""
    (folder / "clinic").mkdir()
    for name, page in scans.items():
        cv2.imwrite(str(folder / "clinic" / f"{name}.png"), page)
    lines = ["form,scan,field,text", *(f"clinic,{row}" for row in rows)]
    (folder / "truth.csv").write_text("\n".join(lines) + "\n")
    return folder


def evaluate(folder, *texts, confidence=0.99, weighed=()):
    params = SegmentationParams()
    return evaluate_forms(
        folder,
        catalog=index_templates([FORM, OTHER], params),
        params=params,
        limits=DecodeLimits(),
        recognizer=ScriptedRecognizer(texts or ("Ada",), confidence=confidence),
        weighing=ScriptedRecognizer(weighed or texts or ("Ada",), confidence=confidence),
        review_below=0.85,
    )


def test_written_fields_are_scored_folded_over_all_characters(tmp_path):
    rows = [f"a.png,{FIRST.name},ÉMILE", f"a.png,{SECOND.name},Zoe"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST, SECOND))

    report = evaluate(folder, "emile", "Zoo")

    assert report.all.n == 2
    assert report.all.exact_folded == 0.5
    assert report.all.cer == pytest.approx(1 / 8)
    assert report.fields[FIRST.name].exact_folded == 1
    assert report.fields[SECOND.name].cer == pytest.approx(1 / 3, abs=1e-4)


def test_the_same_fields_are_scored_with_names_weighed_beside_the_ink_alone(tmp_path):
    rows = [f"a.png,{FIRST.name},Emile", f"a.png,{SECOND.name},Zoe"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST, SECOND))

    report = evaluate(folder, "Emite", "Zoe", weighed=("Emile", "Zoo"))

    assert (report.all.exact_folded, report.all.cer) == (0.5, pytest.approx(1 / 8))
    assert (report.all.prior.exact_folded, report.all.prior.cer) == (0.5, 0.125)
    first = report.fields[FIRST.name].prior
    assert (first.exact_folded, first.cer) == (1.0, 0.0)
    assert report.fields[SECOND.name].prior.cer == pytest.approx(1 / 3, abs=1e-4)


def test_letters_mistaken_are_counted_where_something_was_read(tmp_path):
    rows = [
        f"a.png,{FIRST.name},Émile", f"a.png,{SECOND.name},Zoe", f"b.png,{FIRST.name},Ada",
    ]  # fmt: skip
    folder = lay_out(tmp_path, rows, a=filled(FIRST, SECOND), b=noise_page(1))

    report = evaluate(folder, "emitt", "Zo", weighed=("Emile", "Zoe"))

    assert [(m.label, m.read, m.times) for m in report.mistakes] == [
        ("L", "T", 1), ("E", "T", 1), ("E", "", 1),
    ]  # fmt: skip


def test_a_list_that_a_template_names_is_asked_only_where_names_are_weighed(tmp_path):
    listed = replace(FORM, fields=tuple(replace(f, lexicon="surnames") for f in FORM.fields))
    folder = lay_out(tmp_path, [f"a.png,{FIRST.name},Ada"], a=filled(FIRST))
    plain, weighing = ScriptedRecognizer(), ScriptedRecognizer()
    params = SegmentationParams()

    evaluate_forms(
        folder,
        catalog=index_templates([listed], params),
        params=params,
        limits=DecodeLimits(),
        recognizer=plain,
        weighing=weighing,
        review_below=0.85,
    )

    assert {hint.lexicon for hint in plain.hints} == {None}
    assert {hint.lexicon for hint in weighing.hints} == {"surnames"}


def test_a_field_left_blank_counts_apart_from_the_written_ones(tmp_path):
    rows = [f"a.png,{FIRST.name},Ada", f"a.png,{SECOND.name},"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST))

    report = evaluate(folder)

    assert (report.all.n, report.all.exact_folded) == (1, 1.0)
    assert (report.all.blank, report.all.blank_right) == (1, 1.0)
    assert report.fields[FIRST.name].blank_right is None


def test_ink_in_a_field_that_should_be_blank_is_not_right(tmp_path):
    folder = lay_out(tmp_path, [f"a.png,{FIRST.name},"], a=filled(FIRST))

    report = evaluate(folder)

    assert report.all.blank_right == 0
    assert report.all.cer is None


def test_the_fields_of_a_refused_page_count_as_empty(tmp_path):
    rows = [f"a.png,{FIRST.name},Ada", f"b.png,{FIRST.name},Ada"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST), b=noise_page(1))

    report = evaluate(folder)

    assert report.all.refused == 1
    assert report.all.exact_folded == 0.5
    assert report.all.cer == 0.5


def test_a_page_of_another_form_is_told_from_a_refused_one(tmp_path):
    other = filled(OTHER.fields[0], template=OTHER)
    folder = lay_out(tmp_path, [f"a.png,{FIRST.name},Ada"], a=other)

    report = evaluate(folder)

    assert (report.all.wrong_form, report.all.refused) == (1, 0)
    assert report.all.exact_folded == 0


def test_a_file_that_cannot_be_decoded_is_refused_and_ends_nothing(tmp_path):
    rows = [f"a.png,{FIRST.name},Ada", f"b.png,{FIRST.name},Ada"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST))
    (folder / "clinic" / "b.png").write_bytes(b"no picture")

    report = evaluate(folder)

    assert report.all.refused == 1
    assert report.all.exact_folded == 0.5


def test_confidence_is_judged_over_written_fields_and_a_refused_page_has_none(tmp_path):
    rows = [f"{scan}.png,{FIRST.name},Ada" for scan in "ab"]
    folder = lay_out(tmp_path, rows, a=filled(FIRST), b=noise_page(1))

    report = evaluate(folder, confidence=0.9)

    assert report.all.ece == pytest.approx(0.05)  # 0.9 and right, 0 and wrong
    assert report.all.straight_through == {"0.005": 0.5, "0.01": 0.5, "0.02": 0.5}


def test_where_nothing_is_written_there_is_no_confidence_to_judge(tmp_path):
    report = evaluate(lay_out(tmp_path, [f"a.png,{FIRST.name},"], a=filled(FIRST)))

    assert report.all.ece is None
    assert report.all.straight_through is None


@pytest.mark.parametrize(
    ("confidence", "share"),
    [pytest.param(0.3, 1.0, id="unsure"), pytest.param(0.99, 0.0, id="sure")],
)
def test_unreadable_fields_count_in_no_accuracy_but_in_their_review(tmp_path, confidence, share):
    folder = lay_out(tmp_path, [f"a.png,{FIRST.name},UNREADABLE"], a=filled(FIRST))

    report = evaluate(folder, confidence=confidence)

    assert report.all.n == 0
    assert report.all.blank == 0
    assert report.all.unreadable_to_review == share


def test_pages_count_from_one(tmp_path):
    folder = lay_out(tmp_path, [], a=filled(FIRST))
    _, tiff = cv2.imencodemulti(".tiff", [np.full_like(FORM.image, 255), filled(FIRST)])
    (folder / "clinic" / "a.tiff").write_bytes(tiff.tobytes())
    (folder / "truth.csv").write_text(
        f"form,scan,page,field,text\nclinic,a.tiff,2,{FIRST.name},Ada\n"
    )

    report = evaluate(folder)

    assert report.all.exact_folded == 1


@pytest.mark.parametrize(
    ("truth", "message"),
    [
        pytest.param(None, "cannot read", id="missing"),
        pytest.param("form,scan,field,text\n", "no rows", id="empty"),
        pytest.param("form,scan,text\na,b,c\n", "lacks the columns field", id="column"),
        pytest.param(
            "form,scan,field,text\nclinic,a.png,f,x\nclinic,b.png\n",
            "row 3: lacks the columns field, text",
            id="short-row",
        ),
        pytest.param(
            f"form,scan,field,text\nclinic,gone.png,{FIRST.name},x\n", "gone.png", id="scan-gone"
        ),
        pytest.param(
            "form,scan,field,text,page\nclinic,a.png,f,x,first\n", "page", id="page-no-number"
        ),
    ],
)
def test_a_truth_that_cannot_be_used_is_refused(tmp_path, truth, message):
    if truth is not None:
        (tmp_path / "truth.csv").write_text(truth)

    with pytest.raises(ConfigError, match=message):
        evaluate(tmp_path)


def test_a_truth_with_typographic_signs_is_what_was_read(tmp_path):
    folder = lay_out(tmp_path, [f"a.png,{FIRST.name},O\u2019Neil\u2013Ray"], a=filled(FIRST))

    assert evaluate(folder, "O'Neil-Ray").all.exact_folded == 1


def test_a_truth_of_spaces_is_a_field_left_blank(tmp_path):
    rows = [f"a.png,{FIRST.name},Ada", f"a.png,{SECOND.name},  "]
    folder = lay_out(tmp_path, rows, a=filled(FIRST))

    report = evaluate(folder)

    assert (report.all.n, report.all.blank, report.all.blank_right) == (1, 1, 1.0)


def test_a_field_that_its_form_lacks_is_named(tmp_path):
    folder = lay_out(tmp_path, ["a.png,shoe_size,Ada"], a=filled(FIRST))

    with pytest.raises(ConfigError, match="field 'shoe_size' on page 1 of the form 'clinic'"):
        evaluate(folder)

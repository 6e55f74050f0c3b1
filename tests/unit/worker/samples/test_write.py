from __future__ import annotations

import csv
from collections import defaultdict

import pytest

from segmentation import SegmentationParams, index_templates
from worker.document_images import DecodedPage, DecodeLimits, decode_pages
from worker.errors import ConfigError
from worker.samples import write_samples
from worker.segmenting import segment_document
from worker.templates import load_templates

FORMS = 8  # enough for each kind of file


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    out = tmp_path_factory.mktemp("samples") / "demo"
    return out, write_samples(out, forms=FORMS, seed=7)


def read_truth(out):
    with (out / "truth.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def all_bytes(out):
    return {
        str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()
    }


def test_the_truth_names_each_field_of_each_page_once(written):
    out, summary = written
    rows = read_truth(out)

    keys = {(row["form"], row["scan"], row["page"], row["field"]) for row in rows}

    assert list(rows[0]) == ["form", "scan", "field", "text", "page"]
    assert len(keys) == len(rows) == summary.fields
    assert len({key[:3] for key in keys}) == summary.pages == FORMS


def test_the_truth_and_the_scans_are_the_same_files(written):
    out, summary = written

    named = {f"{row['form']}/{row['scan']}" for row in read_truth(out)}

    found = {f"{p.parent.name}/{p.name}" for i in summary.form_ids for p in (out / i).iterdir()}
    assert named == found
    assert len(found) == summary.files


def test_every_page_of_the_truth_can_be_decoded(written):
    out, _ = written
    pages = defaultdict(set)
    for row in read_truth(out):
        pages[out / row["form"] / row["scan"]].add(int(row["page"]))

    for path, numbers in pages.items():
        decoded = list(decode_pages(path.read_bytes(), DecodeLimits()))
        assert numbers == {page.page_index + 1 for page in decoded}
        assert all(isinstance(page, DecodedPage) for page in decoded)


def test_every_page_is_found_to_be_its_own_form(written):
    out, summary = written
    params = SegmentationParams()
    catalog = index_templates(load_templates([out / "templates"]), params)

    for form_id in summary.form_ids:
        for path in sorted((out / form_id).iterdir()):
            for page in segment_document(path.read_bytes(), catalog, params, DecodeLimits()):
                assert page.segmentation is not None, (path.name, page.failure_detail)
                assert page.segmentation.template_id == form_id


def test_there_are_files_of_every_kind_and_one_of_two_pages(written):
    out, _ = written

    rows = read_truth(out)

    assert {row["scan"].rsplit(".")[-1] for row in rows} == {"jpg", "tif", "pdf", "png"}
    assert {row["scan"] for row in rows if row["page"] == "2"} == {"scan-002.tif"}


def test_the_templates_are_sound_and_have_the_fields_of_the_truth(written):
    out, summary = written
    named = defaultdict(set)
    for row in read_truth(out):
        named[row["form"]].add(row["field"])

    templates = load_templates([out / "templates"])

    assert {t.template_id for t in templates} == set(summary.form_ids)
    assert {t.template_id: {f.name for f in t.fields} for t in templates} == named


def test_equal_arguments_write_equal_bytes(tmp_path):
    for name in ("first", "again"):
        write_samples(tmp_path / name, forms=2, seed=3)

    assert all_bytes(tmp_path / "first") == all_bytes(tmp_path / "again")


def test_another_seed_writes_other_forms(tmp_path, written):
    write_samples(tmp_path / "other", forms=1, seed=8)

    texts = [row["text"] for row in read_truth(tmp_path / "other")]

    assert texts != [row["text"] for row in read_truth(written[0])][: len(texts)]


def test_a_larger_batch_begins_with_the_smaller_one(tmp_path, written):
    write_samples(tmp_path / "small", forms=2, seed=7)

    small, large = all_bytes(tmp_path / "small"), all_bytes(written[0])

    del small["truth.csv"]
    assert small.items() <= large.items()


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")

    with pytest.raises(ConfigError, match="is not an empty folder"):
        write_samples(tmp_path, forms=1, seed=1)

    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_no_forms_are_too_few(tmp_path):
    with pytest.raises(ConfigError, match="at least one form, got 0"):
        write_samples(tmp_path / "out", forms=0, seed=1)

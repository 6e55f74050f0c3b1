from __future__ import annotations

from itertools import islice

import pytest

from recognition.errors import DeviceMemoryError, FramesNotFiniteError
from tests.bench import sources_of
from tests.database import rows
from tests.fakes.memory_store import MemoryStore
from tests.fakes.scripted_pool import CRASHES, FIELDS
from tests.fakes.scripted_recognizer import ScriptedRecognizer
from tests.scans import encode, encode_pages, encrypted_pdf
from worker.crop_archive import CropArchive
from worker.errors import (
    DocumentTooLargeError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
)
from worker.local import read_documents
from worker.types import FieldStatus

STATES = "SELECT uri, status, failure_code, attempt FROM documents ORDER BY uri"
READINGS = "SELECT * FROM readings ORDER BY id"
SCANS = {f"file:///scans/{n:03}.tif": b"scan %d" % n for n in range(80)}


def statuses(bench):
    return {row["status"] for row in rows(bench.sessions, STATES)}


def test_every_field_of_every_document_lands_in_the_database(real_bench, forms):
    scans = {f"file:///{n}.tif": encode(forms.filled(n), "TIFF") for n in range(4)}

    tally = real_bench.read(scans)

    found = rows(real_bench.sessions, "SELECT document, field, text FROM current_readings")
    expected = {(uri, name) for n, uri in enumerate(scans) for name in forms.fields(n)}
    assert {(row["document"], row["field"]) for row in found} == expected
    assert len(found) == len(expected)
    assert {row["text"] for row in found} == {"Ada Lovelace"}
    assert (tally.documents, tally.already_read, tally.failed) == (4, {}, [])
    assert tally.fields == {FieldStatus.READ: len(expected)}


def test_the_crop_of_every_reading_lies_where_its_row_says(real_bench, forms):
    pages = [forms.filled(0), forms.filled(1)]

    real_bench.read({"file:///two-pages.tif": encode_pages(pages, "TIFF")})

    found = rows(
        real_bench.sessions,
        "SELECT crop_key, page_index, field_name FROM readings JOIN pages ON pages.id = page_id",
    )
    assert len(found) == len(forms.fields(0)) + len(forms.fields(1))
    for row in found:
        archive = real_bench.store.get(row["crop_key"])
        crop = CropArchive(archive).crop(page_index=row["page_index"], field_name=row["field_name"])
        assert crop.min() < 128  # it shows ink


def test_what_is_at_fault_is_stored_with_its_code_and_the_rest_is_read(real_bench, forms):
    sound = {f"file:///{n}.tif": encode(forms.filled(n), "TIFF") for n in range(2)}
    bad = {
        "file:///a.jpg": b"",
        "file:///b.jpg": b"Dear Sir or Madam",
        "file:///c.pdf": encrypted_pdf(),
        "file:///d.jpg": encode(forms.filled(20), "JPEG")[:-900],
        "file:///e.jpg": ObjectMissingError("no file /e.jpg, or no longer"),
        "file:///f.jpg": DocumentTooLargeError("/f.jpg has 99.0 MiB, the limit is 64 MiB"),
        "file:///g.png": encode(forms.filled(0)[:60, :60], "PNG"),
    }

    tally = real_bench.read({**bad, **sound})

    states = {row["uri"]: row for row in rows(real_bench.sessions, STATES)}
    assert {uri: states[uri]["failure_code"] for uri in bad} == {
        "file:///a.jpg": "empty_document",
        "file:///b.jpg": "unsupported_document",
        "file:///c.pdf": "encrypted_document",
        "file:///d.jpg": "damaged_document",
        "file:///e.jpg": "object_missing",
        "file:///f.jpg": "document_too_large",
        "file:///g.png": "low_resolution",
    }
    assert {states[uri]["status"] for uri in sound} == {"done"}
    assert tally.documents == 9
    assert {failure.uri for failure in tally.failed} == set(bad)
    assert all(failure.detail for failure in tally.failed)


def test_a_page_that_is_no_form_sends_its_document_to_review_with_the_rest_read(real_bench, forms):
    mirrored = forms.filled(1)[:, ::-1].copy()

    tally = real_bench.read({"file:///two.tif": encode_pages([forms.filled(0), mirrored], "TIFF")})

    (document,) = rows(real_bench.sessions, STATES)
    assert (document["status"], document["failure_code"]) == ("needs_review", "no_template_matches")
    assert tally.fields.total() == len(forms.fields(0))


def test_reading_the_same_documents_again_reads_nothing_and_says_so(bench):
    bench.read(SCANS)
    before = rows(bench.sessions, READINGS)
    bench.recognizer.batches.clear()

    tally = bench.read(SCANS, batch="again")

    assert (tally.documents, tally.already_read) == (80, {"autumn": 80})
    assert tally.fields.total() == 0
    assert bench.recognizer.batches == []
    assert rows(bench.sessions, READINGS) == before
    assert len(before) == 80 * len(FIELDS)


def test_only_what_is_new_in_a_folder_is_read(bench):
    bench.read(dict(islice(SCANS.items(), 25)))

    tally = bench.read(SCANS)

    assert (tally.documents, tally.already_read) == (80, {"autumn": 25})
    assert len(rows(bench.sessions, STATES)) == 80


def test_the_same_bytes_under_two_names_are_read_once(bench):
    tally = bench.read({f"file:///scans/copy-{n}.tif": b"one scan" for n in range(3)})

    assert (tally.documents, tally.already_read) == (3, {"autumn": 2})
    assert len(rows(bench.sessions, STATES)) == 1


def test_crops_of_many_documents_go_to_the_network_in_full_batches(bench):
    bench.read(SCANS)

    assert bench.recognizer.batches == [16 * len(FIELDS)] * 5


def test_a_document_that_failed_is_tried_again_by_the_next_run(bench):
    first = bench.read({"file:///1.tif": ObjectMissingError("no such object")})

    second = bench.read({"file:///1.tif": b"back again"})

    assert (len(first.failed), len(second.failed)) == (1, 0)
    (row,) = rows(bench.sessions, STATES)
    assert (row["status"], row["failure_code"]) == ("done", None)


def test_a_document_that_crashes_its_process_fails_alone(bench, caplog):
    tally = bench.read({**SCANS, "file:///poison.pdf": CRASHES})

    assert [(found.uri, found.code) for found in tally.failed] == [
        ("file:///poison.pdf", "document_crashed")
    ]
    assert statuses(bench) == {"done", "failed"}
    assert "segmenting_failed" in caplog.messages


def test_a_bug_over_one_crop_costs_its_document_and_no_other(real_bench, forms, caplog):
    scans = {f"file:///{n}.tif": encode(forms.filled(n), "TIFF") for n in range(5)}
    refused: list[bytes] = []

    def refuses(crop):
        """Refuse one crop for good: the first that is seen."""
        refused[:] = refused or [crop.tobytes()]
        return crop.tobytes() in refused

    real_bench.recognizer = ScriptedRecognizer(refuses=refuses)

    tally = real_bench.read(scans)

    codes = [row["failure_code"] for row in rows(real_bench.sessions, STATES)]
    assert (codes.count("internal_error"), codes.count(None)) == (1, 4)
    assert [failure.code for failure in tally.failed] == ["internal_error"]
    assert "recognizing_failed" in caplog.messages


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (FramesNotFiniteError(line=0, device="cpu"), "reading_not_finite"),
        (DeviceMemoryError(line=0, width_px=9000, device="cuda:0"), "document_out_of_memory"),
    ],
    ids=["not finite", "device memory"],
)
def test_what_the_network_meets_over_one_crop_is_stored_with_its_code(
    real_bench, forms, error, code
):
    first: list[bytes] = []

    class Meets(ScriptedRecognizer):
        def read(self, crops, hints=None):
            first[:] = first or [crops[0].tobytes()]
            if any(crop.tobytes() in first for crop in crops):
                raise error
            return super().read(crops, hints)

    real_bench.recognizer = Meets()

    tally = real_bench.read({f"file:///{n}.tif": encode(forms.filled(n), "TIFF") for n in range(3)})

    codes = [row["failure_code"] for row in rows(real_bench.sessions, STATES)]
    assert (codes.count(code), codes.count(None)) == (1, 2)
    assert [failure.code for failure in tally.failed] == [code]


def test_a_full_store_stops_the_run_and_the_next_one_goes_on_without_loss(bench):
    bench.store = MemoryStore(room_bytes=200_000)

    with pytest.raises(StorageFullError):
        bench.read(SCANS)
    stopped_at = statuses(bench)
    bench.store.room_bytes = None
    tally = bench.read(SCANS)

    assert "pending" in stopped_at
    assert "failed" not in stopped_at
    assert tally.documents == 80
    assert statuses(bench) == {"done"}
    assert len(rows(bench.sessions, READINGS)) == 80 * len(FIELDS)


def test_a_store_that_goes_away_stops_the_run_and_fails_no_document(bench):
    documents = {**SCANS, "s3://forms/x.jpg": StorageUnavailableError("no answer; try later")}

    with pytest.raises(StorageUnavailableError):
        bench.read(documents)

    assert "failed" not in statuses(bench)


def test_whatever_was_read_before_a_stop_is_kept(bench):
    """The listing breaks off after more documents than are ever on their way at once."""

    def sources():
        yield from sources_of(SCANS)
        raise StorageUnavailableError("the listing broke off")

    with pytest.raises(StorageUnavailableError):
        read_documents(sources(), bench.run(SCANS))
    kept = [row["uri"] for row in rows(bench.sessions, STATES) if row["status"] == "done"]
    tally = bench.read(SCANS)

    assert len(kept) == 32  # one full batch
    assert tally.already_read == {"autumn": len(kept)}
    assert statuses(bench) == {"done"}
    assert len(rows(bench.sessions, STATES)) == 80


def test_progress_grows_to_the_number_of_documents(bench):
    bench.read(SCANS)

    assert bench.progress == sorted(bench.progress)
    assert bench.progress[-1] == 80


def test_nothing_to_read_is_no_error(bench):
    assert bench.read({}).documents == 0

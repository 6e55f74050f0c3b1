"""What ``penname read`` says about input, settings and places that cannot be used."""

from __future__ import annotations

import resource
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.drawing import text_page
from tests.scans import encode, encode_pages, encrypted_pdf, pdf_of_pages
from worker.errors import ExitCode

pytestmark = pytest.mark.acceptance


def test_every_bad_file_is_listed_with_its_code_and_the_rest_is_read(penname, samples, tmp_path):
    inbox = tmp_path / "inbox"
    shutil.copytree(samples.inputs[0], inbox)
    sound = len(list(inbox.iterdir()))
    jpeg = next(path for path in samples.scans if path.suffix == ".jpg").read_bytes()
    page = text_page(3, width_px=1275, height_px=1650)
    bad = {
        "empty.jpg": (b"", "empty_document"),
        "half.jpg": (jpeg[: len(jpeg) // 2], "damaged_document"),
        "letter.jpg": (b"Dear Sir or Madam,\n", "unsupported_document"),
        "locked.pdf": (encrypted_pdf(), "encrypted_document"),
        "no-pages.pdf": (pdf_of_pages(), "empty_document"),
        "bomb.png": (encode(Image.new("1", (30_000, 30_000)), "PNG"), "document_too_large"),
        "giant.pdf": (pdf_of_pages("0 0 14400 14400"), "document_too_large"),
        "book.tif": (encode_pages([page[:99, :99]] * 51, "TIFF"), "document_too_large"),
        "half.png": (encode(page, "PNG")[:-999], "damaged_document"),
        "half.tif": (encode(page, "TIFF")[:-9999], "damaged_document"),
        "half.pdf": (encode(page, "PDF")[:-999], "damaged_document"),
        "other-form.png": (encode(page, "PNG"), "no_template_matches"),
        "nothing.png": (encode(np.full_like(page, 255), "PNG"), "blank_page"),
        "thumbnail.png": (encode(page[:90, :90], "PNG"), "low_resolution"),
    }
    for name, (data, _) in bad.items():
        (inbox / name).write_bytes(data)
    (inbox / "notes.txt").write_text("not a scan")
    command = penname()

    done = command.read(inbox)

    stored = {
        row["uri"].rsplit("/", 1)[-1]: row["failure_code"]
        for row in command.rows("SELECT uri, failure_code FROM documents WHERE status = 'failed'")
    }
    assert stored == {name: code for name, (_, code) in bad.items()}
    assert done.returncode == ExitCode.SOME_FAILED
    assert done.stderr == ""
    for name, (_, code) in bad.items():
        listed = done.stdout.split(f"/{name}\n", 1)[1].split("failed:", 1)[0]
        assert code in listed
    assert "1 other file passed by" in done.stdout
    read = command.rows("SELECT uri FROM documents WHERE status != 'failed'")
    assert len(read) == sound


def test_two_templates_of_one_id_end_the_command_before_anything_is_read(
    penname, samples, tmp_path
):
    form_id = samples.form_ids[0]
    copy = shutil.copytree(samples.templates / form_id, tmp_path / "copies" / form_id)

    done = penname().read(samples.scans[0], "--template", copy)

    assert done.returncode == ExitCode.CONFIG
    assert f"have one id, '{form_id}'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "penname.db").exists()


@pytest.mark.parametrize(
    ("changes", "code", "said"),
    [
        pytest.param(
            {"database_url": "sqlite:////nowhere/penname.db"},
            ExitCode.UNAVAILABLE,
            "/nowhere",
            id="database-in-no-folder",
        ),
        pytest.param(
            {"database_url": "postgresql://penname:hidden@127.0.0.1:1/none"},
            ExitCode.UNAVAILABLE,
            "127.0.0.1",
            id="database-away",
        ),
        pytest.param(
            {"store": "/dev/null/store"}, ExitCode.UNAVAILABLE, "/dev/null", id="store-in-no-folder"
        ),
    ],
)
def test_a_place_that_cannot_be_used_is_named_with_its_code(penname, samples, changes, code, said):
    done = penname(**changes).read(samples.scans[0])

    assert done.returncode == code
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr


def test_an_input_that_is_not_there_is_named(penname):
    done = penname().read("/nowhere/scans")

    assert done.returncode == ExitCode.DATA
    assert "/nowhere/scans" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_store_without_room_stops_the_command_and_loses_nothing(penname, samples, database_url):
    """The kernel refuses files beyond 20 kB, as a full disk refuses them."""
    command = penname(database_url=database_url)
    limit = (20_000, 20_000)

    stopped = command.read(
        *samples.inputs, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    )
    unfinished = command.rows("SELECT status FROM documents")
    done = command.read(*samples.inputs)

    assert stopped.returncode == ExitCode.UNAVAILABLE
    assert "no room" in stopped.stderr
    assert "Traceback" not in stopped.stderr
    assert "pending" in {row["status"] for row in unfinished}
    assert "failed" not in {row["status"] for row in unfinished}
    assert done.returncode == ExitCode.OK
    assert len(command.rows("SELECT id FROM documents")) == len(samples.scans)


def test_a_database_without_room_stops_the_command_and_loses_nothing(
    penname, samples, s3_options, bucket
):
    command = penname(
        store=f"s3://{bucket}", environment={"PENNAME_S3_ENDPOINT_URL": s3_options.endpoint_url}
    )
    command.read(samples.scans[0])
    size = (command.folder / "penname.db").stat().st_size

    stopped = command.read(
        *samples.inputs,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2)),
    )
    done = command.read(*samples.inputs)

    assert stopped.returncode == ExitCode.UNAVAILABLE
    assert "Traceback" not in stopped.stderr
    assert done.returncode == ExitCode.OK
    assert len(command.rows("SELECT id FROM documents")) == len(samples.scans)

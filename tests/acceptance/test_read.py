"""``penname read`` from scans to rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.errors import ExitCode
from worker.storage.folder import FolderStore
from worker.storage.sources import open_store

pytestmark = pytest.mark.acceptance

FOUND = "SELECT document, page, field, status, text FROM current_readings"


def found_fields(penname):
    found = penname.rows(FOUND)
    assert len(found) == len({(row["document"], row["page"], row["field"]) for row in found})
    return {(row["document"], row["page"], row["field"]) for row in found}


def test_folders_of_scans_become_rows_and_crops_and_are_not_read_twice(penname, samples):
    command = penname()

    first = command.read(*samples.inputs)
    before = command.rows("SELECT * FROM readings ORDER BY id")
    again = command.read(*samples.inputs)

    assert (first.returncode, first.stderr) == (ExitCode.OK, "")
    assert found_fields(command) == samples.expected_fields()
    store = FolderStore(Path(command.store))
    keys = {row["crop_key"] for row in before}
    assert len(keys) == len(samples.scans)
    assert all(len(store.get(key)) > 1000 for key in keys)
    assert (again.returncode, again.stderr) == (ExitCode.OK, "")
    assert "everything was read before" in again.stdout
    assert command.rows("SELECT * FROM readings ORDER BY id") == before


def test_a_bucket_becomes_rows_in_postgresql_and_crops_in_a_bucket(
    penname, samples, s3_options, bucket, database_url
):
    place = open_store(f"s3://{bucket}", s3_options)
    for scan in samples.scans:
        place.put(f"inbox/{scan.parent.name}/{scan.name}", scan.read_bytes())
    command = penname(
        database_url=database_url,
        store=f"s3://{bucket}/crops-of-autumn",
        environment={"PENNAME_S3_ENDPOINT_URL": s3_options.endpoint_url},
    )

    done = command.read(f"s3://{bucket}/inbox")

    assert (done.returncode, done.stderr) == (ExitCode.OK, "")
    prefix = f"s3://{bucket}/inbox/"
    here = f"{samples.folder.as_uri()}/"
    assert found_fields(command) == {
        (document.replace(here, prefix), page, field)
        for document, page, field in samples.expected_fields()
    }
    stored = list(place.list("crops-of-autumn/"))
    assert len(stored) == len(samples.scans)
    versions = command.rows("SELECT DISTINCT version FROM documents")
    assert all(row["version"] for row in versions)

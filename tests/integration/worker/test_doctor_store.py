"""What the doctor learns from a store: a real S3 server, one that refuses, and a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from tests.servers import HOST
from tests.serving import serving
from worker.doctor.store import try_store
from worker.storage.s3 import S3Options, connect
from worker.storage.sources import open_store

if TYPE_CHECKING:
    from worker.doctor.facts import Checksums

pytestmark = pytest.mark.integration
KEY = "doctor/scratch"


class Picky:
    """An S3 server that knows no checksums, or no conditions: as look-alikes are."""

    def __init__(self, *, refused=(), ignored=()):
        self._app = DomainDispatcherApplication(create_backend_app)
        self._refused, self._ignored = refused, ignored

    def __call__(self, environment, start):
        if any(name in header for header in environment for name in self._refused):
            start("400 Bad Request", [("Content-Type", "application/xml")])
            return [b"<Error><Code>InvalidArgument</Code></Error>"]
        for name in self._ignored:
            environment.pop(name, None)
        return self._app(environment, start)


def served(app):
    return serving(make_server(HOST, 0, app, threaded=True))


def look(place, endpoint_url, checksums: Checksums = "when_required"):
    return try_store(
        lambda mode: open_store(place, S3Options(endpoint_url=endpoint_url, checksums=mode)),
        checksums=checksums,
        is_folder="://" not in place,
        key=KEY,
    )


@pytest.mark.parametrize("checksums", ["when_required", "when_supported"])
def test_a_bucket_keeps_what_it_is_given_and_nothing_is_left(bucket, s3_options, checksums):
    found = look(f"s3://{bucket}/crops", s3_options.endpoint_url, checksums)

    assert found.refusal is None
    assert found.keeps_versions_apart is True
    assert connect(s3_options).list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_bucket_that_is_not_there_is_said_to_be_so(s3_options):
    found = look("s3://no-such-bucket/crops", s3_options.endpoint_url)

    assert "no such bucket" in str(found.refusal)
    assert found.keeps_versions_apart is None


@pytest.mark.usefixtures("s3_options")  # for the credentials
def test_a_server_that_refuses_checksums_is_told_from_one_that_refuses_all():
    with served(Picky(refused=["CHECKSUM", "TRAILER"])) as url:
        connect(S3Options(endpoint_url=url)).create_bucket(Bucket="forms-picky")
        with_them = look("s3://forms-picky", url, "when_supported")
        without = look("s3://forms-picky", url)
        missing = look("s3://no-such-bucket", url, "when_supported")

    assert with_them.refusal is not None
    assert with_them.without_checksums is True
    assert without.refusal is None
    assert missing.without_checksums is False


@pytest.mark.usefixtures("s3_options")
def test_a_server_that_ignores_conditions_is_found_out():
    with served(Picky(ignored=["HTTP_IF_MATCH"])) as url:
        connect(S3Options(endpoint_url=url)).create_bucket(Bucket="forms-forgetful")
        found = look("s3://forms-forgetful", url)

    assert found.refusal is None
    assert found.keeps_versions_apart is False


def test_a_folder_needs_no_server(tmp_path):
    found = look(str(tmp_path), None)

    assert (found.is_folder, found.refusal, found.keeps_versions_apart) == (True, None, None)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]

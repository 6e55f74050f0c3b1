"""S3 over HTTP: what is read as it was listed, and what a server can do wrong."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.servers import HOST, free_port
from tests.serving import serving
from worker.errors import (
    ConfigError,
    DocumentTooLargeError,
    ObjectForbiddenError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
)
from worker.storage import s3 as s3_module
from worker.storage.s3 import S3Options, S3Store, connect
from worker.storage.sources import Sources, open_store
from worker.types import Source

pytestmark = pytest.mark.integration


@pytest.fixture
def sources(s3_options):
    return Sources(s3_options)


@pytest.fixture
def store(s3_options, bucket):
    return open_store(f"s3://{bucket}", s3_options)


def test_scans_under_a_prefix_are_found_and_other_files_counted(sources, store, bucket, s3_options):
    for key in ["in/2.pdf", "in/1.JPG", "in/notes.txt", "in/sub/3.tif", "elsewhere/4.png"]:
        store.put(key, b"x")
    console = connect(s3_options)
    console.put_object(Bucket=bucket, Key="in/sub/")  # how a console shows a folder

    listing = sources.find(f"s3://{bucket}/in/")

    assert [source.name for source in listing] == ["1.JPG", "2.pdf", "3.tif"]
    assert listing.left_out == 1


def test_a_listing_goes_on_after_a_thousand_keys(sources, store, bucket):
    for number in range(1001):
        store.put(f"{number:04}.jpg", b"")

    assert len(list(sources.find(f"s3://{bucket}"))) == 1001


def test_an_object_named_in_full_is_a_scan_whatever_its_suffix(sources, store, bucket):
    store.put("scan", b"x")

    assert [source.name for source in sources.find(f"s3://{bucket}/scan")] == ["scan"]


def test_a_scan_is_read_as_it_was_listed(sources, store, bucket):
    store.put("Müller #1 100%.jpg", b"bytes")
    [source] = sources.find(f"s3://{bucket}")

    assert sources.read(source, max_bytes=5) == b"bytes"


def test_an_object_that_was_replaced_after_the_listing_is_not_mistaken_for_it(
    sources, store, bucket
):
    store.put("1.jpg", b"first")
    [source] = sources.find(f"s3://{bucket}")
    store.put("1.jpg", b"other")

    with pytest.raises(ObjectMissingError, match="replaced after it was listed"):
        sources.read(source, max_bytes=100)


def test_an_object_that_vanished_after_the_listing_is_missing(sources, store, bucket):
    store.put("1.jpg", b"first")
    [source] = sources.find(f"s3://{bucket}")
    store.delete("1.jpg")

    with pytest.raises(ObjectMissingError, match="no such object"):
        sources.read(source, max_bytes=100)


def test_an_object_over_the_limit_is_refused_unread(sources, store, bucket):
    store.put("1.jpg", bytes(2 * 1024 * 1024))
    [source] = sources.find(f"s3://{bucket}")

    with pytest.raises(DocumentTooLargeError, match=r"has 2\.0 MiB, the limit is 1 MiB"):
        sources.read(source, max_bytes=1024 * 1024)


def test_an_object_that_outgrew_its_listing_is_refused_unread(store):
    store.put("1.jpg", bytes(100))
    [source] = store.list()

    with pytest.raises(DocumentTooLargeError):
        store.get_listed("1.jpg", version=source.version, max_bytes=99)


@pytest.mark.parametrize("act", ["list", "put", "get"])
def test_a_bucket_that_is_not_there_is_a_wrong_setting(s3_options, act):
    store = open_store("s3://no-such-bucket/x", s3_options)
    acts = {
        "list": lambda: list(store.list()),
        "put": lambda: store.put("1.zip", b""),
        "get": lambda: store.get("1.zip"),
    }

    with pytest.raises(ConfigError, match="no such bucket; check its name and the endpoint"):
        acts[act]()


def test_a_bucket_name_that_no_bucket_can_have_is_a_wrong_setting(s3_options):
    with pytest.raises(ConfigError, match="no bucket or key can have this name"):
        list(Sources(s3_options).find("s3://no bucket/x"))


def test_a_listed_scan_whose_name_no_object_can_have_is_missing(s3_options):
    source = Source(uri="s3://no bucket/1.jpg", size_bytes=0, version="")

    with pytest.raises(ObjectMissingError, match="no bucket or key can have this name"):
        Sources(s3_options).read(source, max_bytes=9)


def test_missing_credentials_are_a_wrong_setting(s3_options, monkeypatch, tmp_path):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))

    with pytest.raises(ConfigError, match="give credentials and region"):
        open_store("s3://forms", s3_options).get("1.jpg")


def test_a_server_that_is_not_there_is_away():
    with pytest.raises(StorageUnavailableError, match="does not answer"):
        faulty_store(f"http://{HOST}:{free_port()}").get("1.jpg")


@pytest.mark.usefixtures("without_waiting")
@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        pytest.param(403, "AccessDenied", ObjectForbiddenError, id="forbidden"),
        pytest.param(403, "InvalidAccessKeyId", ConfigError, id="unknown-key"),
        pytest.param(400, "ExpiredToken", ConfigError, id="expired-token"),
        pytest.param(400, "InvalidRequest", ConfigError, id="other-refusal"),
        pytest.param(400, "RequestTimeout", StorageUnavailableError, id="slow-request"),
        pytest.param(500, "InternalError", StorageUnavailableError, id="broken"),
        pytest.param(503, "SlowDown", StorageUnavailableError, id="throttled"),
        pytest.param(507, "InsufficientStorage", StorageFullError, id="full"),
    ],
)
def test_each_refusal_of_a_read_has_its_meaning(status, code, error):
    body = f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode()

    with answering(status, body) as url, pytest.raises(error, match=f"{status} {code}"):
        faulty_store(url).get("1.jpg")


@pytest.mark.usefixtures("without_waiting")
def test_a_write_that_is_forbidden_stops_the_run():
    body = b"<Error><Code>AccessDenied</Code></Error>"

    with answering(403, body) as url, pytest.raises(ConfigError, match="rights"):
        faulty_store(url).put("1.zip", b"x")


@pytest.mark.usefixtures("without_waiting")
def test_a_body_that_breaks_off_once_is_read_again():
    with answering(200, b"whole", cut_answers=1) as url:
        assert faulty_store(url).get("1.jpg") == b"whole"


@pytest.mark.usefixtures("without_waiting")
def test_a_body_that_always_breaks_off_is_no_document():
    with answering(200, b"whole", cut_answers=100) as url, pytest.raises(StorageUnavailableError):
        faulty_store(url).get("1.jpg")


@pytest.mark.usefixtures("without_waiting")
def test_a_server_that_hangs_is_away_in_bounded_time(monkeypatch):
    monkeypatch.setattr(s3_module, "_READ_TIMEOUT_S", 0.2)

    with answering(200, b"never", silent=True) as url, pytest.raises(StorageUnavailableError):
        faulty_store(url).get("1.jpg")


@pytest.mark.parametrize("url", ["nonsense", "ftp//x"])
def test_an_endpoint_that_is_no_url_is_a_wrong_setting(url):
    with pytest.raises(ConfigError, match="S3 cannot be set up"):
        connect(S3Options(endpoint_url=url))


@pytest.fixture
def without_waiting(monkeypatch):
    """Let the client try again at once; how long it waits is boto3's own affair."""
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0)


def faulty_store(endpoint_url):
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AWS_ACCESS_KEY_ID", "test")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
        return S3Store(connect(S3Options(endpoint_url=endpoint_url)), "forms")


@contextmanager
def answering(status, body, *, cut_answers=0, silent=False):
    """Run a server that answers every request so, the first few cut short."""
    released = threading.Event()
    answers = 0

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            nonlocal answers
            answers += 1
            if silent:
                released.wait(30)
                return
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:2] if answers <= cut_answers else body)

        def do_PUT(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_):
            pass

    with serving(ThreadingHTTPServer((HOST, 0), Handler)) as url:
        try:
            yield url
        finally:
            released.set()

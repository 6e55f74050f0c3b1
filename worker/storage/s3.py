"""Keep objects in an S3 bucket, Amazon's or one that speaks its protocol.

Credentials and region come by boto3's own chain. A client serves many threads but belongs to
one process: connect after a fork. Traps met here: one list call stops at 1,000 keys, hence
the paginator; a body that ends early is not retried by boto3; look-alikes refuse the checksums
that boto3 sends since 1.36, hence the setting (boto3 issue 4392).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Literal, TypeAlias

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,  # noqa: A004, the base of those that are named below
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ParamValidationError,
)

from worker.errors import (
    ConfigError,
    ObjectForbiddenError,
    ObjectMissingError,
    StorageFullError,
    StorageUnavailableError,
    WorkerError,
)
from worker.storage.keys import check_key
from worker.storage.limits import check_size
from worker.types import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from botocore.client import BaseClient

    S3Client: TypeAlias = BaseClient

SCHEME = "s3://"

_CONNECT_TIMEOUT_S = 5
_READ_TIMEOUT_S = 10  # between two packets, not for a whole object
_TRIES = 3  # of one call by boto3, with growing waits; and of one body by us
_CONNECTIONS = 32  # a client may hold; more threads than that wait for each other
_AWAY = (ConnectionError, HTTPClientError, IncompleteReadError, FlexibleChecksumError)

_BARE_ETAG = re.compile(r"[0-9a-f]{32}(-[0-9]+)?")  # as people write it into a manifest

_CREDENTIALS = (ConfigError, "the server refuses the credentials; renew them")
_FULL = (StorageFullError, "the bucket has no room; make some and run again")
_BUSY = (StorageUnavailableError, "the server is not able to answer now; try later")
_BY_CODE: dict[str, tuple[type[WorkerError], str]] = {
    "NoSuchBucket": (ConfigError, "there is no such bucket; check its name and the endpoint"),
    "InvalidAccessKeyId": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "ExpiredToken": _CREDENTIALS,
    "InvalidToken": _CREDENTIALS,
    "RequestTimeTooSkewed": (ConfigError, "this machine's clock is wrong; set it"),
    "InsufficientStorage": _FULL,
    "QuotaExceeded": _FULL,
    "XMinioStorageFull": _FULL,
    "RequestTimeout": _BUSY,  # comes with status 400
    "SlowDown": _BUSY,
}
_BY_STATUS: dict[int, tuple[type[WorkerError], str]] = {
    HTTPStatus.NOT_FOUND: (ObjectMissingError, "no such object, or no longer"),
    HTTPStatus.PRECONDITION_FAILED: (ObjectMissingError, "replaced after it was listed; run again"),
    HTTPStatus.TOO_MANY_REQUESTS: _BUSY,
    HTTPStatus.INSUFFICIENT_STORAGE: _FULL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """How to talk to the S3 server."""

    endpoint_url: str | None = None  # for look-alikes; None is Amazon
    checksums: Literal["when_required", "when_supported"] = "when_required"


def connect(options: S3Options) -> S3Client:
    """Make a client with bounded waits; nothing is sent yet.

    Raises:
        ConfigError: boto3's own settings are wrong.
    """
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=_READ_TIMEOUT_S,
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        max_pool_connections=_CONNECTIONS,
        request_checksum_calculation=options.checksums,
        response_checksum_validation=options.checksums,
    )
    try:
        session = boto3.session.Session()  # boto3's shared one is not for threads
        return session.client("s3", endpoint_url=options.endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(f"S3 cannot be set up: {error}") from error


class S3Store:
    """Objects of one bucket whose keys start with a prefix."""

    def __init__(self, client: S3Client, bucket: str, prefix: str = "") -> None:
        """Point at a bucket; nothing is sent yet."""
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def get(self, key: str) -> bytes:
        """Read one object whole."""
        check_key(key)
        return self._read(key, {}, max_bytes=None)

    def get_listed(self, key: str, *, version: str, max_bytes: int) -> bytes:
        """Read one object as it was listed.

        Args:
            key: the object's.
            version: its ETag, as listings give it, or its version id; "" is any.
            max_bytes: the limit.

        Raises:
            ObjectMissingError: it is gone, or was replaced since.
            DocumentTooLargeError: it has more bytes than allowed; none were read.
        """
        return self._read(key, _as_listed(version), max_bytes=max_bytes)

    def put(self, key: str, data: bytes) -> None:
        """Write one object; S3 shows it whole or not at all."""
        check_key(key)
        with _translated(self.uri(key)):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data)

    def delete(self, key: str) -> None:
        """Remove one object; it may be gone already."""
        check_key(key)
        with _translated(self.uri(key)):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def list(self, prefix: str = "") -> Iterator[Source]:
        """List the objects in order of their keys, 1,000 a call."""
        paginator = self._client.get_paginator("list_objects_v2")
        pages = iter(paginator.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix))
        while True:
            with _translated(self.uri(prefix)):
                page = next(pages, None)
            if page is None:
                return
            for found in page.get("Contents", ()):
                yield Source(
                    uri=f"{SCHEME}{self._bucket}/{found['Key']}",
                    size_bytes=found["Size"],
                    version=found["ETag"],
                )

    def uri(self, key: str) -> str:
        """Say where the object lies."""
        return f"{SCHEME}{self._bucket}/{self._prefix}{key}"

    def _read(self, key: str, condition: dict[str, str], *, max_bytes: int | None) -> bytes:
        tries = 0
        while True:
            tries += 1
            with _translated(self.uri(key), reading=True):
                whole_key = self._prefix + key
                found = self._client.get_object(Bucket=self._bucket, Key=whole_key, **condition)
                if max_bytes is not None:
                    check_size(self.uri(key), found["ContentLength"], max_bytes=max_bytes)
                try:
                    data: bytes = found["Body"].read()
                except _AWAY:  # the body broke off or stalled after a good start
                    if tries == _TRIES:
                        raise
                else:
                    return data


def _as_listed(version: str) -> dict[str, str]:
    """Ask for the very object that was listed."""
    if not version:
        return {}
    is_etag = version.startswith('"') or _BARE_ETAG.fullmatch(version)
    return {"IfMatch": version} if is_etag else {"VersionId": version}


def parse_s3_url(url: str) -> tuple[str, str]:
    """Split ``s3://bucket/key`` into bucket and key.

    Raises:
        ConfigError: it names no bucket.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not bucket:
        raise ConfigError(f"want s3://BUCKET/PREFIX, got {url}")
    return bucket, key


@contextmanager
def _translated(place: str, *, reading: bool = False) -> Iterator[None]:
    """Translate what boto3 raises about one object or listing."""
    try:
        yield
    except ClientError as error:
        raise _refused(error, place, reading=reading) from error
    except _AWAY as error:
        raise StorageUnavailableError(f"{place}: the S3 server does not answer") from error
    except ParamValidationError as error:
        kind = ObjectMissingError if reading else ConfigError  # a line of a manifest is at fault
        raise kind(f"{place}: no bucket or key can have this name") from error
    except BotoCoreError as error:
        raise ConfigError(
            f"{place}: {error}; give credentials and region as boto3 takes them: by "
            "environment, in ~/.aws, or by role"
        ) from error


def _refused(error: ClientError, place: str, *, reading: bool) -> WorkerError:
    """Name what an answer with an error status means."""
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    fallback: tuple[type[WorkerError], str]
    if status == HTTPStatus.FORBIDDEN and reading:
        fallback = ObjectForbiddenError, "these credentials may not read it"
    elif status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        fallback = _BUSY
    else:
        fallback = ConfigError, "the server refuses; check the credentials' rights and the region"
    kind, meaning = _BY_CODE.get(code) or _BY_STATUS.get(status) or fallback
    return kind(f"{place}: {meaning} ({status} {code})")

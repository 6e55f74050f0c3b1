"""A bucket on a real S3 server."""

from __future__ import annotations

from tests.servers import bucket, s3_options

__all__ = ["bucket", "s3_options"]

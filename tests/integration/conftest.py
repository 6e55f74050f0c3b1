"""Real servers, started once for all integration tests."""

from __future__ import annotations

from tests.servers import bucket, postgresql_url, s3_options

__all__ = ["bucket", "postgresql_url", "s3_options"]

"""A deployment's own store gets its bucket, once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from worker.storage.s3 import connect

pytestmark = pytest.mark.integration
SCRIPT = Path(__file__).parents[2] / "docker" / "make_bucket.py"


def test_the_bucket_is_made_and_found_the_next_time(s3_options):
    environment = {
        **os.environ,
        "PENNAME_S3_ENDPOINT_URL": s3_options.endpoint_url,
        "AWS_DEFAULT_REGION": "us-east-1",
    }

    said = [
        subprocess.run(  # noqa: S603, our own arguments
            [sys.executable, SCRIPT, "made-for-a-deployment"],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for _ in range(2)
    ]

    assert said == ["made bucket made-for-a-deployment", "bucket made-for-a-deployment is there"]
    assert connect(s3_options).head_bucket(Bucket="made-for-a-deployment")

"""Make a bucket where there is none: ``python make_bucket.py NAME``.

For a store of one's own, such as the one in compose.yaml. A bucket of a cloud is made once, with
its rights and its life cycle, by whoever owns the account. Credentials come by the environment.
"""

from __future__ import annotations

import os
import sys

import boto3


def main() -> None:
    """Make the bucket; one that is there already is left as it is."""
    name = sys.argv[1]
    endpoint = os.environ.get("PENNAME_S3_ENDPOINT_URL")
    client = boto3.session.Session().client("s3", endpoint_url=endpoint)
    if name in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
        print(f"bucket {name} is there")
        return
    client.create_bucket(Bucket=name)
    print(f"made bucket {name}")


if __name__ == "__main__":
    main()

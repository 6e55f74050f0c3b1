"""How long ``penname submit`` takes for very many keys, by the clock, and in how much memory.

``python -m benchmarks.bench_submit`` starts PostgreSQL, Redis, and a server that answers nothing
but listings of a bucket with so many keys, 1,000 a page, over HTTP: moto's takes longer over them
than penname does. The same keys are submitted from a manifest, from the bucket, and from the
bucket once more, when none is new. Figures stand in ``benchmarks/README.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import psycopg

from benchmarks.processor import spent
from tests.servers import HOST, postgresql, redis
from tests.serving import serving
from worker.samples import write_samples

if TYPE_CHECKING:
    from collections.abc import Iterator

_BUCKET = "bench"
_A_PAGE = 1000
_LOOK_EVERY_S = 0.1


def main() -> None:
    """Measure and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keys", type=int, default=100_000)
    keys = parser.parse_args().keys
    with (
        tempfile.TemporaryDirectory(prefix="penname-bench-") as folder,
        postgresql() as url,
        redis() as broker,
        _listings(keys) as endpoint,
    ):
        drawn, manifest = Path(folder) / "drawn", Path(folder) / "manifest.csv"
        write_samples(drawn, forms=1, seed=7)
        lines = (f'{_uri(key)},"""{key:032x}""",300000' for key in range(keys))
        manifest.write_text("\n".join(["uri,version,size_bytes", *lines]))
        os.environ.update(
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",  # noqa: S106, of a server that looks at none
            AWS_DEFAULT_REGION="us-east-1",
            PENNAME_S3_ENDPOINT_URL=endpoint,
            PENNAME_BROKER_URL=f"redis://{HOST}:{broker.port}/0",
            PENNAME_DATABASE_URL=url,
            PENNAME_TEMPLATE_DIR=str(drawn / "templates"),
        )
        # The first brings the tables up to date, and is all that a submit costs whatever it lists.
        places = {
            "one file": str(next(path for path in drawn.rglob("*.jpg"))),
            "manifest": str(manifest),
            "bucket": f"s3://{_BUCKET}/",
            "bucket again": f"s3://{_BUCKET}/",
        }
        report = {what: _submit(place, url) for what, place in places.items()}
    print(json.dumps(report, indent=2))


def _submit(place: str, url: str) -> dict[str, float]:
    """Run the command and say what it took."""
    batch = "manifest" if place.endswith(".csv") else "bucket"
    command = [sys.executable, "-m", "worker", "submit", place, "--name", batch]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603, our own arguments
    peak_mib, used_s = 0.0, 0.0
    while process.poll() is None:
        try:
            status = Path(f"/proc/{process.pid}/status").read_text()
            used_s = spent(process.pid).total_s
        except (OSError, KeyError):  # it has just ended
            continue
        found = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
        peak_mib = max(peak_mib, int(found[0]) / 1024) if found else peak_mib
        time.sleep(_LOOK_EVERY_S)
    wall_s = time.perf_counter() - began
    if process.returncode:
        sys.exit(f"penname submit ended with {process.returncode}")
    with psycopg.connect(url) as database:
        [waiting] = database.execute("SELECT count(*) FROM documents").fetchone() or (0,)
    return {
        "wall_s": round(wall_s, 1),
        "processor_s": round(used_s, 1),
        "peak_mib": round(peak_mib),
        "documents": waiting,
    }


@contextmanager
def _listings(keys: int) -> Iterator[str]:
    """Serve listings of a bucket of so many keys, and give the endpoint."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            first = int(asked.get("continuation-token", ["0"])[0])
            body = _page(first, keys).encode()
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "application/xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:  # noqa: ANN401, its signature
            """Say nothing."""

    with serving(ThreadingHTTPServer((HOST, 0), Handler)) as url:
        yield url


def _page(first: int, keys: int) -> str:
    """Give one page of the listing as S3 words it."""
    after = min(first + _A_PAGE, keys)
    contents = "".join(
        f"<Contents><Key>{_key(key)}</Key><LastModified>2026-11-01T00:00:00.000Z</LastModified>"
        f"<ETag>&quot;{key:032x}&quot;</ETag><Size>300000</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for key in range(first, after)
    )
    more = f"<NextContinuationToken>{after}</NextContinuationToken>" if after < keys else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
        f"<Name>{_BUCKET}</Name><KeyCount>{after - first}</KeyCount><MaxKeys>{_A_PAGE}</MaxKeys>"
        f"<IsTruncated>{str(after < keys).lower()}</IsTruncated>{more}{contents}"
        "</ListBucketResult>"
    )


def _key(number: int) -> str:
    return f"2026-11/scan-{number:07d}.jpg"


def _uri(number: int) -> str:
    return f"s3://{_BUCKET}/{_key(number)}"


if __name__ == "__main__":
    main()

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.database import make_field, read
from worker.database.purges import Expired
from worker.purging import Purge, run_purge
from worker.storage.sources import open_store

pytestmark = pytest.mark.integration


def test_crops_and_uploads_in_a_bucket_go_with_their_document(sessions, bucket, s3_options):
    store = open_store(f"s3://{bucket}/pre fix", s3_options)
    upload = "uploads/2026-08-16/abc.jpg"
    claim = read(sessions, make_field("full_name", "Ada"), uri=store.uri(upload))
    keys = [upload, *(f"crops/{claim.document_id}/{attempt}.zip" for attempt in range(3))]
    for key in (*keys, "crops/other/1.zip"):
        store.put(key, b"bytes")
    tomorrow = datetime.now(UTC) + timedelta(days=1)

    wanted = Purge(
        expired=Expired(before=tomorrow),
        sessions=sessions,
        store=store,
        asked_by="the clerk",
        audit_share=0.0,
    )
    done = run_purge(wanted, on_progress=lambda _: None)

    assert (done.documents, done.objects) == (1, 4)
    assert [source.uri for source in store.list()] == [store.uri("crops/other/1.zip")]

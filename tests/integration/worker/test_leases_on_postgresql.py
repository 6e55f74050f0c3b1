"""Leases beside transactions that are still open, as only a server has them."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.queue_rows import claimed, submit
from worker.database.leases import renew_leases
from worker.database.session import transaction

pytestmark = pytest.mark.integration


def test_a_document_that_is_just_being_finished_does_not_hold_up_the_other_leases(sessions):
    submit(sessions, "1.jpg", "2.jpg")
    finishing = claimed(sessions)
    claimed(sessions)

    with transaction(sessions) as writer, transaction(sessions) as keeper:
        writer.execute(
            text("UPDATE documents SET page_count = 1 WHERE id = :id"),
            {"id": finishing.document.document_id},
        )
        keeper.execute(text("SET LOCAL lock_timeout = '2s'"))

        assert renew_leases(keeper, owner="node/1", lease_s=20.0) == 1

"""Leases beside transactions that are still open, as only a server has them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest
from sqlalchemy import text

from tests.queue_rows import claimed, submit
from worker.database.batches import find_batch
from worker.database.leases import renew_leases
from worker.database.moves import BytesTakenError, identify, identify_new
from worker.database.recalls import call_off
from worker.database.session import closed_after, open_database, transaction
from worker.errors import DatabaseUnavailableError

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


def test_a_statement_that_waits_too_long_for_a_lock_is_given_up(database_url, sessions):
    limited = open_database(database_url, statement_s=0.3)

    with closed_after(limited), transaction(sessions) as holder:
        holder.execute(text("LOCK TABLE documents"))
        with pytest.raises(DatabaseUnavailableError), transaction(limited) as waiting:
            renew_leases(waiting, owner="node/1", lease_s=20.0)
        with transaction(limited) as found:
            assert found.scalar(text("SHOW statement_timeout")) == "300ms"


def test_a_server_that_is_cut_off_is_noticed_unless_the_url_says_otherwise(database_url):
    patient = f"{database_url}?keepalives_idle=60"

    for url, idle in ((database_url, "5"), (patient, "60")):
        opened = open_database(url)
        with closed_after(opened), transaction(opened) as session:
            connection = session.connection().connection.dbapi_connection
            assert connection is not None
            said = connection.info.get_parameters()
        assert said["keepalives_idle"] == idle
        assert said["tcp_user_timeout"] == "10000"


def test_nothing_becomes_the_duplicate_of_what_is_called_off_meanwhile(sessions):
    submit(sessions, "1.jpg", batch="old")
    submit(sessions, "2.jpg", batch="new")
    first, second = claimed(sessions), claimed(sessions)

    def read_bytes(found):
        with transaction(sessions) as session:
            return identify(session, found, sha256="a", size_bytes=9)

    assert read_bytes(first)
    with ThreadPoolExecutor(1) as other:
        with transaction(sessions) as canceller:
            call_off(canceller, find_batch(canceller, "old"))
            identified = other.submit(read_bytes, second)
            sleep(0.5)
            assert not identified.done()
        assert identified.result(timeout=10)


def test_the_second_to_find_the_same_bytes_at_the_same_moment_is_told_to_look_closer(sessions):
    submit(sessions, "1.jpg", "2.jpg")
    first, second = claimed(sessions), claimed(sessions)

    def write_down(found):
        with transaction(sessions) as session:
            return identify_new(session, found, sha256="a", size_bytes=9)

    with ThreadPoolExecutor(1) as other:
        with transaction(sessions) as session:
            assert identify_new(session, first, sha256="a", size_bytes=9)
            waiting = other.submit(write_down, second)
            sleep(0.5)
            assert not waiting.done()
        with pytest.raises(BytesTakenError):
            waiting.result(timeout=10)
    assert not write_down(second)

"""PostgreSQL: the whole suite of the database again, and what only a server can do wrong."""

from __future__ import annotations

import re
import traceback
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import psycopg
import pytest
from sqlalchemy import text

from tests.database import make_field, opened, prepare, read, rows
from tests.servers import PASSWORD, free_port
from tests.unit.worker.database.test_audits import *  # noqa: F403, run on PostgreSQL from here
from tests.unit.worker.database.test_claims import *  # noqa: F403, the same
from tests.unit.worker.database.test_docs import *  # noqa: F403, the same
from tests.unit.worker.database.test_documents import *  # noqa: F403, the same
from tests.unit.worker.database.test_explanations import *  # noqa: F403, the same
from tests.unit.worker.database.test_migrate import *  # noqa: F403, the same
from tests.unit.worker.database.test_purging import *  # noqa: F403, the same
from tests.unit.worker.database.test_result_pages import *  # noqa: F403, the same
from tests.unit.worker.database.test_results import *  # noqa: F403, the same
from worker.database.results import ResultFilter, find_results
from worker.database.session import open_database, transaction
from worker.errors import ConfigError, DatabaseUnavailableError

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("change", "advice"),
    [
        pytest.param(
            ("penname:a-secret", "penname:a-wrong"),
            "check the user and the password",
            id="password",
        ),
        pytest.param((":a-secret-nobody-may-see", ""), "add the password", id="no-password"),
        pytest.param(("/penname_", "/missing_"), "createdb", id="no-such-database"),
        pytest.param(("127.0.0.1", "no-such-host.invalid"), "check the host", id="no-such-host"),
    ],
)
def test_a_connection_that_is_refused_says_what_to_do_and_shows_no_password(
    database_url, change, advice, monkeypatch
):
    monkeypatch.setenv("PGPASSFILE", "/nonexistent")
    url = database_url.replace(*change)
    assert url != database_url

    with pytest.raises(DatabaseUnavailableError, match=advice) as caught:
        open_database(url)

    assert PASSWORD not in shown(caught.value)


def test_a_server_that_is_not_there_is_named_with_host_and_port():
    port = free_port()

    with pytest.raises(DatabaseUnavailableError, match=f":{port}: .*; check the host"):
        open_database(f"postgresql://penname:{PASSWORD}@127.0.0.1:{port}/penname")


def test_an_option_that_the_driver_does_not_know_is_a_wrong_setting(database_url):
    with pytest.raises(ConfigError, match="correct the part after"):
        open_database(database_url + "?sslmod=require")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_opens_it(database_url, scheme):
    url = re.sub("^postgresql", scheme, database_url) + "?connect_timeout=5"

    with opened(url) as sessions:
        assert rows(sessions, "SELECT name FROM batches") == []


def test_a_user_without_the_right_to_write_reads_and_is_told_whom_to_ask(sessions, database_url):
    read(sessions, make_field("full_name", "Ada"))
    with transaction(sessions) as session:
        session.execute(text(f"CREATE ROLE analyst LOGIN PASSWORD '{PASSWORD}'"))
        session.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst"))

    with opened(database_url.replace("//penname:", "//analyst:")) as as_analyst:
        with transaction(as_analyst) as session:
            [row] = find_results(session, ResultFilter())
        with pytest.raises(DatabaseUnavailableError, match="have an administrator grant"):
            prepare(as_analyst, batch="mine")

    assert row.text == "Ada"


def test_a_standby_takes_no_writes_and_says_so(database_url):
    with opened(database_url) as sessions:
        with transaction(sessions) as session:
            name = database_url.rsplit("/", 1)[-1]
            session.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
        sessions.kw["bind"].dispose()

        with pytest.raises(DatabaseUnavailableError, match="name the primary"):
            prepare(sessions)


def test_a_server_without_room_says_so(sessions):
    sorting_on_disk = "SELECT n FROM generate_series(1, 1000000) AS n ORDER BY -n"
    with transaction(sessions) as session:
        session.execute(text("SET SESSION temp_file_limit = 1"))  # KiB; the pool keeps it

    with pytest.raises(DatabaseUnavailableError, match="out of disk, memory or connections"):
        rows(sessions, sorting_on_disk)


def test_a_server_without_a_free_connection_says_so(database_url, postgresql_url):
    with psycopg.connect(postgresql_url, autocommit=True) as server:
        server.execute(f"CREATE ROLE crowded LOGIN CONNECTION LIMIT 0 PASSWORD '{PASSWORD}'")

    with pytest.raises(DatabaseUnavailableError, match="limit of connections"):
        open_database(database_url.replace("//penname:", "//crowded:"))


def test_a_connection_that_is_cut_fails_its_transaction_and_not_the_next(sessions):
    prepare(sessions)

    with (
        pytest.raises(DatabaseUnavailableError, match="run the same command again"),
        transaction(sessions) as session,
    ):
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    assert rows(sessions, "SELECT name FROM batches") == [{"name": "autumn"}]


def test_of_two_writers_that_wait_for_each_other_one_is_told_to_try_again(sessions):
    prepare(sessions, batch="a")
    prepare(sessions, batch="b")
    both_hold_one = Barrier(2)

    def touch(*names):
        with transaction(sessions) as session:
            for name in names:
                change = text("UPDATE batches SET name = name WHERE name = :name")
                session.execute(change, {"name": name})
                if name == names[0]:
                    both_hold_one.wait(30)

    with ThreadPoolExecutor(2) as threads:
        done = [threads.submit(touch, "a", "b"), threads.submit(touch, "b", "a")]
        errors = [error for future in done if (error := future.exception(60))]

    assert len(errors) == 1
    assert isinstance(errors[0], DatabaseUnavailableError)
    assert "in favour of another transaction" in str(errors[0])


def test_a_row_that_is_refused_is_not_quoted(sessions):
    read(sessions, make_field("full_name", "Ada Lovelace"))

    with (
        pytest.raises(RuntimeError, match="IntegrityError") as caught,
        transaction(sessions) as session,
    ):
        session.execute(text("UPDATE readings SET raw_text = NULL"))

    assert "Lovelace" not in shown(caught.value)


def test_a_search_by_the_beginning_of_a_name_has_its_index(sessions):
    read(sessions, make_field("full_name", "Ada"))

    with transaction(sessions) as session:
        session.execute(text("SET enable_seqscan = off"))
        plan = session.execute(
            text("EXPLAIN SELECT id FROM readings WHERE lower(text) LIKE 'ad%' ESCAPE '\\'")
        ).scalars()

        assert "ix_readings_name" in "\n".join(plan)


def shown(error):
    """All that a log could hold of an error."""
    return "".join(traceback.format_exception(error))

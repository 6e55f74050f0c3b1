from __future__ import annotations

import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from tests.database import opened, prepare, rows
from worker.database.models import Base
from worker.database.session import open_database, transaction
from worker.errors import ConfigError

BY_EXPRESSION = "ix_readings_lower_text"  # made in PostgreSQL only


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")  # BY_EXPRESSION, in SQLite
def test_the_migrations_make_the_tables_of_the_models(sessions):
    with transaction(sessions) as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        differences = compare_metadata(context, Base.metadata)

    assert len(Base.metadata.tables) == 7
    assert differences == []


def test_every_index_of_the_models_is_made(sessions):
    bind = sessions.kw["bind"]
    wanted = {
        index.name
        for table in Base.metadata.tables.values()
        for index in table.indexes
        if index.name != BY_EXPRESSION or bind.dialect.name == "postgresql"
    }

    made = {
        index["name"] for name in Base.metadata.tables for index in inspect(bind).get_indexes(name)
    }

    assert len(wanted) >= 3
    assert wanted <= made


def test_opening_a_database_again_keeps_what_it_holds(database_url):
    with opened(database_url) as sessions:
        prepare(sessions)

    with opened(database_url) as sessions:
        assert rows(sessions, "SELECT name FROM batches") == [{"name": "autumn"}]


def test_a_database_of_a_newer_penname_is_refused(database_url):
    with opened(database_url) as sessions, transaction(sessions) as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")

    with pytest.raises(ConfigError, match="written by a newer penname"):
        open_database(database_url)


def _open_at_the_same_time(url, barrier):
    barrier.wait(60)
    with opened(url):
        pass


def test_two_processes_that_open_an_empty_database_at_once_both_find_it_made(database_url):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    processes = [
        context.Process(target=_open_at_the_same_time, args=(database_url, barrier))
        for _ in range(2)
    ]

    for process in processes:
        process.start()
    for process in processes:
        process.join(120)

    assert [process.exitcode for process in processes] == [0, 0]
    with opened(database_url) as sessions:
        assert rows(sessions, "SELECT version_num FROM alembic_version") == [
            {"version_num": "0001"}
        ]

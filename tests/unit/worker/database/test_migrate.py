from __future__ import annotations

import hashlib
import multiprocessing

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, inspect

from tests.database import make_field, opened, prepare, read, register, rows
from tests.factories import make_identity
from worker.database.migrations.versions import v0001_tables
from worker.database.models import Base
from worker.database.purge_models import PurgedAuditRow, PurgedCountRow, PurgeRow
from worker.database.session import open_database, transaction
from worker.database.web_models import UserRow
from worker.database.webhook_models import WebhookRow
from worker.errors import ConfigError

TABLES_APART = (
    PurgeRow,
    PurgedAuditRow,
    PurgedCountRow,
    UserRow,
    WebhookRow,
)  # known only once they are imported
IN_POSTGRESQL = {  # over expressions that SQLite has no words for
    "ix_readings_rewritten",
    *(
        f"ix_{table}_{what}"
        for table in ("readings", "corrections")
        for what in ("name", "trigrams")
    ),
}


@pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")  # expressions, in SQLite
def test_the_migrations_make_the_tables_of_the_models(sessions):
    with transaction(sessions) as session:
        # Expressions come back from PostgreSQL in other words; the next test knows those indexes.
        opts = {
            "compare_type": True,
            "include_object": lambda _, name, *__: name not in IN_POSTGRESQL,
        }
        context = MigrationContext.configure(session.connection(), opts=opts)
        differences = compare_metadata(context, Base.metadata)

    assert len(Base.metadata.tables) == 21
    assert {table.__tablename__ for table in TABLES_APART} <= set(Base.metadata.tables)
    assert differences == []


def test_every_index_of_the_models_is_made(sessions):
    bind = sessions.kw["bind"]
    wanted = {
        index.name
        for table in Base.metadata.tables.values()
        for index in table.indexes
        if index.name not in IN_POSTGRESQL or bind.dialect.name == "postgresql"
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


FIRST_READINGS = """
INSERT INTO batches VALUES ('{id}', 'autumn', '{noon}');
INSERT INTO models VALUES ('0123456789ab', 'abc', '{{}}', '{noon}');
INSERT INTO templates VALUES ('clinic', 'aaaaaaaaaaaa', '[]', '{noon}');
INSERT INTO documents VALUES ('{id}', '{id}', 'file:///scans/1.jpg', '', '{sha256}', 9,
    'bbbbbbbbbbbb', '0123456789ab', 'done', NULL, '', 1, 1, '{noon}', '{noon}', '{noon}');
INSERT INTO documents VALUES ('{other}', '{id}', 'file:///scans/2.jpg', '', NULL, 9,
    'bbbbbbbbbbbb', '0123456789ab', 'failed', 'object_missing', 'gone', NULL, 1,
    '{noon}', '{noon}', '{noon}');
INSERT INTO pages VALUES (1001, '{id}', 0, NULL, '', 'clinic', 'aaaaaaaaaaaa', 0, '[]', 0, 0.1,
    300, 9, 0.5, 0.9, 0.9);
INSERT INTO readings VALUES ('{id}', 1001, 'full_name', '[]', NULL, 'read', '', 'Ada', 'Ada',
    0.9, 0.9, '[]', 0.1, 0.9, '0123456789ab', 1, '{noon}');
INSERT INTO corrections VALUES (1001, '{id}', 'Ida', 'read', 'nurse 7', '{noon}')
"""


def fill_the_first_tables(url):
    """Make a database as the first version left it, one document read and corrected."""
    driver = url.replace("postgresql:", "postgresql+psycopg:")
    engine = create_engine(driver)
    values = {
        "id": "00000000000000000000000000000001",  # as SQLite keeps a UUID; PostgreSQL takes it
        "other": "00000000000000000000000000000002",
        "sha256": hashlib.sha256(b"file:///scans/1.jpg").hexdigest(),
        "noon": "2026-11-24 12:00:00.000000" + ("" if engine.dialect.name == "sqlite" else "+00"),
    }
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            v0001_tables.upgrade()
        for statement in FIRST_READINGS.format(**values).split(";\n"):
            connection.exec_driver_sql(statement)
        context._ensure_version_table()  # noqa: SLF001, as alembic's own stamp does
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
    engine.dispose()


def test_what_the_first_version_read_is_kept_and_known_to_be_read_by_the_ink_alone(database_url):
    fill_the_first_tables(database_url)

    with opened(database_url) as sessions:
        [row] = rows(sessions, "SELECT text, raw_text, rewritten, batch FROM current_readings")
        counts = [
            rows(sessions, f"SELECT count(*) AS n FROM {name}")[0]["n"]  # noqa: S608, our own tables
            for name in ("documents", "pages", "readings", "corrections")
        ]
        same = register(sessions, data="file:///scans/1.jpg")
        named = make_identity(decoder_version="dddddddddddd")
        read(sessions, make_field("full_name", "Adda", raw_text="Ada"), identity=named)
        after = rows(sessions, "SELECT text, rewritten FROM current_readings")

    assert (row["text"], row["raw_text"], bool(row["rewritten"])) == ("Ida", "Ada", False)
    assert counts == [2, 1, 1, 1]
    assert same is None
    assert [(found["text"], bool(found["rewritten"])) for found in after] == [("Adda", True)]


def test_references_are_watched_again_after_an_upgrade(database_url):
    fill_the_first_tables(database_url)

    with (
        opened(database_url) as sessions,
        pytest.raises(RuntimeError, match=r"(?i)foreign.key"),
        transaction(sessions) as session,
    ):
        session.connection().exec_driver_sql("DELETE FROM documents")


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
            {"version_num": "0006"}
        ]

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest
from sqlalchemy import text

from tests.database import opened, prepare, read, rows
from tests.factories import make_field_reading
from worker.database.batches import open_batch
from worker.database.session import closed_after, open_database, reading, transaction
from worker.errors import ConfigError, DatabaseUnavailableError


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("mysql://penname:a-secret@host/x", id="other-database"),
        pytest.param("postgresql://penname:a-secret@host:port/x", id="port-is-no-number"),
        pytest.param("penname.db:a-secret", id="no-url"),
        pytest.param("", id="empty"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_showing_it(url):
    with pytest.raises(ConfigError, match="want sqlite:///FILE or postgresql://") as caught:
        open_database(url)

    assert "a-secret" not in str(caught.value)


def test_a_file_that_is_no_database_is_left_alone(tmp_path):
    path = tmp_path / "letter.txt"
    path.write_text("Dear reader, " * 100)

    with pytest.raises(ConfigError, match="not a SQLite database"):
        open_database(f"sqlite:///{path}")

    assert path.read_text() == "Dear reader, " * 100


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DatabaseUnavailableError, match="its folder must exist and be writable"):
        open_database(f"sqlite:///{tmp_path}/missing/penname.db")


def test_a_database_without_the_right_to_write_says_so(folder_without_root):
    path = folder_without_root / "penname.db"
    with opened(f"sqlite:///{path}"):
        pass
    path.chmod(0o444)

    with (
        opened(f"sqlite:///{path}") as sessions,
        pytest.raises(DatabaseUnavailableError, match="ask for the right to write"),
    ):
        open_batches(sessions, 1)


def test_a_folder_without_the_right_to_write_says_so(folder_without_root):
    folder_without_root.chmod(0o555)

    with pytest.raises(DatabaseUnavailableError, match="its folder must exist and be writable"):
        open_database(f"sqlite:///{folder_without_root}/penname.db")


def test_a_database_that_may_only_be_read_is_read(folder_without_root):
    url = f"sqlite:///{folder_without_root}/penname.db"
    with opened(url) as sessions:
        read(sessions, make_field_reading())
    (folder_without_root / "penname.db").chmod(0o444)

    with reading(url) as session:
        names = session.execute(text("SELECT name FROM batches")).scalars().all()

    assert names == ["autumn"]


def open_batches(sessions, count):
    with transaction(sessions) as session:
        for number in range(count):
            open_batch(session, f"batch {number} {'x' * 500}")


def test_a_full_disk_is_named_and_what_was_there_is_kept(sessions):
    prepare(sessions)
    with transaction(sessions) as session:  # the pool gives the next one the same connection
        session.execute(text("PRAGMA max_page_count = 1"))  # SQLite takes as many as it has

    with pytest.raises(DatabaseUnavailableError, match="make room on the disk"):
        open_batches(sessions, 1000)

    assert rows(sessions, "SELECT name FROM batches") == [{"name": "autumn"}]


def test_a_mistyped_name_makes_no_file(tmp_path):
    path = tmp_path / "typo.db"

    with (
        pytest.raises(ConfigError, match="make it with: penname read"),
        reading(f"sqlite:///{path}"),
    ):
        pass

    assert not path.exists()


def test_reading_does_not_wait_for_whoever_writes(database_url):
    with opened(database_url) as sessions:
        read(sessions, make_field_reading())

        with transaction(sessions) as writer:
            open_batch(writer, "in the making")
            with reading(database_url) as session:
                seen = session.execute(text("SELECT name FROM batches")).scalars().all()

    assert seen == ["autumn"]


def test_writers_wait_for_each_other_and_lose_nothing(database_url):
    with opened(database_url) as sessions:
        prepare(sessions)
        first_has_begun = Event()

        def write_first():
            with transaction(sessions) as session:
                session.execute(text("SELECT name FROM batches"))  # a read, then a write
                first_has_begun.set()
                open_batch(session, "first")

        def write_second():
            first_has_begun.wait(10)
            with transaction(sessions) as session:
                session.execute(text("SELECT name FROM batches"))
                open_batch(session, "second")

        with ThreadPoolExecutor(2) as threads:
            for done in [threads.submit(write_second), threads.submit(write_first)]:
                done.result(30)

        names = {row["name"] for row in rows(sessions, "SELECT name FROM batches")}
    assert names == {"autumn", "first", "second"}


def test_a_database_that_another_program_keeps_locked_says_so(database_url, tmp_path):
    other = sqlite3.connect(tmp_path / "penname.db", isolation_level=None)
    with opened(database_url) as sessions, closing(other):
        with transaction(sessions) as session:
            session.execute(text("PRAGMA busy_timeout = 0"))  # the pool keeps the connection
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(DatabaseUnavailableError, match="another program is writing"):
            open_batches(sessions, 1)


def test_a_new_file_that_another_program_holds_for_a_moment_is_waited_for(database_url, tmp_path):
    other = sqlite3.connect(tmp_path / "penname.db", isolation_level=None, check_same_thread=False)
    with closing(other):
        other.execute("CREATE TABLE theirs (x)")
        other.execute("BEGIN EXCLUSIVE")
        release = threading.Timer(0.3, other.execute, ["COMMIT"])
        release.start()

        with opened(database_url) as sessions:
            found = rows(sessions, "PRAGMA journal_mode")

        release.join()
    assert found == [{"journal_mode": "wal"}]


def test_a_row_that_refers_to_nothing_is_refused(sessions):
    prepare(sessions)

    with pytest.raises(RuntimeError, match="IntegrityError"), transaction(sessions) as session:
        session.execute(
            text(
                "INSERT INTO pages (document_id, page_index, failure_detail)"
                " VALUES ('00000000000000000000000000000000', 0, '')"
            )
        )


def test_closing_leaves_one_file_that_can_be_copied(tmp_path):
    sessions = open_database(f"sqlite:///{tmp_path}/penname.db")

    with closed_after(sessions):
        read(sessions, make_field_reading())

    assert [path.name for path in tmp_path.iterdir()] == ["penname.db"]
    with sqlite3.connect(tmp_path / "penname.db") as plain:
        [[count]] = plain.execute("SELECT count(*) FROM current_readings").fetchall()
    plain.close()
    assert count == 1


def test_lower_case_is_that_of_every_script(sessions):
    assert rows(sessions, "SELECT lower('ÉMILE Ünal') AS name, lower(NULL) AS none") == [
        {"name": "émile ünal", "none": None}
    ]


def test_importing_the_database_needs_no_torch_and_no_opencv():
    asked = "import sys, worker.database.session, worker.database.explanations;"
    asked += "print([m for m in ('torch', 'cv2', 'boto3', 'pyarrow') if m in sys.modules])"

    said = subprocess.run(  # noqa: S603, our own interpreter
        [sys.executable, "-c", asked], capture_output=True, text=True, check=True
    ).stdout

    assert said.strip() == "[]"

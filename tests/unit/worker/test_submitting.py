from __future__ import annotations

import os
import time

import pytest

from worker.cli import submit as submit_command
from worker.errors import DatabaseUnavailableError
from worker.storage.s3 import S3Options
from worker.storage.sources import Sources
from worker.submitting import list_places


def listed(folder, **options):
    return list(list_places(Sources(S3Options()), [str(folder)], **options))


def test_a_file_that_is_replaced_is_another_document(tmp_path):
    scan = tmp_path / "caf\u00e9 1.jpg"
    scan.write_bytes(b"one")
    first, again = listed(tmp_path), listed(tmp_path)
    scan.write_bytes(b"two")
    os.utime(scan, (1, 1))
    [replaced] = listed(tmp_path)

    assert first == again
    assert (replaced.uri, replaced.size_bytes) == (first[0].uri, 3)
    assert replaced.version != first[0].version


def test_a_file_that_may_still_be_written_is_left_for_later(tmp_path):
    for name, age_s in (("old.jpg", 60), ("new.jpg", 0)):
        scan = tmp_path / name
        scan.write_bytes(b"one")
        os.utime(scan, (time.time() - age_s,) * 2)

    assert [found.name for found in listed(tmp_path, settled_s=5.0)] == ["old.jpg"]
    assert len(listed(tmp_path)) == 2


def test_a_file_that_vanishes_while_it_is_listed_is_passed_by(tmp_path):
    (tmp_path / "1.jpg").write_bytes(b"one")
    (tmp_path / "2.jpg").write_bytes(b"one")
    coming = list_places(Sources(S3Options()), [str(tmp_path), str(tmp_path)])
    next(coming)
    (tmp_path / "1.jpg").unlink()
    (tmp_path / "2.jpg").unlink()

    assert list(coming) == []


def test_watching_goes_on_through_an_outage_and_says_so_once(monkeypatch, capsys):
    away = DatabaseUnavailableError("the database is away")
    outcomes = iter([None, away, away, None, KeyboardInterrupt()])
    quiet_ones = []

    def once(*, quiet):
        quiet_ones.append(quiet)
        outcome = next(outcomes)
        if outcome is not None:
            raise outcome

    monkeypatch.setattr("worker.cli.submit.time.sleep", lambda _: None)

    with pytest.raises(KeyboardInterrupt):
        submit_command._watch(once)  # noqa: SLF001, the loop of the command

    assert quiet_ones == [False, True, True, True, True]
    assert capsys.readouterr().err.count("the database is away") == 1

"""Review on PostgreSQL: the same promises again, and many people at once."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from tests.database import make_field, read, rows
from tests.reviewers import make_desk, said
from tests.unit.worker.test_auditing import *  # noqa: F403, run on PostgreSQL from here
from tests.unit.worker.test_people import *  # noqa: F403, the same
from tests.unit.worker.test_reviewing import *  # noqa: F403, the same
from tests.unit.worker.test_reviewing_alike import *  # noqa: F403, the same
from worker.reviewing import Answer, Say, answer_fields, next_fields
from worker.types import FieldStatus

pytestmark = pytest.mark.integration
PEOPLE = 50
FIELDS = 300


def test_fifty_people_at_once_never_get_the_same_field(sessions):
    fields = [
        make_field(f"field_{n}", f"Ada {n}", confidence=0.5, status=FieldStatus.LOW_CONFIDENCE)
        for n in range(FIELDS)
    ]
    read(sessions, *fields)
    desks = [make_desk(sessions, f"person-{number}") for number in range(PEOPLE)]
    start = Barrier(PEOPLE)

    def work(desk):
        start.wait(60)
        seen = []
        while found := next_fields(desk, 2):
            seen += [field.reading_id for field in found]
            answers = [Answer(lease_id=own.lease_id, say=Say.TEXT, text="x") for own in found]
            answer_fields(desk, answers)
        return seen

    with ThreadPoolExecutor(PEOPLE) as threads:
        seen = Counter(reading for own in threads.map(work, desks) for reading in own)

    assert len(seen) == FIELDS
    assert set(seen.values()) == {1}
    assert len(said(sessions)) == FIELDS
    assert rows(sessions, "SELECT * FROM review_leases WHERE ended_at IS NULL") == []

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from segmentation import Doubt, FieldState
from tests.database import correct, make_field, read
from tests.factories import make_crop, make_identity
from worker.database.audits import Audit, find_audits, made_with
from worker.database.models import ReadingRow
from worker.database.session import transaction
from worker.types import FieldStatus

USED = make_identity().read_with
NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def audits(sessions, *, batch=None, used=USED):
    with transaction(sessions) as session:
        return {audit.field_name: audit for audit in find_audits(session, batch, used)}


def say(sessions, field, text, status=FieldStatus.READ):
    """Let a person say what one field says."""
    with transaction(sessions) as session:
        wanted = select(ReadingRow.id).where(ReadingRow.field_name == field)
        reading_id = session.scalars(wanted).one()
    correct(
        sessions,
        reading_id,
        text=text,
        status=status,
        corrected_by="kim",
        corrected_at=NOON,
    )


def test_a_reading_that_nobody_looked_at_is_neither_right_nor_wrong(sessions):
    read(sessions, make_field("full_name", "Ada", confidence=0.9))

    assert audits(sessions) == {
        "full_name": Audit(
            template_id="clinic",
            field_name="full_name",
            confidence=0.9,
            may_pass=True,
            right=None,
        )
    }


@pytest.mark.parametrize(
    ("text", "status", "right"),
    [
        pytest.param("Ada", FieldStatus.READ, True, id="confirmed"),
        pytest.param("Eda", FieldStatus.READ, False, id="corrected"),
        pytest.param("ADA", FieldStatus.READ, False, id="another-case"),
        pytest.param("", FieldStatus.BLANK, False, id="nothing-there"),
        pytest.param("", FieldStatus.UNREADABLE, False, id="unreadable"),
        pytest.param("Ada", FieldStatus.UNREADABLE, False, id="nobody-can-vouch"),
    ],
)
def test_a_reading_is_right_where_a_person_left_it_exactly_as_it_is(sessions, text, status, right):
    read(sessions, make_field("full_name", "Ada"))

    say(sessions, "full_name", text, status)

    assert audits(sessions)["full_name"].right is right


def test_the_latest_word_counts(sessions):
    read(sessions, make_field("full_name", "Ada"))
    say(sessions, "full_name", "Eda")
    say(sessions, "full_name", "Ada")

    assert audits(sessions)["full_name"].right is True


def test_confidence_does_not_decide_about_what_is_misplaced_or_without_text(sessions):
    misplaced = make_crop(
        field_name="moved", state=FieldState.MISPLACED, doubt=Doubt.SURROUNDINGS_DISAGREE
    )
    read(
        sessions,
        make_field("moved", "Ada", crop=misplaced, status=FieldStatus.MISPLACED, confidence=0.0),
        make_field("scrawl", "", status=FieldStatus.LOW_CONFIDENCE),
        make_field("doubtful", "Eve", status=FieldStatus.LOW_CONFIDENCE),
        make_field("empty", "", status=FieldStatus.BLANK),
    )

    found = {name: audit.may_pass for name, audit in audits(sessions).items()}

    assert found == {"moved": False, "scrawl": False, "doubtful": True}


def test_only_the_batch_and_the_reader_that_were_asked_for_are_given(sessions):
    other = make_identity(model_id="ba9876543210")
    weighed = make_identity(decoder_version="0a1b2c3d4e5f")
    read(sessions, make_field("first", "Ada"), uri="file:///1.jpg")
    read(sessions, make_field("second", "Eve"), uri="file:///2.jpg", batch="april")
    read(sessions, make_field("third", "Bob"), uri="file:///3.jpg", identity=other)
    read(sessions, make_field("fourth", "Mia"), uri="file:///4.jpg", identity=weighed)

    assert set(audits(sessions)) == {"first", "second"}
    assert set(audits(sessions, batch="april")) == {"second"}
    assert set(audits(sessions, used=other.read_with)) == {"third"}
    assert set(audits(sessions, used=weighed.read_with)) == {"fourth"}


def test_what_was_read_with_is_listed_from_the_one_that_read_last_with_what_people_looked_at(
    sessions,
):
    other = make_identity(model_id="ba9876543210")
    read(sessions, make_field("first", "Ada"), make_field("second", "Eve"), uri="file:///1.jpg")
    read(sessions, make_field("third", "Bob"), uri="file:///2.jpg", identity=other, batch="may")
    say(sessions, "first", "Ada")

    with transaction(sessions) as session:
        assert made_with(session, None) == [(other.read_with, 0), (USED, 1)]
        assert made_with(session, "autumn") == [(USED, 1)]
        assert made_with(session, "none") == []

from __future__ import annotations

import pytest

from segmentation import Doubt
from tests.database import make_field, read, rows
from tests.factories import make_crop, make_identity
from worker.database.corrections import add_correction, current_value, reviewed_values
from worker.database.results import ResultFilter, find_results
from worker.database.session import transaction
from worker.errors import NoSuchResultError
from worker.types import FieldStatus

BETTER = make_identity(model_id="ba9876543210")


def ids(sessions, **wanted):
    with transaction(sessions) as session:
        return [row.reading_id for row in find_results(session, ResultFilter(**wanted))]


def say(sessions, reading_id, text, status=FieldStatus.READ):
    with transaction(sessions) as session:
        add_correction(session, reading_id, text=text, status=status, corrected_by="nurse 7")


def reviewed(sessions, **wanted):
    with transaction(sessions) as session:
        return reviewed_values(session, **wanted)


def test_what_a_person_says_shows_in_the_view_with_who_and_when(sessions):
    read(sessions, make_field("full_name", "Ado", status=FieldStatus.LOW_CONFIDENCE))
    [reading_id] = ids(sessions)

    say(sessions, reading_id, "Ada")

    [row] = rows(sessions, "SELECT text, raw_text, status, corrected_by FROM current_readings")
    assert row == {"text": "Ada", "raw_text": "Ado", "status": "read", "corrected_by": "nurse 7"}
    with transaction(sessions) as session:
        assert current_value(session, reading_id).text == "Ada"
        [result] = find_results(session, ResultFilter())
    assert result.corrected_at is not None
    assert result.corrected_at >= result.read_at


def test_a_value_that_nobody_looked_at_is_not_reviewed(sessions):
    read(sessions, make_field("first", "Ada"), make_field("last", "Byron"))
    say(sessions, ids(sessions, field="last")[0], "Byron")

    [value] = reviewed(sessions)

    assert (value.text, value.field_name, value.page_index) == ("Byron", "last", 0)
    assert (value.doubt, value.crop_key is not None) == ("", True)
    assert value.document_sha256 == rows(sessions, "SELECT sha256 FROM documents")[0]["sha256"]


def test_the_latest_said_about_a_field_counts_whichever_model_read_it(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [old] = ids(sessions)
    say(sessions, old, "Ido")
    read(sessions, make_field("full_name", "Ida"), identity=BETTER)
    [new] = ids(sessions)
    say(sessions, new, "Ada")

    values = reviewed(sessions)

    assert [(value.reading_id, value.text) for value in values] == [(new, "Ada")]


@pytest.mark.parametrize("status", [FieldStatus.BLANK, FieldStatus.UNREADABLE])
def test_a_field_said_to_hold_no_text_in_the_end_is_not_reviewed(sessions, status):
    read(sessions, make_field("full_name", "Ado"))
    [reading_id] = ids(sessions)
    say(sessions, reading_id, "Ada")
    say(sessions, reading_id, "", status)

    assert reviewed(sessions) == []


def test_reviewed_values_can_be_taken_from_one_batch_only(sessions):
    read(sessions, make_field("full_name", "Ado"), uri="file:///1.jpg")
    read(sessions, make_field("full_name", "Eva"), uri="file:///2.jpg", batch="april")
    for reading_id in ids(sessions):
        say(sessions, reading_id, "Ada")

    assert len(reviewed(sessions)) == 2
    assert len(reviewed(sessions, batch="april")) == 1


def test_a_misplaced_field_says_so_among_the_reviewed(sessions):
    crop = make_crop(doubt=Doubt.SURROUNDINGS_HIDDEN)
    read(sessions, make_field("full_name", "Ado", crop=crop))
    say(sessions, ids(sessions)[0], "Ada")

    assert [value.doubt for value in reviewed(sessions)] == ["surroundings_hidden"]


def test_a_reading_that_was_read_anew_has_no_current_value(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [old] = ids(sessions)
    read(sessions, make_field("full_name", "Ada"), identity=BETTER)

    with transaction(sessions) as session, pytest.raises(NoSuchResultError, match="read anew"):
        current_value(session, old)


def test_names_stay_out_of_what_a_log_would_print_of_reviewed_values(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [reading_id] = ids(sessions)
    say(sessions, reading_id, "Ada")

    with transaction(sessions) as session:
        shown = f"{reviewed_values(session)} {current_value(session, reading_id)}"

    assert "Ada" not in shown
    assert reading_id.hex in shown.replace("-", "")

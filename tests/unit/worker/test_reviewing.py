from __future__ import annotations

import pytest

from tests.database import make_field, read, rows
from tests.factories import make_identity
from tests.reviewers import AuditsFirst, make_desk, read_field, said
from worker.database.corrections import add_correction
from worker.database.session import transaction
from worker.errors import LeaseLostError, NoSuchResultError
from worker.query_errors import AnswerRefusedError
from worker.reviewing import (
    Answer,
    Say,
    answer_fields,
    choices,
    held_field,
    next_fields,
    take_back,
    waiting,
)
from worker.types import FieldStatus


def answer(desk, field, say=Say.TEXT, text=""):
    answer_fields(desk, [Answer(lease_id=field.lease_id, say=say, text=text)])


def texts(fields):
    return [field.text for field in fields]


def test_the_least_confident_comes_first_and_what_has_no_place_before_all(sessions):
    read_field(sessions, "Ada", 0.7)
    read_field(sessions, "Ido", 0.2)
    read_field(sessions, "Eva", 0.0, status=FieldStatus.MISPLACED)
    read_field(sessions, "Sure", 0.99, status=FieldStatus.READ)

    assert texts(next_fields(make_desk(sessions), 9)) == ["Eva", "Ido", "Ada"]


def test_fields_that_were_read_anew_do_not_come_up_however_many_there_are(sessions, monkeypatch):
    monkeypatch.setattr("worker.database.review_queue._PAGE", 2)
    better = make_identity(model_id="ba9876543210")
    for number in range(5):
        uri = f"file:///again/{number}.jpg"
        old = make_field("full_name", "Old", confidence=0.1, status=FieldStatus.LOW_CONFIDENCE)
        read(sessions, old, uri=uri)
        read(sessions, make_field("full_name", "New"), uri=uri, identity=better)
    for number in range(3):
        read_field(sessions, f"Ada {number}", 0.5 + number / 10)

    assert texts(next_fields(make_desk(sessions), 9)) == ["Ada 0", "Ada 1", "Ada 2"]


def test_two_people_get_different_fields(sessions):
    for number in range(4):
        read_field(sessions, f"Ada {number}", 0.5)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")

    first, second = next_fields(rita, 3), next_fields(otto, 3)

    assert len(first) == 3
    assert len(second) == 1
    assert not {field.reading_id for field in first} & {field.reading_id for field in second}


def test_a_page_loaded_anew_shows_what_its_reader_holds(sessions):
    for number in range(3):
        read_field(sessions, f"Ada {number}", 0.5)
    desk = make_desk(sessions)
    [first] = next_fields(desk, 1)

    assert next_fields(desk, 1) == [first]
    assert first not in next_fields(desk, 2, but=[first.lease_id])


def test_an_answer_is_kept_with_who_said_it_and_the_field_is_done(sessions):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)

    answer(desk, field, text="  Ada   Lovelace ")

    assert said(sessions) == [("Ada Lovelace", "read", "rita")]
    assert next_fields(desk, 1) == []
    assert waiting(desk, at_most=9) == 0
    log = rows(sessions, "SELECT who, action, subject FROM audit_log WHERE who = 'rita'")
    assert log == [{"who": "rita", "action": "field_corrected", "subject": str(field.reading_id)}]


@pytest.mark.parametrize("say", [Say.BLANK, Say.UNREADABLE])
def test_a_field_may_be_said_to_hold_no_text(sessions, say):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)

    answer(desk, field, say, text="what stood in the box")

    assert said(sessions) == [("", say.value, "rita")]


def test_an_empty_text_is_refused_and_the_field_stays_on_the_desk(sessions):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)

    with pytest.raises(AnswerRefusedError, match="empty"):
        answer(desk, field, text="   ")

    assert next_fields(desk, 1) == [field]
    assert said(sessions) == []


def test_the_same_answer_sent_twice_is_kept_once(sessions):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)
    answer(desk, field, text="Ada")

    with pytest.raises(LeaseLostError):
        answer(desk, field, text="Ada")

    assert len(said(sessions)) == 1


def test_a_skipped_field_goes_to_others_and_not_back_to_its_reader(sessions):
    read_field(sessions, "Ado", 0.5)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")
    [field] = next_fields(rita, 1)

    answer(rita, field, Say.SKIP)

    assert next_fields(rita, 1) == []
    assert texts(next_fields(otto, 1)) == ["Ado"]
    assert said(sessions) == []


def test_a_lease_that_ran_out_is_taken_over_and_the_late_answer_is_refused(sessions):
    read_field(sessions, "Ado", 0.5)
    rita = make_desk(sessions, "rita", lease_s=-1)
    otto = make_desk(sessions, "otto")
    [late] = next_fields(rita, 1)

    [taken] = next_fields(otto, 1)

    assert taken.reading_id == late.reading_id
    with pytest.raises(LeaseLostError, match="somebody else"):
        answer(rita, late, text="Ida")
    with pytest.raises(LeaseLostError, match="somebody else"):
        held_field(rita, late.lease_id)
    answer(otto, taken, text="Ada")
    assert said(sessions) == [("Ada", "read", "otto")]


def test_a_late_answer_counts_while_nobody_else_has_the_field(sessions):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions, lease_s=-1)
    [field] = next_fields(desk, 1)

    answer(desk, field, text="Ada")

    assert said(sessions) == [("Ada", "read", "rita")]


def test_undo_brings_a_field_back_with_what_was_said_and_the_next_answer_wins(sessions):
    read_field(sessions, "Ado", 0.5)
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)
    answer(desk, field, text="Ida")

    again = take_back(desk, field.lease_id)

    assert again.said == ("Ida", FieldStatus.READ)
    answer(desk, again, text="Ada")
    assert [text for text, *_ in said(sessions)] == ["Ida", "Ada"]
    [row] = rows(sessions, "SELECT text FROM current_readings")
    assert row == {"text": "Ada"}


def test_an_answer_that_was_undone_and_then_skipped_counts_no_more(sessions):
    read_field(sessions, "Ado", 0.5)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")
    [field] = next_fields(rita, 1)
    answer(rita, field, text="Mistake")
    again = take_back(rita, field.lease_id)

    answer(rita, again, Say.SKIP)

    assert rows(sessions, "SELECT text, status FROM current_readings") == [
        {"text": "Ado", "status": "low_confidence"}
    ]
    [shown] = next_fields(otto, 1)
    assert (shown.text, shown.said) == ("Ado", None)
    log = rows(sessions, "SELECT action FROM audit_log WHERE who = 'rita' ORDER BY id")
    assert [row["action"] for row in log] == ["field_corrected", "field_withdrawn"]


def test_skipping_a_field_takes_back_nothing_that_another_said(sessions):
    reading_id = read_field(sessions, "Ado", 0.5)
    rita = make_desk(sessions, "rita")
    [field] = next_fields(rita, 1)
    with transaction(sessions) as session:
        add_correction(
            session, reading_id, text="Ada", status=FieldStatus.READ, corrected_by="otto"
        )

    answer(rita, field, Say.SKIP)

    assert said(sessions) == [("Ada", "read", "otto")]


def test_a_skip_can_be_undone_until_another_takes_the_field(sessions):
    read_field(sessions, "Ado", 0.5)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")
    [field] = next_fields(rita, 1)
    answer(rita, field, Say.SKIP)
    assert take_back(rita, field.lease_id).said is None
    answer(rita, field, Say.SKIP)
    assert next_fields(otto, 1)

    with pytest.raises(LeaseLostError):
        take_back(rita, field.lease_id)


def test_nobody_answers_or_sees_a_field_by_the_lease_of_another(sessions):
    read_field(sessions, "Ado", 0.5)
    rita, otto = make_desk(sessions, "rita"), make_desk(sessions, "otto")
    [field] = next_fields(rita, 1)

    for act in (lambda: answer(otto, field, text="Ada"), lambda: held_field(otto, field.lease_id)):
        with pytest.raises(LeaseLostError):
            act()
    assert held_field(rita, field.lease_id) == field


def test_a_field_that_was_read_anew_meanwhile_is_not_corrected(sessions):
    read(sessions, make_field("full_name", "Ado", status=FieldStatus.LOW_CONFIDENCE))
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)
    better = make_identity(model_id="ba9876543210")
    read(sessions, make_field("full_name", "Ada", confidence=0.99), identity=better)

    with pytest.raises(NoSuchResultError, match="read anew"):
        answer(desk, field, text="Ida")

    assert said(sessions) == []
    assert next_fields(desk, 1) == []


def test_what_passed_is_audited_when_nothing_else_waits_and_in_the_same_order_always(sessions):
    ids = [read_field(sessions, "Sure", 0.99, status=FieldStatus.READ) for _ in range(12)]
    desk = make_desk(sessions, audit_share=0.5)

    drawn = [field.reading_id for field in next_fields(desk, 12)]

    assert drawn == sorted(own for own in ids if own.int < 2**127)


def test_a_greater_share_keeps_the_audits_of_the_smaller_one(sessions):
    for _ in range(12):
        read_field(sessions, "", 1.0, status=FieldStatus.BLANK)
    few = next_fields(make_desk(sessions, "rita", audit_share=0.2, lease_s=-1), 12)
    many = next_fields(make_desk(sessions, "otto", audit_share=0.4), 12)

    assert {field.reading_id for field in few} <= {field.reading_id for field in many}
    assert len(many) < 12


def test_audits_are_mixed_among_what_is_in_doubt(sessions):
    read_field(sessions, "Doubtful", 0.5)
    read_field(sessions, "Sure", 0.99, status=FieldStatus.READ)

    desk = make_desk(sessions, audit_share=1.0, random=AuditsFirst())

    assert texts(next_fields(desk, 2)) == ["Sure", "Doubtful"]


def test_without_a_share_nothing_that_passed_is_shown(sessions):
    read_field(sessions, "Sure", 0.99, status=FieldStatus.READ)

    assert next_fields(make_desk(sessions, audit_share=0.0), 1) == []


def test_choices_are_the_text_what_the_ink_says_and_the_rivals_none_twice(sessions):
    rivals = (("Marlin", 0.2), ("Martin", 0.1), ("Merlin", 0.1), ("Nartin", 0.1), ("M", 0.1))
    read_field(sessions, "Martin", 0.5, raw_text="Martim", alternatives=rivals)
    [field] = next_fields(make_desk(sessions), 1)

    assert choices(field) == ["Martin", "Martim", "Marlin", "Merlin", "Nartin"]


def test_names_stay_out_of_what_a_log_would_print(sessions):
    read_field(sessions, "Ado", 0.5, alternatives=(("Ada", 0.2),))
    desk = make_desk(sessions)
    [field] = next_fields(desk, 1)

    shown = f"{field} {desk} {Answer(lease_id=field.lease_id, say=Say.TEXT, text='Ada')}"

    assert "Ad" not in shown

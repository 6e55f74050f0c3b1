from __future__ import annotations

from tests.reviewers import make_desk, read_field
from worker.auditing import LEVEL, report_audit
from worker.binomial import upper_bound
from worker.reviewing import Answer, Say, answer_fields, next_fields
from worker.types import FieldStatus


def answer_all(desk, *answers):
    for say, text in answers:
        [field] = next_fields(desk, 1)
        answer_fields(desk, [Answer(lease_id=field.lease_id, say=say, text=text)])


def test_nothing_read_gives_no_figures(sessions):
    assert report_audit(sessions, share=1.0) is None


def test_the_error_is_measured_among_what_passed_and_was_looked_at(sessions):
    for _ in range(4):
        read_field(sessions, "Ada", 0.99, status=FieldStatus.READ)
    read_field(sessions, "Ada", 0.5)
    desk = make_desk(sessions, audit_share=1.0)
    answer_all(
        desk,
        (Say.TEXT, "Wrong all the same"),  # in doubt: no audit
        (Say.TEXT, "Ada"),
        (Say.TEXT, "Ida"),
        (Say.UNREADABLE, ""),
    )

    report = report_audit(sessions, share=1.0)

    assert report is not None
    measured = report.all_fields
    counts = measured.counts
    assert (counts.readings, counts.passed, counts.sampled) == (5, 4, 4)
    assert (counts.checked, counts.wrong) == (3, 2)
    assert measured.through == 4 / 5
    assert measured.error == 2 / 3
    assert measured.bound == upper_bound(2, 3, level=LEVEL)
    assert [own.counts.field_name for own in report.fields] == ["full_name"]


def test_a_field_that_passed_as_blank_is_wrong_where_a_name_was_found(sessions):
    for _ in range(2):
        read_field(sessions, "", 1.0, status=FieldStatus.BLANK)
    answer_all(make_desk(sessions, audit_share=1.0), (Say.BLANK, ""), (Say.TEXT, "Ada"))

    report = report_audit(sessions, share=1.0)

    assert report is not None
    assert (report.all_fields.counts.checked, report.all_fields.counts.wrong) == (2, 1)


def test_before_anybody_looked_nothing_is_promised(sessions):
    read_field(sessions, "Ada", 0.99, status=FieldStatus.READ)

    report = report_audit(sessions, share=1.0)

    assert report is not None
    assert report.all_fields.error is None
    assert report.all_fields.bound == 1.0


def test_what_was_corrected_outside_the_sample_does_not_count(sessions):
    read_field(sessions, "Ada", 0.99, status=FieldStatus.READ)
    answer_all(make_desk(sessions, audit_share=1.0), (Say.TEXT, "Ida"))

    report = report_audit(sessions, share=0.0)

    assert report is not None
    assert (report.all_fields.counts.sampled, report.all_fields.counts.checked) == (0, 0)

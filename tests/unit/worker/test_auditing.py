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


def test_of_many_readings_a_random_part_tells_how_many_pass(sessions, monkeypatch):
    for _ in range(40):
        read_field(sessions, "Ada", 0.99, status=FieldStatus.READ)
        read_field(sessions, "Ada", 0.5)
    answer_all(make_desk(sessions), (Say.TEXT, "Ida"))
    exact = report_audit(sessions, share=0.1)
    monkeypatch.setattr("worker.database.audit_sample._COUNTED", 60)

    about = report_audit(sessions, share=0.1)

    assert exact is not None
    assert about is not None
    assert (exact.about, about.about) == (False, True)
    assert exact.all_fields.counts.readings == 80
    assert abs(about.all_fields.counts.readings - 80) < 50  # one in a million draws
    assert abs(about.all_fields.through - 0.5) < 0.3
    assert about.all_fields.counts.sampled == exact.all_fields.counts.sampled
    assert about.all_fields.bound == exact.all_fields.bound

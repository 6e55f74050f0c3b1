from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.exc import StatementError

from tests.database import correct, make_field, read, register, rows
from tests.factories import make_identity
from worker.database.results import ResultFilter, find_results
from worker.database.session import transaction
from worker.types import FieldStatus

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def found(sessions, **wanted):
    with transaction(sessions) as session:
        return list(find_results(session, ResultFilter(**wanted)))


def texts(sessions, **wanted):
    return [row.text for row in found(sessions, **wanted)]


def test_a_result_says_where_it_stands_and_what_read_it(sessions):
    read(sessions, make_field("full_name", "Ada", raw_text="ADA", confidence=0.9))

    [row] = found(sessions)

    assert (row.batch, row.document, row.page, row.field) == (
        "autumn",
        "file:///scans/1.jpg",
        1,
        "full_name",
    )
    assert (row.text, row.raw_text, row.confidence, row.status) == ("Ada", "ADA", 0.9, "read")
    assert (row.model, row.template) == (make_identity().model_id, "clinic")
    assert (row.corrected_by, row.corrected_at) == (None, None)
    assert row.read_at.utcoffset() == timedelta(0)
    assert row.rewritten is True


def test_results_come_in_order_of_batch_document_page_and_field(sessions):
    read(sessions, make_field("b", "4"), make_field("a", "3"), uri="file:///2.jpg")
    read(sessions, make_field("a", "2"), uri="file:///1.jpg")
    read(sessions, make_field("a", "1"), uri="file:///3.jpg", batch="april")

    assert texts(sessions) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param({"batch": "april"}, ["Grace"], id="batch"),
        pytest.param({"field": "last"}, ["Byron"], id="field"),
        pytest.param({"below": 0.9}, ["Byron"], id="below"),
        pytest.param({"below": 0.5}, [], id="nothing-below"),
        pytest.param({"name_glob": "a*"}, ["Ada"], id="beginning"),
        pytest.param({"field": "first", "batch": "autumn"}, ["Ada"], id="both"),
        pytest.param({"batch": "may"}, [], id="unknown-batch"),
        pytest.param({"rewritten": True}, ["Byron"], id="rewritten"),
        pytest.param({"rewritten": False}, ["Grace", "Ada"], id="as-written"),
    ],
)
def test_only_what_is_wanted_is_found(sessions, wanted, expected):
    rewritten = make_field("last", "Byron", confidence=0.5, raw_text="Bvron")
    read(sessions, make_field("first", "Ada"), rewritten, uri="file:///1.jpg")
    read(sessions, make_field("first", "Grace"), uri="file:///2.jpg", batch="april")

    assert texts(sessions, **wanted) == expected


@pytest.mark.parametrize(
    ("glob", "matches"),
    [
        pytest.param("émile", True, id="case-is-ignored-beyond-ascii"),
        pytest.param("ÉMI*", True, id="star"),
        pytest.param("?mile", True, id="question-mark-is-one-character"),
        pytest.param("E\u0301mile", True, id="a-letter-and-its-accent-typed-apart"),
        pytest.param("mile", False, id="the-whole-text-must-match"),
        pytest.param("*mil", False, id="to-its-end"),
        pytest.param("??mile", False, id="no-more-characters-than-there-are"),
        pytest.param("%", False, id="percent-is-itself"),
        pytest.param("_mile", False, id="underscore-is-itself"),
        pytest.param("\\*", False, id="backslash-is-itself"),
    ],
)
def test_a_glob_is_matched_against_the_whole_text(sessions, glob, matches):
    read(sessions, make_field("full_name", "Émile"))

    assert bool(texts(sessions, name_glob=glob)) is matches


def test_the_latest_correction_stands_and_the_machine_s_value_is_kept(sessions):
    read(sessions, make_field("full_name", "Ado", confidence=0.4))
    [row] = found(sessions)
    said = {"corrected_by": "nurse 7", "corrected_at": NOON, "status": FieldStatus.READ}
    correct(sessions, row.reading_id, **{**said, "text": "Ida"})
    correct(sessions, row.reading_id, **{**said, "text": "Ada", "corrected_by": "nurse 8"})

    [corrected] = found(sessions)

    assert (corrected.text, corrected.raw_text, corrected.confidence) == ("Ada", "Ado", 0.4)
    assert (corrected.corrected_by, corrected.corrected_at) == ("nurse 8", NOON)
    assert rows(sessions, "SELECT text FROM readings") == [{"text": "Ado"}]
    assert len(rows(sessions, "SELECT id FROM corrections")) == 2


def test_a_correction_does_not_hide_that_names_changed_what_the_ink_says(sessions):
    read(sessions, make_field("full_name", "Ado", raw_text="Adc"), make_field("other", "Ida"))
    said = {"corrected_by": "nurse 7", "corrected_at": NOON, "status": FieldStatus.READ}
    for row, text in zip(found(sessions), ["Adc", "Eda"], strict=True):
        correct(sessions, row.reading_id, text=text, **said)

    assert [row.rewritten for row in found(sessions)] == [True, False]


def test_a_name_is_found_by_its_correction_and_no_longer_by_what_was_misread(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [row] = found(sessions)
    said = {"corrected_by": "nurse 7", "corrected_at": NOON, "status": FieldStatus.READ}
    correct(sessions, row.reading_id, text="Ida", **said)

    assert texts(sessions, name_glob="id*") == ["Ida"]
    assert texts(sessions, name_glob="ad*") == []


def test_a_person_can_say_that_a_field_is_unreadable(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [row] = found(sessions)
    said = {"corrected_by": "nurse 7", "corrected_at": NOON, "status": FieldStatus.UNREADABLE}
    correct(sessions, row.reading_id, text="", **said)

    [corrected] = found(sessions)

    assert (corrected.text, corrected.status) == ("", "unreadable")


def test_a_scan_read_anew_in_its_batch_shows_its_latest_reading_only(sessions):
    better = make_identity(model_id="ba9876543210")
    read(sessions, make_field("full_name", "Ado"))
    read(sessions, make_field("full_name", "Ada"), identity=better)

    assert texts(sessions) == ["Ada"]
    assert len(rows(sessions, "SELECT id FROM readings")) == 2


def test_a_scan_being_read_anew_shows_its_old_reading_until_then(sessions):
    read(sessions, make_field("full_name", "Ado"))

    register(
        sessions,
        data="file:///scans/1.jpg",
        identity=make_identity(model_id="ba9876543210"),
    )

    assert texts(sessions) == ["Ado"]


def test_batches_do_not_hide_each_other_s_readings(sessions):
    better = make_identity(model_id="ba9876543210")
    read(sessions, make_field("full_name", "Ado"))
    read(sessions, make_field("full_name", "Ada"), identity=better, batch="trial of a model")

    assert texts(sessions, batch="autumn") == ["Ado"]
    assert texts(sessions, batch="trial of a model") == ["Ada"]


def test_a_correction_made_elsewhere_on_earth_is_kept_as_utc(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [row] = found(sessions)
    there = NOON.astimezone(timezone(timedelta(hours=9)))
    correct(
        sessions,
        row.reading_id,
        text="Ada",
        status=FieldStatus.READ,
        corrected_by="nurse 7",
        corrected_at=there,
    )

    [corrected] = found(sessions)

    assert corrected.corrected_at == NOON
    assert corrected.corrected_at.utcoffset() == timedelta(0)


def test_a_time_without_its_zone_is_a_caller_s_bug(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [row] = found(sessions)

    with pytest.raises(StatementError, match="want an aware time"):
        correct(
            sessions,
            row.reading_id,
            text="Ada",
            status=FieldStatus.READ,
            corrected_by="nurse 7",
            corrected_at=NOON.replace(tzinfo=None),
        )


def test_names_stay_out_of_what_a_log_would_print_of_a_result(sessions):
    read(sessions, make_field("full_name", "Ada"))

    [row] = found(sessions)

    assert "Ada" not in repr(row)

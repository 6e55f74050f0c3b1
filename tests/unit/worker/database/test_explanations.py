from __future__ import annotations

from datetime import UTC, datetime

import pytest

from recognition.types import CharReading
from tests.database import correct, make_field, read
from tests.factories import make_box, make_identity
from worker.database.explanations import explain_result
from worker.database.results import ResultFilter, find_results
from worker.database.session import transaction
from worker.errors import NoSuchResultError
from worker.types import FieldStatus

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def explained(sessions, reading_id):
    with transaction(sessions) as session:
        return explain_result(session, reading_id)


def ids(sessions):
    with transaction(sessions) as session:
        return [row.reading_id for row in find_results(session, ResultFilter())]


def test_a_reading_is_explained_down_to_its_bytes(sessions):
    chars = (CharReading(char="A", probability=0.8, start_frame=3, end_frame=5),)
    said = {"raw_text": "ADA", "raw_confidence": 0.7, "alternatives": (("Ida", 0.2),)}
    field = make_field("full_name", "Ada", chars=chars, **said)
    weighed = make_identity(decoder_version="dddddddddddd")
    claim = read(sessions, field, uri="s3://forms/1.jpg", identity=weighed)
    [reading_id] = ids(sessions)

    found = explained(sessions, str(reading_id))

    assert (found.reading_id, found.is_current, found.batch) == (reading_id, True, "autumn")
    assert (found.uri, found.size_bytes, len(found.sha256)) == ("s3://forms/1.jpg", 16, 64)
    assert (found.template_id, found.template_version) == ("clinic", "aaaaaaaaaaaa")
    box = make_box()
    assert list(found.template_box) == [box.x_px, box.y_px, box.width_px, box.height_px]
    assert list(found.page_to_template) == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    assert [list(corner) for corner in found.page_quad] == field.crop.page_box.tolist()
    assert (found.inlier_count, found.rms_px, found.page_agreement) == (120, 0.9, 0.95)
    assert (found.field_agreement, found.ink_fraction) == (0.97, 0.08)
    assert (found.text, found.raw_text, found.raw_confidence) == ("Ada", "ADA", 0.7)
    assert [list(char) for char in found.chars] == [["A", 0.8, 3, 5]]
    assert [list(rival) for rival in found.alternatives] == [["Ida", 0.2]]
    assert (found.decoder_version, found.letters, found.lexicon) == ("dddddddddddd", "any", None)
    model_id = make_identity().model_id
    assert (found.model_id, found.model_sha256) == (model_id, model_id * 5)
    assert (found.attempt, found.crop_key) == (1, f"crops/{claim.document_id}/1.zip")
    assert found.registered_at <= found.started_at <= found.read_at
    assert found.corrections == ()


def test_corrections_come_with_it_the_latest_last(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [reading_id] = ids(sessions)
    for text in ("Ida", "Ada"):
        correct(
            sessions,
            reading_id,
            text=text,
            status=FieldStatus.READ,
            corrected_by="nurse 7",
            corrected_at=NOON,
        )

    found = explained(sessions, str(reading_id))

    assert [said.text for said in found.corrections] == ["Ida", "Ada"]
    assert found.text == "Ado"
    assert found.corrections[0].corrected_at == NOON


def test_a_reading_that_was_read_anew_says_so(sessions):
    read(sessions, make_field("full_name", "Ado"))
    [old] = ids(sessions)
    read(sessions, make_field("full_name", "Ada"), identity=make_identity(model_id="ba9876543210"))

    assert not explained(sessions, str(old)).is_current


def test_the_first_digits_of_an_id_are_enough_with_or_without_hyphens(sessions):
    read(sessions, make_field("full_name", "Ada"))
    [reading_id] = ids(sessions)

    found = {
        explained(sessions, digits).reading_id
        for digits in (reading_id.hex[:8], str(reading_id)[:10], reading_id.hex.upper())
    }

    assert found == {reading_id}


def test_digits_that_fit_several_results_are_refused(sessions):
    # 17 ids cannot all begin with different digits.
    read(sessions, *(make_field(f"field {number}", "Ada") for number in range(17)))
    firsts = [reading_id.hex[0] for reading_id in ids(sessions)]
    shared = next(first for first in firsts if firsts.count(first) > 1)

    with pytest.raises(NoSuchResultError, match="several results start with"):
        explained(sessions, shared)


@pytest.mark.parametrize(
    ("digits", "message"),
    [
        pytest.param("ffffffff", "no result ffffffff", id="absent"),
        pytest.param("Lovelace", "is no id of a result", id="no-digits"),
        pytest.param("", "is no id of a result", id="empty"),
        pytest.param("0" * 33, "is no id of a result", id="too-long"),
        pytest.param("%", "is no id of a result", id="wildcard"),
    ],
)
def test_what_is_no_result_is_refused_with_advice(sessions, digits, message):
    with pytest.raises(NoSuchResultError, match=message):
        explained(sessions, digits)

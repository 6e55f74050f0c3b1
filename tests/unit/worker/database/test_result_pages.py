from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product
from random import Random

import pytest
from sqlalchemy import text

from tests.database import correct, make_field, read
from tests.factories import make_identity
from worker.database.dialects import is_postgresql
from worker.database.likeness import word_likeness
from worker.database.result_pages import ResultSort, find_page
from worker.database.results import ResultFilter, ResultRow, find_results
from worker.database.session import transaction
from worker.query_errors import BadQueryError
from worker.types import FieldStatus

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
NAMES = ("Ada Lovelace", "ada byron", "Émile Zola", "Grace Hopper", "Adele", "")
EVERYTHING = ResultFilter()
FILTERS = (
    EVERYTHING,
    ResultFilter(batch="spring"),
    ResultFilter(field="last"),
    ResultFilter(below=0.6),
    ResultFilter(rewritten=True),
    ResultFilter(rewritten=False, batch="autumn"),
    ResultFilter(status="read"),
    ResultFilter(status="unreadable"),
    ResultFilter(corrected=True),
    ResultFilter(corrected=False, status="read"),
    ResultFilter(name_glob="ad*"),
    ResultFilter(name_glob="é*", corrected=True),
    ResultFilter(batch="no-such"),
)
IN_ANY_BATCH = (ResultSort.NEWEST, ResultSort.LEAST_SURE, ResultSort.SUREST, ResultSort.NAME)


@pytest.fixture
def filled(sessions):
    """Some forms read in two batches, one of them twice, with what people said since."""
    draw = Random(5)
    for batch, number in product(("autumn", "spring"), range(6)):
        fields = [
            make_field(
                name,
                draw.choice(NAMES),
                raw_text=draw.choice(NAMES),
                confidence=draw.choice((0.3, 0.5, 0.7, 0.9)),
                status=draw.choice((FieldStatus.READ, FieldStatus.LOW_CONFIDENCE)),
            )
            for name in ("last", "first")
        ]
        read(
            sessions,
            *fields,
            uri=f"file:///{draw.random()}.jpg",
            batch=batch,
            data=f"{number}{batch}",
        )
    anew = make_identity(model_id="cccccccccccc")
    read(sessions, make_field("first", "Adam"), batch="autumn", data="3autumn", identity=anew)
    for i, row in enumerate(everything(sessions)):
        for said in draw.sample(NAMES, k=(0, 0, 1, 2)[i % 4]):
            status = draw.choice((FieldStatus.READ, FieldStatus.UNREADABLE))
            values = {"text": said, "status": status, "corrected_by": "nurse 7"}
            correct(sessions, row.reading_id, corrected_at=NOON, **values)
    return sessions


def everything(sessions, wanted=EVERYTHING):
    with transaction(sessions) as session:
        return list(find_results(session, wanted))


def paged(sessions, wanted, sort, *, limit=4):
    """Go from page to page to the end."""
    found: list[ResultRow] = []
    cursor = None
    while True:
        with transaction(sessions) as session:
            page = find_page(session, wanted, sort=sort, limit=limit, cursor=cursor)
        found += page.rows
        assert len(page.rows) <= limit
        if page.cursor is None:
            return found
        assert len(page.rows) == limit
        cursor = page.cursor


@pytest.mark.parametrize("sort", IN_ANY_BATCH)
def test_the_pages_together_hold_what_the_view_holds_each_once(filled, sort):
    for wanted in FILTERS:
        found = paged(filled, wanted, sort)

        assert {row.reading_id: row for row in found} == {
            row.reading_id: row for row in everything(filled, wanted)
        }
        assert len({row.reading_id for row in found}) == len(found)


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        pytest.param(
            ResultSort.LEAST_SURE, lambda row: (row.confidence, row.reading_id.hex), id="up"
        ),
        pytest.param(
            ResultSort.SUREST, lambda row: (-row.confidence, -row.reading_id.int), id="down"
        ),
        pytest.param(
            ResultSort.NAME, lambda row: (row.text.lower(), row.reading_id.hex), id="name"
        ),
    ],
)
def test_results_come_in_the_order_asked_for(filled, sort, key):
    for wanted in FILTERS:
        found = paged(filled, wanted, sort)

        assert found == sorted(found, key=key)


def test_results_of_a_batch_come_by_place_as_the_view_gives_them(filled):
    for wanted in FILTERS:
        of_batch = replace(wanted, batch="autumn")

        assert paged(filled, of_batch, ResultSort.PLACE) == everything(filled, of_batch)


def test_the_document_that_was_read_last_comes_first(filled):
    found = paged(filled, EVERYTHING, ResultSort.NEWEST)

    assert found[0].model == "cccccccccccc"
    assert [row.read_at for row in found] == sorted((row.read_at for row in found), reverse=True)


def test_names_with_a_slip_are_found_the_nearest_first(sessions):
    names = ("Ada Lovelace", "Loveless", "Byron", "A. Lovlace")
    for name in names:
        read(sessions, make_field("full_name", name), uri=f"file:///{name}")

    found = paged(sessions, ResultFilter(similar_to="LOVLACE"), ResultSort.LIKENESS, limit=1)

    assert [row.text for row in found] == ["A. Lovlace", "Ada Lovelace"]
    assert [row.text for row in everything(sessions, ResultFilter(similar_to="lovlace"))] == [
        "A. Lovlace",
        "Ada Lovelace",
    ]


def test_a_name_is_likened_to_what_a_person_said_and_not_to_what_was_misread(sessions):
    read(sessions, make_field("full_name", "Ada Lovelace"))
    [row] = everything(sessions)
    values = {"text": "Grace Hopper", "status": FieldStatus.READ, "corrected_by": "nurse 7"}
    correct(sessions, row.reading_id, corrected_at=NOON, **values)

    assert paged(sessions, ResultFilter(similar_to="lovelace"), ResultSort.LIKENESS) == []
    [found] = paged(sessions, ResultFilter(similar_to="hoper"), ResultSort.LIKENESS)
    assert found.text == "Grace Hopper"


@pytest.mark.parametrize(
    ("wanted", "sort", "cursor"),
    [
        pytest.param(EVERYTHING, ResultSort.PLACE, None, id="place-without-batch"),
        pytest.param(EVERYTHING, ResultSort.LIKENESS, None, id="likeness-of-nothing"),
        pytest.param(EVERYTHING, ResultSort.NEWEST, "no-cursor", id="no-cursor"),
        pytest.param(EVERYTHING, ResultSort.NEWEST, "0" * 32, id="gone"),
    ],
)
def test_a_search_that_makes_no_sense_is_refused(sessions, wanted, sort, cursor):
    with transaction(sessions) as session, pytest.raises(BadQueryError):
        find_page(session, wanted, sort=sort, limit=1, cursor=cursor)


def test_a_cursor_holds_no_name(filled):
    with transaction(filled) as session:
        page = find_page(session, EVERYTHING, sort=ResultSort.NAME, limit=3)
        session.execute(text("SELECT 1"))

    assert page.cursor == page.rows[-1].reading_id.hex


@pytest.mark.parametrize(
    ("wanted", "said", "expected"),
    [
        pytest.param("--", "Ada", 0.0, id="no-letters"),
        pytest.param("ada", "ADA", 1.0, id="case"),
        pytest.param("ada", "Grace Ada Hopper", 1.0, id="one-word-of-three"),
        pytest.param("lovlace", "lovelace", 6 / 11, id="a-slip"),
    ],
)
def test_names_are_likened_as_the_server_does(sessions, wanted, said, expected):
    assert word_likeness(wanted, said) == pytest.approx(expected)

    with transaction(sessions) as session:
        if is_postgresql(session):
            asked = {"wanted": wanted, "said": said}
            of_server = session.scalar(text("SELECT word_similarity(:wanted, :said)"), asked)
            assert of_server == pytest.approx(expected)

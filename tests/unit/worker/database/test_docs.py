"""docs/database.md says what is true: its columns are the view's, and its queries run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.database import make_field, read, rows

DOCS = (Path(__file__).parents[4] / "docs" / "database.md").read_text("utf-8")
QUERIES = re.findall(r"```sql\n(SELECT.*?;)\n```", DOCS, re.DOTALL)


def test_every_column_of_the_view_is_explained_in_its_order(sessions):
    read(sessions, make_field("full_name", "Ada"))
    [row] = rows(sessions, "SELECT * FROM current_readings")
    view = DOCS.partition("## Ask for the names")[2].partition("### Examples")[0]

    explained = re.findall(r"^\| `(\w+)` \|", view, re.MULTILINE)

    assert explained == list(row)


def test_there_are_queries_to_try():
    assert len(QUERIES) >= 6


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_of_the_docs_runs(sessions, query):
    read(sessions, make_field("full_name", "Ada"))

    rows(sessions, query)

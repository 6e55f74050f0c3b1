"""A SQLite database of one's own; ``tests/integration`` runs the same tests on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.database import opened


@pytest.fixture
def database_url(tmp_path):
    return f"sqlite:///{tmp_path}/penname.db"


@pytest.fixture
def sessions(database_url):
    with opened(database_url) as sessions:
        yield sessions

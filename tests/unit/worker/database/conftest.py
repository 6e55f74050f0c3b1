"""A SQLite database of one's own; ``tests/integration`` runs the same tests on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.database import opened
from tests.ordinary_user import folder_without_root

__all__ = ["database_url", "folder_without_root", "sessions"]


@pytest.fixture
def database_url(tmp_path):
    return f"sqlite:///{tmp_path}/penname.db"


@pytest.fixture
def sessions(database_url):
    with opened(database_url) as sessions:
        yield sessions

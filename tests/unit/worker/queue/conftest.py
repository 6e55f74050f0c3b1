"""A database of one's own, and stations whose ports are doubles."""

from __future__ import annotations

import pytest

from tests.database import opened


@pytest.fixture
def sessions(tmp_path):
    with opened(f"sqlite:///{tmp_path}/penname.db") as sessions:
        yield sessions

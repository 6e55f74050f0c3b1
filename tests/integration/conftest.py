"""Real servers, started once for all integration tests."""

from __future__ import annotations

import pytest

from tests.servers import postgresql


@pytest.fixture(scope="session")
def postgresql_url():
    with postgresql() as url:
        yield url

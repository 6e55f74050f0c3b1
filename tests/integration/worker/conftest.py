"""A PostgreSQL database of one's own for each test."""

from __future__ import annotations

from itertools import count

import psycopg
import pytest

from tests.database import opened

_numbers = count(1)


@pytest.fixture
def database_url(postgresql_url):
    name = f"penname_{next(_numbers)}"
    with psycopg.connect(postgresql_url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return postgresql_url.rsplit("/", 1)[0] + "/" + name


@pytest.fixture
def sessions(database_url):
    with opened(database_url) as sessions:
        yield sessions

"""The application, served, a browser, and fields whose crops lie in the store."""

from __future__ import annotations

import pytest

from tests.shelf import Shelf
from tests.web import browser, web

__all__ = ["browser", "shelf", "web"]


@pytest.fixture
def shelf(web, tmp_path):
    """Give the application's shelf, still empty."""
    return Shelf(web=web, folder=tmp_path)

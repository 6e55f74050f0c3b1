"""The application, served, and a browser."""

from __future__ import annotations

from tests.web import browser, web

__all__ = ["browser", "web"]

"""Fixtures that every test shares."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("PENNAME_")]:
        monkeypatch.delenv(name)

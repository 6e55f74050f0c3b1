"""Fixtures that every test shares."""

from __future__ import annotations

import os
from functools import partial

import pytest
from argon2 import PasswordHasher


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch):
    """Keep the settings of whoever runs the tests out of them."""
    for name in [name for name in os.environ if name.startswith("PENNAME_")]:
        monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def quick_passwords(monkeypatch):
    """Hash passwords at next to no cost; ``test_credentials`` looks at the real one."""
    quick = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr("worker.credentials.PasswordHasher", quick)

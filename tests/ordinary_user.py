"""The rights of an ordinary user, for tests that run as root; ``conftest.py`` imports it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

_NOBODY = 65534


@pytest.fixture
def folder_without_root():
    """Give a folder and, for as long as the test runs, the rights of an ordinary user.

    Root reads and writes whatever a mode says, and containers run their tests as root.
    """
    with tempfile.TemporaryDirectory(prefix="penname-") as name:
        user = os.geteuid()
        if user == 0:
            os.chown(name, _NOBODY, -1)
            os.seteuid(_NOBODY)
        try:
            yield Path(name)
        finally:
            os.seteuid(user)

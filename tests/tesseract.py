"""Tell whether Tesseract is there; ``.ci/install-servers`` installs it."""

from __future__ import annotations

import shutil

import pytest

needs_tesseract = pytest.mark.skipif(
    shutil.which("tesseract") is None, reason="Tesseract is not installed: .ci/install-servers"
)

"""Run ``penname`` as its entry point does, in this process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from worker.cli.app import main

if TYPE_CHECKING:
    from collections.abc import Iterable


def exit_code_of(monkeypatch: pytest.MonkeyPatch, arguments: Iterable[object]) -> int:
    """Run the command and give its exit code; what it says goes where it would."""
    monkeypatch.setattr(sys, "argv", ["penname", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        main()
    return int(left.value.code or 0)

"""Leave a long command that a person stopped."""

from __future__ import annotations

import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTERRUPTED = 128 + signal.SIGINT


@contextmanager
def stoppable() -> Iterator[None]:
    """Say on Ctrl-C that the same command goes on, and leave without a trace.

    Raises:
        typer.Exit: it was pressed.
    """
    try:
        yield
    except KeyboardInterrupt:
        print("stopped; the same command goes on where this one was", file=sys.stderr)
        raise typer.Exit(_INTERRUPTED) from None

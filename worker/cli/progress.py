"""Show how far a long command is."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@contextmanager
def progress_bar(doing: str) -> Iterator[Callable[[float, str], None]]:
    """Show a bar on stderr with a remark and the time left; nothing when that is no terminal.

    Yields:
        What to tell the share that is done, [0, 1], and the remark.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn(doing),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.description}"),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("", total=1.0)

        def show(done: float, remark: str) -> None:
            bar.update(task, completed=min(1.0, done), description=remark)

        yield show

"""Write files so that they are seen whole or not at all."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write, which takes the place of ``path`` once the block has ended well."""
    partial = path.with_name(path.name + ".partial")
    yield partial
    os.replace(partial, path)  # noqa: PTH105 - Path.replace is the same call, atomic on POSIX

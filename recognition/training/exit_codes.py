"""How the commands of training end when data or settings are at fault."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from recognition.errors import TrainingConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from recognition.errors import RecognitionError

EXIT_DATA, EXIT_CONFIG = 65, 78  # as sysexits.h has them


def tell(error: RecognitionError, *, settings: Path | None = None) -> int:
    """Say on stderr what is wrong.

    Args:
        error: what ended the command.
        settings: the file whose faults a ``TrainingConfigError`` lists.

    Returns:
        The exit code.
    """
    if isinstance(error, TrainingConfigError):
        sys.stderr.writelines(f"{settings}: {fault}\n" for fault in error.faults)
        return EXIT_CONFIG
    sys.stderr.write(f"{error}\n")
    return EXIT_DATA

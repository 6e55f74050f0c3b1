"""Read idx files, the format of MNIST, plain or gzipped.

A file is a magic number (two zero bytes, 8 for unsigned bytes, the number of axes), the length
of each axis as a big-endian 32-bit integer, and the bytes (http://yann.lecun.com/exdb/mnist/).
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recognition.errors import StudyError, StudyFault

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

_UNSIGNED_BYTES = 8
_MOST_BYTES = 1 << 28  # five times MNIST: a header that claims more is not believed


def read_idx(path: Path, *, axes: int) -> npt.NDArray[np.uint8]:
    """Read one file of ``axes`` axes; a name that ends in ``.gz`` is unpacked on the way.

    Raises:
        StudyError: the file cannot be read, is of another kind, or is longer or shorter than
            its header says.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            return _read(file, axes)
    except (OSError, EOFError, zlib.error) as error:
        raise StudyError(
            StudyFault.DATA_DAMAGED, f"cannot read {path}: {error}; fetch it again"
        ) from error
    except ValueError as error:
        raise StudyError(StudyFault.DATA_DAMAGED, f"{path} {error}; fetch it again") from error


def _read(file: BinaryIO | gzip.GzipFile, axes: int) -> npt.NDArray[np.uint8]:
    head = file.read(4 + 4 * axes)
    if len(head) < 4 + 4 * axes:
        raise ValueError("ends within its header")
    zeros, kind, found = struct.unpack_from(">HBB", head)
    if zeros or kind != _UNSIGNED_BYTES or found != axes:
        raise ValueError(f"is no idx file of unsigned bytes with {axes} axes")
    shape = struct.unpack_from(f">{axes}I", head, 4)
    size = math.prod(shape)
    if not 0 < size <= _MOST_BYTES:
        raise ValueError(f"claims {size} bytes, want 1 to {_MOST_BYTES}")
    content = file.read(size + 1)  # one more shows whether it ends where it should
    if len(content) != size:
        more = "more than" if len(content) > size else f"{len(content)} of"
        raise ValueError(f"holds {more} the {size} bytes that its header claims")
    return np.frombuffer(content, np.uint8).reshape(shape)

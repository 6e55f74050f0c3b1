"""Read the pickles of CIFAR-10's python version without running anything they hold.

A pickle can call whatever its reader finds for it. This reader finds nothing but stand-ins for
the few things that a pickled array is made of; they only keep what they are given, and arrays
are made of that, checked, afterwards. A pickle that asks for anything else is refused.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np
import numpy.typing as npt

from recognition.errors import StudyError, StudyFault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_MOST_BYTES = 1 << 28  # a batch of CIFAR-10 has 31 MB
_UNSIGNED_BYTES = ("u1", b"u1", "uint8", b"uint8")


def read_batch(path: Path) -> dict[str, Any]:
    """Read one pickled dictionary of arrays, numbers and texts.

    Returns:
        The dictionary with its keys as text; arrays of uint8 are numpy's, all else is as it was.

    Raises:
        StudyError: the file cannot be read, is no such pickle, or asks for more than data.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise StudyError(
            StudyFault.DATA_MISSING, f"cannot read {path}: {error.strerror}"
        ) from error
    if len(content) > _MOST_BYTES:
        raise _damaged(path, f"has over {_MOST_BYTES} bytes")
    try:
        loaded = _DataOnly(content, path).load()
    except StudyError:
        raise
    except Exception as error:  # a damaged pickle raises whatever its opcodes meet
        raise _damaged(path, "cannot be unpickled") from error
    if not isinstance(loaded, dict):
        raise _damaged(path, "holds no dictionary")
    return {_text(key): _plain(value, path) for key, value in loaded.items()}


class _PickledArray:
    """Keeps the state of a pickled array."""

    def __init__(self) -> None:
        self.state: object = None

    def __setstate__(self, state: object) -> None:
        self.state = state


class _PickledType:
    """Keeps which type of number a pickled array has."""

    def __init__(self, *arguments: object) -> None:
        self.arguments = arguments

    def __setstate__(self, state: object) -> None:
        """Take no notice: byte order and alignment mean nothing to single bytes."""


def _new_array(*_: object) -> _PickledArray:
    return _PickledArray()


def _array_of(content: bytearray, kind: object, shape: object, order: object) -> _PickledArray:
    """Keep what protocol 5 says of an array."""
    made = _PickledArray()
    made.state = (1, shape, kind, order == "F", bytes(content))
    return made


def _bytes_of(text: str, *_: object) -> bytes:
    """Undo what protocol 2 makes of bytes: a text that is one character a byte."""
    return text.encode("latin-1")


def _array_type(*_: object) -> NoReturn:
    raise pickle.UnpicklingError("numpy.ndarray is a name here, not to be called")


_STAND_INS: Mapping[tuple[str, str], Callable[..., object]] = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy.core.numeric", "_frombuffer"): _array_of,
    ("numpy._core.numeric", "_frombuffer"): _array_of,
    ("numpy", "ndarray"): _array_type,
    ("numpy", "dtype"): _PickledType,
    ("_codecs", "encode"): _bytes_of,
}


class _DataOnly(pickle.Unpickler):
    """Finds the stand-ins, and nothing else."""

    def __init__(self, content: bytes, path: Path) -> None:
        super().__init__(io.BytesIO(content), encoding="bytes")
        self.path = path

    def find_class(self, module: str, name: str, /) -> Callable[..., object]:
        found = _STAND_INS.get((module, name))
        if found is None:
            raise StudyError(
                StudyFault.DATA_UNSAFE,
                f"{self.path} asks for {module}.{name}, which no data needs; "
                "do not trust where it came from",
            )
        # A new function each time: a pickle can set attributes of what it finds.
        return lambda *given: found(*given)  # noqa: PLW0108, it is more than its inner function


def _text(key: object) -> str:
    return key.decode("latin-1") if isinstance(key, bytes) else str(key)


def _plain(value: object, path: Path) -> object:
    return _array(value, path) if isinstance(value, _PickledArray) else value


def _array(pickled: _PickledArray, path: Path) -> npt.NDArray[np.uint8]:
    """Make the array that a state describes: version, shape, type, order, bytes.

    Raises:
        StudyError: it does not describe an array of uint8.
    """
    match pickled.state:
        case (
            int(),
            tuple() as shape,
            _PickledType(arguments=(kind, *_)),
            bool() | int() as column_first,
            bytes() as content,
        ) if kind in _UNSIGNED_BYTES and all(isinstance(n, int) and n >= 0 for n in shape):
            if math.prod(shape) == len(content):
                order = "F" if column_first else "C"
                return np.frombuffer(content, np.uint8).reshape(shape, order=order)  # type: ignore[no-any-return,call-overload] # shape holds ints, as checked
    raise _damaged(path, "holds an array that is not of unsigned bytes")


def _damaged(path: Path, how: str) -> StudyError:
    return StudyError(
        StudyFault.DATA_DAMAGED, f"{path} {how}, so it is no batch of CIFAR-10; fetch it again"
    )

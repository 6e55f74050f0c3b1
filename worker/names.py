"""What a run knows of names: the prior, and the lists that its templates ask for.

A field's ``lexicon`` is the id of a list, which is the file ``ID.csv`` or ``ID.txt`` in one
folder; ``recognition.lexicon`` says what it holds. All of it is read before any scan is.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recognition.errors import LexiconError
from recognition.lexicon import read_lexicon
from recognition.prior import RELEASE, read_prior
from recognition.rewriting import LexiconParams, PriorParams
from worker.errors import ConfigError
from worker.types import GREEDY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from recognition.lexicon import Lexicon
    from recognition.prior import NamePrior
    from segmentation import Template

_SUFFIXES = (".csv", ".txt")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Names:
    """Names as evidence, ready for a recognizer."""

    prior: NamePrior | None
    lexicons: Mapping[str, Lexicon]  # by id
    version: str  # 12 hex digits that change with any of it and with how far it is believed;
    # GREEDY where there is none of it


def load_names(templates: Sequence[Template], *, prior: bool, lexicon_dir: Path) -> Names:
    """Read what is known of names.

    Args:
        templates: whose fields say which lists are wanted.
        prior: whether to weigh the name prior of the package.
        lexicon_dir: holds the lists; need not be there where no field wants one.

    Raises:
        ConfigError: a list is not there, is there twice or cannot be read; all are named.
        CheckpointError: the prior inside the package is damaged.
    """
    return _load(_wanted(templates), prior=prior, lexicon_dir=lexicon_dir)


def load_names_of(lexicons: Iterable[str], *, prior: bool, lexicon_dir: Path) -> Names:
    """Read what is known of names, by the ids of the lists: as ``load_names`` else."""
    wanted = dict.fromkeys(sorted(lexicons), "a template that scans were submitted for")
    return _load(wanted, prior=prior, lexicon_dir=lexicon_dir)


def wanted_lexicons(templates: Sequence[Template]) -> tuple[str, ...]:
    """Name the lists that the fields of these templates want, sorted."""
    return tuple(sorted(_wanted(templates)))


def _load(wanted: Mapping[str, str], *, prior: bool, lexicon_dir: Path) -> Names:
    files = _find_lexicons(wanted, lexicon_dir)
    believed = read_prior() if prior else None
    digests = [f"{name}:{_digest(path)}" for name, path in files.items()]
    if files:
        digests.append(repr(LexiconParams()))
    if prior:
        digests += [_digest(RELEASE), repr(PriorParams())]
    return Names(
        prior=believed,
        lexicons={name: _read(path) for name, path in files.items()},
        version=hashlib.sha256("\n".join(digests).encode()).hexdigest()[:12] if digests else GREEDY,
    )


def _wanted(templates: Sequence[Template]) -> dict[str, str]:
    """Say which lists are wanted, by id, each with the first field that wants it."""
    wanted: dict[str, str] = {}
    for template in templates:
        for spec in template.fields:
            if spec.lexicon is not None:
                wanted.setdefault(spec.lexicon, f"field {spec.name!r} of {template.template_id!r}")
    return wanted


def _find_lexicons(wanted: Mapping[str, str], folder: Path) -> dict[str, Path]:
    """Find the file of each list, in the order of their ids."""
    found: dict[str, Path] = {}
    faults = []
    for name, field in sorted(wanted.items()):
        paths = [path for suffix in _SUFFIXES if (path := folder / (name + suffix)).is_file()]
        if len(paths) == 1:
            found[name] = paths[0]
        else:
            what = "are both there" if paths else "is missing"
            faults.append(f"{field} wants the list {name!r}: {_files(folder, name, paths)} {what}")
    if faults:
        raise ConfigError(
            "name lists cannot be used; put one file for each into the folder that lexicon_dir "
            "names, or take the field's lexicon out of its template:\n" + "\n".join(faults)
        )
    return found


def _files(folder: Path, name: str, paths: Sequence[Path]) -> str:
    joiner = " and " if paths else " or "
    return joiner.join(str(folder / (name + suffix)) for suffix in _SUFFIXES)


def _read(path: Path) -> Lexicon:
    try:
        return read_lexicon(path)
    except LexiconError as error:
        raise ConfigError(f"a name list cannot be used: {error}") from error


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ConfigError(f"the name list {path} cannot be read: {error}") from error

"""What a submit needs: places to documents, and settings to what they shall be read with.

It says who will read the documents, and how, without loading a network: no torch.
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from worker.batches import OfferedTemplate, Submission
from worker.database.submissions import Offer
from worker.names import load_names, wanted_lexicons
from worker.queue.forms import template_key
from worker.runtime import checkpoint_file, templates_version
from worker.storage.manifest import read_manifest
from worker.storage.sources import path_of
from worker.templates import load_templates
from worker.types import RunIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from worker.config import Settings
    from worker.storage.sources import Sources
    from worker.types import Source

_MANIFEST_SUFFIX = ".csv"


def describe_submission(
    settings: Settings, template_folders: Sequence[Path], *, batch: str, urgent: bool
) -> Submission:
    """Say what the documents of a batch shall be read with.

    Raises:
        ConfigError: a template or a name list is wrong.
        CheckpointError: the weights cannot be used.
        NoSuchModelError: the promoted model is gone.
    """
    from recognition.header import read_header

    templates = load_templates(template_folders)
    names = load_names(templates, prior=settings.name_prior, lexicon_dir=settings.lexicon_dir)
    header = read_header(checkpoint_file(settings))
    identity = RunIdentity(
        templates_version=templates_version(templates),
        model_id=header.model_id,
        decoder_version=names.version,
    )
    return Submission(
        batch=batch,
        offer=Offer(
            identity=identity,
            templates=tuple(sorted(map(template_key, templates))),
            lexicons=wanted_lexicons(templates),
            name_prior=settings.name_prior,
        ),
        model_sha256=header.sha256,
        model_config=header.config,
        templates=[
            OfferedTemplate(
                template_id=template.template_id, version=template.version, fields=template.fields
            )
            for template in templates
        ],
        urgent=urgent,
    )


def list_places(
    sources: Sources, places: Sequence[str], *, settled_s: float = 0.0
) -> Iterator[Source]:
    """List the scans of files, folders, buckets and manifests, as they are asked for.

    A file is known by its size and the time of its last change, so that one that is replaced is
    another document, as a replaced object is.

    Args:
        sources: where scans come from.
        places: what to list.
        settled_s: leave out files that were changed so lately: they may still be written.

    Raises:
        ConfigError: a place is none of these.
        ObjectMissingError: there is no such file or folder.
    """
    listings: list[Iterable[Source]] = [
        read_manifest(Path(place))
        if "://" not in place and place.lower().endswith(_MANIFEST_SUFFIX)
        else sources.find(place)
        for place in places
    ]
    yield from _as_they_are(chain.from_iterable(listings), settled_s=settled_s)


def list_scans(sources: Sources, place: str) -> Iterator[Source]:
    """List one file, folder or bucket; no manifest, since what it names may lie anywhere.

    Raises:
        ConfigError: the place is none of these.
        ObjectMissingError: there is no such file or folder.
    """
    return _as_they_are(sources.find(place), settled_s=0.0)


def _as_they_are(listed: Iterable[Source], *, settled_s: float) -> Iterator[Source]:
    for source in listed:
        path = path_of(source)
        found = source if path is None else _as_it_is(source, path, settled_s=settled_s)
        if found is not None:
            yield found


def _as_it_is(source: Source, path: Path, *, settled_s: float) -> Source | None:
    """Say which version of a file is there; None where it was changed just now or is gone."""
    try:
        found = path.stat()
    except OSError:
        return None
    if settled_s and time.time() - found.st_mtime < settled_s:
        return None
    version = f"{found.st_size}-{found.st_mtime_ns}"
    return replace(source, size_bytes=found.st_size, version=version)

"""Settings to live objects, each made once per process and only where it is needed.

Imports of torch and SQLAlchemy wait inside the functions, so that a command that needs neither
does not pay for them.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from worker.document_images import DecodeLimits
from worker.errors import ConfigError
from worker.thresholds import NO_THRESHOLDS, read_thresholds
from worker.types import RunIdentity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from uuid import UUID

    from recognition.recognizer import Recognizer
    from segmentation import Catalog, SegmentationParams, Template
    from worker.config import Settings
    from worker.database.session import Sessions
    from worker.local import Run, Tally
    from worker.names import Names
    from worker.storage.base import ObjectStore
    from worker.storage.s3 import S3Options
    from worker.storage.sources import Sources
    from worker.thresholds import Thresholds
    from worker.unknown_forms import UnknownForms
    from worker.webhooks import WebhookParams

_MIB = 1024 * 1024


def decode_limits(settings: Settings) -> DecodeLimits:
    """Give the limits of decoding."""
    return DecodeLimits(max_pages=settings.max_pages, max_page_mpx=settings.max_page_mpx)


def load_catalog(folders: Sequence[Path]) -> tuple[Catalog, SegmentationParams]:
    """Read every template under ``folders`` and prepare it for finding.

    Raises:
        ConfigError: there is none, one is faulty, or two have one id.
    """
    from worker.templates import load_templates

    return _index(load_templates(folders))


def checkpoint_file(settings: Settings) -> Path:
    """Say which weights are read with: the setting's, else the promoted ones, else the release.

    Raises:
        NoSuchModelError: the promoted model is gone.
        ConfigError: the model folder does not say which model is promoted.
    """
    from worker.weights import checkpoint_in_use

    return checkpoint_in_use(settings.model_dir, settings.checkpoint)


def load_recognizer(settings: Settings, checkpoint: Path | None = None) -> Recognizer:
    """Load the network; it reads the ink alone until it is told of names.

    Args:
        settings: where it runs.
        checkpoint: its weights; None is what ``checkpoint_file`` says.

    Raises:
        CheckpointError: the checkpoint cannot be used.
        NoSuchModelError: the promoted model is gone.
        ConfigError: there is no such device.
    """
    from recognition.recognizer import Recognizer

    path = checkpoint or checkpoint_file(settings)
    try:
        return Recognizer.load(path, device=settings.device)
    except (RuntimeError, AssertionError) as error:  # as torch says that it has no such device
        raise ConfigError(f"device {settings.device!r} cannot be used: {error}") from error


def believing(recognizer: Recognizer, names: Names) -> Recognizer:
    """Give a recognizer of the same network that weighs names beside the ink."""
    weighing = recognizer.with_lexicons(names.lexicons)
    return weighing if names.prior is None else weighing.believing(names.prior)


def open_sources(settings: Settings) -> Sources:
    """Give access to scans in files, folders and buckets; nothing is opened yet."""
    from worker.storage.sources import Sources

    return Sources(_s3_options(settings))


def open_crops(settings: Settings) -> ObjectStore:
    """Open the store that the crops lie in.

    Raises:
        ConfigError: the setting names neither a folder nor a bucket.
    """
    from worker.storage.sources import open_store

    return open_store(settings.store, _s3_options(settings))


@contextmanager
def open_run(  # noqa: PLR0913, ports of a use case
    settings: Settings,
    *,
    template_folders: Sequence[Path],
    sources: Sources,
    batch: str,
    on_progress: Callable[[Tally], None],
    unknown: UnknownForms | None = None,
) -> Iterator[Run]:
    """Open all that reading needs, what fails soonest first, and close it at the end.

    Args:
        settings: of the run.
        template_folders: may be none where ``unknown`` is given.
        sources: where scans come from.
        batch: its name.
        on_progress: called with the counts as they grow.
        unknown: how pages that fit no template are read; None refuses them.

    Raises:
        ConfigError: a setting, a template or a name list is wrong.
        DatabaseUnavailableError: the database cannot be reached or written.
        CheckpointError: the checkpoint cannot be used.
    """
    from worker.database.session import closed_after, open_database
    from worker.local import Run
    from worker.names import load_names
    from worker.segment_pool import SegmentPool
    from worker.segment_process import SegmentJob
    from worker.templates import load_templates

    thresholds = read_thresholds(settings.thresholds) if settings.thresholds else NO_THRESHOLDS
    templates = load_templates(template_folders) if template_folders or not unknown else []
    names = load_names(templates, prior=settings.name_prior, lexicon_dir=settings.lexicon_dir)
    store = open_crops(settings)
    sessions = open_database(settings.database_url.get_secret_value())
    catalog, params = _index(templates)
    job = SegmentJob(
        catalog=catalog, params=params, limits=decode_limits(settings), unknown=unknown
    )
    # The processes start while this one loads the network.
    with closed_after(sessions), SegmentPool(job, processes=settings.segment_processes) as pool:
        checkpoint = checkpoint_file(settings)  # once: another may be promoted meanwhile
        recognizer = believing(_recognizer_beside_the_pool(settings, checkpoint), names)
        identity = RunIdentity(
            templates_version=templates_version(templates, unknown),
            model_id=recognizer.model_id,
            decoder_version=names.version,
        )
        _check_fit(thresholds, identity)
        yield Run(
            batch_id=_register(sessions, checkpoint, templates, identity, batch),
            identity=identity,
            review_below=settings.review_below,
            thresholds=thresholds,
            fetch=partial(sources.read, max_bytes=settings.max_document_mib * _MIB),
            pool=pool,
            recognizer=recognizer,
            store=store,
            sessions=sessions,
            on_progress=on_progress,
        )


def webhook_params(settings: Settings) -> WebhookParams:
    """Say how webhooks are sent."""
    from worker.webhooks import WebhookParams

    return WebhookParams(private_hosts=settings.webhook_private_hosts)


def find_unknown_forms(settings: Settings) -> UnknownForms:
    """Find what reads forms without a template.

    Raises:
        ConfigError: Tesseract, or a language of it, is not installed.
    """
    from worker.print_reader import find_print_reader
    from worker.unknown_forms import UnknownForms

    return UnknownForms(reader=find_print_reader(settings.ocr_languages))


def templates_version(templates: Sequence[Template], unknown: UnknownForms | None = None) -> str:
    """Give 12 hex digits that change with any template offered, whatever their order.

    They change with what reads pages without a template as well.
    """
    versions = sorted(f"{t.template_id}/{t.page_index}:{t.version}" for t in templates)
    if unknown is not None:
        versions.append(unknown.identity)
    return hashlib.sha256("\n".join(versions).encode()).hexdigest()[:12]


def _recognizer_beside_the_pool(settings: Settings, checkpoint: Path) -> Recognizer:
    from recognition.recognizer import use_threads

    # With more threads than cores, torch's would spin while the processes wait for a core.
    use_threads(settings.recognize_threads)
    return load_recognizer(settings, checkpoint)


def _check_fit(thresholds: Thresholds, identity: RunIdentity) -> None:
    """Refuse thresholds that were picked from the confidences of another model or decoder."""
    if not thresholds.fit(identity.read_with):
        raise ConfigError(
            f"the thresholds were picked for model {thresholds.model_id or 'any'} with decoder "
            f"{thresholds.decoder_version or 'any'}, but this is {identity.read_with}; "
            "audit readings of these and run penname route again"
        )


def _index(templates: Sequence[Template]) -> tuple[Catalog, SegmentationParams]:
    from segmentation import SegmentationParams, index_templates

    params = SegmentationParams()
    return index_templates(templates, params), params


def _register(
    sessions: Sessions,
    checkpoint: Path,
    templates: Sequence[Template],
    identity: RunIdentity,
    batch: str,
) -> UUID:
    """Write down what a run reads with, and open its batch."""
    from recognition.checkpoint import load_checkpoint
    from worker.database.batches import open_batch
    from worker.database.releases import register_model, register_template
    from worker.database.session import transaction

    sha256 = hashlib.sha256(checkpoint.read_bytes()).hexdigest()
    config = asdict(load_checkpoint(checkpoint).config)
    with transaction(sessions) as session:
        register_model(session, model_id=identity.model_id, sha256=sha256, config=config)
        for template in templates:
            register_template(session, template)
        return open_batch(session, batch)


def _s3_options(settings: Settings) -> S3Options:
    from worker.storage.s3 import S3Options

    return S3Options(endpoint_url=settings.s3_endpoint_url, checksums=settings.s3_checksums)

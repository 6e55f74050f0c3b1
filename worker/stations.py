"""Settings to the live objects of the queue's workers, each made once in the process that works."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from recognition.header import RELEASE
from worker.database.leases import give_back_all
from worker.database.session import closed_after, open_database, transaction
from worker.database.workers import Worker, say_goodbye_of_all
from worker.errors import DatabaseUnavailableError, ModelUnavailableError, TransientError
from worker.names import load_names_of
from worker.queue.hand import Hand
from worker.retry import RetryRule
from worker.thresholds import NO_THRESHOLDS, read_thresholds
from worker.types import Stage
from worker.weights import model_id_of, weights_path

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from recognition.recognizer import Recognizer
    from worker.batches import Nudger
    from worker.config import Settings
    from worker.database.session import Sessions
    from worker.database.submissions import Offer
    from worker.names import Names
    from worker.queue.recognize import RecognizeStation
    from worker.queue.segment import SegmentStation
    from worker.queue.sweep import SweepStation, Waker

_MIB = 1024 * 1024
_STATEMENT_S = 30.0  # most take milliseconds; what a lock or a stalled disk holds up is tried again
_AWAY_S = 1.0  # between tries while the database is away

OutOfTime = tuple[type[BaseException], ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WorkerProcess:
    """What every kind of worker process has."""

    settings: Settings
    sessions: Sessions
    hand: Hand
    facts: dict[str, Any] = field(default_factory=dict)  # said of it with every sign of life


def open_worker_process(settings: Settings, *, worker_id: str, kind: str) -> WorkerProcess:
    """Open the database, and begin to say that this process lives and to renew its leases.

    Raises:
        DatabaseUnavailableError: the database cannot be reached.
    """
    url = settings.database_url.get_secret_value()
    sessions = open_database(url, statement_s=_STATEMENT_S)
    facts = _facts(settings)
    if kind == Stage.RECOGNIZE:  # one with nothing to read yet says what it could
        facts["models"] = sorted(_Models(settings).ids())
    described = Worker(
        worker_id=worker_id, kind=kind, host=socket.gethostname(), pid=os.getpid(), facts=facts
    )
    hand = Hand(sessions, described, lease_s=settings.lease_s)
    hand.start()
    return WorkerProcess(settings=settings, sessions=sessions, hand=hand, facts=facts)


def wait_for_database(settings: Settings, stopped: Event) -> bool:
    """Wait until the database can be opened; False when told to stop before."""
    while not stopped.is_set():
        try:
            with closed_after(open_database(settings.database_url.get_secret_value())):
                return True
        except DatabaseUnavailableError:
            stopped.wait(_AWAY_S)
    return False


def open_segment_station(
    process: WorkerProcess, nudger: Nudger, *, out_of_time: OutOfTime = ()
) -> SegmentStation:
    """Prepare to cut: one core, and the templates once they are asked for.

    Raises:
        ConfigError: a setting is wrong.
    """
    from segmentation import SegmentationParams
    from worker.queue.forms import Forms
    from worker.queue.segment import SegmentStation
    from worker.runtime import decode_limits, open_crops, open_sources
    from worker.segment_process import use_one_core
    from worker.templates import load_templates

    use_one_core()
    settings = process.settings
    params = SegmentationParams()
    fetch = partial(open_sources(settings).read, max_bytes=settings.max_document_mib * _MIB)
    forms = Forms(lambda: load_templates([settings.template_dir]), params)
    process.facts["templates"] = forms.keys  # filled once they are read
    process.facts["threads"] = 1
    return SegmentStation(
        sessions=process.sessions,
        hand=process.hand,
        fetch=fetch,
        store=open_crops(settings),
        forms=forms,
        params=params,
        limits=decode_limits(settings),
        nudger=nudger,
        rule=RetryRule(most_tries=settings.most_tries),
        out_of_time=out_of_time,
    )


def open_recognize_station(
    process: WorkerProcess, nudger: Nudger, *, out_of_time: OutOfTime = ()
) -> RecognizeStation:
    """Prepare to read; the network is loaded once it is asked for.

    Raises:
        ConfigError: a setting is wrong.
    """
    from worker.database.claims import ShardLimits
    from worker.queue.readers import Readers
    from worker.queue.recognize import RecognizeStation, ShardSize
    from worker.runtime import open_crops

    settings = process.settings
    thresholds = read_thresholds(settings.thresholds) if settings.thresholds else NO_THRESHOLDS
    models = _Models(settings)
    process.facts["threads"] = settings.recognize_threads

    def models_here() -> set[str]:
        """Look which weights are here, and say so: some may have come since the last look."""
        found = models.ids()
        process.facts["models"] = sorted(found)
        return found

    limits = ShardLimits(crops=settings.shard_crops, documents=settings.shard_documents)
    return RecognizeStation(
        sessions=process.sessions,
        hand=process.hand,
        store=open_crops(settings),
        readers=Readers(
            partial(_decoder_version, settings),
            partial(_load_reader, process, models),
            models=models_here,
            thresholds=thresholds,
        ),
        size=ShardSize(limits),
        review_below=settings.review_below,
        thresholds=thresholds,
        nudger=nudger,
        rule=RetryRule(most_tries=settings.most_tries),
        out_of_time=out_of_time,
    )


def open_sweep_station(process: WorkerProcess, waker: Waker) -> SweepStation:
    """Prepare to sweep."""
    from worker.queue.sweep import SweepStation

    settings = process.settings
    return SweepStation(
        sessions=process.sessions,
        waker=waker,
        lease_s=settings.lease_s,
        most_tries=settings.most_tries,
    )


def give_back_node(settings: Settings, node: str) -> None:
    """Let go of what the children of a worker held, once they have ended in order."""
    with suppress(TransientError):  # then the leases run out, which takes a little longer
        sessions = open_database(settings.database_url.get_secret_value())
        with closed_after(sessions), transaction(sessions) as session:
            give_back_all(session, node=node)
            say_goodbye_of_all(session, node=node)


class _Models:
    """The weights that are here: the release, the model folder's, and the setting's."""

    def __init__(self, settings: Settings) -> None:
        self._folder = settings.model_dir
        fixed = [RELEASE, *([settings.checkpoint] if settings.checkpoint else [])]
        self._fixed = {model_id_of(path): path for path in fixed if path.is_file()}

    def ids(self) -> set[str]:
        """Name them; models that were put into the folder meanwhile too."""
        return {*self._fixed, *(path.stem for path in self._folder.glob("*.safetensors"))}

    def path(self, model_id: str) -> Path:
        """Say where the weights of one of them lie."""
        return self._fixed.get(model_id) or weights_path(self._folder, model_id)


def _decoder_version(settings: Settings, offer: Offer) -> str:
    return _names(settings, offer).version


def _load_reader(process: WorkerProcess, models: _Models, offer: Offer) -> Recognizer:
    from recognition.recognizer import use_threads
    from worker.runtime import believing, load_recognizer

    settings = process.settings
    names = _names(settings, offer)
    if names.version != offer.identity.decoder_version:
        raise ModelUnavailableError("the name lists were changed since this worker last looked")
    process.facts["cuda_in_parent"] = cuda_was_touched()
    use_threads(settings.recognize_threads)
    recognizer = load_recognizer(settings, models.path(offer.identity.model_id))
    process.facts["reads_with"] = asdict(offer.identity.read_with)
    return believing(recognizer, names)


def _names(settings: Settings, offer: Offer) -> Names:
    return load_names_of(offer.lexicons, prior=offer.name_prior, lexicon_dir=settings.lexicon_dir)


def cuda_was_touched() -> bool:
    """Tell whether CUDA was in use before this process was forked, which breaks it here."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.cuda._is_in_bad_fork())  # noqa: SLF001, torch has no other


def _facts(settings: Settings) -> dict[str, Any]:
    """Say what doctors ask for; no URL and no secret is among it."""
    asked = (
        *("lease_s", "sweep_every_s", "task_soft_limit_s", "task_hard_limit_s"),
        *("redeliver_after_s", "most_tries", "shard_crops", "s3_checksums", "device"),
    )
    return {
        "version": version("penname"),
        "cores": os.cpu_count(),
        "settings": {name: getattr(settings, name) for name in asked},
        "cuda_in_parent": cuda_was_touched(),
        "models": [],
    }

"""Small runs of the whole path over a real database, with a scripted network."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.fakes.memory_store import MemoryStore
from tests.fakes.scripted_recognizer import MODEL_ID, ScriptedRecognizer
from worker.database.batches import open_batch
from worker.database.releases import register_model, register_template
from worker.database.session import transaction
from worker.errors import WorkerError
from worker.local import Run, Tally, read_documents
from worker.types import RunIdentity, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session, sessionmaker

    from segmentation import Template
    from tests.fakes.scripted_pool import ScriptedPool
    from worker.segment_pool import SegmentPool


@dataclass(slots=True, kw_only=True)
class Bench:
    """What runs share: one database, one store, one pool."""

    pool: SegmentPool | ScriptedPool
    sessions: sessionmaker[Session]
    templates: tuple[Template, ...]
    store: MemoryStore = field(default_factory=MemoryStore)
    recognizer: ScriptedRecognizer = field(default_factory=ScriptedRecognizer)
    progress: list[int] = field(default_factory=list)  # documents dealt with, as it was shown
    fetched: list[str] = field(default_factory=list)

    def read(self, documents: Mapping[str, bytes | WorkerError], *, batch: str = "autumn") -> Tally:
        """Read documents by name; an error stands for one that cannot be fetched."""
        return read_documents(sources_of(documents), self.run(documents, batch=batch))

    def run(self, documents: Mapping[str, bytes | WorkerError], *, batch: str = "autumn") -> Run:
        """Prepare a run over documents by name."""
        versions = "".join(template.version for template in self.templates)
        identity = RunIdentity(
            templates_version=hashlib.sha256(versions.encode()).hexdigest()[:12],
            model_id=MODEL_ID,
            decoder_version="greedy",
        )
        with transaction(self.sessions) as session:
            register_model(session, model_id=MODEL_ID, sha256=MODEL_ID * 5, config={})
            for template in self.templates:
                register_template(session, template)
            batch_id = open_batch(session, batch)

        def fetch(source: Source) -> bytes:
            self.fetched.append(source.uri)
            found = documents[source.uri]
            if isinstance(found, WorkerError):
                raise found
            return found

        return Run(
            batch_id=batch_id,
            identity=identity,
            review_below=0.85,
            fetch=fetch,
            pool=self.pool,  # type: ignore[arg-type] # a full double, not a subclass
            recognizer=self.recognizer,
            store=self.store,
            sessions=self.sessions,
            on_progress=lambda tally: self.progress.append(tally.documents),
        )


def sources_of(documents: Mapping[str, bytes | WorkerError]) -> list[Source]:
    """List documents as a store would."""
    return [
        Source(uri=uri, size_bytes=len(data) if isinstance(data, bytes) else 1, version="")
        for uri, data in documents.items()
    ]

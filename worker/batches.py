"""Use cases around batches in the queue: submit, look, try again, call off.

The database is the truth and the queue a nudge: rows are committed first, and a nudge that gets
lost costs time, never a document, since the sweep nudges again. None of this needs a worker, a
model or OpenCV, and none of it loads torch.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from worker.advice import check_code
from worker.database.batches import find_batch, open_batch
from worker.database.claims import NORMAL, URGENT
from worker.database.progress import batch_progress, find_failures
from worker.database.recalls import call_off, try_again
from worker.database.releases import register_fields, register_model
from worker.database.session import transaction
from worker.database.submissions import add_documents, register_offer
from worker.database.workers import workers_seen
from worker.errors import QueueUnavailableError
from worker.types import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from uuid import UUID

    from segmentation.types import FieldSpec
    from worker.database.progress import BatchProgress, Failure
    from worker.database.session import Session, Sessions
    from worker.database.submissions import Offer
    from worker.database.workers import SeenWorker
    from worker.types import Source

_log = logging.getLogger(__name__)

_A_TRANSACTION = 5000  # documents: few commits, and what a submit that is stopped leaves out
_WAKE_UP = 16  # messages after each commit: enough to wake a machine; the sweep wakes the rest
ALIVE_S = 30.0  # a worker that was not heard of for so long is taken for dead


class Nudger(Protocol):
    """What wakes workers up."""

    def nudge(self, stage: Stage, *, urgent: bool, times: int = 1) -> None:
        """Send messages that carry nothing but: look whether something waits.

        Raises:
            QueueUnavailableError: the broker does not answer.
        """
        ...


def wake(nudger: Nudger, stage: Stage, *, urgent: bool, times: int = 1) -> bool:
    """Wake workers up; False where the broker is away: the sweep will make up for it."""
    try:
        nudger.nudge(stage, urgent=urgent, times=times)
    except QueueUnavailableError:
        _log.warning("nudge_not_sent", extra={"stage": stage.value})
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTemplate:
    """A form to offer, as far as the tables want to know."""

    template_id: str
    version: str
    fields: tuple[FieldSpec, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """What all documents of one submit share."""

    batch: str
    offer: Offer  # what they shall be read with
    model_sha256: str
    model_config: Mapping[str, Any]
    templates: Sequence[OfferedTemplate]
    urgent: bool = False


@dataclass(slots=True, kw_only=True)
class Submitted:
    """What a submit did so far."""

    listed: int = 0
    added: int = 0  # the others were submitted to this batch before
    nudged: bool = True  # False where the broker was away: the sweep will make up for it


def submit(
    sources: Iterable[Source],
    submission: Submission,
    sessions: Sessions,
    nudger: Nudger,
    *,
    on_progress: Callable[[Submitted], None] = lambda _: None,
) -> Submitted:
    """Register what was listed and wake the workers; memory does not grow with the listing.

    Submitting the same again adds nothing. What was committed before an error stays, and the
    same submit goes on from there.

    Args:
        sources: as they were listed.
        submission: what they share.
        sessions: the database.
        nudger: wakes the workers.
        on_progress: called after each commit.

    Raises:
        TransientError: the store that is listed, or the database, is away.
    """
    done = Submitted()
    batch_id = _register(sessions, submission)
    priority = URGENT if submission.urgent else NORMAL
    coming = iter(sources)
    while chunk := list(islice(coming, _A_TRANSACTION)):
        with transaction(sessions) as session:
            added = add_documents(
                session,
                chunk,
                batch_id=batch_id,
                identity=submission.offer.identity,
                priority=priority,
            )
        done.listed += len(chunk)
        done.added += added
        if added:
            done.nudged = _wake_up(nudger, urgent=submission.urgent) and done.nudged
        on_progress(done)
    return done


def retry_batch(sessions: Sessions, batch: str, nudger: Nudger, *, code: str | None = None) -> int:
    """Let the failed documents of a batch be tried again, each with all its tries.

    Args:
        sessions: the database.
        batch: its name.
        nudger: wakes the workers.
        code: only what failed with this one; ``cancelled`` takes a cancellation back.

    Returns:
        How many wait now.

    Raises:
        NoSuchResultError: there is no such batch.
        BadQueryError: there is no such code.
    """
    check_code(code)
    with transaction(sessions) as session:
        count = try_again(session, find_batch(session, batch), code=code)
    if count:
        _wake_up(nudger, urgent=False)
    return count


def cancel_batch(sessions: Sessions, batch: str) -> int:
    """Call off what is not finished of a batch; what was read stays.

    Returns:
        How many documents were cancelled.

    Raises:
        NoSuchResultError: there is no such batch.
    """
    with transaction(sessions) as session:
        return call_off(session, find_batch(session, batch))


def batch_failures(
    session: Session,
    batch: str,
    *,
    code: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> Iterator[Failure]:
    """List the documents of a batch of which nothing could be read, with codes and details.

    Raises:
        NoSuchResultError: there is no such batch.
        BadQueryError: there is no such code.
    """
    check_code(code)
    batch_id = find_batch(session, batch)
    return find_failures(session, batch_id, code=code, limit=limit, offset=offset)


def batch_status(session: Session, batch: str | None = None) -> list[BatchProgress]:
    """Tell how far one batch is, or all of them, the newest first.

    Raises:
        NoSuchResultError: there is no such batch.
    """
    if batch is not None:
        find_batch(session, batch)
    return batch_progress(session, None if batch is None else [batch])


def workers_alive(session: Session) -> list[SeenWorker]:
    """List the worker processes that were heard of lately."""
    return workers_seen(session, within_s=ALIVE_S)


def _register(sessions: Sessions, submission: Submission) -> UUID:
    """Write down what the documents shall be read with, and open their batch."""
    offer = submission.offer
    with transaction(sessions) as session:
        register_model(
            session,
            model_id=offer.identity.model_id,
            sha256=submission.model_sha256,
            config=submission.model_config,
        )
        for template in submission.templates:
            register_fields(
                session,
                template_id=template.template_id,
                version=template.version,
                fields=template.fields,
            )
        register_offer(session, offer)
        return open_batch(session, submission.batch)


def _wake_up(nudger: Nudger, *, urgent: bool) -> bool:
    return wake(nudger, Stage.SEGMENT, urgent=urgent, times=_WAKE_UP)

"""Documents in the queue, for tests: submitted, claimed, and as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.database import prepare, rows
from tests.factories import make_identity, make_source
from worker.database.claims import NORMAL, Claim, Claimant, ShardLimits, claim_crops, claim_scan
from worker.database.moves import Segmented, identify, mark_segmented
from worker.database.session import transaction
from worker.database.submissions import Offer, add_documents, register_offer
from worker.errors import QueueUnavailableError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, sessionmaker

    from worker.types import RunIdentity, Stage

    Sessions = sessionmaker[Session]

MANY = ShardLimits(crops=1000, documents=1000)


class RecordingNudger:
    """Keeps what it was asked to send; away where told so."""

    def __init__(self, *, away: bool = False, backlog: int = 0) -> None:
        self.away = away
        self.sent: list[tuple[Stage, bool, int]] = []
        self._backlog = backlog

    def nudge(self, stage: Stage, *, urgent: bool, times: int = 1) -> None:
        """Note it."""
        if self.away:
            raise QueueUnavailableError("the broker does not answer")
        self.sent.append((stage, urgent, times))

    def backlog(self, stage: Stage, *, urgent: bool) -> int:  # noqa: ARG002, as the real one has it
        """Say what the test wants to hear."""
        if self.away:
            raise QueueUnavailableError("the broker does not answer")
        return self._backlog


def make_claimant(**changes: Any) -> Claimant:
    return Claimant(**{"owner": "node/1", "lease_s": 20.0, **changes})


def make_offer(**changes: Any) -> Offer:
    defaults: dict[str, Any] = {
        "identity": make_identity(),
        "templates": ("clinic/0:aaaaaaaaaaaa",),
        "lexicons": (),
        "name_prior": False,
    }
    return Offer(**{**defaults, **changes})


def submit(
    sessions: Sessions,
    *names: str,
    batch: str = "autumn",
    identity: RunIdentity | None = None,
    priority: int = NORMAL,
) -> int:
    """Submit documents by name."""
    identity = identity or make_identity()
    batch_id = prepare(sessions, batch=batch, identity=identity)
    sources = [make_source(uri=f"s3://inbox/{name}", version='"1"') for name in names]
    with transaction(sessions) as session:
        register_offer(session, make_offer(identity=identity))
        return add_documents(
            session, sources, batch_id=batch_id, identity=identity, priority=priority
        )


def claim(sessions: Sessions, **changes: Any) -> Claim | None:
    """Claim the next scan."""
    with transaction(sessions) as session:
        return claim_scan(
            session,
            make_claimant(**changes),
            templates_versions=[make_identity().templates_version],
        )


def claimed(sessions: Sessions, **changes: Any) -> Claim:
    """Claim the next scan, which must be there."""
    found = claim(sessions, **changes)
    assert found is not None
    return found


def shard(
    sessions: Sessions,
    *,
    limits: ShardLimits = MANY,
    with_suspects: bool = True,
    identity: RunIdentity | None = None,
    **changes: Any,
) -> list[Claim]:
    """Claim what waits to be read."""
    with transaction(sessions) as session:
        claims, _ = claim_crops(
            session,
            make_claimant(**changes),
            served=[(identity or make_identity()).read_with],
            limits=limits,
            suspects_tries=3 if with_suspects else None,
        )
        return claims


def segment(sessions: Sessions, found: Claim, *, crops: int = 2) -> bool:
    """Let a claimed scan be cut, its bytes told by its place."""
    done = Segmented(crop_key="crops/1.zip", crop_count=crops, page_count=1, segment_s=0.5)
    with transaction(sessions) as session:
        held = identify(session, found, sha256=found.source.uri, size_bytes=9)
        return held and mark_segmented(session, found, done)


def submit_segmented(sessions: Sessions, *names: str, **changes: Any) -> None:
    """Submit documents and cut them."""
    crops = changes.pop("crops", 2)
    submit(sessions, *names, **changes)
    for _ in names:
        assert segment(sessions, claimed(sessions), crops=crops)


def expire_leases(sessions: Sessions) -> None:
    """Let so much time pass that every lease has run out."""
    rows_changed = "UPDATE documents SET lease_until = '2020-01-01 00:00:00.000000'"
    with transaction(sessions) as session:
        session.connection().exec_driver_sql(f"{rows_changed} WHERE lease_until IS NOT NULL")


def make_due(sessions: Sessions) -> None:
    """Let so much time pass that nothing waits any longer for another try."""
    rows_changed = "UPDATE documents SET next_attempt_at = '2020-01-01 00:00:00.000000'"
    with transaction(sessions) as session:
        session.connection().exec_driver_sql(f"{rows_changed} WHERE next_attempt_at IS NOT NULL")


def stand(sessions: Sessions) -> dict[str, dict[str, Any]]:
    """Give every document by its name."""
    return {row["uri"].rsplit("/", 1)[-1]: row for row in rows(sessions, "SELECT * FROM documents")}

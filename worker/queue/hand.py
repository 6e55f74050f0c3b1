"""The hand that holds claims: a thread that renews their leases while the work goes on.

It lives in the working process, so that leases end with it, whatever ends it. Where the
database is away it keeps trying; what could not be written down about a claim meanwhile is
written as soon as the database is back.

Nothing is in hand between two messages. A claim that was dropped, since its work was broken off
or its commit was not heard of, is therefore given back rather than renewed for ever.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from worker.database.claims import Claimant
from worker.database.leases import give_back_held, renew_leases
from worker.database.moves import settle
from worker.database.session import transaction
from worker.database.workers import say_alive, say_goodbye
from worker.errors import DatabaseUnavailableError, FailureCode
from worker.retry import Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from worker.database.claims import Claim
    from worker.database.session import Sessions
    from worker.database.workers import Worker
    from worker.retry import Decision

_log = logging.getLogger(__name__)

_RENEWALS = 4.0  # in the time of a lease: three may fail before it is taken back
_REFUSED = "a bug in penname: the database does not take what was found wrong with the document"
_AWAY_S = 1.0  # between tries while the database is away


class Hand:
    """Holds the claims of one process."""

    def __init__(self, sessions: Sessions, worker: Worker, *, lease_s: float) -> None:
        """Take what to say of the worker; nothing is sent before ``start``."""
        self._sessions = sessions
        self._worker = worker  # its facts may change
        self._owner = worker.worker_id
        self._lease_s = lease_s
        self._owed: deque[tuple[Claim, Decision]] = deque()
        self._working = False
        self._lock = threading.Lock()  # what is given back was claimed before, never meanwhile
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="leases", daemon=True)

    def start(self) -> None:
        """Say that the worker lives, from now on and a few times in the time of a lease."""
        self._thread.start()

    def stop(self) -> None:
        """Give back what is held and say goodbye; a database that is away finds out by itself."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()
        try:
            with transaction(self._sessions) as session:
                give_back_held(session, owner=self._owner)
                say_goodbye(session, worker_id=self._owner)
        except DatabaseUnavailableError:
            _log.warning("goodbye_not_said", exc_info=True)

    def claimant(self, *, urgent_only: bool) -> Claimant:
        """Say who claims."""
        return Claimant(owner=self._owner, lease_s=self._lease_s, urgent_only=urgent_only)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Hold what is claimed during one message; what is still held at its end is given back."""
        self._let_go(working=True)
        try:
            yield
        finally:
            self._let_go(working=False)

    def settle(self, claim: Claim, decision: Decision) -> None:
        """Let go of a claim as the retry rule decided, now or when the database is back."""
        try:
            self._settle(claim, decision)
        except DatabaseUnavailableError:
            self._owed.append((claim, decision))

    def beat(self) -> None:
        """Renew the leases of the work at hand, settle what is owed, and say that the worker lives.

        Raises:
            DatabaseUnavailableError: the database is away; nothing was lost.
        """
        with self._lock:
            self._settle_owed()
            with transaction(self._sessions) as session:
                if self._working:
                    renew_leases(session, owner=self._owner, lease_s=self._lease_s)
                else:
                    give_back_held(session, owner=self._owner)
                say_alive(session, self._worker)

    def _let_go(self, *, working: bool) -> None:
        """Give back what is held between two messages; if not now, ``beat`` does."""
        with self._lock:
            self._working = working
            try:
                self._settle_owed()
                with transaction(self._sessions) as session:
                    given = give_back_held(session, owner=self._owner)
            except DatabaseUnavailableError:
                _log.warning("claims_not_given_back", exc_info=True)
                return
        if given:
            _log.warning("claims_dropped", extra={"documents": given})

    def _settle_owed(self) -> None:
        """Settle what the database did not take before, under the lock."""
        while self._owed:
            self._settle(*self._owed[0])
            self._owed.popleft()

    def _settle(self, claim: Claim, decision: Decision) -> None:
        """Settle a claim, and that in any case: it would be in hand for ever otherwise."""
        try:
            with transaction(self._sessions) as session:
                settle(session, claim, decision)
        except DatabaseUnavailableError:
            raise
        except Exception as error:  # noqa: BLE001, a bug, whatever it says
            _log.error("not_settled", extra={"error": type(error).__name__})
            bug = Stop(code=FailureCode.INTERNAL_ERROR, detail=_REFUSED)
            with transaction(self._sessions) as session:
                settle(session, claim, bug)

    def _keep(self) -> None:
        wait_s = 0.0
        while not self._stopped.wait(wait_s):
            try:
                self.beat()
                wait_s = self._lease_s / _RENEWALS
            except DatabaseUnavailableError:
                _log.warning("leases_not_renewed", exc_info=True)
                wait_s = _AWAY_S
            except Exception as error:  # noqa: BLE001, a thread that ended would cost every lease
                _log.error("leases_not_renewed", exc_info=error)
                wait_s = _AWAY_S

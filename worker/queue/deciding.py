"""What becomes of a claim whose work ended in an error, by the rule of the station it was at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from worker.retry import decide

if TYPE_CHECKING:
    from random import Random

    from worker.database.claims import Claim
    from worker.retry import Decision, RetryRule


class Judge(Protocol):
    """What decides: a station of either stage."""

    @property
    def rule(self) -> RetryRule:
        """How often, and after how long."""
        ...

    @property
    def random(self) -> Random:
        """Draws the waits."""
        ...


def decide_on(claim: Claim, error: BaseException, judge: Judge) -> Decision:
    """Decide what becomes of a claim after an error."""
    return decide(
        error, tries=claim.tries, outages=claim.outages, rule=judge.rule, random=judge.random
    )

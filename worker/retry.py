"""When a document that could not be worked on is tried again, and when no more: pure rules.

An outage (a store or the database away or full, credentials that have expired, a setting that is
wrong) says nothing about the document: it gives its try back and waits, however long the outage
lasts. Waits are drawn at random, so that workers do
not all come back at one moment, and stay short: a store is back for a worker at most
``RetryRule.outage_most_s`` after it is back for the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from worker.errors import (
    ConfigError,
    DocumentOutOfMemoryError,
    FailureCode,
    ObjectMissingError,
    PermanentError,
    TransientError,
)

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryRule:
    """How often, and after how long."""

    most_tries: int = 3  # of each stage; three crashes are no accident
    first_s: float = 1.0  # wait after the first try that failed; doubled with each further one
    missing_tries: int = 2  # a listing may run ahead of the store, but not for long
    missing_s: float = 5.0
    outage_first_s: float = 2.0  # doubled with each outage in a row
    outage_most_s: float = 15.0  # with the sweep's and the lease's time still under 30 s


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """An outage: the try does not count."""

    wait_s: float
    why: str = ""  # for whoever wonders what it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """The try counts, and is not the last."""

    wait_s: float
    alone: bool = False  # with no other document, since it may be the one at fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The document has failed."""

    code: FailureCode
    detail: str


Decision: TypeAlias = GiveBack | TryAgain | Stop

_BUG = "a bug in penname met this document; the log holds its trace"
_OUT_OF_MEMORY = "reading the document ran out of memory; give workers more, or run fewer"


def decide(
    error: BaseException, *, tries: int, outages: int, rule: RetryRule, random: Random
) -> Decision:
    """Decide what becomes of a document after an error.

    Args:
        error: what ended the try.
        tries: of this stage, this one included.
        outages: that were met one after the other before this.
        rule: how often and after how long.
        random: draws the waits.
    """
    if isinstance(error, TransientError | ConfigError):
        most_s = min(rule.outage_most_s, rule.outage_first_s * 2.0 ** min(outages, 30))
        return GiveBack(wait_s=most_s * random.uniform(0.5, 1.0), why=_storable(str(error)))
    code, detail, most_tries, wait_s = _judge(error, rule)
    if tries >= most_tries:
        return Stop(code=code, detail=_storable(detail))
    return TryAgain(wait_s=wait_s * 2.0 ** (tries - 1) * random.uniform(0.5, 1.0))


def _storable(text: str) -> str:
    """Spell what no database takes: bytes of a file's name that are no UTF-8, and NUL."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "")


def _judge(error: BaseException, rule: RetryRule) -> tuple[FailureCode, str, int, float]:
    """Give code, detail, most tries, and the wait after the first."""
    if isinstance(error, MemoryError):
        return (
            FailureCode.DOCUMENT_OUT_OF_MEMORY,
            _OUT_OF_MEMORY,
            rule.most_tries,
            rule.first_s,
        )
    if isinstance(error, DocumentOutOfMemoryError):  # its neighbours may have taken the memory
        return error.code, str(error), rule.most_tries, rule.first_s
    if isinstance(error, ObjectMissingError):
        return error.code, str(error), rule.missing_tries, rule.missing_s
    if isinstance(error, PermanentError):
        return error.code, str(error), 1, 0.0
    return FailureCode.INTERNAL_ERROR, _BUG, rule.most_tries, rule.first_s

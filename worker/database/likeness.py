"""How like two names are, by the triples of letters that they share.

PostgreSQL has its extension pg_trgm for this, with an index. SQLite has nothing of the kind:
there the same is counted in Python for every row, which suits some ten thousand results.
A text is like a name when some stretch of it shares half of its triples with the name: "Lovlace"
finds "Ada Lovelace", but names of three or four letters have too few triples for a slip in them.

Source: https://www.postgresql.org/docs/current/pgtrgm.html, ``word_similarity``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import literal, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from worker.database.dialects import is_postgresql
from worker.query_errors import LikenessUnavailableError

if TYPE_CHECKING:
    from typing import Any

    from sqlalchemy import ColumnElement, SQLColumnExpression
    from sqlalchemy.orm import Session
    from sqlalchemy.sql.compiler import SQLCompiler

ENOUGH = 0.5  # of what two names hold together
SQLITE_FUNCTION = "penname_likeness"
_STEPS = 1000  # whole numbers compare alike everywhere, where a short float does not


def is_like(said: SQLColumnExpression[str], wanted: str) -> ColumnElement[bool]:
    """Tell whether a text is like a name; ``prepare_likeness`` comes first."""
    return _is_like(said, literal(wanted.lower()))


def likeness(said: SQLColumnExpression[str], wanted: str) -> ColumnElement[int]:
    """Give how like they are, from 0 to 1000."""
    return _likeness(said, literal(wanted.lower()))


def prepare_likeness(session: Session) -> None:
    """Make ready for likening names in this transaction.

    Raises:
        LikenessUnavailableError: PostgreSQL has no pg_trgm.
    """
    if not is_postgresql(session):
        return
    if not session.scalar(text("SELECT 1 FROM pg_extension WHERE extname = 'pg_trgm'")):
        raise LikenessUnavailableError(
            "this database likens no names; have an administrator run: CREATE EXTENSION pg_trgm"
        )
    session.execute(text(f"SET LOCAL pg_trgm.word_similarity_threshold = {ENOUGH}"))


def word_likeness(wanted: str, said: str) -> float:
    """Give how like a name the likest stretch of a text is, in [0, 1], as pg_trgm does."""
    asked = frozenset(_triples(wanted.lower()))
    triples = _triples(said.lower())
    best = 0.0
    for start, first in enumerate(triples):
        if first not in asked:
            continue  # a stretch is no worse without it
        stretch: set[str] = set()
        shared = 0
        for triple in triples[start:]:
            shared += triple in asked and triple not in stretch
            stretch.add(triple)
            best = max(best, shared / (len(asked) + len(stretch) - shared))
    return best


@lru_cache(maxsize=4096)
def _triples(said: str) -> tuple[str, ...]:
    """Part words into triples as pg_trgm does: two blanks before each word, one behind."""
    words = "".join(char if char.isalnum() else " " for char in said).split()
    padded = (f"  {word} " for word in words)
    return tuple(word[i : i + 3] for word in padded for i in range(len(word) - 2))


class _is_like(FunctionElement[bool]):  # noqa: N801, reads as the SQL function it is
    inherit_cache = True


class _likeness(FunctionElement[int]):  # noqa: N801, the same
    inherit_cache = True


@compiles(_is_like, "postgresql")
def _is_like_in_postgresql(element: _is_like, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the compiler's signature
    said, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"(lower({said}) %%> {wanted})"


@compiles(_likeness, "postgresql")
def _likeness_in_postgresql(element: _likeness, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    said, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(round(word_similarity({wanted}, lower({said})) * {_STEPS}) AS integer)"


@compiles(_is_like, "sqlite")
def _is_like_in_sqlite(element: _is_like, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    said, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"({SQLITE_FUNCTION}({wanted}, {said}) >= {ENOUGH})"


@compiles(_likeness, "sqlite")
def _likeness_in_sqlite(element: _likeness, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401, the same
    said, wanted = (compiler.process(part, **options) for part in element.clauses)
    return f"CAST(round({SQLITE_FUNCTION}({wanted}, {said}) * {_STEPS}) AS INTEGER)"

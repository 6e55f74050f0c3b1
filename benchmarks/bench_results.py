"""How long a page of results takes over a million readings in PostgreSQL.

    python -m benchmarks.bench_results [--rows 1000000] [--explain]

Starts a PostgreSQL of its own, fills it with made-up readings (a tenth corrected), and asks for
the first page and the second of every filter and sort that the results page offers, by the code
that the page uses. Prints the median and the longest of some runs, and the processor time, in ms,
of server and client, which a busy machine changes less.
"""

from __future__ import annotations

import argparse
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, text

from tests.database import opened
from tests.servers import postgresql
from worker.database.result_pages import ResultSort, find_page
from worker.database.results import ResultFilter
from worker.database.session import transaction

if TYPE_CHECKING:
    from worker.database.session import Sessions

_FIELDS = 4  # of a document
_RUNS = 7
_ASKED: dict[str, tuple[ResultFilter, ResultSort]] = {
    "newest": (ResultFilter(), ResultSort.NEWEST),
    "least sure": (ResultFilter(), ResultSort.LEAST_SURE),
    "surest": (ResultFilter(), ResultSort.SUREST),
    "by name": (ResultFilter(), ResultSort.NAME),
    "below 0.3, newest": (ResultFilter(below=0.3), ResultSort.NEWEST),
    "low confidence, newest": (ResultFilter(status="low_confidence"), ResultSort.NEWEST),
    "misplaced (1 in 500), newest": (ResultFilter(status="misplaced"), ResultSort.NEWEST),
    "misplaced, least sure": (ResultFilter(status="misplaced"), ResultSort.LEAST_SURE),
    "misplaced, by name": (ResultFilter(status="misplaced"), ResultSort.NAME),
    "unreadable (people say), least sure": (
        ResultFilter(status="unreadable"),
        ResultSort.LEAST_SURE,
    ),
    "one field, least sure": (ResultFilter(field="last_name"), ResultSort.LEAST_SURE),
    "one field, by name": (ResultFilter(field="last_name"), ResultSort.NAME),
    "no such field": (ResultFilter(field="none"), ResultSort.NEWEST),
    "rewritten, newest": (ResultFilter(rewritten=True), ResultSort.NEWEST),
    "rewritten, least sure": (ResultFilter(rewritten=True), ResultSort.LEAST_SURE),
    "as written, by name": (ResultFilter(rewritten=False), ResultSort.NAME),
    "corrected, newest": (ResultFilter(corrected=True), ResultSort.NEWEST),
    "corrected, least sure": (ResultFilter(corrected=True), ResultSort.LEAST_SURE),
    "corrected, by name": (ResultFilter(corrected=True), ResultSort.NAME),
    "not corrected, least sure": (ResultFilter(corrected=False), ResultSort.LEAST_SURE),
    "large batch, place": (ResultFilter(batch="batch 1"), ResultSort.PLACE),
    "large batch, newest": (ResultFilter(batch="batch 1"), ResultSort.NEWEST),
    "large batch, least sure": (ResultFilter(batch="batch 1"), ResultSort.LEAST_SURE),
    "large batch, by name": (ResultFilter(batch="batch 1"), ResultSort.NAME),
    "small batch, place": (ResultFilter(batch="batch 90"), ResultSort.PLACE),
    "small batch, newest": (ResultFilter(batch="batch 90"), ResultSort.NEWEST),
    "small batch, least sure": (ResultFilter(batch="batch 90"), ResultSort.LEAST_SURE),
    "small batch, by name": (ResultFilter(batch="batch 90"), ResultSort.NAME),
    "small batch, misplaced": (
        ResultFilter(batch="batch 90", status="misplaced"),
        ResultSort.NEWEST,
    ),
    "begins with mar, by name": (ResultFilter(name_glob="mar*"), ResultSort.NAME),
    "begins with mar, newest": (ResultFilter(name_glob="mar*"), ResultSort.NEWEST),
    "begins with m, least sure": (ResultFilter(name_glob="m*"), ResultSort.LEAST_SURE),
    "begins with zzz": (ResultFilter(name_glob="zzz*"), ResultSort.NEWEST),
    "holds nelo": (ResultFilter(name_glob="*nelo*"), ResultSort.NEWEST),
    "like marlopa": (ResultFilter(similar_to="marlopa"), ResultSort.LIKENESS),
    "like marlopa, one batch": (
        ResultFilter(similar_to="marlopa", batch="batch 1"),
        ResultSort.LIKENESS,
    ),
}

# Names of two to four syllables, drawn so that some are common. Batch 1 holds a third of all.
_FILL = """
SELECT setseed(0.5);
INSERT INTO models VALUES ('0123456789ab', 'abc', '{}', now());
INSERT INTO templates VALUES ('clinic', 'aaaaaaaaaaaa', '[]', now());
INSERT INTO batches (id, name, created_at)
    SELECT gen_random_uuid(), 'batch ' || n, now() FROM generate_series(1, 100) AS n;
CREATE TEMP TABLE syllables AS SELECT array_agg(a || b || c ORDER BY random()) AS s
    FROM unnest(string_to_array('b d f g h j k l m n p r s t v w ch st br tr', ' ')) AS a,
        unnest(ARRAY['a','e','i','o','u','ie','ei']) AS b, unnest(ARRAY['','n','r','l']) AS c;
INSERT INTO documents (id, batch_id, uri, version, sha256, size_bytes, templates_version, model_id,
        decoder_version, status, failure_detail, page_count, attempt, registered_at, started_at,
        finished_at)
    SELECT gen_random_uuid(), b.id, 'file:///scans/' || md5(n::text) || '.jpg', '', md5(n::text), 9,
        'bbbbbbbbbbbb', '0123456789ab', 'greedy', 'done', '', 1, 1, now(), now(),
        now() - (:documents - n) * interval '1 second'
    FROM generate_series(1, :documents) AS n
    JOIN batches AS b ON b.name = 'batch ' ||
        CASE WHEN n <= :documents / 3 THEN 1 ELSE 2 + (n * 99 / (:documents + 1)) % 99 END;
INSERT INTO pages (document_id, page_index, failure_detail, template_id, template_version)
    SELECT id, 0, '', 'clinic', 'aaaaaaaaaaaa' FROM documents ORDER BY finished_at;
INSERT INTO readings (id, page_id, field_name, label, page_quad, status, doubt, raw_text, text,
        alternatives, raw_confidence, confidence, chars, ink_fraction, agreement, model_id, attempt,
        read_at)
    SELECT gen_random_uuid(), p.id, f, '', '[[1,2],[3,4],[5,6],[7,8]]',
        CASE WHEN random() < 0.002 THEN 'misplaced' WHEN c < 0.25 THEN 'low_confidence'
            ELSE 'read' END, '', CASE WHEN random() < 0.2 THEN said || 'x' ELSE said END, said,
        '[]', c, c, '[["a", 0.9, 1, 2], ["b", 0.9, 3, 4]]', 0.1, 0.9, '0123456789ab', 1,
        d.finished_at
    FROM pages AS p JOIN documents AS d ON d.id = p.document_id
    CROSS JOIN unnest(ARRAY['first_name','last_name','guardian','doctor']) AS f
    CROSS JOIN LATERAL (SELECT p.id AS _, 1 - power(random(), 2) AS c,
        initcap(s[1 + floor(560 * power(random(), 2))::int] || s[1 + floor(560 * random())::int] ||
        s[1 + floor(560 * random())::int]) || ' ' ||
        initcap(s[1 + floor(560 * random())::int] || s[1 + floor(560 * random())::int]) AS said
        FROM syllables) AS drawn;
INSERT INTO corrections (reading_id, text, status, corrected_by, corrected_at)
    SELECT id, CASE WHEN random() < 0.5 THEN text ELSE text || 'a' END,
        CASE WHEN random() < 0.01 THEN 'unreadable' ELSE 'read' END, 'nurse 7', now()
    FROM readings WHERE random() < 0.1
"""


def main() -> None:
    """Fill a database and print how long each search takes."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--db", metavar="URL", help="a database that an earlier run has filled")
    options.add_argument("--fill", metavar="URL", help="an empty database to fill, and no more")
    options.add_argument("--only", metavar="PART", default="", help="searches named so")
    options.add_argument("--explain", action="store_true", help="print their plans")
    asked = options.parse_args()
    if asked.fill:
        with opened(asked.fill) as sessions:
            _fill(sessions, asked.rows)
    elif asked.db:
        with opened(asked.db) as sessions:
            _ask(sessions, asked.only, explain=asked.explain)
    else:
        with postgresql() as url, opened(url) as sessions:
            _fill(sessions, asked.rows)
            _ask(sessions, asked.only, explain=asked.explain)


def _ask(sessions: Sessions, part: str, *, explain: bool) -> None:
    print(f"{'':<38}{'first page':^24}{'second page':^24}")
    print(f"{'search':<38}" + 2 * f"{'wall':>8}{'longest':>8}{'cpu':>8}" + "  ms")
    for name, (wanted, sort) in _ASKED.items():
        if part not in name:
            continue
        first, cursor = _time(sessions, wanted, sort, None)
        second = _time(sessions, wanted, sort, cursor)[0] if cursor else None
        print(f"{name:<38}{first}{second or ''}", flush=True)
        if explain:
            _explain(sessions, wanted, sort, cursor)


def _fill(sessions: Sessions, count: int) -> None:
    started = time.perf_counter()
    with transaction(sessions) as session:
        for statement in _FILL.split(";\n"):
            values = {"documents": count // _FIELDS} if ":documents" in statement else {}
            session.execute(text(statement), values)
    with sessions.kw["bind"].connect().execution_options(isolation_level="AUTOCOMMIT") as free:
        free.execute(text("VACUUM ANALYZE"))
        sizes = free.execute(
            text(
                "SELECT relname, pg_size_pretty(pg_relation_size(oid)) FROM pg_class "
                "WHERE relname ~ '^(ix_|readings$)' AND pg_relation_size(oid) > 5e6 ORDER BY 1"
            )
        ).all()
    print(f"filled with {count} readings in {time.perf_counter() - started:.0f} s")
    print("; ".join(f"{name} {size}" for name, size in sizes))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Took:
    """Milliseconds of some runs."""

    wall: list[float]
    cpu: list[float]  # of the server's process and this one

    def __str__(self) -> str:
        """Give the median and the longest, and the median of the processor's time."""
        middle, cpu = statistics.median(self.wall), statistics.median(self.cpu)
        return f"{middle:>8.1f}{max(self.wall):>8.1f}{cpu:>8.1f}"


def _time(
    sessions: Sessions, wanted: ResultFilter, sort: ResultSort, cursor: str | None
) -> tuple[_Took, str | None]:
    took, following = _Took(wall=[], cpu=[]), None
    for _ in range(_RUNS):
        with transaction(sessions) as session:
            server = session.scalar(text("SELECT pg_backend_pid()"))
            started, cpu = time.perf_counter(), _cpu_ms(server)
            page = find_page(session, wanted, sort=sort, limit=50, cursor=cursor)
            took.wall.append(1000 * (time.perf_counter() - started))
            took.cpu.append(_cpu_ms(server) - cpu)
        following = page.cursor
    return took, following


def _cpu_ms(server: int | None) -> float:
    """Read the time that the server's process and this one were on a processor."""
    ran_ns = int(Path(f"/proc/{server}/schedstat").read_text().split()[0])
    return ran_ns / 1e6 + 1000 * time.process_time()


def _explain(
    sessions: Sessions, wanted: ResultFilter, sort: ResultSort, cursor: str | None
) -> None:
    bind = sessions.kw["bind"]
    seen: list[tuple[str, Any]] = []
    with transaction(sessions) as session:

        def note(*call: Any) -> None:  # noqa: ANN401, SQLAlchemy's signature
            seen.append((call[2], call[3]))

        event.listen(bind, "before_cursor_execute", note)
        find_page(session, wanted, sort=sort, limit=50, cursor=cursor)
        event.remove(bind, "before_cursor_execute", note)
        for statement, values in seen:
            if statement.startswith("SELECT"):
                plan = session.connection().exec_driver_sql(
                    f"EXPLAIN (ANALYZE, BUFFERS) {statement}", values
                )
                print("\n".join(plan.scalars()))


if __name__ == "__main__":
    main()

"""Write results as a table for people, or as CSV, JSON lines or Parquet for programs.

Rows go out as they come in; a million of them take a few MiB. CSV is meant for spreadsheets,
which run what looks like a formula: such cells get an apostrophe in front, as OWASP advises
(https://owasp.org/www-community/attacks/CSV_Injection). The other formats hold the text as it is.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import fields
from datetime import datetime
from itertools import chain, islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from uuid import UUID

from worker.database.results import ResultRow

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

COLUMNS = tuple(column.name for column in fields(ResultRow))
_values = attrgetter(*COLUMNS)  # dataclasses.astuple copies every value, ten times slower

_FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # noqa: RUF001, spreadsheets take these too
_ROWS_A_GROUP = 16_384  # of a Parquet file; one group is in memory at a time, some 30 MiB
_ROWS_MEASURED = 200  # of a table, to make its columns wide enough
_SHORT_ID = 8  # hex digits, enough to tell results apart by eye and for ``penname explain``
_TABLE = ("id", "batch", "document", "page", "field", "text", "confidence", "status")
_RIGHT_ALIGNED = {"page", "confidence"}


def write_table(rows: Iterable[ResultRow], out: BinaryIO) -> int:
    """Write aligned columns for a terminal, and give the number of rows.

    Characters that a terminal would obey rather than show are replaced.
    """
    cells = map(_table_cells, rows)
    head = [_TABLE, *islice(cells, _ROWS_MEASURED)]
    widths = [max(map(len, column)) for column in zip(*head, strict=True)]
    count = -1  # the head is no result
    for line in chain(head, cells):
        aligned = (
            cell.rjust(width) if name in _RIGHT_ALIGNED else cell.ljust(width)
            for cell, width, name in zip(line, widths, _TABLE, strict=True)
        )
        out.write("  ".join(aligned).rstrip().encode() + b"\n")
        count += 1
    return count


def write_csv(rows: Iterable[ResultRow], out: BinaryIO) -> int:
    """Write UTF-8 CSV with a head that no spreadsheet takes for formulas; give the row count."""
    text = io.TextIOWrapper(out, encoding="utf-8", newline="")
    # RFC 4180's line ends; with "\n" alone the writer would leave a "\r" in a cell unquoted.
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007, wanted after the loop
        writer.writerow([_defused(_plain(value)) for value in _values(row)])
    text.flush()
    text.detach()  # or it would close what is not ours
    return count


def write_jsonl(rows: Iterable[ResultRow], out: BinaryIO) -> int:
    """Write one JSON object a line, and give the row count."""
    count = 0
    for count, row in enumerate(rows, 1):  # noqa: B007, wanted after the loop
        values = dict(zip(COLUMNS, map(_plain, _values(row)), strict=True))
        out.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
    return count


def write_parquet(rows: Iterable[ResultRow], out: BinaryIO) -> int:
    """Write Parquet with real types, one row group after the other; give the row count."""
    import pyarrow as pa  # noqa: PLC0415, 50 MiB and a third of a second, for one format of four
    from pyarrow import parquet  # noqa: PLC0415, the same

    moment = pa.timestamp("us", tz="UTC")
    kinds = {"page": pa.int32(), "confidence": pa.float64()}
    kinds |= {"corrected_at": moment, "read_at": moment, "rewritten": pa.bool_()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    remaining, count = iter(rows), 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        while group := list(islice(remaining, _ROWS_A_GROUP)):
            columns = zip(*map(_values, group), strict=True)
            arrays = [
                pa.array([str(v) if isinstance(v, UUID) else v for v in values], type=kind)
                for values, kind in zip(columns, schema.types, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            count += len(group)
    return count


def _table_cells(row: ResultRow) -> tuple[str, ...]:
    name = row.document.rsplit("/", 1)[-1]
    status = f"{row.status}, rewritten" if row.rewritten else row.status
    status = status if row.corrected_by is None else f"{status}, corrected"
    return tuple(
        _printable(cell)
        for cell in (
            row.reading_id.hex[:_SHORT_ID],
            row.batch,
            unquote(name) if row.document.startswith("file:") else name,
            str(row.page),
            row.field,
            row.text,
            f"{row.confidence:.2f}",
            status,
        )
    )


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


def _plain(value: object) -> Any:  # noqa: ANN401, whatever JSON and CSV take as it is
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def _defused(value: object) -> object:
    """Keep a spreadsheet from running a text; numbers are safe as they are."""
    if isinstance(value, str) and value.lstrip().startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value

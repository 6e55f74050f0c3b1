from __future__ import annotations

import csv
import io
import json
import tracemalloc
from datetime import UTC, datetime
from uuid import UUID

import pytest
from pyarrow import parquet

from worker.database.results import ResultRow
from worker.exporting import COLUMNS, write_csv, write_jsonl, write_parquet, write_table

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def make_row(**changes):
    row = {
        "reading_id": UUID(int=0x1234567890ABCDEF1234567890ABCDEF),
        "batch": "autumn",
        "document": "file:///scans/M%C3%BCller.jpg",
        "page": 2,
        "field": "full_name",
        "text": "Émile",
        "raw_text": "EMILE",
        "confidence": 0.9137,
        "status": "read",
        "corrected_by": None,
        "corrected_at": None,
        "model": "0123456789ab",
        "template": "clinic",
        "template_version": "aaaaaaaaaaaa",
        "read_at": NOON,
        "rewritten": False,
        "label": "",
    }
    return ResultRow(**{**row, **changes})


def written(write, *rows):
    out = io.BytesIO()
    count = write(rows, out)
    assert count == len(rows)
    return out.getvalue()


def as_csv(*rows):
    return list(csv.DictReader(io.StringIO(written(write_csv, *rows).decode(), newline="")))


def test_csv_gives_back_every_column():
    [row] = as_csv(make_row())

    assert tuple(row) == COLUMNS
    assert row["reading_id"] == "12345678-90ab-cdef-1234-567890abcdef"
    assert (row["text"], row["confidence"], row["page"]) == ("Émile", "0.9137", "2")
    assert (row["corrected_by"], row["read_at"]) == ("", "2026-11-24T12:00:00+00:00")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('=HYPERLINK("http://x","y")', id="equals"),
        pytest.param("+1", id="plus"),
        pytest.param("-1+1|cmd", id="minus"),
        pytest.param("@SUM(A1)", id="at"),
        pytest.param("\t=1", id="tab"),
        pytest.param("\r=1", id="carriage-return"),
        pytest.param("\n=1", id="line-feed"),
        pytest.param("  =1", id="blanks"),
        pytest.param("\uff1d1", id="full-width"),
    ],
)
@pytest.mark.parametrize("column", ["text", "raw_text", "batch", "field", "document", "label"])
def test_no_cell_of_a_csv_starts_as_a_formula_does(text, column):
    [row] = as_csv(make_row(**{column: text}))

    assert row[column] == "'" + text


@pytest.mark.parametrize(
    "text", ["O'Brien-Smith", "d=2", "A+", "", "'=1", 'say "x", y', "a\nb", "a\rb"]
)
def test_other_text_goes_through_csv_unchanged(text):
    [row] = as_csv(make_row(text=text))

    assert row["text"] == text


def test_numbers_of_a_csv_stay_numbers():
    [row] = as_csv(make_row(confidence=-0.0))

    assert float(row["confidence"]) == 0


def test_an_empty_csv_has_its_head():
    assert written(write_csv).decode() == ",".join(COLUMNS) + "\r\n"


def test_csv_leaves_the_file_open_for_its_owner():
    out = io.BytesIO()

    write_csv([make_row()], out)

    assert not out.closed


def test_json_lines_hold_one_object_each_with_the_text_as_it_is():
    corrected = make_row(text="=1+1", corrected_by="nurse 7", corrected_at=NOON)

    lines = written(write_jsonl, make_row(), corrected).decode().splitlines()

    first, second = map(json.loads, lines)
    assert tuple(first) == COLUMNS
    assert (first["text"], first["confidence"], first["corrected_at"]) == ("Émile", 0.9137, None)
    assert (second["text"], second["corrected_at"]) == ("=1+1", "2026-11-24T12:00:00+00:00")
    assert "É" in lines[0]


def test_parquet_keeps_types_and_nothing_else_changes():
    rows = make_row(), make_row(text="=1+1", corrected_by="nurse 7", corrected_at=NOON)

    table = parquet.read_table(io.BytesIO(written(write_parquet, *rows)))

    kinds = dict(zip(table.schema.names, map(str, table.schema.types), strict=True))
    assert tuple(kinds) == COLUMNS
    assert (kinds["confidence"], kinds["page"]) == ("double", "int32")
    assert (kinds["read_at"], kinds["text"]) == ("timestamp[us, tz=UTC]", "string")
    assert kinds["rewritten"] == "bool"
    first, second = table.to_pylist()
    assert (first["text"], first["read_at"], first["corrected_at"]) == ("Émile", NOON, None)
    assert (second["text"], second["corrected_at"]) == ("=1+1", NOON)


def test_parquet_without_rows_still_tells_its_columns():
    table = parquet.read_table(io.BytesIO(written(write_parquet)))

    assert (table.num_rows, tuple(table.schema.names)) == (0, COLUMNS)


def test_parquet_is_written_a_group_at_a_time(monkeypatch):
    monkeypatch.setattr("worker.exporting._ROWS_A_GROUP", 3)

    data = written(write_parquet, *[make_row(page=number) for number in range(7)])

    file = parquet.ParquetFile(io.BytesIO(data))
    groups = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
    assert groups == [3, 3, 1]
    assert file.read().column("page").to_pylist() == list(range(7))


@pytest.mark.parametrize("write", [write_table, write_csv, write_jsonl], ids=lambda w: w.__name__)
def test_many_rows_take_no_more_memory_than_few(write):
    class Nowhere(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return len(data)

    tracemalloc.start()
    count = write((make_row() for _ in range(5_000)), Nowhere())
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 5_000
    assert peak_bytes < 1024 * 1024


def test_a_table_is_aligned_and_shows_names_of_files_as_people_wrote_them():
    table = written(write_table, make_row(), make_row(text="Ada", page=11)).decode()

    assert table.splitlines() == [
        "id        batch   document    page  field      text   confidence  status",
        "12345678  autumn  Müller.jpg     2  full_name  Émile        0.91  read",
        "12345678  autumn  Müller.jpg    11  full_name  Ada          0.91  read",
    ]


def test_a_table_shows_keys_of_a_bucket_and_corrections():
    row = make_row(document="s3://forms/50%25.jpg", corrected_by="nurse 7", corrected_at=NOON)

    table = written(write_table, row).decode()

    assert "  50%25.jpg  " in table
    assert table.rstrip().endswith("read, corrected")


def test_a_table_says_where_names_changed_what_the_ink_says():
    rewritten = make_row(rewritten=True)
    corrected = make_row(rewritten=True, corrected_by="nurse 7", corrected_at=NOON)

    _, first, second = written(write_table, rewritten, corrected).decode().splitlines()

    assert first.endswith("read, rewritten")
    assert second.endswith("read, rewritten, corrected")


def test_a_table_cannot_command_the_terminal():
    row = make_row(text="\x1b[2J\x07Ada", document="file:///%1B%5D0;x.jpg")

    table = written(write_table, row).decode()

    assert "\x1b" not in table
    assert "\x07" not in table
    assert "Ada" in table


def test_a_long_text_far_down_the_table_is_not_cut():
    rows = [make_row() for _ in range(300)]

    table = written(write_table, *rows, make_row(text="x" * 90)).decode()

    assert "x" * 90 in table


def test_an_empty_table_is_its_head():
    assert written(write_table).decode().split() == [
        *("id", "batch", "document", "page", "field", "text", "confidence", "status")
    ]

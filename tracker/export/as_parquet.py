"""Parquet: typed columns, null where nothing is known, written in groups of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow
import pyarrow.parquet

from tracker.export.pieces import Pieces
from tracker.export.tables import Row, Table

ROWS_IN_A_GROUP = 16384  # half a megabyte of samples: what is in memory at once

# Every other column is a number: seconds, degrees, g.
_WHOLE = {"boot_id", "number", "breaths", "strains", "reps", "holds"}
_TEXT = {
    *("event", "event_id", "band_id", "session_id", "hold_id"),
    *("stretch", "side", "measured_stretch", "measured_side", "note", "reason", "kind"),
}
_MOMENTS = {"at", "started_at", "ended_at"}


def write(table: Table) -> Iterator[bytes]:
    """The table as a Parquet file, in pieces."""
    schema = pyarrow.schema([(name, _type(name)) for name in table.columns])
    pieces = Pieces()
    with pyarrow.parquet.ParquetWriter(pieces, schema, compression="zstd") as file:
        for group in _groups(_batches(table, schema)):
            file.write_table(pyarrow.Table.from_batches(group, schema))
            yield pieces.take()
    yield pieces.take()


def _type(name: str) -> Any:
    if name in _WHOLE:
        return pyarrow.int64()
    if name in _TEXT:
        return pyarrow.string()
    if name in _MOMENTS:
        return pyarrow.timestamp("ms", "UTC")
    return pyarrow.bool_() if name == "worn" else pyarrow.float64()


def _batches(table: Table, schema: Any) -> Iterator[Any]:
    """Rows as columns at once: as Python's own objects they would take ten times the memory."""
    for rows in table.batches:
        yield pyarrow.record_batch([_column(rows, field) for field in schema], schema=schema)


def _column(rows: Sequence[Row], field: Any) -> Any:
    values = [row.get(field.name) for row in rows]
    if field.name in _MOMENTS:
        return pyarrow.array(values, pyarrow.string()).cast(field.type)
    return pyarrow.array(values, field.type)


def _groups(batches: Iterator[Any]) -> Iterator[list[Any]]:
    group: list[Any] = []
    for batch in batches:
        group.append(batch)
        if sum(part.num_rows for part in group) >= ROWS_IN_A_GROUP:
            yield group
            group = []
    if group:
        yield group

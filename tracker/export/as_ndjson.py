"""NDJSON: one JSON object a line; events as they are written everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracker.export.tables import Row, Table

_encoder = msgspec.json.Encoder()


def write(table: Table) -> Iterator[bytes]:
    """The table as UTF-8, in pieces."""
    for batch in table.batches:
        yield b"".join(json_object(table.columns, row) + b"\n" for row in batch)


def json_object(columns: tuple[str, ...], row: Row) -> bytes:
    """A row with its columns' names, without the fields that the thing does not have."""
    pairs = zip(columns, row, strict=True)
    return _encoder.encode({name: value for name, value in pairs if value is not msgspec.UNSET})

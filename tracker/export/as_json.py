"""JSON: one array of objects, written as it is read."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracker.export.tables import Table

_encoder = msgspec.json.Encoder()


def write(table: Table) -> Iterator[bytes]:
    """The table as UTF-8, in pieces."""
    before = b"[\n"
    for batch in table.batches:
        yield before + b",\n".join(_encoder.encode(row) for row in batch)
        before = b",\n"
    yield b"\n]\n" if before == b",\n" else b"[]\n"

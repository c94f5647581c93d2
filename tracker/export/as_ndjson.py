"""NDJSON: one JSON object a line; events as they are written everywhere."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from tracker.export.tables import Table

_encoder = msgspec.json.Encoder()


def write(table: Table) -> Iterator[bytes]:
    """The table as UTF-8, in pieces."""
    for batch in table.batches:
        yield _encoder.encode_lines(batch)

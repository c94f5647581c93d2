"""CSV as RFC 4180 has it: a header line, CRLF, quotes where needed; what is not known is empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from tracker.export.tables import Table

# The words of a note are anybody's; a spreadsheet would carry out what begins like this.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(table: Table) -> Iterator[bytes]:
    """The table as UTF-8, in pieces."""
    text = io.StringIO(newline="")
    lines = csv.writer(text)
    lines.writerow(table.columns)
    for batch in table.batches:
        lines.writerows([_plain(name, row.get(name)) for name in table.columns] for row in batch)
        yield _taken(text)
    yield _taken(text)


def _plain(name: str, value: Any) -> Any:
    if name == "note" and str(value).startswith(FORMULA):
        return f"'{value}"
    return str(value).lower() if isinstance(value, bool) else value


def _taken(text: io.StringIO) -> bytes:
    written = text.getvalue()
    text.seek(0)
    text.truncate()
    return written.encode()

"""Which format a person asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from tracker.errors import StretchbandError
from tracker.export import as_csv, as_json, as_ndjson
from tracker.export.tables import Table

Write = Callable[[Table], Iterator[bytes]]

FORMATS: dict[str, Write] = {
    "csv": as_csv.write,
    "json": as_json.write,
    "ndjson": as_ndjson.write,
}
_ENDINGS = {".csv": "csv", ".json": "json", ".ndjson": "ndjson", ".jsonl": "ndjson"}


def choose_format(name: str | None, out: Path | None) -> Write:
    """The format of that name; without one, as the file's ending says; else CSV.

    Raises StretchbandError for a name that is none.
    """
    if name is None:
        name = _ENDINGS.get(out.suffix.lower(), "csv") if out is not None else "csv"
    if name not in FORMATS:
        raise StretchbandError(f'--format "{name}" is not known: one of {", ".join(FORMATS)}')
    return FORMATS[name]

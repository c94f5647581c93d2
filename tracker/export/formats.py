"""Which format a person asked for, and what it needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from tracker.errors import StretchbandError, extra_missing
from tracker.export.tables import Kind, Table

Write = Callable[[Table], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Format:
    """One file of this package, and the extra that brings the library it writes with.

    holds_only: it has a place for holds that are finished and dated, and for nothing else.
    readable:   it may be written to a terminal.
    """

    name: str
    endings: tuple[str, ...]
    extra: str | None = None
    holds_only: bool = False
    readable: bool = True

    @property
    def write(self) -> Write:
        """The function that writes it. Raises StretchbandError where its library is missing."""
        try:
            found: Write = import_module(f"tracker.export.as_{self.name}").write
        except ModuleNotFoundError as missing:
            if self.extra is None:
                raise
            what = f"--format {self.name}"
            raise extra_missing(what, missing.name or "more", self.extra) from missing
        return found


FORMATS: dict[str, Format] = {
    format_.name: format_
    for format_ in (
        Format("csv", (".csv",)),
        Format("json", (".json",)),
        Format("ndjson", (".ndjson", ".jsonl")),
        Format("parquet", (".parquet",), extra="parquet", readable=False),
        Format("fit", (".fit",), extra="fit", holds_only=True, readable=False),
        Format("fhir", (".fhir.json",), holds_only=True),
    )
}


def choose_format(name: str | None, out: Path | None, kind: Kind) -> Format:
    """The format of that name; without one, as the file's ending says; without that too, CSV.

    Raises StretchbandError for a name or an ending that is none, or when it has no place for that
    kind.
    """
    if name is None:
        name = "csv" if out is None else _by_ending(out)
    if name not in FORMATS:
        raise StretchbandError(f'--format "{name}" is not known: one of {", ".join(FORMATS)}')
    chosen = FORMATS[name]
    if chosen.holds_only and kind != "holds":
        others = ", ".join(each.name for each in FORMATS.values() if not each.holds_only)
        raise StretchbandError(f"--format {name} is for holds only; {kind} go into {others}")
    return chosen


def _by_ending(out: Path) -> str:
    """The longest ending counts: `.fhir.json` is not `.json`."""
    endings = {ending: each.name for each in FORMATS.values() for ending in each.endings}
    found = [ending for ending in endings if out.name.lower().endswith(ending)]
    if found:
        return endings[max(found, key=len)]
    if out.suffix:
        raise StretchbandError(
            f"--out {out} must end in one of {', '.join(endings)}, or be told its --format"
        )
    return "csv"

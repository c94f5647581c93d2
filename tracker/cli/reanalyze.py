"""`stretchband reanalyze`: what today's detector sees in everything that was ever stored."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from tracker.cli.progress import frames_bar
from tracker.config import Config, default_config_path, load
from tracker.reanalysis import reanalyze as find_again
from tracker.store import Hold
from tracker.store.inspection import has_writer
from tracker.store.rewriting import Changes
from tracker.words import count

SHOWN = 20  # holds in the table; a screen


def reanalyze(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="NEW.db", help="The history as seen today; without it only the comparison."
        ),
    ] = None,
    db: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The history; without it the one that the config names."),
    ] = None,
    band: Annotated[str | None, typer.Option(metavar="ID", help="Of this band only.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="The config file. [default: ~/.config/stretchband/tracker.toml]"),
    ] = None,
) -> None:
    """Look through all stored samples again with today's detector.

    The history is only read, also while `stretchband run` writes it. What differs is shown; --out
    makes a new history of it.
    """
    file = config or default_config_path()
    settings = Config() if file is None else load(file)
    path = db or settings.db_path
    written = has_writer(path)
    with frames_bar("frames", show=sys.stderr.isatty()) as folded:
        changes = find_again(path, out, settings, band, folded)
    console = Console(highlight=False, soft_wrap=True)
    for line in summary(changes):
        console.print(line, markup=False)
    if changes.changed or changes.new or changes.gone or changes.kept:
        console.print(_differences(changes))
    for line in _next(path, out, written=written or has_writer(path)):
        console.print(line, markup=False)


def summary(changes: Changes) -> Iterator[str]:
    """How many holds and breaths there were and are, and where the corrections are now."""
    c = changes
    yield f"holds: {c.holds[0]:,} before, {c.holds[1]:,} now"
    yield (
        f"  {c.same:,} the same, {len(c.changed):,} changed, {len(c.new):,} new,"
        f" {len(c.gone):,} gone"
    )
    yield f"breaths: {c.breaths[0]:,} before, {c.breaths[1]:,} now"
    if c.stayed or c.moved or c.kept:
        yield (
            f"corrections: {c.stayed:,} where they were, {c.moved:,} moved along with their hold,"
            f" {len(c.kept):,} without a hold now"
        )
    if c.kept:
        yield f"  {count(len(c.kept), 'hold')} with such a correction kept as measured before"


def _next(path: Path, out: Path | None, *, written: bool) -> Iterator[str]:
    if out is None:
        yield "Nothing was written; --out NEW.db makes a new history of it."
    elif written:
        yield (
            f"{out} has what {path} had when this began; `stretchband run` writes on. To use it:"
            f" stop `stretchband run`, remove {out} and do this again."
        )
    else:
        yield (
            f"To use it, before `stretchband run` starts again: move {path} away, with {path}-wal"
            f" and {path}-shm where they are there, then {out} to its place. Keep the old file."
        )


def _differences(changes: Changes) -> Table:
    """One line a hold, before and now, the first of them."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("", "began", "stretch", "leg"):
        table.add_column(name, no_wrap=name != "stretch")
    for name in ("start, s", "held, s", "breaths"):
        table.add_column(name, justify="right", no_wrap=True)
    rows = list(_rows(changes))
    for row in rows[:SHOWN]:
        table.add_row(*row)
    if len(rows) > SHOWN:
        table.add_row("...", f"{len(rows) - SHOWN:,} more")
    return table


def _rows(changes: Changes) -> Iterator[tuple[str, ...]]:
    c = changes
    for kind, holds in (("new", c.new), ("gone", c.gone), ("kept", c.kept)):
        for hold in holds:
            yield (kind, *_cells(hold, hold))
    for before, now in c.changed:
        yield ("changed", *_cells(before, now))


def _cells(before: Hold, now: Hold) -> tuple[str, ...]:
    return (
        "-" if now.started_at is None else _moment(now.started_at),
        _both(before.stretch, now.stretch),
        _both(before.side or "-", now.side or "-"),
        "" if before is now else f"{now.start_s - before.start_s:+.2f}",
        _both(_seconds(before), _seconds(now)),
        _both(_number(before.breaths), _number(now.breaths)),
    )


def _both(before: str, now: str) -> str:
    return now if before == now else f"{before} -> {now}"


def _seconds(hold: Hold) -> str:
    return "-" if hold.duration_s is None else f"{hold.duration_s:.1f}"


def _number(value: int | None) -> str:
    return "-" if value is None else str(value)


def _moment(at: str) -> str:
    return f"{datetime.fromisoformat(at).astimezone():%Y-%m-%d %H:%M}"

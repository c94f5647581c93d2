"""`stretchband export`: the history as a file, or on standard output."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tracker.cli.database import DbOption, database_path
from tracker.errors import StretchbandError
from tracker.export import (
    FORMATS,
    KINDS,
    Kind,
    Row,
    Table,
    Wanted,
    choose_format,
    deliver,
    parse_period,
    table,
)
from tracker.store import History


def export(
    what: Annotated[str, typer.Argument(metavar="{" + "|".join(KINDS) + "}", show_default=False)],
    *,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            help="How it is written; without it as the ending of --out says, else csv.",
        ),
    ] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="From this day or time on: 2026-11-01.")
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="DATE", help="To the end of this day, or before this time."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file; - or none is standard output.")
    ] = None,
    db: DbOption = None,
    band: Annotated[str | None, typer.Option(metavar="ID", help="Of this band only.")] = None,
    boot: Annotated[
        int | None, typer.Option(metavar="N", help="Samples of this start of the band.")
    ] = None,
) -> None:
    """Write holds, breaths, sessions, events or samples for other programs.

    Samples are written as a recording that `stretchband analyze` reads; days and times without a
    zone are this machine's.
    """
    kind = _kind(what)
    out = None if out is None or str(out) == "-" else out
    write = choose_format(format_, out)
    wanted = Wanted(parse_period(since, until), band, boot)
    with History.open(database_path(db)) as history, history.snapshot():
        rows = table(history, kind, wanted)
        with _progress(rows, kind, show=out is not None and sys.stderr.isatty()) as rows:
            deliver(write(rows), out)


def _kind(what: str) -> Kind:
    for kind in KINDS:
        if kind == what:
            return kind
    raise StretchbandError(f'"{what}" cannot be exported: one of {", ".join(KINDS)}')


@contextmanager
def _progress(rows: Table, kind: Kind, *, show: bool) -> Iterator[Table]:
    """The same table; a bar on the terminal moves as it is read."""
    if not show:
        yield rows
        return
    columns = (TextColumn(kind), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(kind, total=rows.expected)

        def counted() -> Iterator[Sequence[Row]]:
            for batch in rows.batches:
                yield batch
                progress.advance(task, len(batch))
            progress.update(task, total=progress.tasks[task].completed)

        yield dataclasses.replace(rows, batches=counted())

"""`stretchband export`: the history for other programs, or all of it for another machine."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from time import time
from typing import Annotated

import typer

from tracker.cli.database import DbOption, database_path
from tracker.cli.progress import bytes_bar, rows_bar
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
    finished_holds,
    parse_period,
    table,
)
from tracker.export.archive import pack
from tracker.store import History
from tracker.store.times import rfc3339


def export(
    what: Annotated[
        str | None, typer.Argument(metavar="{" + "|".join(KINDS) + "}", show_default=False)
    ] = None,
    *,
    all_: Annotated[
        bool, typer.Option("--all", help="Everything, for `stretchband import` elsewhere.")
    ] = False,
    format_: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="|".join(FORMATS),
            help="How it is written; without it as the ending of --out says, csv if none.",
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
    """Write the history for other programs, or all of it for another machine.

    Samples are written as a recording that `stretchband analyze` reads; days and times without a
    zone are this machine's.
    """
    out = None if out is None or str(out) == "-" else out
    if all_:
        if any(option is not None for option in (what, format_, since, until, band, boot)):
            raise StretchbandError("--all is everything: it goes with --out and --db only")
        _everything(database_path(db), out)
    else:
        _some(_kind(what), format_, out, Wanted(parse_period(since, until), band, boot), db)


def _some(
    kind: Kind, format_: str | None, out: Path | None, wanted: Wanted, db: Path | None
) -> None:
    chosen = choose_format(format_, out, kind)
    write = chosen.write
    if not chosen.readable:
        _expect_no_terminal(f"--format {chosen.name}", out)
    with History.open(database_path(db)) as history, history.snapshot():
        left_out = 0
        if chosen.holds_only:
            rows, left_out = finished_holds(history, wanted)
        else:
            rows = table(history, kind, wanted)
        with _progress(rows, kind, show=_shown(out)) as rows:
            deliver(write(rows), out)
    if left_out:
        typer.echo(
            f"left out: {left_out} of the holds, whose end or wall time is not known", err=True
        )


def _everything(path: Path, out: Path | None) -> None:
    _expect_no_terminal("--all", out)
    work = None if out is None else out.absolute().parent
    with History.open(path) as history, bytes_bar("history", show=_shown(out)) as progress:
        pieces = pack(history, version("stretchband"), rfc3339(time()), work, progress)
        deliver(pieces, out, private=True)


def _shown(out: Path | None) -> bool:
    return out is not None and sys.stderr.isatty()


def _expect_no_terminal(what: str, out: Path | None) -> None:
    if out is None and sys.stdout.isatty():
        raise StretchbandError(f"{what} is nothing to read on a terminal: name a file with --out")


def _kind(what: str | None) -> Kind:
    for kind in KINDS:
        if kind == what:
            return kind
    if what is None:
        raise StretchbandError(f"say what to export: one of {', '.join(KINDS)}, or --all")
    raise StretchbandError(f'"{what}" cannot be exported: one of {", ".join(KINDS)}')


@contextmanager
def _progress(rows: Table, kind: Kind, *, show: bool) -> Iterator[Table]:
    """The same table; a bar on the terminal moves as it is read."""
    with rows_bar(kind, rows.expected, show=show) as read:

        def counted() -> Iterator[Sequence[Row]]:
            for batch in rows.batches:
                yield batch
                read(len(batch))

        yield dataclasses.replace(rows, batches=counted())

"""`stretchband import`: a whole history from another machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.database import DbOption, database_path
from tracker.cli.progress import bytes_bar
from tracker.export.archive import unpack
from tracker.words import count

TOLD = ("hold", "event", "frame")


def importing(
    file: Annotated[Path, typer.Argument(help="What `stretchband export --all` wrote.")],
    *,
    db: DbOption = None,
) -> None:
    """Bring a whole history here from another machine.

    Every id stays as it was. The history here must be new or empty, and no `stretchband run` may
    have it.
    """
    path = database_path(db)
    with bytes_bar("history", show=sys.stderr.isatty()) as progress:
        manifest, new = unpack(file, path, progress)
    rows = ", ".join(count(manifest.rows.get(f"{name}s", 0), name) for name in TOLD)
    typer.echo(f"{path} {'now has' if new else 'already had'} {rows}")

"""`stretchband report`: a month as a page for a therapist."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from tracker.cli.database import DbOption, database_path
from tracker.errors import StretchbandError
from tracker.export import deliver
from tracker.report import month_of, page, parse_month
from tracker.report.paper import pdf, png
from tracker.store import History

WRITERS: dict[str, Callable[[str], bytes]] = {".html": str.encode, ".pdf": pdf, ".png": png}


def report(
    *,
    month: Annotated[
        str | None, typer.Option(metavar="MONTH", help="2026-11; without it this month.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="A .html, .pdf or .png file; - or none is HTML on standard output."
        ),
    ] = None,
    db: DbOption = None,
    band: Annotated[str | None, typer.Option(metavar="ID", help="Of this band only.")] = None,
) -> None:
    """Write a month as a page to print or to show a therapist.

    Days are those of this machine's time zone. PDF and PNG need the extra `report`.
    """
    out = None if out is None or str(out) == "-" else out
    ending = ".html" if out is None else out.suffix.lower()
    if ending not in WRITERS:
        raise StretchbandError(f"--out {out} must end in one of {', '.join(WRITERS)}")
    now = datetime.now().astimezone()
    first = parse_month(month, now.date())
    with History.open(database_path(db)) as history, history.snapshot():
        if band is not None:
            history.band(band)
        found = month_of(history, band, first, now.date())
    text = page(found, now, f"stretchband {version('stretchband')}")
    deliver([WRITERS[ending](text)], out, private=True)
    if out is not None and not found.holds:
        print(f"no hold in {first:%B %Y}: {out} says so", file=sys.stderr)  # noqa: T201

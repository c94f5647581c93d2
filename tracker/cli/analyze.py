"""`stretchband analyze`: which stretches are in a recording?"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, cast, get_args

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from tracker.bands.stretchband import RANGES_G
from tracker.detect.events import Event, Gap, HoldEnded, Rep, Side, to_json
from tracker.detect.posture.taught import Taught
from tracker.detect.samples import Axes, Block
from tracker.detect.session import Session, Settings
from tracker.errors import StretchbandError
from tracker.plot.drawing import Drawing
from tracker.plot.witness import Witness
from tracker.recordings import read
from tracker.store import History
from tracker.words import count

BROKEN_INPUT = 2


def analyze(
    file: Annotated[Path, typer.Argument(help="CSV, .csv.gz or Parquet: time_s,x_g,y_g,z_g.")],
    json: Annotated[bool, typer.Option("--json", help="One event a line, nothing else.")] = False,
    any_posture: Annotated[
        bool, typer.Option("--any-posture", help="Every posture held away from the rest counts.")
    ] = False,
    as_hold: Annotated[
        bool, typer.Option("--as-hold", help="The whole recording is one hold.")
    ] = False,
    min_hold: Annotated[
        float, typer.Option("--min-hold", min=0.0, help="The shortest hold in seconds.")
    ] = Settings().min_hold_s,
    axes: Annotated[
        str, typer.Option("--axes", help="Which sensor axis gives band x, y, z: -z,+x,-y.")
    ] = "+x,+y,+z",
    side: Annotated[
        str | None, typer.Option("--side", help="The leg is known, and believed: left or right.")
    ] = None,
    band_id: Annotated[
        str | None, typer.Option("--band-id", help="The name in the events; the file's otherwise.")
    ] = None,
    taught: Annotated[
        Path | None,
        typer.Option("--taught", help="A history whose taught postures count too (of --band-id)."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option("--plot", help="Draw what was seen and why: a .png or .svg file."),
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="Draw from here on: seconds, m:ss or h:mm:ss.")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="Draw up to here.")] = None,
) -> None:
    """Find the holds, breaths and straightenings of a recording."""
    settings = Settings(
        min_hold_s=min_hold, any_posture=any_posture, as_hold=as_hold, side=known_side(side)
    )
    try:
        if taught is not None:
            settings = replace(settings, taught=_taught(taught, band_id))
        wanted = _drawing(plot, from_, to)
        witness = None if wanted is None else Witness()
        session = Session(band_id or _stem(file), settings=settings, trace=witness)
        events = fold(file, Axes.parse(axes), session, witness)
        if wanted is not None and witness is not None:
            wanted.draw(file.name, witness, settings)
    except StretchbandError as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(BROKEN_INPUT) from fault
    if json:
        sys.stdout.write("".join(f"{to_json(event).decode()}\n" for event in events))
    else:
        _print(file, events)


def fold(file: Path, axes: Axes, session: Session, witness: Witness | None = None) -> list[Event]:
    """All events of a recording, stated only when the whole of it has been read and found sound.

    It is read twice, so that memory stays flat: once to find it sound and how large it is, once
    as a band would send it. A witness, the session's trace, is kept up with it.
    """
    largest_g = max((float(np.abs(block.acc_g).max()) for block in read(file, axes)), default=0.0)
    range_g = next((g for g in RANGES_G if largest_g <= g), RANGES_G[-1])
    receive = session.receive if witness is None else partial(witness.watch, session)
    events: list[Event] = []
    for block in read(file, axes):
        events += receive(in_counts(block, range_g))
    last = session.close()
    if witness is not None:
        witness.events += last
    return events + last


def in_counts(block: Block, range_g: int) -> Block:
    """The samples in 16-bit counts of the smallest range that holds them all, as frames have them.

    A recording then gives the same events here and played by a band, to the last digit where its
    times are whole milliseconds.
    """
    counts = np.clip(np.rint(block.acc_g * (32768 / range_g)), -32768, 32767)
    return Block(block.t_s, counts * (range_g / 32768))


def _drawing(plot: Path | None, from_: str | None, to: str | None) -> Drawing | None:
    if plot is not None:
        return Drawing.wanted(plot, from_, to)
    if from_ is not None or to is not None:
        raise StretchbandError("--from and --to choose what is drawn: they need --plot")
    return None


def _taught(file: Path, band_id: str | None) -> tuple[Taught, ...]:
    with History.open(file) as past:
        bands = past.bands() if band_id is None else [past.band(band_id)]
        if len(bands) > 1:
            names = ", ".join(band.band_id for band in bands)
            raise StretchbandError(f"{file} has several bands; choose one by --band-id: {names}")
        return tuple(one for band in bands for one in past.taught(band.band_id))


def known_side(text: str | None) -> Side | None:
    """The leg of --side. Raises BadParameter for anything else."""
    if text is None:
        return None
    if text in get_args(Side):
        return cast(Side, text)
    raise typer.BadParameter(f'"{text}": left or right', param_hint="--side")


def _stem(file: Path) -> str:
    return file.name.removesuffix(".gz").removesuffix(".csv").removesuffix(".parquet")


def _print(file: Path, events: list[Event]) -> None:
    console = Console(highlight=False)
    degree = " deg" if console.options.ascii_only else "\N{DEGREE SIGN}"
    holds = [event for event in events if isinstance(event, HoldEnded)]
    console.print(f"{file.name}: {count(len(holds), 'hold')}", style="bold", markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("stretch", "side"):
        table.add_column(name, no_wrap=True)
    for name in ("start", "length", "angle", "deeper", "breaths", "per min"):
        table.add_column(name, justify="right", no_wrap=True)
    for hold in holds:
        table.add_row(
            hold.stretch.replace("_", " "),
            hold.side or "?",
            _clock(hold.start_s),
            f"{hold.duration_s:.1f} s",
            _number(hold.angle_deg, "{:.0f}", degree),
            _number(hold.depth_gain_deg, "{:+.1f}", degree),
            str(hold.breaths),
            _number(hold.breath_rate_bpm, "{:.1f}"),
        )
    if holds:
        console.print(table)
    for kind, name in ((Rep, "straightening"), (Gap, "gap")):
        if found := sum(isinstance(event, kind) for event in events):
            console.print(count(found, name))


def _number(value: float | None, form: str, unit: str = "") -> str:
    return "?" if value is None else form.format(value) + unit


def _clock(t_s: float) -> str:
    minutes, seconds = divmod(t_s, 60)
    return f"{minutes:.0f}:{seconds:04.1f}"

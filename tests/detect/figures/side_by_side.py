"""The detector beside other libraries on the same recordings: a table of its errors and theirs."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from tests.detect.figures import others
from tests.detect.figures.score import Figures, add, mae, table, together, truth_of
from tests.detect.figures.sets import COMMITTED, DEFAULT, OURS, SETS
from tests.detect.generated import CONDITIONS, session
from tracker.detect.samples import Block
from tracker.detect.session import Session, Settings
from tracker.recordings import read

_HEAD = (
    "recordings", "by", "holds", "found", "pieces", "start s", "end s", "rate /min", "coverage",
    "breaths",
)  # fmt: skip
_METHODS = {"process": "neurokit2 rsp_process", "xcorr": "neurokit2 rsp_rate, xcorr"}


@dataclass
class Compared:
    """The detector and the two libraries on one recording."""

    mine: Figures = field(default_factory=lambda: Figures(files=0))
    bounds: others.Bounds = field(default_factory=others.Bounds)
    rates: dict[str, others.Rates] = field(
        default_factory=lambda: {method: others.Rates() for method in _METHODS}
    )


def side_by_side(folder: Path | None, pool: Executor, seeds: int) -> list[str]:
    """Markdown: a row for each kind of recordings and each library."""
    places = [(COMMITTED, OURS)] if folder is None else [(folder, SETS)]
    rows: list[list[str]] = []
    for place, sets in places:
        for kind in sets:
            recorded = [(Block.join(list(read(f))), truth_of(f)) for f in kind.files(place)]
            compare = partial(_compared, settings=kind.settings)
            rows += _rows(kind.name, list(pool.map(compare, recorded)))
    simulated = [session(seed, CONDITIONS[0]) for seed in range(seeds)]
    parts = list(pool.map(partial(_compared, settings=DEFAULT), simulated))
    return table(_HEAD, [*rows, *_rows("simulated leg", parts)])


def _compared(recording: tuple[Block, dict[str, Any]], settings: Settings) -> Compared:
    block, truth = recording
    compared = Compared()
    detector = Session("band", settings=settings)
    add(compared.mine, truth, detector.receive(block) + detector.close(), "")
    if not settings.as_hold:
        others.stillness(block, truth, compared.bounds)
    for method, rates in compared.rates.items():
        others.breathing(block, truth, method, rates)
    return compared


def _rows(name: str, parts: Sequence[Compared]) -> list[list[str]]:
    mine = together(part.mine for part in parts)
    if not mine.true:
        return []
    coverage = f"{len(mine.rate) / mine.rated:.2f}" if mine.rated else ""
    found = [str(mine.true), str(mine.hit), str(mine.found), mae(mine.start), mae(mine.end)]
    rows = [[name, "this detector", *found, mae(mine.rate), coverage, mae(mine.count)]]
    bounds = [part.bounds for part in parts if part.bounds.true]
    if bounds:
        start = mae([off for b in bounds for off in b.start])
        end = mae([off for b in bounds for off in b.end])
        sums = [str(sum(getattr(b, key) for b in bounds)) for key in ("true", "hit", "pieces")]
        rows.append(["", "skdh stillness", *sums, start, end, "", "", ""])
    for method, label in _METHODS.items():
        asked = [part.rates[method] for part in parts]
        rate = [off for theirs in asked for off in theirs.rate]
        if holds := sum(theirs.asked for theirs in asked):
            count = mae([off for theirs in asked for off in theirs.count])
            shown = [mae(rate), f"{len(rate) / holds:.2f}", count]
            rows.append(["", label, "", "", "", "", "", *shown])
    return rows

"""How good is the detector, beside what is published and beside other libraries?

`make bench-detection` prints Markdown. It measures on the recordings in the repository, on sessions
of the simulated leg under many conditions, and on a folder of further recordings where there is one
(what it looks for there is in sets.py): `make bench-detection RECORDINGS=folder SEEDS=8`.
False holds are rare, so that evenings without any are simulated for longer.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib.util import find_spec
from itertools import pairwise
from math import inf
from pathlib import Path
from statistics import mean

import numpy as np

from tests.detect.figures.anchors import anchors
from tests.detect.figures.score import (
    COLUMNS,
    BreathErrors,
    Figures,
    add,
    mae,
    measure,
    row,
    table,
    together,
)
from tests.detect.figures.sets import COMMITTED, DEFAULT, OURS, SETS, Set
from tests.detect.figures.side_by_side import side_by_side
from tests.detect.generated import CONDITIONS, Condition, evening, session
from tracker.detect.session import Session

EVENINGS = "evenings without stretching, an hour each"
# Where the depth of a breath makes a difference, in degrees.
DEPTHS_DEG = (0.0, 0.2, 0.5, 0.6, inf)


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the detector's figures as Markdown.")
    parser.add_argument("--recordings", type=Path, help="a folder of further recordings")
    parser.add_argument("--seeds", type=int, default=8, help="simulated sessions a condition")
    parser.add_argument("--evenings", type=int, default=60, help="simulated hours at home")
    asked = parser.parse_args()
    folder = asked.recordings if asked.recordings and asked.recordings.is_dir() else None
    with ProcessPoolExecutor(max_workers=os.cpu_count()) as pool:
        committed = _measured(OURS, COMMITTED)
        _say("## Recordings in the repository", *_figures(committed))
        further = {} if folder is None else _measured(SETS, folder)
        if further:
            _say("## Further recordings", *_figures(further))
        generated = _generated(pool, asked.seeds, asked.evenings)
        _say(f"## Simulated leg, {asked.seeds} sessions each", *_figures(generated))
        recorded = further or committed
        plain = generated[CONDITIONS[0].name]
        sources = {"recordings": list(recorded.values()), "simulated leg": [plain]}
        _say("## Breath in holds of 20 s and more, by its depth", *_by_depth(sources))
        stretching = {kind.name for kind in OURS if kind.settings == DEFAULT}
        calm = [figures for name, figures in committed.items() if name in stretching]
        _say("## Latency", *_latency([*calm, plain]))
        _say("## Beside the anchors", *anchors(recorded, plain))
        if find_spec("skdh") is None or find_spec("neurokit2") is None:
            _say("## Side by side", "scikit-digital-health and neurokit2 are not installed here.")
        else:
            _say("## Side by side", *side_by_side(folder, pool, asked.seeds))
    everything = [*recorded.items(), *generated.items()]
    _say("## What went wrong", *(f"- {name}: {w}" for name, f in everything for w in f.wrong))


def _say(*lines: str) -> None:
    print("\n".join([lines[0], "", *lines[1:], ""]), flush=True)  # noqa: T201 - a command that prints


def _figures(measured: dict[str, Figures]) -> list[str]:
    return table(COLUMNS, (row(name, figures) for name, figures in measured.items()))


def _measured(sets: Sequence[Set], folder: Path) -> dict[str, Figures]:
    found = {s: s.files(folder) for s in sets}
    return {s.name: measure(files, s.settings) for s, files in found.items() if files}


def _generated(pool: Executor, seeds: int, evenings: int) -> dict[str, Figures]:
    """Figures by the name of the condition."""
    jobs = [(condition, seed) for condition in CONDITIONS for seed in range(seeds)]
    parts = list(zip(jobs, pool.map(_simulated, *zip(*jobs, strict=True)), strict=True))
    return {
        condition.name: together(figures for (of, _), figures in parts if of is condition)
        for condition in CONDITIONS
    } | {EVENINGS: together(pool.map(_evening, range(evenings)))}


def _evening(seed: int) -> Figures:
    figures, block = Figures(), evening(seed)
    detector = Session("band")
    truth = {"holds": [], "reps": [], "duration_s": float(block.t_s[-1])}
    add(figures, truth, detector.receive(block) + detector.close(), f"seed {seed}")
    return figures


def _simulated(condition: Condition, seed: int) -> Figures:
    figures = Figures()
    block, truth = session(seed, condition)
    detector = Session("band")
    add(figures, truth, detector.receive(block) + detector.close(), f"seed {seed}")
    return figures


def _by_depth(sources: Mapping[str, Sequence[Figures]]) -> list[str]:
    rows = []
    for source, measured in sources.items():
        holds = [hold for figures in measured for hold in figures.long_holds]
        for low, high in pairwise(DEPTHS_DEG):
            held = [h for h in holds if h.amp_deg is not None and low <= h.amp_deg < high]
            name = f"{low:g} to {high:g}" if high < inf else f"{low:g} and more"
            rows += [_depth_row(f"{source}, {name} degrees", held)] if held else []
    return table(("breath", "holds", "rate /min", "coverage", "count", "exhale s"), rows)


def _latency(measured: Sequence[Figures]) -> list[str]:
    """From what an event tells until it is told, seconds of the samples."""
    whole = together(measured)
    late = {
        "`hold_started`": whole.started_late,
        "`breath`": whole.breath_late,
        "`late_breath`": whole.late_breath_late,
        "`hold_ended`": whole.ended_late,
    }
    rows = [
        [
            name,
            str(len(after)),
            *(f"{np.quantile(after, share):.2f}" for share in (0.5, 0.9, 1.0)),
        ]
        for name, after in late.items()
        if after
    ]
    in_time, all_of_them = mean(whole.exhale), mean(whole.exhale_of_all)
    told = (
        f"Of {whole.breaths} true breaths {whole.told} have an event of their own. The exhales of"
        f" `breath` are {in_time:.2f} s off, with those of `late_breath` {all_of_them:.2f} s."
    )
    return [*table(("event", "events", "median s", "nine in ten s", "most s"), rows), "", told]


def _depth_row(name: str, holds: Sequence[BreathErrors]) -> list[str]:
    rates = [hold.rate for hold in holds if hold.rate is not None]
    return [
        name,
        str(len(holds)),
        mae(rates),
        f"{len(rates) / len(holds):.2f}",
        mae([hold.count for hold in holds]),
        mae([off for hold in holds for off in hold.exhale]),
    ]


if __name__ == "__main__":
    main()

"""How good is the detector? `python -m tests.detect.score FOLDER... [options]` prints a table.

A folder holds NAME.csv.gz with NAME.json, the truth, beside it. Recordings are grouped by the part
of their name before the first dash. A hold is found when it overlaps a true one by half of both.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from tracker.detect.events import Breath, Event, HoldEnded, Rep
from tracker.detect.session import Session, Settings
from tracker.recordings import read

NEAR_S = 2.5  # an exhale further off than this is another one
RATE_FROM_S = 20.0  # shorter holds do not carry a rate


@dataclass
class Figures:
    """Errors over some recordings: mine less the truth, seconds, degrees, breaths a minute."""

    files: int = 0
    hours: float = 0.0
    true: int = 0
    found: int = 0
    hit: int = 0
    named: int = 0
    start: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    count: list[float] = field(default_factory=list)
    rated: int = 0
    rate: list[float] = field(default_factory=list)
    exhale: list[float] = field(default_factory=list)
    gain: list[float] = field(default_factory=list)
    reps_true: int = 0
    reps_found: int = 0

    @property
    def f1(self) -> float:
        return 2 * self.hit / max(self.true + self.found, 1)

    @property
    def false_per_hour(self) -> float:
        return (self.found - self.hit) / self.hours


def detect(file: Path, settings: Settings) -> list[Event]:
    session = Session("band", settings=settings)
    return [event for block in read(file) for event in session.receive(block)] + session.close()


def measure(files: Sequence[Path], settings: Settings) -> Figures:
    figures = Figures()
    for file in files:
        truth = json.loads(file.with_name(file.name.removesuffix(".csv.gz") + ".json").read_text())
        _add(figures, truth, detect(file, settings))
    return figures


def _add(figures: Figures, truth: dict[str, Any], events: list[Event]) -> None:
    free = [event for event in events if isinstance(event, HoldEnded)]
    figures.files += 1
    figures.hours += truth["duration_s"] / 3600
    figures.true += len(truth["holds"])
    figures.found += len(free)
    figures.reps_true += len(truth["reps"])
    figures.reps_found += sum(isinstance(event, Rep) for event in events)
    for hold in truth["holds"]:
        mine = max(free, key=lambda other: _overlap(hold, other), default=None)
        if mine is None or _overlap(hold, mine) < 0.5:
            continue
        free.remove(mine)
        _compare(figures, hold, mine)
        told = [e for e in events if isinstance(e, Breath) and e.hold_id == mine.hold_id]
        for breath in hold.get("breaths", []):
            off = min((abs(b.exhale_start_s - breath["exhale_s"]) for b in told), default=NEAR_S)
            if off < NEAR_S:
                figures.exhale.append(off)


def _overlap(hold: dict[str, Any], mine: HoldEnded) -> float:
    both = min(hold["end_s"], mine.end_s) - max(hold["start_s"], mine.start_s)
    either = max(hold["end_s"], mine.end_s) - min(hold["start_s"], mine.start_s)
    return float(max(both, 0.0) / either)


def _compare(figures: Figures, hold: dict[str, Any], mine: HoldEnded) -> None:
    figures.hit += 1
    figures.named += (mine.stretch, mine.side) == (hold.get("stretch"), hold.get("side"))
    figures.start.append(mine.start_s - hold["start_s"])
    figures.end.append(mine.end_s - hold["end_s"])
    if "gain_deg" in hold and mine.depth_gain_deg is not None:
        figures.gain.append(mine.depth_gain_deg - hold["gain_deg"])
    if "breaths" not in hold:
        return
    onsets = [breath["exhale_s"] for breath in hold["breaths"]]
    figures.count.append(mine.breaths - len(onsets))
    if len(onsets) < 3 or hold["end_s"] - hold["start_s"] < RATE_FROM_S:
        return
    figures.rated += 1
    if mine.breath_rate_bpm is not None:
        true = 60.0 / mean(after - before for before, after in pairwise(onsets))
        figures.rate.append(mine.breath_rate_bpm - true)


COLUMNS = (
    "recordings", "holds", "found", "F1", "named", "start s", "end s", "breaths", "rate /min",
    "coverage", "exhale s", "gain deg", "reps", "false /h",
)  # fmt: skip


def row(name: str, f: Figures) -> list[str]:
    return [
        f"{name} ({f.files})",
        str(f.true),
        str(f.found),
        f"{f.f1:.3f}" if f.true else "",
        f"{f.named / f.hit:.2f}" if f.hit else "",
        _with_bias(f.start),
        _with_bias(f.end),
        _mae(f.count),
        _mae(f.rate),
        f"{len(f.rate) / f.rated:.2f}" if f.rated else "",
        _mae(f.exhale),
        _mae(f.gain),
        f"{f.reps_found}/{f.reps_true}" if f.reps_true or f.reps_found else "",
        f"{f.false_per_hour:.1f}",
    ]


def _mae(errors: list[float]) -> str:
    return f"{mean(map(abs, errors)):.2f}" if errors else ""


def _with_bias(errors: list[float]) -> str:
    return f"{mean(map(abs, errors)):.2f} ({mean(errors):+.2f})" if errors else ""


def main() -> None:
    parser = argparse.ArgumentParser(description="Print the detector's figures as a table.")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--any-posture", action="store_true")
    parser.add_argument("--as-hold", action="store_true")
    parser.add_argument("--min-hold", type=float, default=Settings().min_hold_s)
    chosen = parser.parse_args()
    settings = Settings(
        any_posture=chosen.any_posture, as_hold=chosen.as_hold, min_hold_s=chosen.min_hold
    )
    groups: dict[str, list[Path]] = defaultdict(list)
    for folder in chosen.folders:
        for file in sorted(folder.glob("*.csv.gz")):
            if file.with_name(file.name.removesuffix(".csv.gz") + ".json").exists():
                name = file.name.split("-")[0] if "-" in file.name else folder.name
                groups[name].append(file)
    for cells in (list(COLUMNS), ["---"] * len(COLUMNS)):
        print("| " + " | ".join(cells) + " |")  # noqa: T201 - a command that prints a table
    for name, files in groups.items():
        print("| " + " | ".join(row(name, measure(files, settings))) + " |")  # noqa: T201


if __name__ == "__main__":
    main()

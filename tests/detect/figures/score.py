"""How good is the detector?

`python -m tests.detect.figures.score FOLDER... [options]` prints a table.
A folder holds NAME.csv.gz with NAME.json, the truth, beside it. Recordings are grouped by the part
of their name before the first dash. A hold is found when it overlaps a true one by half of both.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from tracker.detect.events import Breath, Event, HoldEnded, HoldStarted, LateBreath, Rep
from tracker.detect.session import Session, Settings
from tracker.recordings import read

NEAR_S = 2.5  # an exhale further off than this is another one
RATE_FROM_S = 20.0  # shorter holds do not carry a rate
FAR_S = 0.6  # a bound further off than this is worth a look


@dataclass(frozen=True, slots=True)
class BreathErrors:
    """A hold of RATE_FROM_S or more whose breaths are known: mine less the truth.

    amp_deg: the mean depth of a true breath, None where only its time is known.
    rate:    breaths a minute, None where none was stated.
    exhale:  seconds from each true onset to the nearest told, those within NEAR_S.
    """

    amp_deg: float | None
    count: int
    rate: float | None
    exhale: tuple[float, ...]


@dataclass
class Figures:
    """Errors over some recordings: mine less the truth, seconds, degrees, breaths a minute."""

    files: int = 0
    hours: float = 0.0
    true: int = 0
    found: int = 0
    hit: int = 0
    nameable: int = 0
    named: int = 0
    start: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)
    count: list[float] = field(default_factory=list)
    rated: int = 0
    rate: list[float] = field(default_factory=list)
    exhale: list[float] = field(default_factory=list)
    exhale_of_all: list[float] = field(default_factory=list)
    breaths: int = 0
    told: int = 0
    gain: list[float] = field(default_factory=list)
    reps_true: int = 0
    reps_found: int = 0
    long_holds: list[BreathErrors] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    started_late: list[float] = field(default_factory=list)
    breath_late: list[float] = field(default_factory=list)
    late_breath_late: list[float] = field(default_factory=list)
    ended_late: list[float] = field(default_factory=list)

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
        add(figures, truth_of(file), detect(file, settings), file.name.removesuffix(".csv.gz"))
    return figures


def truth_of(file: Path) -> dict[str, Any]:
    """What is written beside a recording."""
    beside = file.with_name(file.name.removesuffix(".csv.gz") + ".json")
    truth: dict[str, Any] = json.loads(beside.read_text())
    return truth


def add(figures: Figures, truth: dict[str, Any], events: list[Event], name: str) -> None:
    """Compare what was stated about the recording `name` with its truth."""
    free = [event for event in events if isinstance(event, HoldEnded)]
    figures.files += 1
    figures.hours += truth["duration_s"] / 3600
    figures.true += len(truth["holds"])
    figures.found += len(free)
    figures.reps_true += len(truth["reps"])
    figures.reps_found += sum(isinstance(event, Rep) for event in events)
    figures.started_late += [e.t_s - e.start_s for e in events if isinstance(e, HoldStarted)]
    breaths = [e for e in events if isinstance(e, Breath)]
    figures.breath_late += [e.t_s - e.end_s for e in breaths if not isinstance(e, LateBreath)]
    figures.late_breath_late += [e.t_s - e.end_s for e in breaths if isinstance(e, LateBreath)]
    figures.ended_late += [h.t_s - h.end_s for h in free if h.reason == "released"]
    for hold in truth["holds"]:
        mine = max(free, key=lambda other: _overlap(hold, other), default=None)
        if mine is None or _overlap(hold, mine) < 0.5:
            figures.wrong.append(f"{name} at {hold['start_s']:.1f} s: missed, {_of(hold)}")
            continue
        free.remove(mine)
        _compare(figures, hold, mine, name)
        _compare_breaths(figures, hold, mine, [e for e in breaths if e.hold_id == mine.hold_id])
    figures.wrong += [f"{name} at {h.start_s:.1f} s: none was held, {h.stretch}" for h in free]


def _of(hold: dict[str, Any]) -> str:
    named = f"{hold.get('stretch', 'a hold')} {hold.get('side') or ''}".strip()
    return f"{named}, {hold['end_s'] - hold['start_s']:.1f} s"


def _overlap(hold: dict[str, Any], mine: HoldEnded) -> float:
    return overlap(hold, (mine.start_s, mine.end_s))


def overlap(hold: dict[str, Any], span: tuple[float, float]) -> float:
    """The time that a true hold and a span share, by the time that either takes."""
    start_s, end_s = span
    both = min(hold["end_s"], end_s) - max(hold["start_s"], start_s)
    either = max(hold["end_s"], end_s) - min(hold["start_s"], start_s)
    return float(max(both, 0.0) / either)


def _compare(figures: Figures, hold: dict[str, Any], mine: HoldEnded, name: str) -> None:
    figures.hit += 1
    named = (mine.stretch, mine.side) == (hold.get("stretch"), hold.get("side"))
    figures.nameable += "stretch" in hold
    figures.named += named
    off = (mine.start_s - hold["start_s"], mine.end_s - hold["end_s"])
    figures.start.append(off[0])
    figures.end.append(off[1])
    where = f"{name} at {hold['start_s']:.1f} s: "
    if "stretch" in hold and not named:
        figures.wrong.append(f"{where}{_of(hold)}, called {mine.stretch} {mine.side}")
    if max(map(abs, off)) > FAR_S:
        figures.wrong.append(f"{where}{_of(hold)}, start {off[0]:+.2f} s, end {off[1]:+.2f} s")
    if "gain_deg" in hold and mine.depth_gain_deg is not None:
        figures.gain.append(mine.depth_gain_deg - hold["gain_deg"])


def _compare_breaths(
    figures: Figures, hold: dict[str, Any], mine: HoldEnded, told: list[Breath]
) -> None:
    if "breaths" not in hold:
        return
    onsets = [breath["exhale_s"] for breath in hold["breaths"]]
    exhale = _exhales(onsets, [breath for breath in told if not isinstance(breath, LateBreath)])
    figures.exhale += exhale
    figures.exhale_of_all += _exhales(onsets, told)
    figures.breaths += len(onsets)
    figures.told += _told(onsets, [breath.exhale_start_s for breath in told])
    count = mine.breaths - len(onsets)
    figures.count.append(count)
    if len(onsets) < 3 or hold["end_s"] - hold["start_s"] < RATE_FROM_S:
        return
    figures.rated += 1
    rate = None
    if mine.breath_rate_bpm is not None:
        rate = mine.breath_rate_bpm - 60.0 / mean(b - a for a, b in pairwise(onsets))
        figures.rate.append(rate)
    figures.long_holds.append(BreathErrors(hold.get("amp_deg"), count, rate, tuple(exhale)))


def _exhales(onsets: list[float], told: list[Breath]) -> list[float]:
    """How far the nearest exhale that was told begins from each true one, where one is near."""
    nearest = (min((abs(b.exhale_start_s - t) for b in told), default=NEAR_S) for t in onsets)
    return [off for off in nearest if off < NEAR_S]


def _told(onsets: list[float], told: list[float]) -> int:
    """How many true breaths have an event of their own, within half of a breath."""
    usual = mean(b - a for a, b in pairwise(onsets)) if len(onsets) > 1 else 2.0 * NEAR_S
    free = list(told)
    for onset in onsets:
        near = [t for t in free if abs(t - onset) < min(NEAR_S, usual / 2.0)]
        if near:
            free.remove(min(near, key=lambda t: abs(t - onset)))
    return len(told) - len(free)


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
        f"{f.named / f.nameable:.2f}" if f.nameable else "",
        _with_bias(f.start),
        _with_bias(f.end),
        mae(f.count),
        mae(f.rate),
        f"{len(f.rate) / f.rated:.2f}" if f.rated else "",
        mae(f.exhale),
        mae(f.gain),
        f"{f.reps_found}/{f.reps_true}" if f.reps_true or f.reps_found else "",
        f"{f.false_per_hour:.1f}",
    ]


def mae(errors: Sequence[float]) -> str:
    """The mean absolute error, nothing where there is none."""
    return f"{mean(map(abs, errors)):.2f}" if errors else ""


def _with_bias(errors: list[float]) -> str:
    return f"{mean(map(abs, errors)):.2f} ({mean(errors):+.2f})" if errors else ""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """The lines of a Markdown table."""
    return ["| " + " | ".join(cells) + " |" for cells in (head, ["---"] * len(head), *rows)]


def together(parts: Iterable[Figures]) -> Figures:
    """The figures of all the recordings of the parts."""
    whole = Figures()
    for part in parts:
        for each in fields(Figures):
            setattr(whole, each.name, getattr(whole, each.name) + getattr(part, each.name))
    return whole


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
    rows = (row(name, measure(files, settings)) for name, files in groups.items())
    print("\n".join(table(COLUMNS, rows)))  # noqa: T201 - a command that prints a table


if __name__ == "__main__":
    main()

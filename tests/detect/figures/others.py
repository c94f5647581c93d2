"""What do other libraries make of the same recordings?

Both are helped by the truth, so that the comparison is theirs to win: stillness is asked for only
inside of true holds, rests count for nothing; the breath is asked for between the true bounds.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean
from typing import Any

import numpy as np

from tests.detect.figures.score import RATE_FROM_S
from tracker.detect.samples import Block, Floats

# As sit-to-stand in scikit-digital-health 0.17 has them by default: its stillness looks at the
# length of the acceleration below 5 Hz, in windows of 0.3 s.
_LOW_PASS_ORDER, _LOW_PASS_HZ, _WINDOW_S, _GRAVITY = 4, 5.0, 0.3, 9.81
# Of a hold as of the detector: pieces of less than a second are none.
_LEAST_S = 1.0


@dataclass
class Bounds:
    """Holds found by stillness: how many, in how many pieces, and errors in seconds."""

    true: int = 0
    hit: int = 0
    pieces: int = 0
    covered: list[float] = field(default_factory=list)
    start: list[float] = field(default_factory=list)
    end: list[float] = field(default_factory=list)


@dataclass
class Rates:
    """Rates, breaths a minute, and counts: theirs less the truth."""

    asked: int = 0
    rate: list[float] = field(default_factory=list)
    count: list[float] = field(default_factory=list)


def stillness(block: Block, truth: dict[str, Any], bounds: Bounds) -> None:
    """Compare the still periods of scikit-digital-health with the true holds."""
    from skdh.sit2stand.detector import Detector, get_stillness

    dt = float(np.median(np.diff(block.t_s)))
    t_s, acc = _even(block, dt)
    length = _low_passed(np.linalg.norm(acc, axis=1), dt) * _GRAVITY
    still, starts, stops, *_ = get_stillness(
        length, dt, _GRAVITY, _WINDOW_S, 0.5, Detector().thresh
    )
    periods = [
        (float(t_s[a]), float(t_s[min(b, len(t_s) - 1)]))
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
    for hold in truth["holds"]:
        bounds.true += 1
        inside = (t_s >= hold["start_s"]) & (t_s <= hold["end_s"])
        bounds.covered.append(float(np.mean(still[inside])))
        mine = [span for span in periods if _shared(hold, span) >= _LEAST_S]
        bounds.pieces += len(mine)
        best = max(mine, key=lambda span: _overlap(hold, span), default=None)
        if best is None or _overlap(hold, best) < 0.5:
            continue
        bounds.hit += 1
        bounds.start.append(best[0] - hold["start_s"])
        bounds.end.append(best[1] - hold["end_s"])


def breathing(block: Block, truth: dict[str, Any], method: str, rates: Rates) -> None:
    """Compare neurokit2's rate with the true one; method: process, or xcorr of rsp_rate."""
    import neurokit2 as nk

    for hold in truth["holds"]:
        onsets = [breath["exhale_s"] for breath in hold.get("breaths", [])]
        if len(onsets) < 3 or hold["end_s"] - hold["start_s"] < RATE_FROM_S:
            continue
        rates.asked += 1
        inside = (block.t_s > hold["start_s"] + 0.8) & (block.t_s < hold["end_s"] - 0.2)
        part = Block(block.t_s[inside], block.acc_g[inside])
        _, acc = _even(part, 1.0 / 25.0)
        moved = _along(acc)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                if method == "process":
                    signals, info = nk.rsp_process(moved, sampling_rate=25)
                    rate = float(np.nanmean(signals["RSP_Rate"]))
                    rates.count.append(len(info["RSP_Peaks"]) - len(onsets))
                else:
                    clean = nk.rsp_clean(moved, sampling_rate=25)
                    rate = float(np.nanmean(nk.rsp_rate(clean, sampling_rate=25, method=method)))
            except (ValueError, IndexError, ZeroDivisionError):
                continue  # it finds no breath: no rate
        if np.isfinite(rate):
            rates.rate.append(rate - 60.0 / mean(b - a for a, b in pairwise(onsets)))


def _along(acc: Floats) -> Floats:
    """The acceleration along the direction in which it varies most: the tilt with the breath."""
    away = acc - acc.mean(axis=0)
    _, _, axes = np.linalg.svd(away, full_matrices=False)
    moved: Floats = away @ axes[0]
    return moved


def _even(block: Block, dt: float) -> tuple[Floats, Floats]:
    t_s: Floats = np.arange(block.t_s[0], block.t_s[-1], dt)
    return t_s, np.column_stack([np.interp(t_s, block.t_s, axis) for axis in block.acc_g.T])


def _low_passed(values: Floats, dt: float) -> Floats:
    from scipy.signal import butter, sosfiltfilt

    sections = butter(_LOW_PASS_ORDER, min(2.0 * _LOW_PASS_HZ * dt, 0.99), output="sos")
    low: Floats = np.ascontiguousarray(sosfiltfilt(sections, values))
    return low


def _shared(hold: dict[str, Any], span: tuple[float, float]) -> float:
    return float(min(hold["end_s"], span[1]) - max(hold["start_s"], span[0]))


def _overlap(hold: dict[str, Any], span: tuple[float, float]) -> float:
    either = max(hold["end_s"], span[1]) - min(hold["start_s"], span[0])
    return float(max(_shared(hold, span), 0.0) / either)

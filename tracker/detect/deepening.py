"""How much deeper is the leg at the end of a hold than at its start?

In a short hold one breath, one sway and the deepening are one movement, and what the leg shows last
less what it showed first is mostly sway. So the deepening is told from all of the hold at once, by
the best linear prediction (Henderson 1975): a regression with a prior for each of its parts.

    movement = level + gain * creep + bends + size * breaths + sway

`creep` is how a stretch gives way, faster at first; `bends` are what differs from that, zero at the
start and the end. `breaths` are those that were told. Sway is what remembers seconds, so that it is
its change that is independent from beat to beat (an autoregression of the first order).
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.cycles import Cycles, Movement
from tracker.detect.samples import Floats

# A leg gives way by some degrees, but in a later part of a long hold it mostly has.
_GAIN_DEG, _GAIN_SPREAD_DEG = 2.0, 2.0
# It has gone half of the way after a third of the hold: between a line and a quick exponential.
_CREEP = 1.5
# How far it may bend from that, in so many waves.
_BEND_DEG, _BENDS = 0.5, 5
# A breath is as large as it was told to be, give or take this share.
_SIZE_SPREAD = 0.3
# A leg that is held sways by so much (a body at rest by 0.1 to 0.4), but by no more than half of
# what it has moved at all, and forgets it in so long.
_SWAY_DEG, _LEAST_SWAY_DEG, _MEMORY_S = 0.5, 0.01, 2.5
# Where the leg was before is not known.
_LEVEL_SPREAD_DEG = 10.0
# What belongs to the hold is not felt for so long before its end.
_UNSEEN_S = 0.5


class Deepening:
    """Is shown the movement of a hold, part by part."""

    def __init__(self, start_s: float, *, way_known: bool) -> None:
        """way_known: the leg gives way along the movement; otherwise it may be the other way."""
        self._start_s = start_s
        self._expected_deg = _GAIN_DEG if way_known else 0.0
        self._start_deg: float | None = None
        self._end_deg: float | None = None

    def look(self, movement: Movement, row: Cycles | None) -> None:
        """The next part, and the breaths in it."""
        known = np.isfinite(movement.moved_deg)
        if not known.any():
            return
        t_s, first = movement.times_s(), self._start_deg is None
        start_s = self._start_s if first else movement.first_s
        share = (t_s - start_s) / (t_s[-1] + _UNSEEN_S - start_s)
        parts = [np.ones(len(t_s)), -np.expm1(-_CREEP * share) / -math.expm1(-_CREEP)]
        means = [0.0, self._expected_deg if first else 0.0]
        spreads = [_LEVEL_SPREAD_DEG, _GAIN_SPREAD_DEG]
        for k in range(1, _BENDS + 1):
            parts.append(np.sin(math.pi * k * share))
            means.append(0.0)
            spreads.append(_BEND_DEG * math.sqrt(2.0) / (math.pi * k))
        if row is not None:
            parts.append(row.depth(t_s))
            means.append(row.swing_deg)
            spreads.append(_SIZE_SPREAD * row.swing_deg)
        seen = np.array([*parts, movement.moved_deg])[:, known]
        level_deg, gain_deg = _predicted(
            _changes(seen, t_s[known]), np.array(means), np.array(spreads)
        )[:2]
        if first:
            self._start_deg = level_deg
        self._end_deg = level_deg + gain_deg

    def gain_deg(self) -> float | None:
        """End less start, degrees; positive is deeper."""
        if self._start_deg is None or self._end_deg is None:
            return None
        return self._end_deg - self._start_deg


def _changes(seen: Floats, t_s: Floats) -> Floats:
    """(k, n) such that the sway is independent from beat to beat, and 1 in size."""
    kept = np.exp(-np.diff(t_s) / _MEMORY_S)
    sway_deg = min(0.5 * float(np.ptp(seen[-1])), _SWAY_DEG)
    white = seen / max(sway_deg, _LEAST_SWAY_DEG)
    white[:, 1:] = (white[:, 1:] - kept * white[:, :-1]) / np.sqrt(1.0 - kept * kept)
    return white


def _predicted(white: Floats, means: Floats, spreads: Floats) -> list[float]:
    """The sizes of the parts of a movement; the last row of `white` is the movement."""
    parts, moved = white[:-1], white[-1]
    normal = parts @ parts.T + np.diag(1.0 / (spreads * spreads))
    off: Floats = np.linalg.solve(normal, parts @ (moved - means @ parts))
    sizes: list[float] = (means + off).tolist()
    return sizes

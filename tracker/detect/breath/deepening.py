"""How much deeper is the leg at the end of a hold than at its start?

In a short hold one breath, one sway and the deepening are one movement, and what the leg shows last
less what it showed first is mostly sway. So the deepening is told from all of the hold at once, by
the best linear prediction (Henderson 1975): a regression with a prior for each of its parts.

    movement = level + gain * creep + bends + size * breaths + sway

`creep` is how a stretch gives way, faster at first; `bends` are what differs from that, zero at the
start and the end. Sway is what remembers seconds, so that it is its change that is independent from
beat to beat (an autoregression of the first order).

`breaths` are a row of them. Many rows suit the movement of a short hold about as well, and each
leaves another deepening, so each counts as far as it is likely (Bayesian model averaging: Hoeting
et al. 1999).

Who creeps the last degrees of the way in is in the hold already, since it begins at 5 degrees a
second, but has not deepened it: `way in` is one part more, slowing down from that speed. Most come
to rest at once, so it counts as far as it explains the movement better than its absence does.

What the leg sank by at once (sinking.py) is no part of these, and is added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.movement import Movement
from tracker.detect.samples import Floats

# A leg gives way by some degrees, but in a later part of a long hold it mostly has.
_GAIN_DEG, _GAIN_SPREAD_DEG = 2.0, 2.0
# It has gone half of the way after a third of the hold: between a line and a quick exponential.
_CREEP = 1.5
# How far it may bend from that, in so many waves: it gives way in steps, exhale by exhale.
_BEND_DEG, _BENDS = 0.8, 5
# A breath is as large as its row tells, give or take this share.
_SIZE_SPREAD = 0.3
# How likely a row is, is known less well than its likelihood says, which takes the shape of breaths
# for known and each beat for evidence of its own: it counts as the fourth root.
_TEMPER = 4.0
# Rows that are less likely than this share of the likeliest one are left out.
_UNLIKELY = 0.05
# A leg that is held sways by so much (a body at rest by 0.1 to 0.4), but by no more than half of
# what it has moved at all, and forgets it in so long: a real leg in the poses of yoga is likeliest
# with 1 s, the models of a body with 1 to 4 s.
_SWAY_DEG, _LEAST_SWAY_DEG, _MEMORY_S = 0.5, 0.01, 1.5
# A hold begins while the leg still moves at 5 degrees a second, not all of it along the deepening.
_INTO_DEG_S, _INTO_SPREAD_DEG_S = 4.0, 2.5
# It comes to rest so long after, if not at once, as most do; it brakes ever more gently.
_RESTS_S, _CREPT, _BRAKING = (1.5, 3.0), 0.05, 1.5
# Where the leg was before is not known.
_LEVEL_SPREAD_DEG = 10.0
# What belongs to the hold is not felt for so long before its end.
_UNSEEN_S = 0.5


class _Part(NamedTuple):
    """(n,) how a part moves the leg, and how much of it is expected."""

    moves: Floats
    mean: float
    spread: float


class Deepening:
    """Is shown the movement of a hold, part by part."""

    def __init__(self, start_s: float, *, way_known: bool) -> None:
        """way_known: the leg gives way along the movement; otherwise it may be the other way."""
        self._start_s = start_s
        self._way_known = way_known
        self._start_deg: float | None = None
        self._end_deg: float | None = None

    def look(self, movement: Movement, rows: Sequence[Cycles]) -> None:
        """The next part, and the rows of breaths that suit it."""
        known = np.isfinite(movement.moved_deg)
        if not known.any():
            return
        t_s, first = movement.times_s(), self._start_deg is None
        start_s = self._start_s if first else movement.first_s
        share = (t_s - start_s) / (t_s[-1] + _UNSEEN_S - start_s)
        parts = [
            _Part(np.ones(len(t_s)), 0.0, _LEVEL_SPREAD_DEG),
            _Part(
                -np.expm1(-_CREEP * share) / -math.expm1(-_CREEP),
                _GAIN_DEG if first and self._way_known else 0.0,
                _GAIN_SPREAD_DEG,
            ),
        ]
        for k in range(1, _BENDS + 1):
            bend_deg = _BEND_DEG * math.sqrt(2.0) / (math.pi * k)
            parts.append(_Part(np.sin(math.pi * k * share), 0.0, bend_deg))
        ways_in = self._ways_in(t_s - start_s) if first else []
        breaths, likely = _breaths(rows, t_s)
        level_deg, gain_deg = _explained(parts, ways_in, breaths, likely, movement.moved_deg, t_s)
        if first:
            self._start_deg = level_deg
        self._end_deg = level_deg + gain_deg + movement.sunk_deg

    def _ways_in(self, since_s: Floats) -> list[_Part]:
        """The end of the way in, by how soon the leg comes to rest; 0 from then on."""
        mean, spread = _INTO_DEG_S, _INTO_SPREAD_DEG_S
        if not self._way_known:
            mean, spread = 0.0, math.hypot(mean, spread)
        ways = []
        for rests_s in _RESTS_S:
            # A degree a second at the start.
            left = np.maximum(1.0 - since_s / rests_s, 0.0) ** _BRAKING * rests_s / _BRAKING
            ways.append(_Part(-left, mean, spread))
        return ways

    def gain_deg(self) -> float | None:
        """End less start, degrees; positive is deeper."""
        if self._start_deg is None or self._end_deg is None:
            return None
        return self._end_deg - self._start_deg


def _breaths(rows: Sequence[Cycles], t_s: Floats) -> tuple[list[_Part], Floats]:
    """How each row moves the leg that is likely enough, and how likely it is; flat without rows."""
    least = min((row.against for row in rows), default=0.0)
    chances, parts = [], []
    for row in rows:
        chance = math.exp((least - row.against) / (2.0 * _TEMPER))
        if chance > _UNLIKELY:
            chances.append(chance)
            parts.append(_Part(row.depth(t_s), row.swing_deg, _SIZE_SPREAD * row.swing_deg))
    if not parts:
        return [_Part(np.zeros(len(t_s)), 0.0, 0.0)], np.ones(1)
    return parts, np.array(chances) / math.fsum(chances)


def _explained(
    parts: list[_Part],
    ways_in: list[_Part],
    breaths: list[_Part],
    likely: Floats,
    moved_deg: Floats,
    t_s: Floats,
) -> tuple[float, float]:
    """The sizes of the first two of `parts`: the mean over one of `breaths`, each as likely as it
    is, with none or one of the ways in."""
    known = np.isfinite(moved_deg)
    every = [*parts, *ways_in, *breaths]
    white = _changes(np.array([*(part.moves for part in every), moved_deg])[:, known], t_s[known])
    products = white @ white.T
    # (breaths, 1 + ways in, parts): which parts there are, absent ones with a size of zero.
    usual, ways = len(parts), len(ways_in)
    which = np.array([[*range(usual + ways), usual + ways + k] for k in range(len(breaths))])
    there = np.ones((1 + ways, usual + ways + 1))
    there[:, usual:-1] = np.eye(1 + ways)[:, 1:]
    means, spreads = np.array([part[1:] for part in every]).T[:, which][:, :, None] * there
    sizes, evidence = _predicted(
        products[which[:, :, None], which[:, None, :]][:, None],
        products[which, -1][:, None],
        float(products[-1, -1]),
        means,
        spreads,
    )
    chances = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    chances[:, 1:] *= _CREPT / max(ways, 1)
    chances *= (likely / chances.sum(axis=1))[:, None]
    first, second = np.tensordot(chances, sizes[..., :2], axes=2).tolist()
    return first, second


def _changes(seen: Floats, t_s: Floats) -> Floats:
    """(k, n) such that the sway is independent from beat to beat, and 1 in size."""
    kept = np.exp(-np.diff(t_s) / _MEMORY_S)
    sway_deg = min(0.5 * float(np.ptp(seen[-1])), _SWAY_DEG)
    white = seen / max(sway_deg, _LEAST_SWAY_DEG)
    white[:, 1:] = (white[:, 1:] - kept * white[:, :-1]) / np.sqrt(1.0 - kept * kept)
    return white


def _predicted(
    products: Floats, along: Floats, power: float, means: Floats, spreads: Floats
) -> tuple[Floats, Floats]:
    """(..., k) the sizes of parts, and (...) the log likelihood of a movement with them, up to a
    constant.

    products: (..., k, k) of the parts with each other; along: (..., k) with the movement, and
    power: its own with itself, all whitened. means, spreads: (..., k) expected of the sizes.
    """
    expected = (products @ means[..., None])[..., 0]
    off_along = spreads * (along - expected)
    normal: Floats = spreads[..., :, None] * products * spreads[..., None, :]
    normal += np.eye(means.shape[-1])
    off = np.linalg.solve(normal, off_along[..., None])[..., 0]
    left = power + (means * (expected - 2.0 * along) - off_along * off).sum(axis=-1)
    return means + spreads * off, -0.5 * (left + np.linalg.slogdet(normal)[1])

"""What of a movement may be breath?

Sway has a memory of seconds, so that it is the change of the movement that tells a breath from it,
not its level: both are whitened first, as a matched filter in coloured noise is (Kay 1998,
"Detection Theory", chapter 4). What trembling muscles or coarse counts add is forgotten by the
next beat, so that changes go to and fro: where they do, beats are smoothed first, else a breath
would be weighed against quick noise that does not hide it. The slow deepening is taken out by a
smoother with a penalty on bends (Whittaker 1923; Eilers 2003), which knows no edges, and jerks are
clipped.
"""

from __future__ import annotations

import math
from functools import lru_cache
from statistics import median

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.samples import Bools, Floats

# Sway forgets by half in two to three seconds.
_MEMORY_S = 3.0
_KEPT = math.exp(-BEAT_S / _MEMORY_S)
# Beats of whitened sway are not quite independent.
DEPENDENT = 2.0
# What is slower than this is no breath but the stretch that deepens.
_SLOWEST_S = 40.0
# Movement of more than so many times the usual one is a jerk: clipped, and if it is more than twice
# that not looked at.
_CLIP = 4.0
_LEAST_BEATS = 10
# Movements of so many changes, a minute and a quarter, are looked at time and again.
_OFTEN = 190
# OpenBLAS takes all cores for a product of more than a million multiplications, and they then wait
# for more to do: ten times the processor time for matrices as small as these.
_AT_ONCE = 500_000
# Changes go to and fro where neighbours are surely (two standard errors) less alike than this; in
# sway and breath they are alike by 0.5 and more. They are smoothed so often at most.
_ALIKE, _SURELY, SMOOTHED = 0.2, 2.0, 2


def white(moved: Floats) -> Floats:
    """What is new at each beat of a movement, (..., n), but for the first, (..., n - 1)."""
    change: Floats = moved[..., 1:] - _KEPT * moved[..., :-1]
    return change


def smoothed(moved: Floats, times: int) -> Floats:
    """A movement, (..., n), each beat a mean with those beside it, so many times over."""
    for _ in range(times):
        inner = 0.25 * (moved[..., :-2] + 2.0 * moved[..., 1:-1] + moved[..., 2:])
        moved = np.concatenate([moved[..., :1], inner, moved[..., -1:]], axis=-1)
    return moved


def total(values: Floats) -> float:
    """Summed up in order, so that it is the same wherever the array lies."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0


def totals(values: Floats) -> Floats:
    """As `total`, of each row of (k, n)."""
    of_row: Floats = np.add.accumulate(values, axis=1)[:, -1]
    return of_row


def product(rows: Floats, by: Floats) -> Floats:
    """rows @ by, (k,) or (m, k) and (k, n), in pieces so small that no threads are started."""
    at_once = max(_AT_ONCE // by.size, 1)
    if rows.ndim == 1 or len(rows) <= at_once:
        return np.asarray(rows @ by, np.float64)
    found = np.empty((len(rows), by.shape[1]))
    for first in range(0, len(rows), at_once):
        np.matmul(rows[first : first + at_once], by, out=found[first : first + at_once])
    return found


class Whitened:
    """A movement without its slow part and its jerks; change k leads to beat k + 1.

    smooth: so often the movement was smoothed before.
    rest:  (n,) what is left of the changes, 0 where unknown.
    known: (n,) which are known.
    beats: how many are.
    power: the sum of their squares, where there are enough of them.
    """

    def __init__(self, moved_deg: Floats, most: int = SMOOTHED) -> None:
        """moved_deg: (n + 1,) one a beat, nan where unknown; smoothed `most` times at most."""
        self.smooth = 0
        self._see(moved_deg)
        while self.smooth < most and self._to_and_fro():
            self.smooth += 1
            self._see(smoothed(moved_deg, self.smooth))

    @property
    def enough(self) -> bool:
        """Is so much known that a breath could show?"""
        return self.beats >= _LEAST_BEATS

    def quick(self, values: Floats) -> Floats:
        """Changes, (n,) or (k, n), without their slow part, as far as the movement is known."""
        slow = product(product(values, self._fit), self._slow.waves)
        quick: Floats = (values - slow) * self.known
        return quick

    def white(self, moved: Floats) -> Floats:
        """What is new at each beat of another movement, (..., n + 1), smoothed as often."""
        return white(smoothed(moved, self.smooth))

    def _see(self, moved_deg: Floats) -> None:
        change = white(moved_deg)
        self.known = np.isfinite(change)
        self.rest = np.where(self.known, change, 0.0)
        self.beats = int(np.count_nonzero(self.known))
        if self.enough:
            self._slow = _slow(len(change))
            self._clean()

    def _to_and_fro(self) -> bool:
        if not self.enough:
            return False
        alike = total(self.rest[1:] * self.rest[:-1]) / self.power
        return alike < _ALIKE - _SURELY / math.sqrt(self.beats)

    def _clean(self) -> None:
        self._fit = self._slow.fit(self.known)
        quick = self.quick(self.rest)
        most = _CLIP * median(np.abs(quick[self.known]).tolist())
        self.known &= np.abs(quick) < 2.5 * most
        clipped = self.rest - quick + np.minimum(np.maximum(quick, -most), most)
        self._fit = self._slow.fit(self.known)
        self.rest = self.quick(clipped)
        self.power = max(total(self.rest * self.rest), 1e-12)
        self.beats = int(np.count_nonzero(self.known))


class _Slow:
    """What is slow among so many changes: a line and slow waves, (k, count).

    Half of a wave of _SLOWEST_S is left out.
    """

    def __init__(self, count: int) -> None:
        span = np.arange(count) + 0.5
        bend = _SLOWEST_S / (2.0 * BEAT_S * count)
        order = np.arange(1, math.ceil(2.0 / bend) + 1)
        self.waves = np.empty((len(order) + 2, count))
        self.waves[0], self.waves[1] = 1.0, span / count - 0.5
        self.waves[2:] = np.cos(math.pi / count * order[:, None] * span)
        # What a penalty on bends takes from each wave, but for those too quick to count.
        self._penalty = 0.5 * count * (order * bend) ** 4
        self._fit = self._fitted(self.waves)

    def fit(self, known: Bools) -> Floats:
        """(count, k): how much each change adds to each wave, where only these are known."""
        return self._fit if known.all() else self._fitted(self.waves * known)

    def _fitted(self, seen: Floats) -> Floats:
        normal = seen @ self.waves.T
        diagonal = normal.ravel()[:: len(normal) + 1]
        diagonal[2:] += self._penalty
        diagonal += 1e-9
        return np.asarray(np.linalg.solve(normal, seen).T, np.float64)


@lru_cache(maxsize=64)
def _often(count: int) -> _Slow:
    return _Slow(count)


def _slow(count: int) -> _Slow:
    """While a hold lasts, movements are of a few lengths; a whole hold is of any, only once."""
    return _often(count) if count <= _OFTEN else _Slow(count)

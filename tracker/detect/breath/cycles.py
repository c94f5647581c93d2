"""Which breaths does a stretch of movement hold, looked at as a whole?

A breath has a shape: the exhale deepens the stretch, there is a pause, the inhale eases it. The
movement is laid out as a row of such shapes, each as long as it must be, by dynamic programming
over their bounds: a segment model (Ostendorf, Digalakis and Kimball 1996, "From HMM's to segment
models"). What else moves the leg is sway, which has a memory of seconds, so that it is the change
of the movement that tells a breath, not its level: both are whitened first, as a matched filter
in coloured noise is (Kay 1998, "Detection Theory", chapter 4). The slow deepening is taken out by
a smoother with a penalty on bends (Whittaker 1923; Eilers 2003), which knows no edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.detect.breath.oscillators import BEAT_S
from tracker.detect.samples import Floats

Bools = NDArray[np.bool_]

# Shares of a breath: the exhale moves the leg, then a pause, the inhale; the rest is a pause again.
_OUT, _HELD, _BACK = 0.50, 0.15, 0.32
# Sway forgets by half in two to three seconds.
_MEMORY_S = 3.0
_KEPT = math.exp(-BEAT_S / _MEMORY_S)
# What is slower than this is no breath but the stretch that deepens.
_SLOWEST_S = 40.0
# One breath's length against the usual one: a log-normal spread.
_SPREAD = 0.10
# Beats of whitened sway are not quite independent.
_DEPENDENT = 2.0
# Movement of more than so many times the usual one is a jerk: clipped, and if it is more than twice
# that not looked at.
_CLIP = 4.0
# Each further breath has to explain this much (twice the log likelihood).
_A_BREATH = 1.5
# Breaths in a stretch are mostly 3 to 10 s long: a log-normal spread.
_USUAL_S, _USUALLY = 5.0, 0.5
# Who has come into a stretch breathes out about a second later, or is anywhere in a breath.
_SETTLED_S, _SETTLES_S, _ANYWHERE = 1.0, 0.7, 4.0
_LATEST_S = 2.6
# How large a breath is taken to be while its bounds are sought: so much of all the movement.
_LIKELY = 0.6
# Of so few breaths the smoother takes a part for the deepening.
_FEW = 4.0
_LEAST_BEATS = 10
# Lengths are tried this far apart (natural logarithm).
_STEP = 0.04
_UNLIKE = 0.12
# The top of a breath does not lie within this share of its ends.
_EDGE = 0.15


@dataclass(frozen=True, slots=True)
class Cycles:
    """A row of breaths without a gap.

    onsets_s: where exhales begin; the first may lie before the movement, the last behind it.
    swing_deg: how far a breath moves the leg, trough to top.
    against:  minus twice the log likelihood, what is unlikely about the row included.
    share:    of the whitened movement that the breaths explain, 0 to 1.
    """

    onsets_s: tuple[float, ...]
    period_s: float
    swing_deg: float
    against: float
    share: float

    @property
    def usual_s(self) -> float:
        """The mean length of a breath, to 4 %."""
        mean_s = (self.onsets_s[-1] - self.onsets_s[0]) / (len(self.onsets_s) - 1)
        return round(math.exp(round(math.log(mean_s) / _STEP) * _STEP), 3)

    def depth(self, t_s: Floats) -> Floats:
        """How deep in its breaths the leg is at each time, 0 to 1."""
        depth = np.zeros(len(t_s))
        for begin_s, end_s in pairwise(self.onsets_s):
            inside = (t_s >= begin_s) & (t_s < end_s)
            depth[inside] = _depth((t_s[inside] - begin_s) / (end_s - begin_s))
        return depth

    def unlike(self, other: Cycles) -> bool:
        """Is it another rhythm?"""
        return abs(math.log(other.usual_s / self.usual_s)) > _UNLIKE

    def margin(self, rows: Iterable[Cycles | None]) -> float:
        """By how much it explains more than those of the rows that have another rhythm."""
        others = (row.against for row in rows if row is not None and self.unlike(row))
        return min(others, default=math.inf) - self.against


class _Row(NamedTuple):
    bounds: list[int]
    along: float
    energy: float
    shifts: list[float]


class Top(NamedTuple):
    """Where a breath is deepest: deeper than its beginning, than its end, than a line from the one
    to the other."""

    t_s: float
    deeper_deg: float
    eased_deg: float
    above_deg: float


class Span(NamedTuple):
    """A breath between two onsets, and where it is deepest."""

    begin_s: float
    end_s: float
    top: Top


class Movement:
    """The movement of a leg along the way of the breath; rows of breaths can be laid over it."""

    def __init__(self, first_s: float, moved_deg: Floats, start_s: float | None) -> None:
        """moved_deg: (n,) one a beat from first_s on, nan where unknown.

        start_s: when the hold began, None where the movement begins in the middle of one.
        """
        self.first_s, self._start_s = first_s, start_s
        self.moved_deg = moved_deg
        change = moved_deg[1:] - _KEPT * moved_deg[:-1]
        known = np.isfinite(change)
        change = np.where(known, change, 0.0)
        self.beats = int(np.count_nonzero(known))
        self._rest, self._known = change, known
        if self.beats < _LEAST_BEATS:
            return
        smoother = self._smoother = _Smoother(known)
        quick = smoother.quick(change)
        most = _CLIP * median(np.abs(quick[known]).tolist())
        known &= np.abs(quick) < 2.5 * most
        change = change - quick + np.minimum(np.maximum(quick, -most), most)
        self._known = known
        smoother.see(known)
        self._rest = smoother.quick(change)
        self._power = max(_sum(self._rest * self._rest), 1e-12)
        self.beats = int(np.count_nonzero(known))

    def cycles(self, period_s: float) -> Cycles | None:
        """The best row of breaths about so long, None where there is none."""
        if self.beats < _LEAST_BEATS:
            return None
        shapes = _shapes(period_s)
        matches = _matches(shapes, self._rest, self._known)
        variance = self._power / self.beats
        swing = _LIKELY * math.sqrt(variance / shapes.power)
        row = self._row(shapes, matches, swing, (1.0 - _LIKELY * _LIKELY) * variance)
        return None if row is None else self._judged(row, period_s)

    def fits(self, depths: Floats) -> Floats:
        """(n,) log likelihoods of breaths so deep, (n, beats), each as large as fits best."""
        waves = self._smoother.quick(depths[:, 1:] - _KEPT * depths[:, :-1])
        along = np.maximum(waves @ self._rest, 0.0)
        energy = np.add.accumulate(waves * waves, axis=1)[:, -1]
        share = along * along / np.maximum(energy * self._power, 1e-12)
        fits: Floats = -0.5 * self.beats / _DEPENDENT * np.log1p(-np.minimum(share, 1.0 - 1e-6))
        return fits

    def times_s(self) -> Floats:
        """When each beat is."""
        t_s: Floats = self.first_s + BEAT_S * np.arange(float(len(self.moved_deg)))
        return t_s

    def spans(self, onsets_s: Sequence[float]) -> list[Span]:
        """The breaths between the onsets."""
        return [self.span(begin_s, end_s) for begin_s, end_s in pairwise(onsets_s)]

    def span(self, begin_s: float, end_s: float) -> Span:
        """The breath between the two."""
        return Span(begin_s, end_s, self.top(begin_s, end_s))

    def top(self, begin_s: float, end_s: float) -> Top:
        """Where the breath between the two is deepest; in the middle where nothing is known."""
        known = np.isfinite(self.moved_deg)
        t_s = self.times_s()
        edge_s = _EDGE * (end_s - begin_s)
        inside = (t_s > begin_s + edge_s) & (t_s < end_s - edge_s)
        if np.count_nonzero(known) < 3 or not inside.any():
            return Top(0.5 * (begin_s + end_s), 0.0, 0.0, 0.0)
        smooth = np.interp(t_s, t_s[known], self.moved_deg[known])
        smooth[1:-1] = (smooth[:-2] + smooth[1:-1] + smooth[2:]) / 3.0
        low, high = np.interp([begin_s, end_s], t_s, smooth).tolist()
        tilt = (high - low) / (end_s - begin_s)
        above = np.where(inside, smooth - low - tilt * (t_s - begin_s), -math.inf)
        k = int(above.argmax())
        deep = float(smooth[k])
        return Top(float(t_s[k]), deep - low, deep - high, float(above[k]))

    def turned(self, after_s: float) -> int:
        """How many beats ago the leg was least deep since then."""
        since = self.moved_deg[max(round((after_s - self.first_s) / BEAT_S), 0) :]
        known = np.where(np.isfinite(since), since, math.inf)
        return len(known) - 1 - int(known.argmin()) if len(known) else 0

    def _judged(self, row: _Row, period_s: float) -> Cycles | None:
        along, energy = row.along, row.energy
        if len(self._rest) * BEAT_S < _FEW * period_s:
            wave = self._smoother.quick(_wave(row.bounds, len(self._rest)))
            along, energy = _sum(wave * self._rest), _sum(wave * wave)
        if along <= 0.0 or energy <= 0.0:
            return None
        share = min(along * along / energy / self._power, 1.0 - 1e-6)
        uneven = sum(
            (math.log((b - a) * BEAT_S / period_s) / _SPREAD) ** 2 for a, b in pairwise(row.bounds)
        )
        against = self.beats / _DEPENDENT * math.log(1.0 - share)
        against += uneven + _A_BREATH * len(row.bounds)
        against += (math.log(period_s / _USUAL_S) / _USUALLY) ** 2
        onsets = tuple(
            self.first_s + (bound + shift) * BEAT_S
            for bound, shift in zip(row.bounds, row.shifts, strict=True)
        )
        return Cycles(onsets, period_s, along / energy, against, share)

    def _row(self, shapes: _Shapes, matches: _Matches, swing: float, noise: float) -> _Row | None:
        """The best row by dynamic programming; within it, beats are counted from -most on."""
        most, least = shapes.lengths[0], shapes.lengths[-1]
        gains = (swing * matches.along - 0.5 * swing * swing * matches.energy) / (
            noise * _DEPENDENT
        ) - shapes.unlikely
        total = len(gains)
        latest = most + round(_LATEST_S / BEAT_S)
        best = np.full(total, -math.inf)
        best[:latest] = -self._unsettled(latest, most)
        lasted = np.zeros(total, np.int64)
        # Row k: the best up to each beat from which a breath may lead to beat k + most. None ends
        # before the shortest breath is over, so that many beats are decided on together.
        before = np.ndarray((total - most, len(shapes.lengths)), buffer=best, strides=(8, 8))
        for first in range(most + 1, total, least):
            ends = slice(first, min(first + least, total))
            chances = before[first - most : ends.stop - most] + gains[ends]
            likeliest = np.maximum.reduce(chances, axis=1)
            further = likeliest > best[ends]
            lasted[ends] = np.where(further, most - chances.argmax(axis=1), 0)
            best[ends] = np.maximum(likeliest, best[ends])
        end = most + len(self._rest) + int(best[most + len(self._rest) :].argmax())
        came: list[int] = lasted.tolist()
        bounds, along, energy = [end], 0.0, 0.0
        while came[end]:
            column = most - came[end]
            along += matches.along.item(end, column)
            energy += matches.energy.item(end, column)
            end -= came[end]
            bounds.append(end)
        bounds.reverse()
        if len(bounds) < 2:
            return None
        shifts = _shifts(bounds, gains, most)
        return _Row([bound - most for bound in bounds], along, energy, shifts)

    def _unsettled(self, latest: int, most: int) -> Floats:
        """How unlikely it is that the first exhale begins at these beats."""
        if self._start_s is None:
            return np.zeros(latest)
        begin_s = self.first_s - self._start_s + (np.arange(latest) - most) * BEAT_S
        off = (begin_s - _SETTLED_S) / _SETTLES_S
        return np.minimum(0.5 * off * off, _ANYWHERE)


class _Shapes(NamedTuple):
    """Whitened breaths of each length in beats, longest first; each ends with the last column."""

    lengths: list[int]
    waves: Floats
    squares: Floats
    unlikely: Floats
    power: float


class _Matches(NamedTuple):
    """(beats, lengths), longest first: how breaths that end at a beat fit the movement."""

    along: Floats
    energy: Floats


@cache
def _shapes(period_s: float) -> _Shapes:
    usual = period_s / BEAT_S
    least = max(int(usual * math.exp(-2.5 * _SPREAD)), 4)
    most = math.ceil(usual * math.exp(2.5 * _SPREAD))
    lengths = list(range(most, least - 1, -1))
    waves = np.zeros((len(lengths), most))
    for row, length in enumerate(lengths):
        depth = _depth(np.arange(length + 1) / length)
        wave = depth[1:] - _KEPT * depth[:-1]
        waves[row, most - length :] = wave - _sum(wave) / length
    unlikely = np.array([0.5 * (math.log(length / usual) / _SPREAD) ** 2 for length in lengths])
    squares = waves * waves
    middle = len(lengths) // 2
    return _Shapes(lengths, waves, squares, unlikely, _sum(squares[middle]) / lengths[middle])


def _matches(shapes: _Shapes, rest: Floats, known: Floats) -> _Matches:
    most, count = shapes.lengths[0], len(rest)
    # The change at index k leads to beat k + 1. Row `end` has the changes that lead up to `end`.
    padded, seen = np.zeros(count + 3 * most), np.zeros(count + 3 * most)
    padded[2 * most : 2 * most + count] = rest
    seen[2 * most : 2 * most + count] = known
    windows = (count + 2 * most + 1, most)
    return _Matches(
        np.ndarray(windows, buffer=padded, strides=(8, 8)) @ shapes.waves.T,
        np.ndarray(windows, buffer=seen, strides=(8, 8)) @ shapes.squares.T,
    )


def _shifts(bounds: list[int], gains: Floats, most: int) -> list[float]:
    """Where between the beats each bound fits best, its neighbours left where they are."""
    shifts = [0.0] * len(bounds)
    for k in range(1, len(bounds) - 1):
        before, here, after = (
            _gain(gains, most, bounds[k - 1], bounds[k] + off)
            + _gain(gains, most, bounds[k] + off, bounds[k + 1])
            for off in (-1, 0, 1)
        )
        bend = before - 2.0 * here + after
        if math.isfinite(bend) and bend < 0.0 and before <= here >= after:
            shifts[k] = 0.5 * (before - after) / bend
    return shifts


def _gain(gains: Floats, most: int, begin: int, end: int) -> float:
    column = most - (end - begin)
    if not 0 <= column < gains.shape[1] or end >= len(gains):
        return -math.inf
    return gains.item(end, column)


def _wave(bounds: list[int], count: int) -> Floats:
    """The whitened movement of a row of breaths."""
    phase = np.zeros(count + 1)
    for begin, end in pairwise(bounds):
        first, last = max(begin, 0), min(end, count + 1)
        phase[first:last] = np.arange(first - begin, last - begin) / (end - begin)
    depth = _depth(phase)
    wave: Floats = depth[1:] - _KEPT * depth[:-1]
    return wave


def _depth(phase: Floats) -> Floats:
    """How deep, 0 to 1, at each phase of a breath (0: the exhale begins)."""
    out = 0.5 - 0.5 * np.cos(math.pi * np.minimum(phase / _OUT, 1.0))
    back = np.minimum(np.maximum((phase - _OUT - _HELD) / _BACK, 0.0), 1.0)
    depth: Floats = out - (0.5 - 0.5 * np.cos(math.pi * back))
    return depth


class _Smoother:
    """Takes the slow part out of what changes: a line and slow waves.

    Half of a wave of _SLOWEST_S is left in. What does not depend on the values is made once.
    """

    def __init__(self, known: Bools) -> None:
        count = len(known)
        span = np.arange(count) + 0.5
        bend = _SLOWEST_S / (2.0 * BEAT_S * count)
        order = np.arange(1, math.ceil(2.0 / bend) + 1)
        self._waves = np.empty((len(order) + 2, count))
        self._waves[0], self._waves[1] = 1.0, span / count - 0.5
        self._waves[2:] = np.cos(math.pi / count * order[:, None] * span)
        # What a penalty on bends takes from each wave, but for those too quick to count.
        self._penalty = 0.5 * count * (order * bend) ** 4
        self.see(known)

    def see(self, known: Bools) -> None:
        """From here on, only these are known."""
        self._known = known.copy()
        self._seen = self._waves * known
        self._normal = self._seen @ self._waves.T
        diagonal = self._normal.ravel()[:: len(self._normal) + 1]
        diagonal[2:] += self._penalty
        diagonal += 1e-9

    def quick(self, values: Floats) -> Floats:
        """What is quicker than the slow part of values, (count,) or (n, count)."""
        known = self._seen @ np.where(self._known, values, 0.0).T
        slow: Floats = np.linalg.solve(self._normal, known).T @ self._waves
        return (values - slow) * self._known


def _sum(values: Floats) -> float:
    """In the order of time, so that it is the same wherever the array lies."""
    return float(np.add.accumulate(values)[-1]) if len(values) else 0.0

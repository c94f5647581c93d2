"""Where do the breaths of a row begin and end?

The movement is laid out as a row of breaths without a gap, each as long as it must be, by dynamic
programming over their bounds: a segment model (Ostendorf, Digalakis and Kimball 1996, "From HMM's
to segment models").
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.kinds import Kind
from tracker.detect.breath.template import Matches, Templates
from tracker.detect.breath.whitening import DEPENDENT, Whitened
from tracker.detect.samples import Floats

# How large a breath is taken to be while its bounds are sought: so much of all the movement.
_LIKELY = 0.6
# Who has come into a stretch breathes out about a second later, or is anywhere in a breath.
_SETTLED_S, _SETTLES_S, _ANYWHERE = 1.0, 0.7, 4.0
# It does so at the latest so many beats after the first, and at the earliest so many before: the
# longest breath, one that is held, has 83.
_LATEST, _EARLIEST = round(2.6 / BEAT_S), 100
# A breath is doubtful that explains less than this share of what most do; half of one is there
# where a breath was held and two are laid over it.
_DOUBTFUL = 0.4


class Segments(NamedTuple):
    """A row of breaths without a gap.

    bounds: the beats at which they begin, and the one at which the last one ends.
    shifts: where between the beats each bound fits best.
    kinds:  how each breath runs, none where all do so alike. Only where they do:
    along, energy: of the movement along breaths of a degree, and of such breaths by themselves.
    doubtful: one of them explains far less of the movement than most do.
    """

    bounds: list[int]
    shifts: list[float]
    kinds: list[Kind]
    along: float = 0.0
    energy: float = 0.0
    doubtful: bool = False


def segmented(
    movement: Whitened, breaths: Templates, matches: Matches, held_s: float | None
) -> Segments | None:
    """The best row of breaths of these lengths, None where there is none.

    matches: of them with the movement.
    held_s: how long the hold had lasted at the first beat, None where that does not tell when the
    first exhale begins.
    """
    variance = movement.power / movement.beats
    swing = _LIKELY * math.sqrt(variance / breaths.power)
    gains = gained(breaths.unlikely, matches, swing, (1.0 - _LIKELY * _LIKELY) * variance)
    bounds = laid(gains, breaths.lengths, held_s)
    if len(bounds) < 2:
        return None
    most, along, energy = breaths.lengths[0], 0.0, 0.0
    last, gained_by = most + len(movement.rest), []
    for begin, end in reversed(list(pairwise(bounds))):
        column = most - (end - begin)
        along += matches.along.item(end, column)
        energy += matches.energy.item(end, column)
        if most <= begin and end <= last:
            gained_by.append(gains.item(end, column))
    doubtful = bool(gained_by) and min(gained_by) < _DOUBTFUL * median(gained_by)
    shifts = _shifts(bounds, gains, most)
    return Segments([bound - most for bound in bounds], shifts, [], along, energy, doubtful)


def gained(unlikely: Floats, matches: Matches, swing: float, noise: float) -> Floats:
    """(beats, breaths) log likelihoods of a breath that ends there against none.

    unlikely: (breaths,) minus the log likelihood of each by itself.
    swing, noise: how large a breath is, and the variance of all else.
    """
    gains: Floats = (swing * matches.along - 0.5 * swing * swing * matches.energy) / (
        noise * DEPENDENT
    ) - unlikely
    return gains


def laid(gains: Floats, lengths: list[int], held_s: float | None) -> list[int]:
    """The bounds of the best row, counted in beats from -most on; a single one where none is.

    gains: (count + 2 most + 1, lengths) of a breath of each length that ends at a beat, longest
    first, without a gap between the lengths.
    """
    most = lengths[0]
    last = len(gains) - 1 - most
    start = np.empty(len(gains))
    start.fill(-math.inf)
    latest = most + _LATEST
    start[:latest] = _begins(held_s)[-latest:]
    best, before = _best(start, gains, lengths)
    end = last + int(best[last:].argmax())
    bounds = [end]
    while best[end] > start[end]:
        end -= most - int((before[end - most] + gains[end]).argmax())
        bounds.append(end)
    bounds.reverse()
    return bounds


@lru_cache(maxsize=8)
def _begins(held_s: float | None) -> Floats:
    """Log likelihoods of a first exhale that begins at each beat from -_EARLIEST to _LATEST.

    All rhythms are tried over the same movement.
    """
    if held_s is None:
        return np.zeros(_EARLIEST + _LATEST)
    begin_s = held_s + np.arange(-_EARLIEST, _LATEST) * BEAT_S
    off = (begin_s - _SETTLED_S) / _SETTLES_S
    return -np.minimum(0.5 * off * off, _ANYWHERE)


def _best(start: Floats, gains: Floats, lengths: list[int]) -> tuple[Floats, Floats]:
    """(beats,) log likelihoods of the best row that ends at each beat, or begins there.

    start: of a row that begins there.
    Besides a view of the same, (beats - most, lengths): row k is of the beats from which a breath
    of each length leads to beat k + most.
    """
    most, least, total = lengths[0], lengths[-1], len(gains)
    best = start.copy()
    before = np.ndarray((total - most, len(lengths)), buffer=best, strides=(8, 8))
    # None ends before the shortest breath is over, so that many beats are decided on together.
    for first in range(most + 1, total, least):
        last = first + least
        ends = best[first:last]
        chances = before[first - most : last - most] + gains[first:last]
        np.maximum.reduce(chances, axis=1, out=ends)
        if first <= most + _LATEST:
            np.maximum(ends, start[first:last], out=ends)
    return best, before


def _shifts(bounds: list[int], gains: Floats, most: int) -> list[float]:
    """Where between the beats each bound fits best, its neighbours left where they are."""
    shifts = [0.0] * len(bounds)
    for k in range(1, len(bounds) - 1):
        begin, bound, end = bounds[k - 1 : k + 2]
        before, here, after = [
            _gain(gains, most, begin, at) + _gain(gains, most, at, end)
            for at in (bound - 1, bound, bound + 1)
        ]
        bend = before - 2.0 * here + after
        if math.isfinite(bend) and bend < 0.0 and before <= here >= after:
            shifts[k] = 0.5 * (before - after) / bend
    return shifts


def _gain(gains: Floats, most: int, begin: int, end: int) -> float:
    column = most - (end - begin)
    if not 0 <= column < gains.shape[1]:
        return -math.inf
    return gains.item(end, column)

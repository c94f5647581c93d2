"""How well does one breath, of each length, fit a movement at each beat?

A breath has a shape: the exhale deepens the stretch, there is a pause, the inhale eases it. It is
laid over the whitened movement at every beat: a bank of matched filters, one a length (Kay 1998,
"Detection Theory", chapter 4).
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from tracker.detect.breath.beats import BEAT_S
from tracker.detect.breath.whitening import Whitened, product, smoothed, total, white
from tracker.detect.samples import Floats

# Shares of a breath: the exhale moves the leg, then a pause, the inhale; the rest is a pause again.
_OUT, _HELD, _BACK = 0.50, 0.15, 0.32
# One breath's length against the usual one: a log-normal spread.
_SPREAD = 0.10


def depth(phase: Floats) -> Floats:
    """How deep, 0 to 1, at each phase of a breath (0: the exhale begins)."""
    out = 0.5 - 0.5 * np.cos(math.pi * np.minimum(phase / _OUT, 1.0))
    back = np.minimum(np.maximum((phase - _OUT - _HELD) / _BACK, 0.0), 1.0)
    deep: Floats = out - (0.5 - 0.5 * np.cos(math.pi * back))
    return deep


@cache
def one_depth(beats: int) -> Floats:
    """How deep at each beat of one that lasts so many."""
    return depth(np.arange(beats) / beats)


def uneven(length: float, usual: float) -> float:
    """Minus twice the log likelihood of one breath's length against the usual one."""
    return (math.log(length / usual) / _SPREAD) ** 2


class Templates(NamedTuple):
    """Breaths of each length in beats that a row of breaths about so long may have, longest first.

    unlikely: (lengths,) minus the log likelihood of each length.
    power:    of the usual one, whitened, a beat.
    """

    lengths: list[int]
    unlikely: Floats
    power: float


def likely_beats(period_s: float) -> tuple[int, int]:
    """How many beats one may last at least and at most where they usually last so long."""
    usual = period_s / BEAT_S
    least = max(int(usual * math.exp(-2.5 * _SPREAD)), 4)
    return least, math.ceil(usual * math.exp(2.5 * _SPREAD))


@cache
def templates(period_s: float, smooth: int) -> Templates:
    """Breaths about so long, in a row of which each beat is smoothed so often."""
    usual = period_s / BEAT_S
    least, most = likely_beats(period_s)
    lengths = list(range(most, least - 1, -1))
    unlikely = np.array([0.5 * uneven(length, usual) for length in lengths])
    middle = lengths[len(lengths) // 2]
    wave = _wave(middle, smooth)
    return Templates(lengths, unlikely, total(wave * wave) / middle)


@cache
def _wave(length: int, smooth: int) -> Floats:
    """(length,): what is new at each beat of a breath among its like, but for what is slow."""
    phases = np.arange(-smooth, length + 1 + smooth) / length
    wave = new_at_beats(np.mod(phases, 1.0), smooth)
    return wave - total(wave) / length


def new_at_beats(phases: Floats, smooth: int) -> Floats:
    """What is new at each beat of a breath with these phases, each beat smoothed so often.

    phases: of the beats from its first to that after its last, and of `smooth` more at both ends.
    """
    deep = smoothed(depth(phases), smooth)
    return white(deep[smooth : len(deep) - smooth])


@lru_cache(maxsize=64)
def _bank(most: int, least: int, smooth: int) -> tuple[Floats, Floats]:
    """(lengths, most): breaths of each length, which end in the last column; and their squares."""
    waves = np.zeros((most - least + 1, most))
    for row, length in enumerate(range(most, least - 1, -1)):
        waves[row, most - length :] = _wave(length, smooth)
    return waves, waves * waves


class Matches(NamedTuple):
    """(beats, lengths): how breaths of each length that end at a beat fit the movement.

    most, least: the longest, which stands first, and the shortest. Beats are counted from -most on,
    so that the first breath may begin before the movement.
    """

    most: int
    least: int
    along: Floats
    energy: Floats

    def of(self, most: int, least: int) -> Matches | None:
        """Of these lengths, as far as they are among them."""
        if most > self.most or least < self.least:
            return None
        spare = self.most - most
        rows = slice(spare, len(self.along) - spare)
        columns = slice(spare, self.most - least + 1)
        return Matches(most, least, self.along[rows, columns], self.energy[rows, columns])


def matched(most: int, least: int, movement: Whitened) -> Matches:
    """Breaths of a length fit the same whatever the others in their row last."""
    waves, squares = _bank(most, least, movement.smooth)
    return Matches(
        most, least, along(movement.rest, waves, most), along(movement.known, squares, most)
    )


def along(changes: ArrayLike, waves: Floats, before: int) -> Floats:
    """(beats, waves): changes, (n,), along waves, (k, longest), that end at a beat.

    Beats are counted from -before to n + before; change k leads to beat k + 1.
    """
    changes, longest = np.asarray(changes, np.float64), waves.shape[1]
    count = len(changes)
    padded = np.zeros(count + 2 * before + longest)
    padded[before + longest : before + longest + count] = changes
    # Row `end` has the changes that lead up to it.
    windows = np.ndarray((count + 2 * before + 1, longest), buffer=padded, strides=(8, 8))
    return product(windows, waves.T)

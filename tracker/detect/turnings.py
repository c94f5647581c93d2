"""When exactly did an exhale begin?

The turning of a breath is flat, and the body's sway of a second or two hides it: the lowest point
alone is half a second off. So the shape of the breaths around is laid over the movement and shifted
until it fits best: eased out with the exhale, eased back with the inhale, on a straight line. How
much of a breath the exhale takes is found by the same fits, hold by hold. A least squares fit of a
known pulse is the most likely date in noise (Kay, "Fundamentals of Statistical Signal Processing:
Estimation Theory", 1993, chapter 7).
"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.samples import Floats

# So much of a breath before and after the turning is looked at, less and less towards the ends.
BEFORE, AFTER = 1.5, 1.0
# The turning lies within this share of a breath of where the rhythm has it.
_REACH = 0.2
_SHIFTS: Floats = np.linspace(-_REACH, _REACH, 21)
# The share of the exhale: at rest and slowly breathing people exhale a little longer than inhale.
_SHARES: Floats = np.array([0.40, 0.45, 0.50, 0.55, 0.60, 0.65, 0.70])
_USUAL, _SPREAD = 0.55, 0.09
# Sway remembers a second, five steps, and each movement is looked at by two fits and a half.
_INDEPENDENT = 1.0 / 12.5
_LEAST_POINTS = 10


class Turnings:
    """Dates exhales of one hold; learns the share of the exhale on the way."""

    def __init__(self) -> None:
        self._against: Floats = ((_SHARES - _USUAL) / _SPREAD) ** 2

    def date(self, t_s: Floats, moved_deg: Floats, about_s: float, period_s: float) -> float:
        """The beginning of the exhale near about_s; t_s, moved_deg: (n,) steps of the hold."""
        at = (t_s - about_s) / period_s
        near = (at > -BEFORE) & (at < AFTER)
        at, moved = at[near], moved_deg[near]
        if len(at) < _LEAST_POINTS or at[0] > -_REACH or at[-1] < _REACH:
            return about_s
        fits = _fits(at, moved)
        count = len(at) * _INDEPENDENT
        self._against = self._against + count * np.log(1.0 - fits.max(axis=0))
        fit = fits[:, int(self._against.argmin())]
        return about_s + period_s * _highest(fit)


def _fits(at: Floats, moved: Floats) -> Floats:
    """(shifts, shares): the share of the movement about its line that the breath explains."""
    weight = 1.0 - np.where(at < 0.0, at / BEFORE, at / AFTER) ** 2
    line = at - _sum(weight * at) / _sum(weight)
    slope = weight * line / _sum(weight * line * line)
    level = weight / _sum(weight)
    rest = moved - _sum(level * moved)
    rest = rest - _sum(slope * rest) * line
    shape = _breath((at[:, None, None] - _SHIFTS[:, None]) % 1.0)
    column, level, slope = line[:, None, None], level[:, None, None], slope[:, None, None]
    shape = shape - _sum(level * shape)
    shape = shape - _sum(slope * shape) * column
    weighted = weight[:, None, None] * shape
    along = np.maximum(_sum(weighted * rest[:, None, None]), 0.0)
    total = np.maximum(_sum(weight * rest * rest), 1e-12)
    fits: Floats = np.minimum(along * along / (_sum(weighted * shape) * total), 0.999)
    return fits


def _breath(phase: Floats) -> Floats:
    """How deep, 0 to 1, at each phase (0: the exhale begins) for each share of the exhale."""
    out = 0.5 - 0.5 * np.cos(math.pi * phase / _SHARES)
    back = 0.5 + 0.5 * np.cos(math.pi * (phase - _SHARES) / (1.0 - _SHARES))
    depth: Floats = np.where(phase < _SHARES, out, back)
    return depth


def _sum(values: Floats) -> Floats:
    """Over time, in the order of time, so that it is the same wherever the array lies."""
    total: Floats = (
        np.add.reduce(values, axis=0) if values.ndim > 1 else np.add.accumulate(values)[-1]
    )
    return total


def _highest(fit: Floats) -> float:
    """The shift of the best fit, between the shifts by a parabola."""
    k = int(fit.argmax())
    shift = float(_SHIFTS[k])
    if not 0 < k < len(fit) - 1:
        return shift
    before, here, after = (float(v) for v in fit[k - 1 : k + 2])
    bend = before - 2.0 * here + after
    if bend >= 0.0:
        return shift
    return shift + 0.5 * (before - after) / bend * float(_SHIFTS[1] - _SHIFTS[0])

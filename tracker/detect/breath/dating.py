"""Where in the breaths of a row do the exhales begin?

A row of breaths is laid with one shape (template.py). Who rests after the inhale, or breathes out
in less time than it does, has all exhales dated too early or too late by the same share of a
breath. So other shapes are laid over the same breaths, each shifted either way. They begin and end
gently, as movements do (minimum jerk: Flash and Hogan 1985). What is told is the mean shift over
all of them, weighed by how well they fit and how usual they are (Bayesian model averaging: Hoeting
et al. 1999), so that it stays small where little is seen.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.cycles import Cycles
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.whitening import total
from tracker.detect.samples import Floats

# Shares of a breath that the exhale moves the leg, that the inhale does, and that nothing does
# after it. What is left is the pause between the two.
_OUTS, _BACKS, _RESTS = (0.36, 0.52, 0.7), (0.25, 0.35, 0.45), (0.0, 0.12)
# Usual, give or take: the exhale and the pauses as they show, where a leg that begins or ends
# gently seems to stand still for so much of its move.
_UNSEEN = 0.095
_OUT, _OUT_SPREAD = 0.48, 0.15
_HELD, _HELD_SPREAD = 0.15, 0.20
_REST, _REST_SPREAD = 0.03, 0.15
# Exhales begin so much earlier or later than the row has them, give or take, in shares of a breath.
_SHIFTS, _SHIFT_SPREAD = (-0.12, -0.06, 0.0, 0.06, 0.12), 0.05
# Sway is no white noise, even when it is whitened: half of what the likelihood claims.
_BELIEVED = 0.5
# A shape is known at so many phases.
_PHASES = 100


class Dating:
    """Learns from row after row how much later exhales begin than rows have them."""

    def __init__(self) -> None:
        self._fits: Floats | None = None

    def look(self, movement: Movement, row: Cycles, breaths: float) -> None:
        """A row, of which so many breaths have not been looked at yet."""
        share = min(breaths / (len(row.onsets_s) - 1), 1.0)
        fits = share * movement.fits(_laid(movement, row))
        self._fits = fits if self._fits is None else self._fits + fits

    def late(self) -> float:
        """In shares of a breath; less than nothing where they begin earlier."""
        if self._fits is None:
            return 0.0
        shapes = _shapes()
        chances = shapes.usual * np.exp(_BELIEVED * (self._fits - self._fits.max()))
        return total(chances * shapes.late) / total(chances)


class _Shapes(NamedTuple):
    """depths: (n, phases) of shapes, each shifted by `late`.

    late, usual: (n,) shares of a breath, and how likely it is.
    """

    depths: Floats
    late: Floats
    usual: Floats


@cache
def _shapes() -> _Shapes:
    phase = np.arange(_PHASES) / _PHASES
    depths, late, usual = [], [], []
    for out, back, rest in product(_OUTS, _BACKS, _RESTS):
        held = 1.0 - out - back - rest
        if held < -1e-9:
            continue
        depth = _moved(phase / out) - _moved((phase - out - held) / back)
        off = _off(out, held, back)
        for shift in _SHIFTS:
            depths.append(np.roll(depth, round(shift * _PHASES)))
            late.append(shift)
            usual.append(math.exp(-0.5 * (off + (shift / _SHIFT_SPREAD) ** 2)))
    return _Shapes(np.array(depths), np.array(late), np.array(usual))


def _moved(share: Floats) -> Floats:
    """How far a movement of minimum jerk has come after a share of its time."""
    s = np.minimum(np.maximum(share, 0.0), 1.0)
    moved: Floats = s**3 * (10.0 - 15.0 * s + 6.0 * s * s)
    return moved


def _off(out: float, held: float, back: float) -> float:
    """How far from usual a shape is, squared."""
    seems_out = (1.0 - 2.0 * _UNSEEN) * out
    seems_held = held + _UNSEEN * (out + back)
    seems_rest = 1.0 - seems_out - seems_held - (1.0 - 2.0 * _UNSEEN) * back
    return (
        ((seems_out - _OUT) / _OUT_SPREAD) ** 2
        + ((seems_held - _HELD) / _HELD_SPREAD) ** 2
        + ((seems_rest - _REST) / _REST_SPREAD) ** 2
    )


def _laid(movement: Movement, row: Cycles) -> Floats:
    """(n, beats) the depth at each beat by each shape, none outside of the row."""
    onsets_s, t_s = np.array(row.onsets_s), movement.times_s()
    breath = np.searchsorted(onsets_s, t_s, side="right") - 1
    inside = (breath >= 0) & (breath < len(onsets_s) - 1)
    begins_s = onsets_s[breath[inside]]
    lengths_s = onsets_s[breath[inside] + 1] - begins_s
    phase = ((t_s[inside] - begins_s) / lengths_s * _PHASES).astype(np.intp)
    depths = np.zeros((len(_shapes().late), len(t_s)))
    depths[:, inside] = _shapes().depths[:, np.minimum(phase, _PHASES - 1)]
    return depths

"""Which shapes may a breath have, and how usual is each?

Exhale and inhale begin and end gently, as movements do that are meant (minimum jerk: Flash and
Hogan 1985). Or the exhale runs fast first and slowly out, as it does where nothing brakes a chest
that falls back (Morris and Lane 1981). Who lets go so has breathed out half way when an exhale that
is meant has hardly begun to show.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from tracker.detect.samples import Floats

# A shape is known at so many phases.
PHASES = 100
# Shares of a breath that the exhale moves the leg, that the inhale does, and that nothing does
# after it. What is left is the pause between the two.
_OUTS, _BACKS, _RESTS = (0.36, 0.52, 0.7), (0.25, 0.35, 0.45), (0.0, 0.12)
# Usual, give or take: the exhale and the pauses as they show.
_OUT, _OUT_SPREAD = 0.48, 0.15
_HELD, _HELD_SPREAD = 0.15, 0.20
_REST, _REST_SPREAD = 0.03, 0.15
# Exhales begin so much earlier or later than the row has them, give or take, in shares of a breath.
_SHIFTS, _SHIFT_SPREAD = (-0.12, -0.06, 0.0, 0.06, 0.12), 0.05


class Shapes(NamedTuple):
    """depths: (n, PHASES) of shapes, each shifted by `late`.

    late, usual: (n,) shares of a breath, and how likely it is.
    """

    depths: Floats
    late: Floats
    usual: Floats


class _Run(NamedTuple):
    """How a half of a breath runs, and how usual that is.

    terms: how far it has come after a share s of its time: of s^2, s^3, s^4, s^5.
    begins, ends: the shares of its time at which a wave would that shows as it does.
    """

    terms: tuple[float, ...]
    begins: float
    ends: float
    usual: float

    def moved(self, share: Floats) -> Floats:
        """How far it has come, 0 to 1, after these shares of its time."""
        s = np.minimum(np.maximum(share, 0.0), 1.0)
        moved = np.zeros(len(s))
        for term in reversed(self.terms):
            moved = (moved + term) * s
        return moved * s

    @property
    def shows(self) -> float:
        """For how much of its time it seems to move."""
        return self.ends - self.begins


# Meant: it seems to stand still at both ends. Let go: it flows most after a quarter of its time.
_MEANT = _Run((0.0, 10.0, -15.0, 6.0), 0.07, 0.93, 1.0)
_LET_GO = _Run((10.0, -20.0, 15.0, -4.0), -0.05, 0.75, 0.6)


@cache
def shapes() -> Shapes:
    """All of them."""
    phase = np.arange(PHASES) / PHASES
    depths, late, usual = [], [], []
    for exhale, out, back, rest in product((_MEANT, _LET_GO), _OUTS, _BACKS, _RESTS):
        held = 1.0 - out - back - rest
        if held < -1e-9:
            continue
        depth = exhale.moved(phase / out) - _MEANT.moved((phase - out - held) / back)
        off = _off(exhale, out, held, back)
        for shift in _SHIFTS:
            depths.append(np.roll(depth, round(shift * PHASES)))
            late.append(shift)
            usual.append(exhale.usual * math.exp(-0.5 * (off + (shift / _SHIFT_SPREAD) ** 2)))
    return Shapes(np.array(depths), np.array(late), np.array(usual))


def _off(exhale: _Run, out: float, held: float, back: float) -> float:
    """How far from usual a shape is, squared."""
    seems_out = exhale.shows * out
    seems_held = held + (1.0 - exhale.ends) * out + _MEANT.begins * back
    seems_rest = 1.0 - seems_out - seems_held - _MEANT.shows * back
    return (
        ((seems_out - _OUT) / _OUT_SPREAD) ** 2
        + ((seems_held - _HELD) / _HELD_SPREAD) ** 2
        + ((seems_rest - _REST) / _REST_SPREAD) ** 2
    )

"""Which shapes may a breath have, and how usual is each?

Exhale and inhale begin and end gently, as movements do that are meant (minimum jerk: Flash and
Hogan 1985) and as a pendulum does: sway does not tell the one from the other, so that they are
taken to run half way between. The exhale may run fast first and slowly out, as where nothing brakes
a chest that falls back (Morris and Lane 1981), or be held back first. Who lets go so has breathed
out half way when an exhale that is held back has hardly begun to show.

A shape is the sum of a few waves. So a thousand of them are laid over a movement at the cost of
laying these waves over it.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import product
from typing import NamedTuple

import numpy as np

from tracker.detect.breath.whitening import product as times
from tracker.detect.samples import Floats

# Shares of a breath that the exhale moves the leg, that the inhale does, and that nothing does
# after it. What is left is the pause between the two.
_OUTS, _BACKS, _RESTS = (0.38, 0.48, 0.58, 0.68), (0.26, 0.34, 0.42, 0.50), (0.0, 0.1)
# Usual, give or take: the exhale and the pauses.
_OUT, _OUT_SPREAD = 0.50, 0.10
_HELD, _HELD_SPREAD = 0.10, 0.12
_REST_SPREAD = 0.08
# An exhale runs so much faster at first, give or take (natural logarithm).
_FASTER, _FASTER_SPREAD = (0.7, 1.0, 1.5, 2.25), 0.5
# Exhales begin so much earlier or later than the row has them, give or take, in shares of a breath.
_SHIFTS, _SHIFT_SPREAD = tuple(0.03 * k for k in range(-6, 7)), 0.08
# Of a breath of five seconds the last wave takes one; what is quicker, sway hides.
_WAVES = 5
# A shape is made up from so many phases.
_PHASES = 100


class Shapes(NamedTuple):
    """sizes: (waves, n) of each wave in n shapes, each shifted by `late`.

    late, usual: (n,) shares of a breath, and how likely it is.
    """

    sizes: Floats
    late: Floats
    usual: Floats


@cache
def shapes() -> Shapes:
    """All of them."""
    phase = np.arange(_PHASES) / _PHASES
    depths, late, usual = [], [], []
    for faster, out, back, rest in product(_FASTER, _OUTS, _BACKS, _RESTS):
        held = 1.0 - out - back - rest
        if held < -1e-9:
            continue
        depth = _moved(phase / out, faster) - _moved((phase - out - held) / back, 1.0)
        off = (
            (math.log(faster) / _FASTER_SPREAD) ** 2
            + ((out - _OUT) / _OUT_SPREAD) ** 2
            + ((held - _HELD) / _HELD_SPREAD) ** 2
            + (rest / _REST_SPREAD) ** 2
        )
        for shift in _SHIFTS:
            depths.append(np.roll(depth, round(shift * _PHASES)))
            late.append(shift)
            usual.append(math.exp(-0.5 * (off + (shift / _SHIFT_SPREAD) ** 2)))
    sizes = times(waves(phase), np.array(depths).T) * (2.0 / _PHASES)
    sizes[0] *= 0.5
    return Shapes(sizes, np.array(late), np.array(usual))


def waves(phases: Floats) -> Floats:
    """(waves, n) at these phases: a level, and waves that pass once and more often in a breath."""
    turns = 2.0 * math.pi * np.arange(1.0, _WAVES + 1.0)[:, None] * phases
    return np.concatenate([np.ones((1, len(phases))), np.cos(turns), np.sin(turns)])


def _moved(share: Floats, faster: float) -> Floats:
    """How far half of a breath has come, 0 to 1, after these shares of its time."""
    s = 1.0 - (1.0 - np.minimum(np.maximum(share, 0.0), 1.0)) ** faster
    moved: Floats = s * s * (1.5 + s * (4.0 - s * (7.5 - 3.0 * s)))
    return moved

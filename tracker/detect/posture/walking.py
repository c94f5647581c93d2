"""Has the leg walked, and how did it lean meanwhile?

A knee bends one way only, so that the ankle is behind the knee most of the time: the mean of where
up was tells which way the band's front points, and so which leg it is.
"""

from __future__ import annotations

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import mean
from tracker.detect.samples import Bools, Floats

# A leg that walks stays this far up, swings in most steps, and in one plane, forwards and back:
# across it by a tenth of the swing as a rule, and by half of it at most (this is the share of the
# squares, 0.5 ** 2 and a bit). Three seconds show it. What is in a hand turns all ways.
_ON_FOOT, _STRIDES, _LEAST_STRIDES, _ACROSS = 0.5, 0.6, 15, 0.3


def walked_through(ups: Floats, swinging: Bools) -> Vector | None:
    """The mean of the directions, (3, n), where the leg swung as in a walk; None: it did not.

    Of the longest part in which it stayed upright.  swinging: (n,), the steps that it swung in.
    """
    if np.count_nonzero(swinging) < _LEAST_STRIDES:
        return None
    bounds = np.flatnonzero(np.diff(ups[1] > _ON_FOOT, prepend=False, append=False))
    if not len(bounds):
        return None
    longest = int(np.argmax(bounds[1::2] - bounds[::2]))
    part = slice(int(bounds[2 * longest]), int(bounds[2 * longest + 1]))
    steps = np.flatnonzero(swinging[part])
    if len(steps) < _LEAST_STRIDES or len(steps) < _STRIDES * (steps[-1] - steps[0]):
        return None
    if not _in_a_plane(ups[::2, part][:, steps[0] : steps[-1] + 1]):
        return None
    x, y, z = mean(ups[:, part][:, steps]).tolist()
    return x, y, z


def _in_a_plane(swing: Floats) -> bool:
    """Do these, (2, n), forwards and aside, go to and fro in one plane, forwards rather?"""
    away = swing - mean(swing)[:, None]
    forwards, aside, both = mean(away[[0, 1, 0]] * away[[0, 1, 1]]).tolist()
    across = (forwards * aside - both * both) / (forwards + aside) ** 2
    return bool(aside < forwards and across < _ACROSS / (1.0 + _ACROSS) ** 2)

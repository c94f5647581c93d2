"""Has the leg walked, and how did it lean meanwhile?

A knee bends one way only, so that the ankle is behind the knee most of the time: the mean of where
up was tells which way the band's front points, and so which leg it is.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.orientation import mean
from tracker.detect.samples import Bools, Floats

# A leg that walks stays this far up, swings in most steps, and in one plane, forwards and back:
# across it by a tenth of the swing as a rule, and by half of it at most (this is the share of the
# squares, 0.5 ** 2 and a bit). Three seconds show it. What is in a hand turns all ways.
_ON_FOOT, _STRIDES, LEAST_STRIDES, _ACROSS = 0.5, 0.6, 15, 0.3
# Who gets down from standing swings the leg for two seconds, who moves the band for three or more.
_THROWN_STEPS = 15


class Swung(NamedTuple):
    """What a leg, or a band, did that swung.

    walked: where it did as in a walk, the mean of the directions it swung through.
    thrown: or it was thrown about, as in a hand.
    """

    walked: Vector | None
    thrown: bool


NEITHER = Swung(None, thrown=False)


def swung(ups: Floats, swinging: Bools) -> Swung:
    """What was done with these directions, (3, n)?  swinging: (n,), the steps that swung.

    A walk is looked for in the longest part that stayed upright, and a hand in all others.
    """
    count = int(np.count_nonzero(swinging))
    if count < LEAST_STRIDES:
        return NEITHER
    part = _longest(ups[1] > _ON_FOOT)
    steps = np.flatnonzero(swinging[part])
    upright = len(steps)
    if _strides(steps) and _in_a_plane(ups[::2, part][:, steps[0] : steps[-1] + 1]):
        x, y, z = mean(ups[:, part][:, steps]).tolist()
        return Swung((x, y, z), thrown=False)
    return Swung(None, thrown=count - upright >= _THROWN_STEPS or _strides(steps))


def _longest(so: Bools) -> slice:
    """The longest part in which it is so."""
    bounds = np.flatnonzero(np.diff(so, prepend=False, append=False))
    if not len(bounds):
        return slice(0, 0)
    longest = int(np.argmax(bounds[1::2] - bounds[::2]))
    return slice(int(bounds[2 * longest]), int(bounds[2 * longest + 1]))


def _strides(steps: NDArray[np.intp]) -> bool:
    """Do these swing as often as in a walk?"""
    enough = len(steps) >= LEAST_STRIDES
    return enough and len(steps) >= _STRIDES * int(steps[-1] - steps[0])


def _in_a_plane(swing: Floats) -> bool:
    """Do these, (2, n), forwards and aside, go to and fro in one plane, forwards rather?"""
    away = swing - mean(swing)[:, None]
    forwards, aside, both = mean(away[[0, 1, 0]] * away[[0, 1, 1]]).tolist()
    across = (forwards * aside - both * both) / (forwards + aside) ** 2
    return bool(aside < forwards and across < _ACROSS / (1.0 + _ACROSS) ** 2)

"""Has the leg walked, and how did it lean meanwhile?

A knee bends one way only, so that the ankle is behind the knee most of the time: the mean of where
up was tells which way the band's front points, and so which leg it is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.samples import Bools, Floats

# A leg that walks stays this far up, swings in most steps, and in one plane, forwards and back:
# across it by a tenth of the swing as a rule, and by half of it at most (this is the share of the
# squares, 0.5 ** 2 and a bit). Three seconds show it. What is in a hand turns all ways.
_ON_FOOT, _STRIDES, _LEAST_STRIDES, _ACROSS = 0.5, 0.6, 15, 0.3
# Who gets down from standing swings the leg for two seconds, who moves the band for three or more.
_THROWN_STEPS = 15


class Swung(NamedTuple):
    """What was done until a step that swung the band.

    walked: the mean of the directions that a leg which walked swung through; None: it was no walk,
            the band was thrown about as in a hand.
    """

    step: int
    walked: Vector | None


def swung(step: int, up: Floats, swinging: Bools) -> Swung | None:
    """What was done with these directions, (3, n) of steps up to this one? None: neither.

    A walk is looked for in the longest part that stayed upright, and a hand in all others.
    swinging: (n,) the steps that swung.
    """
    count = np.count_nonzero(swinging)
    if count < _LEAST_STRIDES:
        return None
    xs, ys, zs = up.tolist()
    swings: list[bool] = swinging.tolist()
    steps = [k for k in _longest(ys) if swings[k]]
    upright = len(steps)
    if not _strides(steps):
        return Swung(step, None) if count - upright >= _THROWN_STEPS else None
    between = slice(steps[0], steps[-1] + 1)
    if not _in_a_plane(xs[between], zs[between]):
        return Swung(step, None)
    x, y, z = (math.fsum([of[k] for k in steps]) / upright for of in (xs, ys, zs))
    return Swung(step, (x, y, z))


def _longest(heights: Sequence[float]) -> range:
    """The longest part in which the leg is upright."""
    if min(heights) > _ON_FOOT:
        return range(len(heights))
    longest, begin = range(0), 0
    for k, height in enumerate([*heights, -1.0]):
        if height <= _ON_FOOT:
            longest, begin = max(longest, range(begin, k), key=len), k + 1
    return longest


def _strides(steps: Sequence[int]) -> bool:
    """Do these swing as often as in a walk?"""
    enough = len(steps) >= _LEAST_STRIDES
    return enough and len(steps) >= _STRIDES * (steps[-1] - steps[0])


def _in_a_plane(forwards: Sequence[float], aside: Sequence[float]) -> bool:
    """Do these go to and fro in one plane, forwards rather?"""
    x, z = math.fsum(forwards) / len(forwards), math.fsum(aside) / len(aside)
    away = [(one - x, other - z) for one, other in zip(forwards, aside, strict=True)]
    xx = math.fsum([one * one for one, _ in away])
    zz = math.fsum([other * other for _, other in away])
    xz = math.fsum([one * other for one, other in away])
    across = (xx * zz - xz * xz) / (xx + zz) ** 2
    return zz < xx and across < _ACROSS / (1.0 + _ACROSS) ** 2

"""How fast does a leg turn, free of the swing of its own limb?

The band feels gravity plus the acceleration of its own swing. For a limb that turns about a joint
at distance r, what is felt along the turn is off by r/g times the angular acceleration, so that

    felt = angle + (r / g) * up_y * angle''        up_y: how far the long axis y points up

With the joint below the band (a raised leg, a heel at the buttock: up_y < 0) the inverse of that is
a symmetric exponential window of time constant sqrt(r |up_y| / g), 0.1 to 0.3 s. So the smoothing
that removes the swing's own acceleration is known from the posture and the length of the limb, has
no delay, and its smear is exactly the acceleration's. It is laid on the acceleration itself, where
the relation is linear also for a fast swing, and the direction is taken after. (Own derivation
from rigid-body kinematics; the pull along the limb, which is small near a bound, is left out.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.filters import lfilter, symmetric
from tracker.detect.motion.grid import CELL_S
from tracker.detect.samples import Floats

GRAVITY = 9.81
_ONE = np.ones(1)


@dataclass(frozen=True, slots=True)
class Limb:
    """What moves the band.

    lever_m: from the joint to the band; 0 where its own acceleration is not to be reckoned with.
    aside:   the leg falls aside as it moves, and so turns about the vertical as well. That does not
             tilt it, but takes a push across, at first and to stop it, which looks like a tilt.
    """

    lever_m: float
    aside: bool = False

    def window_s(self, up: Vector) -> float:
        """The time constant of the window that takes out its swing, at the direction `up`."""
        return math.sqrt(self.lever_m * max(-up[1], 0.0) / GRAVITY)


# Before it has a name, what is kept is dated with the lever of the shank, the shorter one.
UNKNOWN, SHANK, LEG = Limb(0.0), Limb(0.35), Limb(0.80, aside=True)


def directions(acc: Floats, window_s: float = 0.0) -> Floats:
    """(n, 3): where up is in each of n cells, without the limb's own acceleration."""
    if window_s > 0.0 and len(acc):
        acc = symmetric(acc, window_s, CELL_S)
    up: Floats = acc / np.maximum(length(acc), 1e-3)[:, None]
    return up


def slopes_deg_s(up: Floats, half: int) -> Floats:
    """(n - 2 half, 3): how fast the direction turns at each inner one of n cells, by a line."""
    b, at_rest = _line(half)
    return lfilter(b, _ONE, up, 0, at_rest)[0][2 * half :]


def length(v: Floats) -> Floats:
    """(n,): of (n, 3) vectors."""
    x, y, z = (v * v).T
    root: Floats = np.sqrt(x + y + z)
    return root


@cache
def _line(half: int) -> tuple[Floats, Floats]:
    """A filter: the slope of a line through 2 half + 1 directions, degrees a second; no state."""
    weights = np.arange(half, -half - 1.0, -1.0)
    return weights * (math.degrees(1.0) / ((weights**2).sum() * CELL_S)), np.zeros((2 * half, 3))

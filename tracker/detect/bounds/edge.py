"""When does a leg turn faster than the edge, 5 degrees a second or what its trembling reaches?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.grid import Ints
from tracker.detect.motion.turning import length, slopes_deg_s
from tracker.detect.samples import Floats

# The definition of a bound (public contract).
EDGE_DEG_S = 5.0
# However much it trembles, this is motion.
_MOST_DEG_S = 30.0
# The slope of a straight line through 2 HALF + 1 cells, 0.28 s: shorter than any push of a leg.
HALF = 3
# A look over six tenths of a second sees little of a tremble or of a count that flips.
PLAIN_HALF = 7
# A grip that lets go jolts the leg, by a degree in a tenth of a second. A line of three cells sees
# that, where a leg was so still that half the edge is surely above its trembling.
JOLT_HALF = 1
_VERY_STILL = 0.5
# A stopping leg rings for a quarter of a second; that is still the motion.
NEAR = 6
# The push that starts or stops a leg is felt the other way for less than this.
SWING = 10
# The limb passes the edge in the midst of that push, nearer to where it moves: the window smears
# the push outwards. Seen to be a third alike at the start and at the end, on two models of a body.
PUSH_SHARE = 1.0 / 3.0
# Three, less what the difference itself adds: the root of 1.5.
_SURE = 3.0 / math.sqrt(1.5)
# A second, and a quarter of one, in cells.
SECOND, _QUARTER = 25, 6


class Turning(NamedTuple):
    """How a leg turns at each of some cells.

    slopes: degrees a second each way; rates: (n,) their lengths.
    edge:   the rate that the leg crosses when it sets out or stops.
    fast:   the cells in which it is faster.
    """

    slopes: Floats
    rates: Floats
    edge: float
    fast: Ints

    def until(self, count: int) -> Turning:
        """No faster than the edge after so many cells."""
        return self._replace(rates=self.rates[:count], fast=self.fast[self.fast < count])

    def crossing(self, i: int) -> float:
        """Where between i and i + 1 the rate crosses the edge."""
        if i < 0:
            return -float(HALF)
        if i + 1 >= len(self.rates):
            return i + 0.5
        rate = self.rates.item(i)
        share = (self.edge - rate) / ((self.rates.item(i + 1) - rate) or 1.0)
        return i + min(max(share, 0.0), 1.0)


def turning(up: Floats, still: slice) -> Turning:
    """In the span `still` the leg does not move.

    Where muscles shake, a burst of tremble passes any edge now and then. A slope of twice the
    length sees a third of it: only what that one feels too is motion, dated by the short one.
    """
    slopes = slopes_deg_s(up, HALF)
    rates, edge = length(slopes), edge_deg_s(slopes[still])
    fast = rates > edge
    if edge > EDGE_DEG_S and len(up) > 4 * HALF:
        longer = slopes_deg_s(up, 2 * HALF)
        moving = length(longer) > edge_deg_s(longer[still])
        near = np.convolve(moving, np.ones(2 * NEAR + 1))[NEAR:-NEAR] > 0.5
        fast[HALF:-HALF] &= near
        fast[:HALF] &= near[0]
        fast[-HALF:] &= near[-1]
    return Turning(slopes, rates, edge, fast.nonzero()[0])


def turning_or_jolted(up: Floats, still: slice) -> Turning:
    """As turning, but by a line so short that it sees a jolt where the leg was still enough."""
    spare = HALF - JOLT_HALF
    slopes = slopes_deg_s(up[spare : len(up) - spare], JOLT_HALF)
    if edge_deg_s(slopes[still] / _VERY_STILL) > EDGE_DEG_S:
        return turning(up, still)
    rates = length(slopes)
    return Turning(slopes, rates, EDGE_DEG_S, (rates > EDGE_DEG_S).nonzero()[0])


def edge_deg_s(slopes: Floats) -> float:
    """EDGE_DEG_S, or what trembling muscles do not reach while the leg is still.

    Tremble is what differs from the middle of a quarter of a second before and after: a steady or
    a smoothly reversing turn cancels. The length of a vector of two noises stays below three times
    its median, all but 0.2 % of the time. A leg passes 5 and 15 deg/s within a tenth of a second of
    each other, so a higher edge costs little; a tremble taken for motion costs the whole hold.
    """
    if len(slopes) <= 2 * _QUARTER:
        return EDGE_DEG_S
    around = 0.5 * (slopes[: -2 * _QUARTER] + slopes[2 * _QUARTER :])
    tremble = sorted(length(slopes[_QUARTER:-_QUARTER] - around).tolist())
    middle: float = tremble[len(tremble) // 2]
    return min(max(EDGE_DEG_S, _SURE * middle), _MOST_DEG_S)

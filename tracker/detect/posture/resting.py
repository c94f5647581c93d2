"""May what was kept have been the rest of a leg, and is what comes after it a way of that leg?

A leg that rests is carried by the floor: it sways, breathes and trembles, but up hardly turns. What
a hand holds, what hangs and what is driven about is carried by nothing that is still, and turns to
and fro all the while.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.grain import Grain
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.posture.life import Life
from tracker.detect.posture.tumbling import (
    HARDLY_A_LEG_DEG,
    NO_LEG_DEG,
    RATHER_NO_LEG_DEG,
    tumbled_deg,
)

# In half of the time a leg at rest turns by less: three people who rested for 9 s and more by 0.1
# to 0.8 deg/s, one who stands by 1.4, and legs between two exercises by up to 2.0. In a hand it is
# 2.2 and more, in a bag that is driven 3.3, in one that is carried 7.
_TURNS_DEG_S = 2.0
# Less than that is too short to tell; what is put down rings, and what is left has begun to move.
_LEAST, _RINGS = round(2.0 / STEP_S), round(1.0 / STEP_S)
# Where the band was off before, a leg does not show in less.
_SHOWS = round(7.0 / STEP_S)


class Resting:
    """Remembers the last rest, or what was taken for one."""

    def __init__(self) -> None:
        # Its directions, where the sensor shows how a leg moves.
        self._ups: Sequence[Vector] = ()
        # A part that hides it, but is not so coarse that nothing else tells a hand from a leg.
        self._hidden = False

    def ended(self, ups: Sequence[Vector], grain: Grain, cell: int, *, worn: bool | None) -> bool:
        """May a leg have rested like this?

        ups:  the directions of its last half minute, a step each; the grain is known at the cell.
        worn: off the leg it has to show; one that is in it may move its foot all the while.
        """
        shows = not grain.hides_sway(cell)
        coarse = grain.coarse(cell)
        self._ups, self._hidden = ups if shows else (), not (shows or coarse)
        if not ((worn and shows) or coarse or supported(ups)):
            return False
        return worn is not False or (len(ups) >= _SHOWS and _lives(ups))

    def handled(self, way: Sequence[Vector], *, taken_off: bool) -> bool:
        """Was the band turned on this way as no leg turns? A leg that has shown may do more.

        taken_off: it may have been off the leg, or taken off on the way.
        """
        if self._ups and not taken_off:
            return False
        turned_deg = tumbled_deg(way)
        hardly = turned_deg > (RATHER_NO_LEG_DEG if self._hidden else HARDLY_A_LEG_DEG)
        return hardly and (turned_deg > NO_LEG_DEG or not _lives(self._ups))


def supported(ups: Sequence[Vector]) -> bool:
    """Does it lie or stand on something, as far as half of the time tells?"""
    kept = ups[_RINGS:-_RINGS]
    if len(kept) < _LEAST:
        return True
    turns = [math.dist(before, after) for before, after in zip(kept, kept[2:], strict=False)]
    return median(turns) < math.radians(_TURNS_DEG_S) * 2.0 * STEP_S


def _lives(ups: Sequence[Vector]) -> bool:
    """Does it move by more than the noise of the sensor?"""
    life = Life()
    for up in ups:
        life.feed(tuple(map(math.degrees, up)))
    return len(ups) > 0 and life.shown

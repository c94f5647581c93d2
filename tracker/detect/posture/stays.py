"""Any posture: how long did the leg stay like this, how far did it rise to it and sink from it?"""

from __future__ import annotations

import math
from collections.abc import Sequence

from tracker.detect.motion.cells import Cells, Vector, angle_deg
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.heights import rises_m, rose_m
from tracker.detect.posture.naming import ANOTHER_POSTURE_DEG
from tracker.detect.posture.rests import NEAR_DEG, PLAIN_M, Rests

# What the leg was plainly lowered to is the rest also where it is taken a little otherwise. In leg
# raises of three people, of eleven such postures 15 to 20 degrees from the rest nine were rests.
_LOWERED_DEG = 20.0
# Half of a plain way up and down: so much of it is seen when the leg has come to rest.
_RAISED_M = 0.5 * PLAIN_M


class Stays:
    """Folds what was kept and left into where the rest is.

    start_s, rose_m: when the last one began, and how far the leg rose to it.
    """

    def __init__(self, first: Vector, min_hold_s: float) -> None:
        """first: where the rest is, as soon as the leg was seen."""
        self._rests = Rests(first, min_hold_s)
        self.lose_sight()

    @property
    def rest(self) -> Vector:
        return self._rests.up

    def lose_sight(self) -> None:
        """Nothing is known of what the leg did."""
        self.start_s, self._end_s, self.rose_m = 0.0, -math.inf, 0.0
        self._came_by_rest = False

    def after_last(self, start_s: float) -> float:
        """A posture was not taken before the last one was left."""
        return max(start_s, self._end_s)

    def begun(self, start_s: float, cells: Cells, way: Sequence[Vector]) -> None:
        """A posture is kept; on its way there the leg was like this, step by step."""
        self.start_s, self.rose_m = start_s, rose_m(cells, start_s)
        self._came_by_rest = any(angle_deg(up, self.rest) <= NEAR_DEG for up in way)

    def rests(self, up: Vector, raised_m: float) -> bool:
        """Is what is kept like this the rest? It rose to it and sinks from it by so much.

        What a leg rose to, where it was only found first, is none.
        """
        if raised_m > _RAISED_M and self._rests.doubted:
            return False
        away_deg = _LOWERED_DEG if raised_m < -PLAIN_M else ANOTHER_POSTURE_DEG
        return angle_deg(up, self.rest) <= away_deg

    def raised_m(self, end_s: float, now_s: float, cells: Cells) -> float:
        """How far it rose to what it left at end_s and sank from it, together."""
        return self.rose_m - rises_m(cells, end_s, round(now_s / CELL_S))

    def ended(self, up: Vector, end_s: float, raised_m: float) -> None:
        """The posture was left, which may tell that the rest is elsewhere."""
        self._end_s = end_s
        lasted_s, by = end_s - self.start_s, self._came_by_rest
        self._rests.kept(up, lasted_s, raised_m, came_by_rest=by)

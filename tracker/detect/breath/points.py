"""How has the leg moved since the hold began, beat by beat?"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.breath.beats import BEAT_S, Point
from tracker.detect.breath.habit import Habit
from tracker.detect.breath.movement import Movement
from tracker.detect.breath.sinking import without_sinking
from tracker.detect.breath.ways import ways
from tracker.detect.samples import Floats

_UNKNOWN = (math.nan, math.nan)
# After so long without a point the movement begins anew.
_GAP_S = 30.0
# What is felt so shortly before the leg leaves belongs to the move, not to the hold; so does a
# beat of more than this many degrees.
_LEAVING_S, _MOVE_DEG = 0.4, 0.6


class Points:
    """The way (deepening, sideways) in degrees at each beat from first_s on, as far as is kept."""

    def __init__(self, start_s: float, habit: Habit) -> None:
        """start_s: when the hold began."""
        self._habit = habit
        self._start_s = self.first_s = start_s
        self._moved: list[Point] = []

    def __len__(self) -> int:
        return len(self._moved)

    @property
    def end_s(self) -> float:
        """When the next beat is."""
        return self.first_s + len(self._moved) * BEAT_S

    def add(self, point: Point | None) -> None:
        """One beat more; None where nothing was felt."""
        self._moved.append(_UNKNOWN if point is None else point)

    def reach(self, t_s: float) -> int:
        """Move on to the beat at t_s over beats that were not felt: how many."""
        felt = len(self._moved)
        while self.end_s < t_s - 0.5 * BEAT_S:
            self._moved.append(_UNKNOWN)
        return len(self._moved) - felt

    def torn(self, t_s: float) -> bool:
        """Has so long nothing been felt that the next beat, at t_s, begins anew?"""
        return bool(self._moved) and t_s - self.end_s > _GAP_S

    def clear(self) -> None:
        self._moved.clear()

    def forget(self, before_s: float) -> None:
        """Keep what is from then on."""
        done = max(round((before_s - self.first_s) / BEAT_S), 0)
        del self._moved[:done]
        self.first_s = self._time(done)

    def leave(self, end_s: float) -> None:
        """Keep what is of the hold, which the leg has left at end_s."""
        del self._moved[self._held(end_s) :]

    def still(self, left_s: float) -> int:
        """How many beats there were before the leg moved away, which shows at left_s."""
        still = self._held(left_s)
        while still > 1 and not self._step_deg(still - 1) < _MOVE_DEG:
            still -= 1
        return still

    def beat(self, at_s: float) -> int:
        """The beat at or before then."""
        return math.floor((at_s - self.first_s) / BEAT_S)

    def movement(self, begin: int, end: int, way: Point) -> Movement:
        """Along a way, between two beats."""
        return self._along(way, begin, self._between(begin, end))

    def movements(self, begin: int, end: int, ways: list[Point]) -> list[Movement]:
        """Along each way, without what the leg sank by at once, all smoothed alike.

        What explains the one is compared with the others.
        """
        moved, sunk = without_sinking(self._between(begin, end))
        along = [self._along(way, begin, moved) for way in ways]
        least = min(movement.smooth for movement in along)
        for movement, (x, y) in zip(along, ways, strict=True):
            movement.sunk_deg = x * sunk[0] + y * sunk[1]
            movement.smooth_less(least)
        return along

    def _between(self, begin: int, end: int) -> Floats:
        return np.array(self._moved[begin:end]).reshape(-1, 2)

    def _along(self, way: Point, begin: int, moved: Floats) -> Movement:
        x, y = way
        at_first = not begin and self.first_s - self._start_s < _GAP_S
        start_s = self._start_s if at_first else None
        return Movement(self._time(begin), x * moved[:, 0] + y * moved[:, 1], start_s, self._habit)

    def ways(self, first: Point) -> list[Point]:
        """`first`, and others along which breath may have moved the leg."""
        return ways(np.array(self._moved).reshape(-1, 2), first)

    def last_s(self, count: int) -> float:
        """When the last of so many beats is over."""
        return self._time(count - 1) + 0.5 * BEAT_S

    def _held(self, left_s: float) -> int:
        held = len(self._moved)
        while held and self._time(held - 1) > left_s - _LEAVING_S:
            held -= 1
        return held

    def _step_deg(self, beat: int) -> float:
        return math.dist(self._moved[beat], self._moved[beat - 1])

    def _time(self, beat: int) -> float:
        return self.first_s + beat * BEAT_S

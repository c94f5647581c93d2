"""Where was the leg at each beat: two steps, 0.4 s?

The quickest breath still has six of them.
"""

from __future__ import annotations

from typing import NamedTuple

from tracker.detect.motion.orientation import STEP_S

BEAT_S = 2.0 * STEP_S

# How far the leg has moved, (deepening, sideways) in degrees.
Point = tuple[float, float]


class Beat(NamedTuple):
    """A beat around t_s; `point` is None where the leg slipped in either of its steps."""

    t_s: float
    point: Point | None


class Beats:
    """Puts steps together two by two."""

    def __init__(self) -> None:
        self._first: Beat | None = None

    def step(self, t_s: float, point: Point | None) -> Beat | None:
        """The beat that is over with this step; a step that was missed begins a new one."""
        first, self._first = self._first, None
        if first is None or t_s - first.t_s > 1.5 * STEP_S:
            self._first = Beat(t_s, point)
            return None
        middle = None
        if first.point is not None and point is not None:
            middle = (0.5 * (first.point[0] + point[0]), 0.5 * (first.point[1] + point[1]))
        return Beat(t_s - 0.5 * STEP_S, middle)

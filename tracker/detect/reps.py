"""When was the leg straightened with the breath, before a hold?

A repetition goes from a rest up towards a stretch with the exhale and back with the inhale. Its
angle between the leg and the vertical has a low, a high and a low again.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

from tracker.detect.cells import Vector
from tracker.detect.orientation import STEP_S

# Less is shifting about, not straightening.
LEAST_DEG = 15.0
# The leg comes back to where it was, or not quite so far down: some keep it up in between.
_RETURN = 0.35
# A zigzag turns when it has gone back by so much; a leg that lies still stays within the other.
_TURN_DEG, _STILL_LOW_DEG = 8.0, 3.0
# One breath: 20 a minute is no straightening any more, and nobody exhales for 10 s at length.
SHORTEST_S, LONGEST_S = 3.0, 20.0


@dataclass(frozen=True, slots=True)
class RepSeen:
    """A repetition, seconds and degrees, and where its top was."""

    start_s: float
    top_s: float
    end_s: float
    range_deg: float
    top: Vector


class _Turn(NamedTuple):
    t_s: float
    angle_deg: float
    up: Vector


class Reps:
    """Folds directions, one a step, into repetitions."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Begin anew: the leg rests, is held, or was out of sight."""
        self._rising = False
        self._low: _Turn | None = None
        self._turn: _Turn | None = None
        self._low_until_s = 0.0
        self._top: _Turn | None = None
        self._climb: deque[tuple[float, float]] = deque(maxlen=round(LONGEST_S / STEP_S))

    def step(self, t_s: float, up: Vector) -> RepSeen | None:
        here = _Turn(t_s, math.degrees(math.acos(max(-1.0, min(1.0, up[1])))), up)
        turn = self._turn
        if turn is None:
            self._turn = here
            return None
        onward = here.angle_deg - turn.angle_deg
        if (onward >= 0.0) if self._rising else (onward <= 0.0):
            self._turn = here
        if self._rising:
            self._climb.append((t_s, here.angle_deg))
            return self._turned(turn, here) if onward < -_TURN_DEG else None
        if onward < _STILL_LOW_DEG:
            self._low_until_s = t_s
        return self._turned(turn, here) if onward > _TURN_DEG else self._settled(t_s)

    def _turned(self, turn: _Turn, here: _Turn) -> RepSeen | None:
        """The zigzag has turned at `turn`."""
        self._turn = here
        if self._rising:
            self._top, self._rising = turn, False
            return None
        seen = self._between(turn)
        # A leg that rested in between starts when it leaves the rest.
        self._low, self._top = _Turn(self._low_until_s, turn.angle_deg, turn.up), None
        self._rising = True
        self._climb.clear()
        return seen

    def _settled(self, t_s: float) -> RepSeen | None:
        """Back down for a second without going up again: the last one of a row."""
        turn = self._turn
        if turn is None or t_s - turn.t_s < 1.0:
            return None
        seen = self._between(turn)
        self._low, self._top = turn, None
        return seen

    def _between(self, end: _Turn) -> RepSeen | None:
        low, top = self._low, self._top
        if low is None or top is None:
            return None
        reach = top.angle_deg - max(low.angle_deg, end.angle_deg)
        if reach < LEAST_DEG or end.angle_deg < low.angle_deg - _RETURN * reach:
            return None
        # The first of a row comes from further down: it began where the next one will.
        level = end.angle_deg + _STILL_LOW_DEG
        start_s = max((t for t, angle in self._climb if angle <= level), default=low.t_s)
        if not SHORTEST_S <= end.t_s - start_s <= LONGEST_S:
            return None
        if min(top.t_s - start_s, end.t_s - top.t_s) < SHORTEST_S / 3.0:
            return None
        return RepSeen(start_s, top.t_s, end.t_s, reach, top.up)

"""Is what is kept so still that no leg does it?

A band that lies somewhere shows only its sensor's noise, which is the same from step to step as
over minutes. A leg in a stretch breathes, sways and sinks: slowly, so that the means of whole
seconds move, which noise hardly does.
"""

from __future__ import annotations

import math
from collections import deque

from tracker.detect.motion.orientation import STEP_S

Point = tuple[float, float]

# What is put down rings, and what is picked up has begun to move before it is seen to leave: no
# word of the first second, nor of the last two.
_SETTLES, _LEAVES = round(1.0 / STEP_S), round(2.0 / STEP_S)
_SECOND = round(1.0 / STEP_S)
# Of white noise, low-passed, a second's mean keeps so much of the variance that shows from step to
# step (seen: 0.32 to 0.52 where a band lay for half a minute, at 12.5 to 104 Hz).
_NOISE_KEPT = 0.42
# The seconds of a leg in a stretch have at least this spread of their own. A band that lies has
# less by two standard errors, and within two of them no more than noise explains.
_LEAST_DEG, _STANDARD_ERRORS = 0.06, 2.0
# Fewer seconds do not tell.
_LEAST = 4


class Life:
    """Folds points in degrees, one a step, as long as something is kept."""

    def __init__(self) -> None:
        self._ahead: deque[Point] = deque()
        self._skip = _SETTLES
        self._second: list[Point] = []
        self._last: Point | None = None
        self._seconds = self._turns = 0
        self._sum_x = self._sum_y = 0.0
        self._square = self._jitter = 0.0

    @property
    def none(self) -> bool:
        """So still that the band cannot be on a leg."""
        n = self._seconds
        if n < _LEAST:
            return False
        spread = (self._square - (self._sum_x**2 + self._sum_y**2) / n) / (n - 1)
        noise = _NOISE_KEPT * self._jitter / self._turns / 2.0
        unsure = _STANDARD_ERRORS / math.sqrt(n - 1)
        own = spread - noise
        return own < unsure * noise and own + unsure * spread < _LEAST_DEG**2

    def feed(self, point: Point) -> None:
        """The next step's."""
        if self._skip:
            self._skip -= 1
            return
        self._ahead.append(point)
        if len(self._ahead) > _LEAVES:
            self._take(self._ahead.popleft())

    def _take(self, point: Point) -> None:
        if self._last is not None:
            self._jitter += math.dist(point, self._last) ** 2
            self._turns += 1
        self._last = point
        self._second.append(point)
        if len(self._second) < _SECOND:
            return
        x, y = (sum(values) / _SECOND for values in zip(*self._second, strict=True))
        self._second.clear()
        self._seconds += 1
        self._sum_x += x
        self._sum_y += y
        self._square += x * x + y * y

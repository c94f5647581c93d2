"""Is what is kept so still that no leg does it?

A band that lies somewhere shows only its sensor's noise, which is the same from step to step as
over minutes. A leg in a stretch breathes, sways and sinks: slowly, so that the means of whole
seconds move, which noise hardly does.
"""

from __future__ import annotations

import math
from collections import deque

from tracker.detect.motion.orientation import STEP_S

Point = tuple[float, ...]

# What is put down rings, and what is picked up has begun to move before it is seen to leave: no
# word of the first second, nor of the last two.
_SETTLES, _LEAVES = round(1.0 / STEP_S), round(2.0 / STEP_S)
_SECOND = round(1.0 / STEP_S)
# Of white noise, low-passed, a second's mean keeps so much of the variance that shows from step to
# step (seen: 0.32 to 0.52 where a band lay for half a minute, at 12.5 to 104 Hz).
_NOISE_KEPT, _NOISE_UNSURE = 0.42, 0.2
# The seconds of a leg in a stretch have at least this spread of their own. A band that lies has
# less by two standard errors, and within two of them no more than noise explains.
_LEAST_DEG, _STANDARD_ERRORS = 0.06, 2.0
# Fewer seconds do not tell.
_LEAST = 4


class Life:
    """Folds points in degrees, one a step, as long as something is kept."""

    def __init__(self, least_jitter_deg: float = 0.0) -> None:
        """least_jitter_deg: what jitters less may hide in the counts of the sensor how it moves."""
        self._least_jitter_deg = least_jitter_deg
        self._ahead: deque[Point] = deque()
        self._skip = _SETTLES
        self._second: list[Point] = []
        self._last: Point | None = None
        self._sums: list[float] = []
        self._seconds = self._turns = 0
        self._square = self._jitter = 0.0

    @property
    def none(self) -> bool:
        """So still that the band cannot be on a leg that is stretched."""
        if self._seconds < _LEAST or self._jitter < self._turns * 2.0 * self._least_jitter_deg**2:
            return False
        spread, noise, unsure = self._spread()
        own = spread - noise
        return own < unsure * noise and max(own, 0.0) + unsure * spread < _LEAST_DEG**2

    @property
    def shown(self) -> bool:
        """It moves by more than its noise, or was looked at for too short a time."""
        if self._seconds < _LEAST:
            return True
        spread, noise, unsure = self._spread()
        return spread - noise >= unsure * noise

    def feed(self, point: Point) -> None:
        """The next step's."""
        if self._skip:
            self._skip -= 1
            return
        self._ahead.append(point)
        if len(self._ahead) > _LEAVES:
            self._take(self._ahead.popleft())

    def _spread(self) -> tuple[float, float, float]:
        """Of whole seconds, what noise makes of it, and how unsure that is as a share of it."""
        n = self._seconds
        middle = sum(total * total for total in self._sums) / n
        noise = _NOISE_KEPT * self._jitter / self._turns / 2.0
        unsure = math.hypot(_STANDARD_ERRORS / math.sqrt(n - 1), _NOISE_UNSURE)
        return (self._square - middle) / (n - 1), noise, unsure

    def _take(self, point: Point) -> None:
        if self._last is not None:
            self._jitter += math.dist(point, self._last) ** 2
            self._turns += 1
        self._last = point
        self._second.append(point)
        if len(self._second) < _SECOND:
            return
        mean = [sum(values) / _SECOND for values in zip(*self._second, strict=True)]
        self._second.clear()
        self._seconds += 1
        sums = self._sums or [0.0] * len(mean)
        self._sums = [total + x for total, x in zip(sums, mean, strict=True)]
        self._square += sum(x * x for x in mean)

"""Is the band on a leg?

Nothing alive keeps as still as a table: with the leg at rest the body still sways, breathes and
pulses by 0.03 degrees and more, slowly. A band that lies shows the noise of its sensor, which is
the same in slow and in fast motion. So the wander of whole seconds is held against both.
"""

from __future__ import annotations

import math
from collections import deque

from tracker.detect.cells import Vector
from tracker.detect.orientation import STEP_S

_SECOND = round(1.0 / STEP_S)
_WINDOW = 10
# Three still windows are asked for, not one: a sleeper is not to be taken for a table.
_OFF_AFTER = 3
# A second's mean of a lying band wanders by the sensor's white noise, 0.005 to 0.02 degrees, which
# is about 0.6 of its step-to-step noise; a leg at rest wanders by three times that noise or more.
_LYING_DEG, _NOISE_SHARE = 0.012, 1.0
# Rougher than any sensor at rest, wider than any sway: handled or walking, which tells nothing.
_ROUGH_DEG, _WIDE_DEG = 0.3, 2.0


class Wear:
    """Folds directions into worn, not worn, or not known yet."""

    def __init__(self) -> None:
        self.worn: bool | None = None
        self._sum = [0.0, 0.0, 0.0]
        self._steps = 0
        self._rough = 0.0
        self._last: Vector | None = None
        self._seconds: deque[tuple[Vector, float]] = deque(maxlen=_WINDOW)
        self._still = 0

    def step(self, up: Vector) -> bool:
        """Take one direction in; True when `worn` has changed."""
        if self._last is not None:
            self._rough += math.dist(up, self._last) ** 2
        self._last = up
        total = self._sum
        total[0] += up[0]
        total[1] += up[1]
        total[2] += up[2]
        self._steps += 1
        if self._steps < _SECOND:
            return False
        x, y, z = (value / _SECOND for value in self._sum)
        self._seconds.append(((x, y, z), self._rough / _SECOND))
        self._sum, self._steps, self._rough = [0.0, 0.0, 0.0], 0, 0.0
        return len(self._seconds) == _WINDOW and self._judge()

    def _judge(self) -> bool:
        wander, noise = self._wander_and_noise()
        self._seconds.clear()
        before = self.worn
        if noise > _ROUGH_DEG or wander > _WIDE_DEG:
            self._still = 0
            if before is None:
                self.worn = True
        elif wander < max(_LYING_DEG, _NOISE_SHARE * noise):
            self._still += 1
            if self._still >= _OFF_AFTER:
                self.worn = False
        else:
            self._still, self.worn = 0, True
        return self.worn is not before

    def _wander_and_noise(self) -> tuple[float, float]:
        """Degrees: the spread of the seconds' means, and of a step against the one before."""
        n = len(self._seconds)
        means = [sum(v[i] for v, _ in self._seconds) / n for i in range(3)]
        wander2 = sum(math.dist(v, means) ** 2 for v, _ in self._seconds) / n
        noise2 = sum(rough for _, rough in self._seconds) / n / 2.0
        return math.degrees(math.sqrt(wander2)), math.degrees(math.sqrt(noise2))

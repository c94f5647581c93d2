"""Is what is kept so still that no leg does it?

A band that lies somewhere shows only its sensor's noise, which is the same from step to step as
over minutes. A leg in a stretch breathes, sways and sinks: slowly, so that the means of whole
seconds move, which noise hardly does.
"""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from tracker.detect.motion.orientation import STEP_S

Point = tuple[float, ...]

# What is put down rings, and what is picked up has begun to move before it is seen to leave: no
# word of the first second, nor of the last two.
_SETTLES, _LEAVES = round(1.0 / STEP_S), round(2.0 / STEP_S)
_SECOND = round(1.0 / STEP_S)
# Of white noise, low-passed, a second's mean keeps so much of the variance that shows from step to
# step (seen: 0.32 to 0.52 where a band lay for half a minute, at 12.5 to 104 Hz).
NOISE_KEPT, _NOISE_UNSURE = 0.42, 0.2
# The seconds of a leg in a stretch have at least this spread of their own. A band that lies has
# less by two standard errors, and within two of them no more than noise explains.
_LEAST_DEG, _STANDARD_ERRORS = 0.06, 2.0
# Fewer seconds do not tell.
_LEAST = 4
# Nor does a leg in a stretch keep still for ten seconds of all that it is held: in the stillest ten
# their means spread by 0.10 degrees at least (372 holds of four models of a body), 0.048 where the
# body hardly sways (435 holds of a fifth), or by more than a share of what it trembles by. On a
# table they spread by a hundredth or two, 0.033 at the most, and by half of the noise.
_WINDOW, _STILL_DEG, _STILL_SHARE = 10, 0.042, 0.8
# A leg that is held up, or bent by a hand, sways: in the median ten seconds of a stretch they
# spread by 0.10 degrees at least (2228 holds of four models of a body), those of a leg that lies
# on an armrest, or on its side, by 0.02 to 0.07.
_LIES_DEG = 0.08

# Nor does it keep within a coarse count on every axis for long: it sinks, sways and is breathed by.
# In 20 s it moves by 33 mg at least, in 10 s by 16 (of 60 such holds of a simulated leg).
_WITHIN_S_PER_MG = 0.65
# For twice as long, whatever else moves there.
_SURELY = 2.0


class Life:
    """Folds points in degrees, one a step, as long as something is kept."""

    def __init__(self, least_jitter_deg: float = 0.0, count_g: float | None = None) -> None:
        """least_jitter_deg: what jitters less may hide in the counts of the sensor how it moves.

        count_g: the count of such a sensor, where it is no more than what a leg moves by.
        """
        self._least_jitter_deg = least_jitter_deg
        self._count_g = count_g
        self._low: Point = (math.inf, math.inf, math.inf)
        self._high: Point = (-math.inf, -math.inf, -math.inf)
        # Points and directions that are not taken in yet.
        self._ahead: list[tuple[Point, Point]] = []
        self._skip = _SETTLES
        self._last: Point | None = None
        self._sums: list[float] = []
        # Of the last seconds: the mean, and the jitter.
        self._window: deque[tuple[Point, float]] = deque(maxlen=_WINDOW)
        self._stood = False
        # Times ten seconds, and those in which it kept as still as a leg that lies.
        self._tens = self._lying = 0
        self._seconds = self._turns = 0
        self._square = self._jitter = 0.0

    @property
    def none(self) -> bool:
        """So still that the band cannot be on a leg that is stretched."""
        if self._seconds < _LEAST:
            return False
        if self._count_g is not None and self._within_a_count(self._count_g):
            return self._seconds >= _SURELY * self._long_s(self._count_g) or not self.shown
        if self._jitter < self._turns * 2.0 * self._least_jitter_deg**2:
            return False
        if self._stood:
            return True
        spread, noise, unsure = self._spread()
        own = spread - noise
        return own < unsure * noise and max(own, 0.0) + unsure * spread < _LEAST_DEG**2

    @property
    def shown(self) -> bool:
        """It moves by more than its noise, or was looked at for too short a time."""
        if self._seconds < _LEAST:
            return True
        spread, noise, unsure = self._spread()
        return spread - noise >= unsure * noise > 0.0

    @property
    def lies(self) -> bool:
        """Mostly it keeps so still that nobody holds it there."""
        return 2 * self._lying > self._tens

    def feed(self, point: Point, up: Point = (0.0, 0.0, 0.0)) -> None:
        """The next step's, and its direction where counts are coarse."""
        if self._skip:
            self._skip -= 1
            return
        self._ahead.append((point, up))
        if len(self._ahead) == _SECOND + _LEAVES:
            second = self._ahead[:_SECOND]
            del self._ahead[:_SECOND]
            self._take([point for point, _ in second])
            if self._count_g is not None:
                self._reach([up for _, up in second])

    def _spread(self) -> tuple[float, float, float]:
        """Of whole seconds, what noise makes of it, and how unsure that is as a share of it."""
        n = self._seconds
        middle = math.fsum(total * total for total in self._sums) / n
        noise = NOISE_KEPT * self._jitter / self._turns / 2.0
        return (self._square - middle) / (n - 1), noise, unsure_share(n - 1)

    def _within_a_count(self, count_g: float) -> bool:
        """For longer than a leg keeps within one, on every axis?"""
        ranges = (high - low for low, high in zip(self._low, self._high, strict=True))
        return self._seconds >= self._long_s(count_g) and max(ranges) < count_g

    def _long_s(self, count_g: float) -> float:
        return _WITHIN_S_PER_MG * 1000.0 * count_g

    def _take(self, points: list[Point]) -> None:
        """The next second."""
        turns = list(pairwise(points if self._last is None else [self._last, *points]))
        jitter = math.fsum(math.dist(before, after) ** 2 for before, after in turns)
        self._last = points[-1]
        self._jitter += jitter
        self._turns += len(turns)
        mean = [math.fsum(values) / _SECOND for values in zip(*points, strict=True)]
        self._seconds += 1
        sums = self._sums or [0.0] * len(mean)
        self._sums = [total + x for total, x in zip(sums, mean, strict=True)]
        self._square += math.fsum(x * x for x in mean)
        self._window.append((tuple(mean), jitter))
        if not self._least_jitter_deg and len(self._window) == _WINDOW:
            self._look_at_ten()

    def _reach(self, ups: list[Point]) -> None:
        """How far the next second's directions reach, axis by axis."""
        self._low = tuple(map(min, self._low, *ups))
        self._high = tuple(map(max, self._high, *ups))

    def _look_at_ten(self) -> None:
        """Were the last ten seconds as still as a table, or as a leg that lies?"""
        means = [mean for mean, _ in self._window]
        middle = [math.fsum(values) / _WINDOW for values in zip(*means, strict=True)]
        spread = math.fsum(math.dist(mean, middle) ** 2 for mean in means) / (_WINDOW - 1)
        noise = math.fsum(jitter for _, jitter in self._window) / (_WINDOW * _SECOND) / 2.0
        self._stood = self._stood or spread < min(_STILL_DEG**2, _STILL_SHARE**2 * noise)
        self._tens += 1
        self._lying += spread < _LIES_DEG**2


def unsure_share(free: int) -> float:
    """How unsure the spread of seconds' means is as a share of it, `free` of them being free.

    Each has two directions; by so many standard errors, and by what noise keeps in them.
    """
    return math.hypot(_STANDARD_ERRORS / math.sqrt(free), _NOISE_UNSURE)

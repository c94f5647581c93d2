"""How finely does the sensor tell one acceleration from the next?

Seen from the samples themselves: the smallest step that any axis has made from one to the next. A
fine part shows it within a few samples, however it is scaled. What is known when goes by the time
of the samples, so that it does not matter how they were cut.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.grid import CELL_US, ONE_G, Ints
from tracker.detect.samples import Block, Floats

# A count of 62 mg turns the direction by 3.6 degrees, one of 125 mg by 7: further than a leg that
# is kept may stray.
COARSE_G = 0.050
# A leg at rest sways by a tenth of a degree, 2 mg. Steps of more than twice that may not show that
# it is worn.
HIDES_SWAY_G = 0.005
# Unless noise dithers them. Where one sample in ten is a count beside the others, the mean of many
# follows a slow move by a third at least, as long as the noise is less than half a count (the slope
# of the mean is that of the normal distribution at its tenth, over the noise; Widrow and Kollar
# 2008, "Quantization noise", chapter 19). Of such flips, in counts squared:
_FLIPS = 0.1 * 0.9
# The low-pass of 1.5 Hz leaves a band of 1.67 Hz of what is white up to half the rate, and two
# thirds of that are new from step to step.
_PASSED_HZ = 2.0 * 1.67 * 0.67
# So many samples tell the rate.
_FOR_RATE = 64


class _Known(NamedTuple):
    """From this time on no step was seen that is smaller than `least`, in 2**-16 g."""

    from_us: float
    least: int


class Grain:
    """Folds samples into the moments from which on the sensor is known to be so fine."""

    def __init__(self) -> None:
        self._last: Ints | None = None
        self._seen = 0
        self._first_us = 0.0
        self._rate_from_us, self._rate_hz = math.inf, math.inf
        self._fine_from_us = math.inf
        self._known: list[_Known] = []

    def feed(self, block: Block) -> None:
        """Take in samples that follow the ones before."""
        if self._fine_from_us < math.inf:
            return
        t_us = np.rint(block.t_s * 1e6)
        acc = np.rint(block.acc_g.T * ONE_G).astype(np.int64)
        before = acc[:, :1] if self._last is None else self._last
        self._last = acc[:, -1:]
        steps = np.abs(acc - np.concatenate([before, acc[:, :-1]], axis=1))
        self._learn(t_us, np.where(steps > 0, steps, np.iinfo(np.int64).max).min(axis=0))
        self._time(t_us)

    def coarse(self, cell: int) -> bool:
        """Up to this cell, have all steps been of COARSE_G and more?"""
        if not self.hides_sway(cell):
            return False
        count_g = self._count_g(cell)
        return count_g is not None and count_g >= COARSE_G

    def hides_sway(self, cell: int) -> bool:
        """Up to this cell, has no step been smaller than HIDES_SWAY_G?"""
        return cell * CELL_US < self._fine_from_us

    def tells_move_g(self, cell: int) -> float | None:
        """The count, where it hides a leg's sway but not what it moves by in some ten seconds."""
        if not self.hides_sway(cell):
            return None
        count_g = self._count_g(cell)
        return count_g if count_g is not None and count_g < COARSE_G else None

    def least_jitter_deg(self, cell: int) -> float:
        """Directions that jitter less than this, low-passed, may hide how the leg moves slowly.

        As seen up to this cell: 0 where the sensor is fine, inf where nothing is known of it.
        """
        if not self.hides_sway(cell):
            return 0.0
        count_g = self._count_g(cell)
        if count_g is None or cell * CELL_US < self._rate_from_us:
            return math.inf
        return math.degrees(count_g) * math.sqrt(_FLIPS * _PASSED_HZ / self._rate_hz)

    def _count_g(self, cell: int) -> float | None:
        """The smallest step up to this cell, None before the first."""
        known = [least for from_us, least in self._known if from_us <= cell * CELL_US]
        return known[-1] / ONE_G if known else None

    def _learn(self, t_us: Floats, steps: Ints) -> None:
        """steps: the smallest of each sample."""
        least = self._known[-1].least if self._known else np.iinfo(np.int64).max
        so_far = np.minimum.accumulate(np.concatenate([[least], steps]))
        lower = (so_far[1:] < so_far[:-1]).nonzero()[0]
        self._known += [_Known(t_us.item(k), steps.item(k)) for k in lower]
        fine = (known.from_us for known in self._known if known.least < HIDES_SWAY_G * ONE_G)
        self._fine_from_us = next(fine, math.inf)

    def _time(self, t_us: Floats) -> None:
        """Learn the rate from the first samples."""
        before, self._seen = self._seen, self._seen + len(t_us)
        if not before:
            self._first_us = t_us.item(0)
        if before < _FOR_RATE <= self._seen:
            self._rate_from_us = t_us.item(_FOR_RATE - before - 1)
            self._rate_hz = (_FOR_RATE - 1) * 1e6 / (self._rate_from_us - self._first_us)

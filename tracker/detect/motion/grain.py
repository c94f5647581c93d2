"""How finely does the sensor tell one acceleration from the next?

Seen from the samples themselves: the smallest step that any axis has made from one to the next. A
fine part shows it within a few samples, however it is scaled. What is known when goes by the time
of the samples, so that it does not matter how they were cut.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tracker.detect.motion.grid import CELL_US, ONE_G, Ints
from tracker.detect.samples import Block, Floats

# A count of 62 mg turns the direction by 3.6 degrees, one of 125 mg by 7: further than a leg that
# is kept may stray.
COARSE_G = 0.050
# A leg at rest sways by a tenth of a degree, 2 mg. Coarser steps may not show that it is worn.
HIDES_SWAY_G = 0.010


class Grain:
    """Folds samples into the moments from which on the sensor is known to be so fine."""

    def __init__(self) -> None:
        self._last: Ints | None = None
        self._moved_us = self._finer_us = self._fine_us = math.inf

    def feed(self, block: Block) -> None:
        """Take in samples that follow the ones before."""
        if self._fine_us < math.inf:
            return
        acc = np.rint(block.acc_g.T * ONE_G).astype(np.int64)
        before = acc[:, :1] if self._last is None else self._last
        self._last = acc[:, -1:]
        steps = np.abs(acc - np.concatenate([before, acc[:, :-1]], axis=1))
        least = np.where(steps > 0, steps, np.iinfo(np.int64).max).min(axis=0)
        self._moved_us = min(self._moved_us, _first_us(block.t_s, steps.any(axis=0)))
        self._finer_us = min(self._finer_us, _first_us(block.t_s, least < COARSE_G * ONE_G))
        self._fine_us = _first_us(block.t_s, least < HIDES_SWAY_G * ONE_G)

    def coarse(self, cell: int) -> bool:
        """Up to this cell, have all steps been of COARSE_G and more?"""
        return self._moved_us <= cell * CELL_US < self._finer_us

    def hides_sway(self, cell: int) -> bool:
        """Up to this cell, has no step been smaller than HIDES_SWAY_G?"""
        return cell * CELL_US < self._fine_us


def _first_us(t_s: Floats, is_so: NDArray[np.bool_]) -> float:
    at = is_so.nonzero()[0]
    return round(float(t_s[at[0]]) * 1e6) if len(at) else math.inf

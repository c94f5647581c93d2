"""Where are the cells of the last seconds?"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.motion.grain import Grain
from tracker.detect.motion.grid import CELL_S
from tracker.detect.samples import Floats

Vector = tuple[float, float, float]


def angle_deg(a: Vector, b: Vector) -> float:
    """Between two unit vectors."""
    return math.degrees(2.0 * math.asin(min(1.0, 0.5 * math.dist(a, b))))


def unit(v: Vector) -> Vector:
    """The direction of v."""
    x, y, z = v
    n = math.sqrt(x * x + y * y + z * z) or 1.0
    return (x / n, y / n, z / n)


def unit_of(v: Floats) -> Vector:
    """The direction of an array of three."""
    x, y, z = v.tolist()
    return unit((x, y, z))


def cell_s(k: float) -> float:
    """The middle of cell k."""
    return (k - 0.5) * CELL_S


class Cells:
    """The last seconds of cells, x, y, z in g, by their number; `grain`: of the sensor."""

    _KEPT = 250

    def __init__(self, grain: Grain | None = None) -> None:
        self.grain = grain or Grain()
        self._first = 0
        self._acc = np.empty((3, 0))
        # Joined only when somebody looks: most cells are never looked at.
        self._later: list[Floats] = []
        self._count = 0

    def add(self, first: int, acc: Floats) -> None:
        """Cells that follow the ones before, (3, m)."""
        if self._count > 2 * self._KEPT:
            self._join()
            self._acc, self._count = self._acc[:, -self._KEPT :], self._KEPT
        self._later.append(acc)
        self._count += acc.shape[1]
        self._first = first + acc.shape[1] - self._count

    @property
    def last(self) -> int | None:
        """The number of the last cell."""
        return self._first + self._count - 1 if self._count else None

    def span(self, first: int, last: int) -> tuple[int, Floats]:
        """The number of the first cell, and (n, 3) cells first <= k <= last as far as kept."""
        self._join()
        first = max(first, self._first)
        return first, self._acc[:, first - self._first : last - self._first + 1].T

    def _join(self) -> None:
        if self._later:
            self._acc = np.concatenate([self._acc, *self._later], axis=1)
            self._later.clear()

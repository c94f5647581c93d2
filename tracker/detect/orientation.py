"""Where is up in the band's axes, how fast does that turn, and how restless is the leg?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracker.detect.cells import Vector
from tracker.detect.filters import butterworth, lfilter, settled
from tracker.detect.grid import CELL_S, CELLS_HZ
from tracker.detect.samples import Floats

# Gravity is what is left below 1.5 Hz: breathing (0.05-0.5 Hz) and the turning of a slow leg pass,
# muscle tremor (3-12 Hz) and heel strikes do not.
GRAVITY_HZ = 1.5
_B, _A = butterworth(GRAVITY_HZ, CELLS_HZ)
_SETTLED = settled(_B, _A)

# Slow motion shows so late in a step: the filter's delay (sqrt(2) / (2 pi f)) and half a cell.
GRAVITY_DELAY_S = 0.17

# Whatever rests feels 1 g. A sensor that feels less than this for a second is dead or falls: it has
# no up, and it is not calm.
LEAST_G = 0.3
_NOWHERE: Floats = np.array([[0.0], [1.0], [0.0]])

CELLS_A_STEP = 5
STEP_S = CELLS_A_STEP * CELL_S


@dataclass(frozen=True, slots=True)
class Steps:
    """Fifths of a second: step j ends with cell 5 j.

    first:   number of the first step.
    up:      (3, m) unit vectors, the direction of up in band axes, 1.5 Hz low-passed.
    rate:    (m,) degrees a second by which `up` turned over the last two steps.
    unrest:  (m,) g, root mean square of what is not gravity.
    """

    first: int
    up: Floats
    rate: Floats
    unrest: Floats

    def rows(self) -> Rows:
        ups = list(zip(*self.up.tolist(), strict=True))
        return Rows(self.first, ups, self.rate.tolist(), self.unrest.tolist())


class Rows(NamedTuple):
    """Steps as plain numbers, for what looks at them one after the other."""

    first: int
    ups: list[Vector]
    rates: list[float]
    unrests: list[float]


class Orientation:
    """Cells in, steps out; carries the filter's state and the cells of an unfinished step."""

    def __init__(self) -> None:
        self._zi: Floats | None = None
        self._left = np.empty((4, 0))
        self._last_ups: Floats | None = None

    def feed(self, first: int, cells: Floats) -> Steps:
        """`cells` as Grid gives them, following the ones before without a gap."""
        acc = cells[:3]
        if self._zi is None:
            # A filter that starts as if the leg had always been so has no start-up swing.
            self._zi = acc[:, :1] * _SETTLED
        low, self._zi = lfilter(_B, _A, acc, 1, self._zi)
        left = self._left.shape[1]
        rows = np.empty((4, left + cells.shape[1]))
        rows[:, :left] = self._left
        rows[:3, left:] = low
        # Mean square of the distance between felt and low-passed: the cell's own spread included.
        rows[3, left:] = cells[3] + dot(low, low - 2.0 * acc)
        return self._steps(first - left, rows)

    def _steps(self, first: int, rows: Floats) -> Steps:
        begin = (1 - first) % CELLS_A_STEP if self._last_ups is None else 0
        count = max(rows.shape[1] - begin, 0) // CELLS_A_STEP
        end = begin + count * CELLS_A_STEP
        self._left = rows[:, end:].copy() if count else rows
        if not count:
            return Steps(0, np.empty((3, 0)), np.empty(0), np.empty(0))
        low = rows[:3, begin + CELLS_A_STEP - 1 : end : CELLS_A_STEP]
        length = np.sqrt(dot(low, low))
        felt = length > LEAST_G
        up = np.where(felt, low / np.maximum(length, 1e-3), _NOWHERE)
        each = rows[3, begin:end].reshape(count, CELLS_A_STEP)
        mean = np.add.accumulate(each, axis=1)[:, -1] / CELLS_A_STEP
        unrest = np.where(felt, np.sqrt(np.maximum(mean, 0.0)), 1.0)
        number = (first + end - 1) // CELLS_A_STEP - count + 1
        return Steps(number, up, self._rate(up), unrest)

    def _rate(self, up: Floats) -> Floats:
        before = np.repeat(up[:, :1], 2, axis=1) if self._last_ups is None else self._last_ups
        row = np.concatenate([before, up], axis=1)
        self._last_ups = row[:, -2:]
        turned = row[:, 2:] - row[:, :-2]
        return np.sqrt(dot(turned, turned)) * (math.degrees(0.5) / STEP_S)


def dot(a: Floats, b: Floats) -> Floats:
    """Of vectors whose parts are the first axis."""
    # Written out: the order of a library's sum may depend on where an array lies in memory.
    product = a * b
    total: Floats = product[0] + product[1] + product[2]
    return total

"""Where is up in the band's axes, how fast does that turn, and how restless is the leg?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.cells import Vector
from tracker.detect.motion.filters import butterworth, lfilter, settled
from tracker.detect.motion.grid import CELL_S, CELLS_HZ
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
_NOWHERE: Vector = (0.0, 1.0, 0.0)

CELLS_A_STEP = 5
STEP_S = CELLS_A_STEP * CELL_S


# So few steps, a block of a band, are quicker made one after the other than as arrays.
_FEW = 12
# From the chord between two directions that are two steps apart to degrees a second.
_DEG_S = math.degrees(0.5) / STEP_S
_TWO = np.array(2.0)


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


class Rows(NamedTuple):
    """Steps as plain numbers, for what looks at them one after the other.

    up:     the directions once more, (3, m), where they are many; None: who wants it makes it.
    most_rate, most_unrest: the greatest of them.
    unseen: the first ones of them show what may have been while samples were missing: so many.
    """

    first: int
    up: Floats | None
    ups: list[Vector]
    rates: list[float]
    unrests: list[float]
    most_rate: float = 0.0
    most_unrest: float = 0.0
    unseen: int = 0

    def part(self, row: int, end: int) -> Floats | None:
        """The directions of these rows as `up`."""
        return None if self.up is None else self.up[:, row:end]

    def times_s(self, row: int, end: int) -> list[float]:
        """When these rows end."""
        first, last = self.first + row, self.first + end
        if self.up is None or end - row <= _FEW:
            return [j * STEP_S for j in range(first, last)]
        times_s: list[float] = (np.arange(first, last) * STEP_S).tolist()
        return times_s

    def along(self, row: int, end: int) -> tuple[float, float]:
        """The least and the greatest y of these rows."""
        if self.up is None or end - row <= _FEW:
            ys = [y for _, y, _ in self.ups[row:end]]
            return min(ys), max(ys)
        y = self.up[1, row:end]
        return y.min().item(), y.max().item()

    def steps(self, count: int) -> Steps:
        """Those of the first of them that were seen, as arrays."""
        seen = slice(self.unseen, max(count, self.unseen))
        rates, unrests = np.array(self.rates[seen]), np.array(self.unrests[seen])
        up = np.array(self.ups[seen]).reshape(-1, 3).T if self.up is None else self.up[:, seen]
        return Steps(self.first + self.unseen, up, rates, unrests)


class Orientation:
    """Cells in, steps out; carries the filter's state and the cells of an unfinished step."""

    def __init__(self) -> None:
        self._zi: Floats | None = None
        # Of the cells of an unfinished step, what is not gravity, squared.
        self._left: list[float] = []
        self._last_ups: tuple[Vector, Vector] | None = None

    def feed(self, first: int, cells: Floats) -> Rows:
        """`cells` as Grid gives them, following the ones before without a gap."""
        acc = cells[:3]
        if self._zi is None:
            # A filter that starts as if the leg had always been so has no start-up swing.
            self._zi = acc[:, :1] * _SETTLED
        low, self._zi = lfilter(_B, _A, acc, 1, self._zi)
        # Mean square of the distance between felt and low-passed: the cell's own spread included.
        squares = cells[3] + dot(low, low - acc * _TWO)
        return self._steps(first, low, squares)

    def _steps(self, first: int, low: Floats, squares: Floats) -> Rows:
        """first: the cell of the first column."""
        left = len(self._left)
        begin = 0 if self._last_ups else (1 - first + left) % CELLS_A_STEP
        count = max(left + len(squares) - begin, 0) // CELLS_A_STEP
        if not count:
            self._left += squares.tolist()
            return Rows(0, None, [], [], [])
        end = begin + count * CELLS_A_STEP
        number = (first - left + end - 1) // CELLS_A_STEP - count + 1
        low = low[:, begin + CELLS_A_STEP - 1 - left :: CELLS_A_STEP]
        if count > _FEW:
            every = np.concatenate((self._left, squares))
            self._left = every[end:].tolist()
            return self._many(number, low, every[begin:end])
        each = self._left + squares.tolist()
        self._left = each[end:]
        return self._few(number, low, each[begin:end])

    def _few(self, number: int, low: Floats, squares: list[float]) -> Rows:
        """As `_many`, to the last bit."""
        ups: list[Vector] = []
        rates, unrests = [], []
        before, last = self._last_ups or (None, None)
        k = 0
        for x, y, z in low.T.tolist():
            length = math.sqrt(x * x + y * y + z * z)
            if length > LEAST_G:
                up = (x / length, y / length, z / length)
                a, b, c, d, e = squares[k : k + CELLS_A_STEP]
                unrest = math.sqrt(max((a + b + c + d + e) / CELLS_A_STEP, 0.0))
            else:
                up, unrest = _NOWHERE, 1.0
            if before is None or last is None:
                before = last = up
            dx, dy, dz = up[0] - before[0], up[1] - before[1], up[2] - before[2]
            before, last = last, up
            ups.append(up)
            rates.append(math.sqrt(dx * dx + dy * dy + dz * dz) * _DEG_S)
            unrests.append(unrest)
            k += CELLS_A_STEP
        if before is not None and last is not None:
            self._last_ups = (before, last)
        return Rows(number, None, ups, rates, unrests, max(rates), max(unrests))

    def _many(self, number: int, low: Floats, squares: Floats) -> Rows:
        length = np.sqrt(dot(low, low))
        felt = length > LEAST_G
        up = np.where(felt, low / np.maximum(length, 1e-3), np.array([_NOWHERE]).T)
        unrest2 = mean(squares.reshape(-1, CELLS_A_STEP))
        unrest = np.where(felt, np.sqrt(np.maximum(unrest2, 0.0)), 1.0)
        ups = list(zip(*up.tolist(), strict=True))
        before = np.array(self._last_ups or (ups[0], ups[0])).T
        self._last_ups = (ups[-2], ups[-1])
        row = np.concatenate([before, up], axis=1)
        turned = row[:, 2:] - row[:, :-2]
        rate = np.sqrt(dot(turned, turned)) * _DEG_S
        most = rate.max().item(), unrest.max().item()
        return Rows(number, up, ups, rate.tolist(), unrest.tolist(), *most)


def dot(a: Floats, b: Floats) -> Floats:
    """Of vectors whose parts are the first axis."""
    # Written out: the order of a library's sum may depend on where an array lies in memory.
    product = a * b
    total: Floats = product[0] + product[1] + product[2]
    return total


def mean(values: Floats) -> Floats:
    """Over the last axis; added in their order, so that it is the same in any array."""
    count = values.shape[-1]
    if count <= CELLS_A_STEP:  # so short an axis is quicker added column by column
        total: Floats = values[..., 0].copy()
        for k in range(1, count):
            total += values[..., k]
    else:
        total = np.add.accumulate(values, axis=-1)[..., -1]
    of_row: Floats = total / count
    return of_row

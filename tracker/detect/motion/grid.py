"""Which acceleration was felt in each twenty-fifth of a second, whatever the sampling?

Samples come at any rate, with jitter, cut anywhere. Everything behind works on cells of 40 ms that
lie fixed on the band's clock. A cell is the mean of the straight lines between the samples: an
integral, so no rate is favoured and averaging is also the guard against aliasing.

The integrals run in whole numbers (2**-16 g, microseconds) from edge to edge of a cell, and begin
anew with each block. Sums of whole numbers have no rounding, so the same samples give the same
cells to the bit however they were cut. They are held as floats, which are whole up to 2**53: 10 g
for ten minutes, which no block is longer than (session.py). Only running sums are of integers: each
waits for the one before, and an integer is added in a fraction of the time.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracker.detect.samples import Block, Floats

Ints = NDArray[np.int64]

CELL_US = 40_000
CELL_S = CELL_US * 1e-6
CELLS_HZ = 25.0
ONE_G = 65_536

# A small block costs as many calls as it takes, so its columns go through them together; a number
# that is an array already costs a call a third of what a plain one does.
_US, _COUNTS = np.array(1e6), np.array(float(ONE_G))
_SQUARE: Floats = np.full(3, 1.0 / ONE_G)
_TWO: Floats = np.array(2.0)
_MEAN: Floats = np.array(0.5 / (CELL_US * ONE_G))

# To count the samples of each cell is quicker than to search for edges among so many.
_MANY = 1000


class Grid:
    """Folds samples without a gap into cells; carries the last sample and the integral since."""

    def __init__(self) -> None:
        # Of the last sample: microseconds, x, y, z, |a|^2.
        self._last: Floats | None = None
        # Twice the integral of those since the last edge, which was the one before `_edge`.
        self._since: Floats = np.zeros(4)
        self._edge = 0
        self._begun = False

    def feed(self, block: Block) -> tuple[int, Floats]:
        """Cells finished by the block: the number of the first and (4, m) means of x, y, z, |a|^2.

        Cell k covers the time from (k - 1) to k twenty-fifths of a second.
        """
        points = self._join(block)
        felt = points[1:]
        area = felt[:, 1:] + felt[:, :-1]
        area *= points[0, 1:] - points[0, :-1]
        sums = np.empty((4, points.shape[1]), np.int64)
        sums[:, 0] = self._since
        sums[:, 1:] = area
        np.add.accumulate(sums, 1, None, sums)
        first, last = self._edge, int(points.item(0, -1)) // CELL_US
        if last < first:
            self._since = sums[:, -1].astype(np.float64)
            return first, np.empty((4, 0))
        self._edge = last + 1
        edges_us = np.arange(first * CELL_US, last * CELL_US + 1.0, CELL_US)
        at_edges = _integral_at(edges_us, points, sums)
        self._since = sums[:, -1] - at_edges[:, -1]
        cells = at_edges.copy()
        cells[:, 1:] -= at_edges[:, :-1]
        cells *= _MEAN
        if not self._begun:
            self._begun = True
            return first + 1, cells[:, 1:]  # the first edge of all begins a cell and ends none
        return first, cells

    def _join(self, block: Block) -> Floats:
        """The samples as whole numbers, (5, n + 1) as of `_last`, which stands in front.

        In front of the very first one it is the same, a microsecond earlier.
        """
        acc = block.acc_g * _COUNTS
        np.rint(acc, acc)
        points = np.empty((5, len(acc) + 1))
        np.rint(block.t_s * _US, points[0, 1:])
        points[1:4, 1:] = acc.T
        np.floor((acc * acc).dot(_SQUARE), points[4, 1:])
        if self._last is None:
            points[:, 0] = points[:, 1]
            points[0, 0] -= 1.0
            self._edge = -(-int(points.item(0, 1)) // CELL_US)
        else:
            points[:, 0] = self._last
        self._last = points[:, -1].copy()
        return points


def _reached(t_us: Floats, edges_us: Floats) -> NDArray[np.intp]:
    """Which of the times is the first one at or after each edge?

    The first time of all is in the cell that ends with the first edge.
    """
    if len(t_us) < _MANY:
        return t_us.searchsorted(edges_us)
    cells = np.floor(t_us / CELL_US)
    in_cell = np.bincount((cells - cells[0]).astype(np.intp))
    reached: NDArray[np.intp] = np.add.accumulate(in_cell)[: len(edges_us)]
    return reached


def _integral_at(edges_us: Floats, points: Floats, sums: Ints) -> Floats:
    """Twice the integral of the polyline up to each edge.

    sums: the integral up to each point.
    """
    i = _reached(points[0], edges_us)
    onward = points.take(i, 1)
    i -= 1
    before: Floats = points.take(i, 1)
    onward -= before
    into_us = edges_us - before[0]
    at_edges = before[1:]
    at_edges *= into_us * _TWO
    at_edges += sums.take(i, 1)
    bends = onward[1:]
    bends *= into_us * into_us / onward[0]
    at_edges += np.rint(bends, bends)
    return at_edges

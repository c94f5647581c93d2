"""Which acceleration was felt in each twenty-fifth of a second, whatever the sampling?

Samples come at any rate, with jitter, cut anywhere. Everything behind works on cells of 40 ms that
lie fixed on the band's clock. A cell is the mean of the straight lines between the samples: an
integral, so no rate is favoured and averaging is also the guard against aliasing.

The integrals run in whole numbers (2**-16 g, microseconds). Integer sums have no rounding, so the
same samples give the same cells to the bit however they were cut, and also when the sum began
elsewhere; a wrap-around of the running sum cancels in the difference of two edges.
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

# A small block costs as many calls as it takes, so its four columns go through them together; a
# number that is an array already costs a call a third of what a plain one does.
_COUNTS: Floats = np.array([[1e6], [ONE_G], [ONE_G], [ONE_G]])
_TWO, _FRACTION = np.array(2), np.array(ONE_G.bit_length() - 1)
_MEAN: Floats = np.array(0.5 / (CELL_US * ONE_G))


class Grid:
    """Folds samples without a gap into cells; carries the last sample and the running integral."""

    def __init__(self) -> None:
        self._begun = False
        # Of the last sample: microseconds, x, y, z, |a|^2, and the integrals of those four till it.
        self._last: Ints = np.zeros(9, np.int64)
        self._edge = 0
        self._at_edge: Ints | None = None

    def feed(self, block: Block) -> tuple[int, Floats]:
        """Cells finished by the block: the number of the first and (4, m) means of x, y, z, |a|^2.

        Cell k covers the time from (k - 1) to k twenty-fifths of a second.
        """
        lines = self._join(block)
        t_us, acc, sums = lines[0], lines[1:5], lines[5:]
        area = sums[:, 1:]
        np.add(acc[:, 1:], acc[:, :-1], out=area)
        area *= t_us[1:] - t_us[:-1]
        np.add.accumulate(sums, axis=1, out=sums)
        self._last = lines[:, -1].copy()
        edges_us = np.arange(self._edge * CELL_US, t_us.item(-1) + 1, CELL_US)
        return self._cells(_integral_at(edges_us, lines))

    def _join(self, block: Block) -> Ints:
        """The samples as integers, in rows as of `_last`, the integrals not filled in: (9, n + 1).

        The sample before stands in front. In front of the very first one it is the same, a
        microsecond earlier.
        """
        felt = np.empty((4, len(block.t_s)))
        felt[0], felt[1:] = block.t_s, block.acc_g.T
        felt *= _COUNTS
        lines = np.empty((9, len(block.t_s) + 1), np.int64)
        new = lines[:, 1:]
        new[:4] = np.rint(felt, out=felt)
        acc = new[1:4]
        new[4] = np.add.reduce(acc * acc) >> _FRACTION
        if not self._begun:
            self._begun = True
            self._last[:5] = new[:5, 0]
            self._last[0] -= 1
            self._edge = -(-new.item(0) // CELL_US)
        lines[:, 0] = self._last
        return lines

    def _cells(self, at_edges: Ints) -> tuple[int, Floats]:
        """Means between the edges; the first edge of all begins a cell and ends none."""
        first, count = self._edge, at_edges.shape[1]
        if not count:
            return first, np.empty((4, 0))
        self._edge += count
        if self._at_edge is None:
            first += 1
        else:
            at_edges = np.concatenate((self._at_edge, at_edges), axis=1)
        self._at_edge = at_edges[:, -1:]
        between: Floats = (at_edges[:, 1:] - at_edges[:, :-1]).astype(np.float64)
        between *= _MEAN
        return first, between


def _integral_at(edges_us: Ints, lines: Ints) -> Ints:
    """Twice the integral of the polyline up to each edge."""
    i = lines[0].searchsorted(edges_us)
    after = lines[:5].take(i, axis=1)
    i -= 1
    before: Ints = lines.take(i, axis=1)
    into, acc, integral = edges_us - before[0], before[1:5], before[5:]
    onward = (after - before[:5]).astype(np.float64)
    acc *= into * _TWO
    integral += acc
    into_us = into.astype(np.float64)
    bend = onward[1:]
    bend *= into_us * into_us / onward[0]
    integral += np.rint(bend, out=bend).astype(np.int64)
    return integral

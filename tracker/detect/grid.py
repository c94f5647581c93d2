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


class Grid:
    """Folds samples without a gap into cells; carries the last sample and the running integral."""

    def __init__(self) -> None:
        self._t_us: np.int64 | None = None
        # Columns x, y, z, |a|^2 of the last sample, and their integrals up to it.
        self._last: Ints = np.zeros((8, 1), np.int64)
        self._edge = 0
        self._at_edge: Ints | None = None

    def feed(self, block: Block) -> tuple[int, Floats]:
        """Cells finished by the block: the number of the first and (4, m) means of x, y, z, |a|^2.

        Cell k covers the time from (k - 1) to k twenty-fifths of a second.
        """
        t_us, lines = self._join(block)
        steps = t_us[1:] - t_us[:-1]
        acc, sums = lines[:4], lines[4:]
        area = sums[:, 1:]
        np.add(acc[:, 1:], acc[:, :-1], out=area)
        area *= steps
        np.add.accumulate(sums, axis=1, out=sums)
        edges_us = np.arange(self._edge * CELL_US, t_us.item(-1) + 1, CELL_US)
        at_edges = _integral_at(edges_us, t_us, lines, steps)
        self._t_us, self._last = t_us[-1], lines[:, -1:]
        return self._cells(at_edges)

    def _join(self, block: Block) -> tuple[Ints, Ints]:
        """Microseconds (n + 1,); acceleration, and room for its integrals, (8, n + 1).

        The sample before stands in front. In front of the very first one it is the same, a
        microsecond earlier.
        """
        t_us = np.empty(len(block.t_s) + 1, np.int64)
        lines = np.empty((8, len(t_us)), np.int64)
        t_us[1:] = np.rint(block.t_s * 1e6)
        acc = lines[:3, 1:]
        np.rint(block.acc_g.T * ONE_G, out=acc, casting="unsafe")
        x2, y2, z2 = acc * acc
        np.right_shift(x2 + y2 + z2, 16, out=lines[3, 1:])
        if self._t_us is None:
            self._t_us = t_us[1] - 1
            self._last[:4] = lines[:4, 1:2]
            self._edge = -(-t_us.item(1) // CELL_US)
        t_us[0] = self._t_us
        lines[:, :1] = self._last
        return t_us, lines

    def _cells(self, at_edges: Ints) -> tuple[int, Floats]:
        """Means between the edges; the first edge of all begins a cell and ends none."""
        first, count = self._edge, at_edges.shape[1]
        if not count:
            return first, np.empty((4, 0))
        self._edge += count
        if self._at_edge is None:
            first += 1
        else:
            at_edges = np.concatenate([self._at_edge, at_edges], axis=1)
        self._at_edge = at_edges[:, -1:]
        between = at_edges[:, 1:] - at_edges[:, :-1]
        return first, between.astype(np.float64) * (0.5 / (CELL_US * ONE_G))


def _integral_at(edges_us: Ints, t_us: Ints, lines: Ints, steps: Ints) -> Ints:
    """Twice the integral of the polyline up to each edge."""
    i = t_us.searchsorted(edges_us) - 1
    into = edges_us - t_us.take(i)
    before = lines.take(i, axis=1)
    acc, integral = before[:4], before[4:]
    bend = lines[:4].take(i + 1, axis=1) - acc
    acc *= 2 * into
    integral += acc
    integral += np.rint(into * into / steps.take(i) * bend).astype(np.int64)
    return integral

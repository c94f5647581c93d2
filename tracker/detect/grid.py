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
        self._acc: Ints = np.empty(4, np.int64)
        self._sum: Ints = np.zeros(4, np.int64)
        self._edge = 0
        self._at_edge: Ints | None = None

    def feed(self, block: Block) -> tuple[int, Floats]:
        """Cells finished by the block: the number of the first and (4, m) means of x, y, z, |a|^2.

        Cell k covers the time from (k - 1) to k twenty-fifths of a second.
        """
        t_us, acc = self._join(block)
        steps = t_us[1:] - t_us[:-1]
        sums = np.empty_like(acc)
        sums[:, 0] = self._sum
        area = acc[:, 1:] + acc[:, :-1]
        area *= steps
        area[:, 0] += self._sum
        area.cumsum(axis=1, out=sums[:, 1:])
        edges_us = np.arange(self._edge * CELL_US, int(t_us[-1]) + 1, CELL_US, dtype=np.int64)
        at_edges = _integral_at(edges_us, t_us, acc, steps, sums)
        self._t_us, self._acc, self._sum = t_us[-1], acc[:, -1].copy(), sums[:, -1].copy()
        return self._cells(at_edges)

    def _join(self, block: Block) -> tuple[Ints, Ints]:
        """Microseconds (n + 1,) and acceleration (4, n + 1), the sample before in front.

        In front of the very first one it stands itself: no time passes between the two.
        """
        acc = np.empty((4, len(block) + 1), np.int64)
        t_us = np.empty(len(block) + 1, np.int64)
        np.rint(block.t_s * 1e6, out=t_us[1:], casting="unsafe")
        new = acc[:, 1:]
        np.rint(block.acc_g.T * ONE_G, out=new[:3], casting="unsafe")
        square = new[:3] * new[:3]
        np.right_shift(square[0] + square[1] + square[2], 16, out=new[3])
        if self._t_us is None:
            t_us[0], acc[:, 0] = t_us[1], acc[:, 1]
            self._edge = -(-int(t_us[0]) // CELL_US)
        else:
            t_us[0], acc[:, 0] = self._t_us, self._acc
        return t_us, acc

    def _cells(self, at_edges: Ints) -> tuple[int, Floats]:
        """Means between the edges; the first edge of all begins a cell and ends none."""
        first = self._edge
        if not at_edges.shape[1]:
            return first, np.empty((4, 0))
        self._edge += at_edges.shape[1]
        last = at_edges[:, -1:].copy()
        if self._at_edge is None:
            first, self._at_edge, at_edges = first + 1, at_edges[:, :1], at_edges[:, 1:]
        between = np.empty_like(at_edges)
        np.subtract(at_edges[:, :1], self._at_edge, out=between[:, :1])
        np.subtract(at_edges[:, 1:], at_edges[:, :-1], out=between[:, 1:])
        self._at_edge = last
        means = between.astype(np.float64) * (0.5 / (CELL_US * ONE_G))
        return first, means


def _integral_at(edges_us: Ints, t_us: Ints, acc: Ints, steps: Ints, sums: Ints) -> Ints:
    """Twice the integral of the polyline up to each edge."""
    i = t_us.searchsorted(edges_us) - 1
    np.maximum(i, 0, out=i)
    into = edges_us - t_us.take(i)
    before = acc.take(i, axis=1)
    bend = acc.take(i + 1, axis=1) - before
    before *= 2 * into
    before += sums.take(i, axis=1)
    before += np.rint(into * into / np.maximum(steps.take(i), 1) * bend).astype(np.int64)
    return before

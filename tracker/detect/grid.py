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
        self._t_us: Ints = np.empty(0, np.int64)
        self._acc: Ints = np.empty((0, 4), np.int64)
        self._sum: Ints = np.zeros(4, np.int64)
        self._edge = 0
        self._at_edge: Ints | None = None

    def feed(self, block: Block) -> tuple[int, Floats]:
        """Cells finished by the block: the number of the first and (m, 4) means of x, y, z, |a|^2.

        Cell k covers the time from (k - 1) to k twenty-fifths of a second.
        """
        t_us, acc = self._join(block)
        steps = t_us[1:] - t_us[:-1]
        sums = np.empty_like(acc)
        sums[0] = self._sum
        np.cumsum((acc[1:] + acc[:-1]) * steps[:, None], axis=0, out=sums[1:])
        sums[1:] += self._sum
        if self._at_edge is None and self._edge == 0:
            self._edge = -(-int(t_us[0]) // CELL_US)
        edges = np.arange(self._edge, int(t_us[-1]) // CELL_US + 1, dtype=np.int64)
        at_edges = _integral_at(edges * CELL_US, t_us, acc, steps, sums)
        self._t_us, self._acc, self._sum = t_us[-1:], acc[-1:], sums[-1]
        return self._cells(edges, at_edges)

    def _join(self, block: Block) -> tuple[Ints, Ints]:
        acc = np.empty((len(block), 4), np.int64)
        np.rint(block.acc_g * ONE_G, out=acc[:, :3], casting="unsafe")
        x, y, z = acc[:, 0], acc[:, 1], acc[:, 2]
        acc[:, 3] = (x * x + y * y + z * z) >> 16
        t_us = np.rint(block.t_s * 1e6).astype(np.int64)
        return np.concatenate([self._t_us, t_us]), np.concatenate([self._acc, acc])

    def _cells(self, edges: Ints, at_edges: Ints) -> tuple[int, Floats]:
        if not len(edges):
            return self._edge, np.empty((0, 4))
        first = int(edges[0])
        if self._at_edge is None:
            first += 1
        else:
            at_edges = np.concatenate([self._at_edge, at_edges])
        self._at_edge = at_edges[-1:]
        self._edge = int(edges[-1]) + 1
        means: Floats = (at_edges[1:] - at_edges[:-1]).astype(np.float64) * (
            0.5 / (CELL_US * ONE_G)
        )
        return first, means


def _integral_at(edges_us: Ints, t_us: Ints, acc: Ints, steps: Ints, sums: Ints) -> Ints:
    """Twice the integral of the polyline up to each edge."""
    if len(t_us) == 1:
        return np.repeat(sums[:1], len(edges_us), axis=0)
    i = np.minimum(np.maximum(t_us.searchsorted(edges_us) - 1, 0), len(steps) - 1)
    into = edges_us - t_us[i]
    bend = (into * into / np.maximum(steps[i], 1))[:, None] * (acc[i + 1] - acc[i])
    whole: Ints = sums[i] + 2 * acc[i] * into[:, None] + np.rint(bend).astype(np.int64)
    return whole

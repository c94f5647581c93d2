"""What may the leg have felt while samples were missing for a moment?

What it takes at the least to get from what was felt before to what was felt after. A leg that was
still before and moves after has set out as late as it must have, at a steady acceleration, for how
far it has come and how fast it goes; the other way round, it has arrived as soon. One that was
still on both sides went smoothly, one that moved on both went straight. How strongly it is pulled
changes evenly: no height is gained or lost out of sight.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from tracker.detect.motion.grid import CELLS_HZ
from tracker.detect.motion.orientation import LEAST_G, dot, mean
from tracker.detect.samples import Floats

# A fifth of a second on either side: two swings of a tremble (8 to 12 Hz) cancel in its mean.
AROUND = 5
# The slope of five cells is unsure by so much where a leg shakes: slower, it may be still.
_MOVES_DEG_S = 20.0


class Bridge:
    """Waits for the cells behind the gap, and fills it."""

    def __init__(self, from_s: float, last: int, before: Floats) -> None:
        """from_s: when sight was lost. before: (3, n) the cells up to number `last`."""
        self.from_s = from_s
        self._last, self._before = last, before[:, -AROUND:]
        self._seen_from = 0
        self._after = np.empty((4, 0))

    @property
    def reaches(self) -> bool:
        """Is anything known of what is behind the gap?"""
        return self._after.shape[1] > 0

    @property
    def sure(self) -> bool:
        """Is as much of it known as is looked at?"""
        return self._after.shape[1] >= AROUND

    @property
    def span(self) -> tuple[int, int]:
        """The first cell that is missing, and the first behind the gap."""
        return self._last + 1, self._seen_from

    def add(self, first: int, cells: Floats) -> None:
        """Cells behind the gap, as Grid gives them."""
        if not self.reaches:
            self._seen_from = first
        self._after = np.concatenate((self._after, cells), axis=1)

    def laid(self) -> tuple[int, Floats]:
        """The number of the first missing cell, and (4, m) cells from there on."""
        missing = self._seen_from - self._last - 1
        acc = _between(self._before, self._after[:3, :AROUND], missing)
        lost = np.vstack((acc, dot(acc, acc)))
        return self._last + 1, np.concatenate((lost, self._after), axis=1)


class _Side(NamedTuple):
    """What was felt at one side of the gap.

    length_g, up: how strongly, and (3,) where up was; at the very edge where the leg moves.
    turns:        (3,) how `up` changes from cell to cell; 0 where the leg may be still.
    """

    length_g: float
    up: Floats
    turns: Floats

    @property
    def moves(self) -> bool:
        return bool(self.turns.any())


def _side(acc: Floats, edge: int) -> _Side:
    """edge: the one of the (3, n) cells that is at the gap, the first (0) or the last (-1)."""
    lengths = np.sqrt(dot(acc, acc))
    ups = acc / np.maximum(lengths, LEAST_G)
    k = np.arange(float(acc.shape[1]))
    k -= k[-1] / 2.0
    up, turns = mean(ups), mean(ups * k) / max(float(mean(k * k)), 1.0)
    if math.degrees(CELLS_HZ * math.sqrt(dot(turns, turns))) < _MOVES_DEG_S:
        turns = np.zeros(3)
    return _Side(float(mean(lengths)), up + turns * k[edge], turns)


def _between(before: Floats, after: Floats, missing: int) -> Floats:
    """(3, missing) cells."""
    a, b = _side(before, -1), _side(after, 0)
    span = missing + 1.0
    k = np.arange(1.0, span)
    way = b.up - a.up
    if b.moves and not a.moves:
        share = 1.0 - _stopping(span - k, way, b.turns, span)
    elif a.moves and not b.moves:
        share = _stopping(k, way, a.turns, span)
    else:
        s = k / span
        share = s if a.moves else s**3 * (10.0 - 15.0 * s + 6.0 * s * s)
    ups = a.up[:, None] + way[:, None] * share
    lengths = np.sqrt(dot(ups, ups))
    length_g = a.length_g + (b.length_g - a.length_g) * k / span
    # Opposite ways have no way between them: there up is unknown.
    return ups * np.where(lengths > LEAST_G, length_g / np.maximum(lengths, LEAST_G), 1.0)


def _stopping(k: Floats, way: Floats, turns: Floats, span: float) -> Floats:
    """Which share of the way is behind a leg, k cells after it turned so fast, until it stops."""
    along, far = float(dot(way, turns)), float(dot(way, way))
    takes = min(max(2.0 * far / along, 1.0), span) if along > 0.0 else span
    share: Floats = 1.0 - np.clip(1.0 - k / takes, 0.0, 1.0) ** 2
    return share

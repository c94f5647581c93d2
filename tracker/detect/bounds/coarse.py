"""When did a leg come to rest or leave, as a sensor of coarse steps tells it?

Where one count turns the direction by several degrees, a leg that rests may flip between two
counts, and one that still turns may seem to rest. A turn of 5 degrees a second is not to be seen.
But a leg that is further away than a flip is away, and how long it takes for so many degrees, the
first or the last ones of a move, is much the same in all of its moves.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tracker.detect.motion.cells import Cells, Vector, cell_s
from tracker.detect.motion.filters import symmetric
from tracker.detect.motion.grid import CELL_S
from tracker.detect.samples import Floats

# More than a flip of one count on one axis, 7 degrees.
_PAST_A_FLIP_DEG = 10.0
_NEAR = math.cos(math.radians(_PAST_A_FLIP_DEG))
# From 5 deg/s to that far, be it at the start or the end. A smooth turn (minimum jerk) by 80
# degrees in 1.6 to 3.6 s takes 0.3 to 0.5 s for that; a joint that eases in and out, longer.
_WAY_S = 0.55
# Evens out a flip to and fro.
_WINDOW_S = 0.15


def settled_coarsely_s(cells: Cells, first: int, last: int, up: Vector) -> float:
    """When the leg that is kept at `up` in cell `last` came to rest."""
    begin, acc = cells.span(first, last)
    away = is_away(acc, up).nonzero()[0]
    if not len(away):
        return cell_s(begin)
    return min(cell_s(begin + int(away[-1])) + _WAY_S, cell_s(last))


def departed_coarsely_s(cells: Cells, first: int, away: int, up: Vector) -> float:
    """When the leg that was kept at `up`, and is away in cell `away`, set out."""
    begin, acc = cells.span(first, away)
    near = (~is_away(acc, up)).nonzero()[0]
    if not len(near):
        return cell_s(begin)
    return max(cell_s(begin + int(near[-1]) + 1) - _WAY_S, cell_s(begin))


def is_away(acc: Floats, up: Vector) -> NDArray[np.bool_]:
    """In which cells the leg is past a flip from `up`, flips and trembling evened out."""
    smooth = symmetric(acc, _WINDOW_S, CELL_S)
    x, y, z = smooth.T
    length = np.sqrt(x * x + y * y + z * z)
    away: NDArray[np.bool_] = x * up[0] + y * up[1] + z * up[2] < _NEAR * length
    return away

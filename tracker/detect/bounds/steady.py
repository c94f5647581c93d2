"""Is a leg still, and for how long was it?"""

from __future__ import annotations

import math

import numpy as np

from tracker.detect.bounds.edge import EDGE_DEG_S, HALF, SECOND, edge_deg_s
from tracker.detect.motion.cells import Cells, angle_deg, cell_s, unit_of
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.turning import Limb, directions, length, slopes_deg_s

# Whoever counts holds of two seconds looks at muscles that shake: twice the edge, by the slope of a
# line through 0.2 s. A longer one, or one that lets bursts pass, hides the shaking.
STEADY_DEG_S, _STEADY_HALF = 10.0, 2
# Where the band points in a leg that is raised straight up.
_UPSIDE_DOWN = (0.0, -1.0, 0.0)


def unbroken_s(
    cells: Cells, start_s: float, end_s: float, last: int, lever_m: float
) -> tuple[float, float]:
    """From when to when the leg was still for longest: without a turn faster than STEADY_DEG_S.

    `last`: the last cell that may be looked at. Felt through the window of a limb of `lever_m` that
    points straight up, whatever the posture: then none of the acceleration of its own shaking is
    taken for a turn.
    """
    until = min(round(end_s / CELL_S) + SECOND, last)
    begin, acc = cells.span(round(start_s / CELL_S) - SECOND, until)
    up = directions(acc, Limb(lever_m).window_s(_UPSIDE_DOWN))
    fast = np.flatnonzero(length(slopes_deg_s(up, _STEADY_HALF)) >= STEADY_DEG_S)
    breaks = np.array([-1, *fast, len(up) - 2 * _STEADY_HALF])
    longest = int(np.diff(breaks).argmax())
    before, after = (begin + _STEADY_HALF + breaks[longest : longest + 2]).tolist()
    return cell_s(before + 0.5), cell_s(after - 0.5)


def drift_deg_s(cells: Cells, last: int) -> float:
    """How fast the direction moves over the last second, trembling averaged out."""
    _, acc = cells.span(last - SECOND + 1, last)
    half = len(acc) // 2
    if half < 5:
        return math.inf
    sums = np.add.accumulate(acc, 0)
    a, b = sums[half - 1], sums[-1] - sums[half - 1]
    return angle_deg(unit_of(a), unit_of(b)) / (0.5 * len(acc) * CELL_S)


def trembles(cells: Cells, last: int, over: int = SECOND) -> bool:
    """Did the leg shake in so many cells up to the last one so that slow turns hide in it?"""
    _, acc = cells.span(last - over + 1, last)
    return edge_deg_s(slopes_deg_s(directions(acc), HALF)) > EDGE_DEG_S

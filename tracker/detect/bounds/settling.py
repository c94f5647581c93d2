"""At which moment did a leg that came to rest pass the edge, and how did it come there?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracker.detect.bounds.coarse import is_away, settled_coarsely_s
from tracker.detect.bounds.edge import (
    EDGE_DEG_S,
    HALF,
    NEAR,
    PLAIN_HALF,
    PUSH_SHARE,
    SECOND,
    SWING,
    turning,
)
from tracker.detect.motion.cells import Cells, Vector, angle_deg, cell_s, unit_of
from tracker.detect.motion.grid import CELL_S, Ints
from tracker.detect.motion.turning import Limb, directions, slopes_deg_s
from tracker.detect.samples import Floats

# A third of a second: soon, where a look over six tenths sees less of a tremble. Half of it is the
# delay.
_SOON_HALF = 4
# What came so little has no way back.
_LEAST_WAY_DEG = 2.0
# A touch of the way, before and after it.
_TOUCH = 5


def settled_s(cells: Cells, first: int, last: int, up: Vector, limb: Limb) -> float:
    """The last time between two cells that the leg turned faster than EDGE_DEG_S.

    At cell `last` it has been still for a second or more.
    """
    if cells.grain.coarse(last):
        return settled_coarsely_s(cells, first, last, up)
    begin, acc = cells.span(first - HALF - (SECOND if limb.aside else 0), last)
    seen = turning(directions(acc, limb.window_s(up)), slice(-SECOND, None))
    fast = seen.fast
    if not len(fast):
        return cell_s(begin)
    settled = begin + HALF + seen.crossing(fast.item(-1))
    if limb.aside and len(before := _before_rebound(seen.slopes, fast)) < len(fast):
        moved = begin + HALF + seen.crossing(before.item(-1))
        settled = moved + PUSH_SHARE * (settled - moved)
    if seen.edge > EDGE_DEG_S and len(away := is_away(acc, up).nonzero()[0]):
        # The end of a slow move may hide in the trembling that follows; where it led from does not.
        settled = max(settled, float(begin + away[-1]))
    return cell_s(settled)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How the leg came to where it stopped, and where it goes from there.

    came_deg:    how far it turned in the last second before the stop.
    back_deg_s:  how fast it turns back the way it came.
    turns_deg_s: how fast it turns whichever way, over six tenths of a second.
    """

    came_deg: float
    back_deg_s: float
    turns_deg_s: float


def arrival(cells: Cells, start_s: float, last: int) -> Arrival:
    """Seen at cell `last`, of a leg that stopped at `start_s`."""
    stop = round(start_s / CELL_S)
    begin, acc = cells.span(stop - SECOND, last)
    up = directions(acc)
    at = max(stop - begin, 0)
    before, after = _middle(up[:_TOUCH]), _middle(up[at : at + _TOUCH])
    came_deg = angle_deg(before, after)
    if len(up) <= 2 * PLAIN_HALF:
        return Arrival(came_deg, 0.0, 0.0)
    soon, plain = (slopes_deg_s(up[-2 * half - 1 :], half)[-1] for half in (_SOON_HALF, PLAIN_HALF))
    turns_deg_s, back_deg_s = math.hypot(*plain.tolist()), 0.0
    if came_deg >= _LEAST_WAY_DEG:
        back = 0.5 * float((soon + plain) @ np.subtract(before, after))
        back_deg_s = back / math.dist(before, after)
    return Arrival(came_deg, back_deg_s, turns_deg_s)


def _before_rebound(slopes: Floats, fast: Ints) -> Ints:
    """The fast cells without those of the push that stopped the leg.

    The direction swings over and comes back within 0.4 s of the stop.
    """
    breaks = (fast[1:] - fast[:-1] > 1).nonzero()[0]
    if not len(breaks):
        return fast
    rebound = fast[breaks[-1] + 1 :]
    before = fast[: breaks[-1] + 1]
    if len(rebound) > SWING or rebound[0] - before[-1] > NEAR:
        return fast
    came = slopes[before[-1] - SWING // 2 : before[-1] + 1].sum(axis=0)
    back = slopes[rebound].sum(axis=0)
    opposed = float(came @ back) < -0.5 * math.hypot(*came.tolist()) * math.hypot(*back.tolist())
    return before if opposed else fast


def _middle(up: Floats) -> Vector:
    return unit_of(np.add.accumulate(up, 0)[-1])

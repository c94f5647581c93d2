"""At which moment did a leg that left pass the edge?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tracker.detect.bounds.coarse import departed_coarsely_s
from tracker.detect.bounds.edge import (
    EDGE_DEG_S,
    HALF,
    JOLT_HALF,
    PLAIN_HALF,
    PUSH_SHARE,
    SECOND,
    SWING,
    edge_deg_s,
    turning,
    turning_or_jolted,
)
from tracker.detect.motion.cells import Cells, Vector, cell_s
from tracker.detect.motion.grid import Ints
from tracker.detect.motion.turning import Limb, directions, length, slopes_deg_s
from tracker.detect.samples import Floats

# A leg that is let go may bend first, and then swings about a nearer joint than it was held by: by
# so much. The window of too long a lever smears such a motion outwards, by 0.1 to 0.3 s; that of
# too short a one shows the push the other way. So where a shorter lever puts the motion later by
# more than two cells, and no push is felt back, it is the right one.
_BENDS, _LATER, _PUSHED_DEG_S = (0.6, 0.44), 2.0, 0.5
# A felt reversal of a push lasts no longer than a fifth of a second.
_DIP = 5
# A grip that lets go jolts the leg, which swings off only a quarter of a second later.
_JOLTED = 7


def departed_s(cells: Cells, since: int, away: int, last: int, up: Vector, limb: Limb) -> float:
    """When the turning that had the leg away at cell `away` had passed EDGE_DEG_S.

    `since`: the leg was still then; three seconds before `away` are searched, none before `since`.
    `last`: the last cell that may be looked at.
    """
    if cells.grain.coarse(last):
        return departed_coarsely_s(cells, max(since, away - 3 * SECOND), away, up)
    spans = (since, away, last)
    seen = _departure(cells, *spans, up, limb)
    left = seen.left
    if limb.lever_m == 0.0:
        return cell_s(left)
    if not limb.aside:
        for share in _BENDS:
            bent = _departure(cells, *spans, up, Limb(share * limb.lever_m))
            if bent.left > left + _LATER and not bent.pushed_back(seen.left):
                left = bent.left
    return cell_s(max(left, _thrown(cells, *spans, up)))


def crept(cells: Cells, since: int, away: int, last: int, up: Vector, limb: Limb) -> bool:
    """Did a leg that was away at cell `away` get there without ever passing EDGE_DEG_S?

    Up to `last`. Where muscles tremble, the short line sees less than the edge: all the same no
    line through six tenths of a second may be as steep.
    """
    if cells.grain.coarse(last):
        return False
    begin, acc = cells.span(max(since, away - 3 * SECOND), last)
    ups = directions(acc, limb.window_s(up))
    if len(ups) <= 2 * PLAIN_HALF or len(turning(ups, _while_still(begin, away)).fast):
        return False
    return float(length(slopes_deg_s(ups, PLAIN_HALF)).max()) < EDGE_DEG_S


def _thrown(cells: Cells, since: int, away: int, last: int, up: Vector) -> float:
    """The cell at which the band felt the push that threw the leg off, if it was one.

    What is thrown off at nearly gravity or more has turned so far, within the window of its limb,
    that this smears what comes outwards. But nothing moved before the push, which is felt the other
    way, was felt at all: no window is laid.
    """
    begin, acc = cells.span(max(since, away - 3 * SECOND), last)
    slopes = slopes_deg_s(directions(acc), JOLT_HALF)
    rates = length(slopes)[: max(away - begin - JOLT_HALF + 1, 1)]
    fast = (rates > edge_deg_s(slopes[_while_still(begin, away)])).nonzero()[0]
    if not len(fast):
        return -math.inf
    first = int(_since_pause(fast)[0])
    goes = acc[away - begin : away - begin + SECOND].mean(axis=0) - np.array(up)
    if float(slopes[first : first + 2].sum(axis=0) @ goes) >= 0.0:
        return -math.inf
    # The line about this cell is the first that reaches into the push: with its last cell.
    return begin + first + 2.0 * JOLT_HALF - 0.5


@dataclass(frozen=True, slots=True)
class _Departure:
    """A turn as it is felt through the window of a limb.

    left:   the cell, and a part of one, where it passed the edge.
    slopes: degrees a second each way; the first is that of cell `begin` + HALF.
    """

    left: float
    slopes: Floats
    begin: int

    def pushed_back(self, since: float) -> bool:
        """Was a push felt, from just before `since` on, the other way than the leg then went?"""
        first, left = (round(cell) - self.begin - HALF for cell in (since, self.left))
        goes = self.slopes[left : left + _DIP].sum(axis=0)
        along = self.slopes[max(first - _DIP, 0) : left] @ goes
        return float(along.min(initial=0.0)) < -_PUSHED_DEG_S * math.hypot(*goes.tolist())


def _departure(
    cells: Cells, since: int, away: int, last: int, up: Vector, limb: Limb
) -> _Departure:
    begin, acc = cells.span(max(since, away - 3 * SECOND), last)
    # A push across that looks like a tilt would look like more of one.
    look = turning if limb.aside else turning_or_jolted
    seen = look(directions(acc, limb.window_s(up)), _while_still(begin, away))
    seen = seen.until(max(away - begin - HALF + 1, 1))
    slopes, fast = seen.slopes, seen.fast
    if not len(fast):
        return _Departure(begin + HALF + len(seen.rates) - 1, slopes, begin)
    fast = _since_pause(fast)
    left = begin + HALF + seen.crossing(fast.item(0) - 1)
    if limb.aside and len(after := _after_backswing(slopes, fast)) < len(fast):
        moves = begin + HALF + seen.crossing(after.item(0) - 1)
        left = moves + PUSH_SHARE * (left - moves)
    return _Departure(left, slopes, begin)


def _while_still(begin: int, away: int) -> slice:
    """The first of the cells from `begin` on, in which a leg that was away at `away` was still."""
    return slice(0, min(max(away - begin - SECOND // 2, SECOND), 2 * SECOND))


def _since_pause(fast: Ints) -> Ints:
    """The fast cells since the last pause that is longer than one after a jolt."""
    pauses = (fast[1:] - fast[:-1] > _JOLTED).nonzero()[0]
    return fast[pauses[-1] + 1 if len(pauses) else 0 :]


def _after_backswing(slopes: Floats, fast: Ints) -> Ints:
    """The fast cells without those of the push that set the leg in motion.

    The direction swings the other way for 0.4 s before it goes where the leg goes.
    """
    goes = slopes[fast[-SWING:]].sum(axis=0)
    along = np.flatnonzero(slopes[fast] @ goes > 0.0)
    count = int(along[0]) if len(along) else 0
    return fast[count:] if count <= SWING else fast

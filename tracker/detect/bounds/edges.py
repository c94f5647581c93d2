"""At which moment did a leg that came to rest pass 5 degrees a second, or one that left?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from tracker.detect.bounds.coarse import departed_coarsely_s, is_away, settled_coarsely_s
from tracker.detect.motion.cells import Cells, Vector, angle_deg, cell_s, unit
from tracker.detect.motion.grid import CELL_S, Ints
from tracker.detect.motion.turning import Limb, directions, length, slopes_deg_s
from tracker.detect.samples import Floats

# The definition of a bound (public contract).
EDGE_DEG_S = 5.0
# Whoever counts holds of two seconds looks at muscles that shake: twice the edge, by the slope of a
# line through 0.2 s. A longer one, or one that lets bursts pass, hides the shaking.
STEADY_DEG_S, _STEADY_HALF = 10.0, 2
# However much it trembles, this is motion.
_MOST_DEG_S = 30.0
_SECOND = 25
_QUARTER = 6
# A felt reversal of a push lasts no longer than a fifth of a second.
_DIP = 5
# A grip that lets go jolts the leg, by a degree in a tenth of a second, and the leg swings off only
# a quarter of a second later. A line of three cells sees that jolt, where a leg was so still that
# half the edge is surely above its trembling.
_JOLT_HALF, _JOLTED = 1, 7
_VERY_STILL = 0.5
# A stopping leg rings for a quarter of a second; that is still the motion.
_NEAR = 6
# The push that starts or stops a leg is felt the other way for less than this.
_SWING = 10
# The limb passes the edge in the midst of that push, nearer to where it moves: the window smears
# the push outwards. Seen to be a third alike at the start and at the end, on two models of a body.
_PUSH_SHARE = 1.0 / 3.0
# Three, less what the difference itself adds: the root of 1.5.
_SURE = 3.0 / math.sqrt(1.5)
# A leg that is let go may bend first, and then swings about a nearer joint than it was held by: by
# so much. The window of too long a lever smears such a motion outwards, by 0.1 to 0.3 s; that of
# too short a one shows the push the other way. So where a shorter lever puts the motion later by
# more than two cells, and no push is felt back, it is the right one.
_BENDS, _LATER, _PUSHED_DEG_S = (0.6, 0.44), 2.0, 0.5
# A third of a second and six tenths, to see what the leg does now: half of that is the delay. The
# short look is soon, the long one sees little of a tremble or of a count that flips.
_SOON_HALF, _PLAIN_HALF = 4, 7
# What came so little has no way back.
_LEAST_WAY_DEG = 2.0
# The slope of a straight line through 2 HALF + 1 cells, 0.28 s: shorter than any push of a leg.
HALF = 3
# Where the band points in a leg that is raised straight up.
_UPSIDE_DOWN = (0.0, -1.0, 0.0)


def settled_s(cells: Cells, first: int, last: int, up: Vector, limb: Limb) -> float:
    """The last time between two cells that the leg turned faster than EDGE_DEG_S.

    At cell `last` it has been still for a second or more.
    """
    if cells.grain.coarse(last):
        return settled_coarsely_s(cells, first, last, up)
    begin, acc = cells.span(first - HALF - (_SECOND if limb.aside else 0), last)
    seen = _turning(directions(acc, limb.window_s(up)), slice(-_SECOND, None))
    fast = seen.fast
    if not len(fast):
        return cell_s(begin)
    settled = begin + HALF + seen.crossing(fast.item(-1))
    if limb.aside and len(before := _before_rebound(seen.slopes, fast)) < len(fast):
        moved = begin + HALF + seen.crossing(before.item(-1))
        settled = moved + _PUSH_SHARE * (settled - moved)
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
    begin, acc = cells.span(stop - _SECOND, last)
    up = directions(acc)
    at = max(stop - begin, 0)
    before, after = _middle(up[:_DIP]), _middle(up[at : at + _DIP])
    came_deg = angle_deg(before, after)
    if len(up) <= 2 * _PLAIN_HALF:
        return Arrival(came_deg, 0.0, 0.0)
    soon, plain = (
        slopes_deg_s(up[-2 * half - 1 :], half)[-1] for half in (_SOON_HALF, _PLAIN_HALF)
    )
    turns_deg_s, back_deg_s = math.hypot(*plain.tolist()), 0.0
    if came_deg >= _LEAST_WAY_DEG:
        back = 0.5 * float((soon + plain) @ np.subtract(before, after))
        back_deg_s = back / math.dist(before, after)
    return Arrival(came_deg, back_deg_s, turns_deg_s)


def trembles(cells: Cells, last: int, over: int = _SECOND) -> bool:
    """Did the leg shake in so many cells up to the last one so that slow turns hide in it?"""
    _, acc = cells.span(last - over + 1, last)
    return _edge_deg_s(slopes_deg_s(directions(acc), HALF)) > EDGE_DEG_S


def departed_s(cells: Cells, since: int, away: int, last: int, up: Vector, limb: Limb) -> float:
    """When the turning that had the leg away at cell `away` had passed EDGE_DEG_S.

    `since`: the leg was still then; three seconds before `away` are searched, none before `since`.
    `last`: the last cell that may be looked at.
    """
    if cells.grain.coarse(last):
        return departed_coarsely_s(cells, max(since, away - 3 * _SECOND), away, up)
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
    begin, acc = cells.span(max(since, away - 3 * _SECOND), last)
    ups = directions(acc, limb.window_s(up))
    if len(ups) <= 2 * _PLAIN_HALF or len(_turning(ups, _while_still(begin, away)).fast):
        return False
    return float(length(slopes_deg_s(ups, _PLAIN_HALF)).max()) < EDGE_DEG_S


def _thrown(cells: Cells, since: int, away: int, last: int, up: Vector) -> float:
    """The cell at which the band felt the push that threw the leg off, if it was one.

    What is thrown off at nearly gravity or more has turned so far, within the window of its limb,
    that this smears what comes outwards. But nothing moved before the push, which is felt the other
    way, was felt at all: no window is laid.
    """
    begin, acc = cells.span(max(since, away - 3 * _SECOND), last)
    slopes = slopes_deg_s(directions(acc), _JOLT_HALF)
    rates = length(slopes)[: max(away - begin - _JOLT_HALF + 1, 1)]
    fast = (rates > _edge_deg_s(slopes[_while_still(begin, away)])).nonzero()[0]
    if not len(fast):
        return -math.inf
    first = int(_since_pause(fast)[0])
    goes = acc[away - begin : away - begin + _SECOND].mean(axis=0) - np.array(up)
    if float(slopes[first : first + 2].sum(axis=0) @ goes) >= 0.0:
        return -math.inf
    # The line about this cell is the first that reaches into the push: with its last cell.
    return begin + first + 2.0 * _JOLT_HALF - 0.5


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
    begin, acc = cells.span(max(since, away - 3 * _SECOND), last)
    # A push across that looks like a tilt would look like more of one.
    look = _turning if limb.aside else _turning_or_jolted
    seen = look(directions(acc, limb.window_s(up)), _while_still(begin, away))
    seen = seen.until(max(away - begin - HALF + 1, 1))
    slopes, fast = seen.slopes, seen.fast
    if not len(fast):
        return _Departure(begin + HALF + len(seen.rates) - 1, slopes, begin)
    fast = _since_pause(fast)
    left = begin + HALF + seen.crossing(fast.item(0) - 1)
    if limb.aside and len(after := _after_backswing(slopes, fast)) < len(fast):
        moves = begin + HALF + seen.crossing(after.item(0) - 1)
        left = moves + _PUSH_SHARE * (left - moves)
    return _Departure(left, slopes, begin)


def _while_still(begin: int, away: int) -> slice:
    """The first of the cells from `begin` on, in which a leg that was away at `away` was still."""
    return slice(0, min(max(away - begin - _SECOND // 2, _SECOND), 2 * _SECOND))


def _since_pause(fast: Ints) -> Ints:
    """The fast cells since the last pause that is longer than one after a jolt."""
    pauses = (fast[1:] - fast[:-1] > _JOLTED).nonzero()[0]
    return fast[pauses[-1] + 1 if len(pauses) else 0 :]


def unbroken_s(
    cells: Cells, start_s: float, end_s: float, last: int, lever_m: float
) -> tuple[float, float]:
    """From when to when the leg was still for longest: without a turn faster than STEADY_DEG_S.

    `last`: the last cell that may be looked at. Felt through the window of a limb of `lever_m` that
    points straight up, whatever the posture: then none of the acceleration of its own shaking is
    taken for a turn.
    """
    until = min(round(end_s / CELL_S) + _SECOND, last)
    begin, acc = cells.span(round(start_s / CELL_S) - _SECOND, until)
    up = directions(acc, Limb(lever_m).window_s(_UPSIDE_DOWN))
    fast = np.flatnonzero(length(slopes_deg_s(up, _STEADY_HALF)) >= STEADY_DEG_S)
    breaks = np.array([-1, *fast, len(up) - 2 * _STEADY_HALF])
    longest = int(np.diff(breaks).argmax())
    before, after = (begin + _STEADY_HALF + breaks[longest : longest + 2]).tolist()
    return cell_s(before + 0.5), cell_s(after - 0.5)


def drift_deg_s(cells: Cells, last: int) -> float:
    """How fast the direction moves over the last second, trembling averaged out."""
    _, acc = cells.span(last - _SECOND + 1, last)
    half = len(acc) // 2
    if half < 5:
        return math.inf
    sums = np.add.accumulate(acc, 0)
    a, b = sums[half - 1], sums[-1] - sums[half - 1]
    return angle_deg(_unit(a), _unit(b)) / (0.5 * len(acc) * CELL_S)


class _Turning(NamedTuple):
    """How a leg turns at each of some cells.

    slopes: degrees a second each way; rates: (n,) their lengths.
    edge:   the rate that the leg crosses when it sets out or stops.
    fast:   the cells in which it is faster.
    """

    slopes: Floats
    rates: Floats
    edge: float
    fast: Ints

    def until(self, count: int) -> _Turning:
        """No faster than the edge after so many cells."""
        return self._replace(rates=self.rates[:count], fast=self.fast[self.fast < count])

    def crossing(self, i: int) -> float:
        """Where between i and i + 1 the rate crosses the edge."""
        if i < 0:
            return -float(HALF)
        if i + 1 >= len(self.rates):
            return i + 0.5
        rate = self.rates.item(i)
        share = (self.edge - rate) / ((self.rates.item(i + 1) - rate) or 1.0)
        return i + min(max(share, 0.0), 1.0)


def _turning(up: Floats, still: slice) -> _Turning:
    """In the span `still` the leg does not move.

    Where muscles shake, a burst of tremble passes any edge now and then. A slope of twice the
    length sees a third of it: only what that one feels too is motion, dated by the short one.
    """
    slopes = slopes_deg_s(up, HALF)
    rates, edge = length(slopes), _edge_deg_s(slopes[still])
    fast = rates > edge
    if edge > EDGE_DEG_S and len(up) > 4 * HALF:
        longer = slopes_deg_s(up, 2 * HALF)
        moving = length(longer) > _edge_deg_s(longer[still])
        near = np.convolve(moving, np.ones(2 * _NEAR + 1))[_NEAR:-_NEAR] > 0.5
        fast[HALF:-HALF] &= near
        fast[:HALF] &= near[0]
        fast[-HALF:] &= near[-1]
    return _Turning(slopes, rates, edge, fast.nonzero()[0])


def _turning_or_jolted(up: Floats, still: slice) -> _Turning:
    """As _turning, but by a line so short that it sees a jolt where the leg was still enough."""
    spare = HALF - _JOLT_HALF
    slopes = slopes_deg_s(up[spare : len(up) - spare], _JOLT_HALF)
    if _edge_deg_s(slopes[still] / _VERY_STILL) > EDGE_DEG_S:
        return _turning(up, still)
    rates = length(slopes)
    return _Turning(slopes, rates, EDGE_DEG_S, (rates > EDGE_DEG_S).nonzero()[0])


def _before_rebound(slopes: Floats, fast: Ints) -> Ints:
    """The fast cells without those of the push that stopped the leg.

    The direction swings over and comes back within 0.4 s of the stop.
    """
    breaks = (fast[1:] - fast[:-1] > 1).nonzero()[0]
    if not len(breaks):
        return fast
    rebound = fast[breaks[-1] + 1 :]
    before = fast[: breaks[-1] + 1]
    if len(rebound) > _SWING or rebound[0] - before[-1] > _NEAR:
        return fast
    came = slopes[before[-1] - _SWING // 2 : before[-1] + 1].sum(axis=0)
    back = slopes[rebound].sum(axis=0)
    opposed = float(came @ back) < -0.5 * math.hypot(*came.tolist()) * math.hypot(*back.tolist())
    return before if opposed else fast


def _after_backswing(slopes: Floats, fast: Ints) -> Ints:
    """The fast cells without those of the push that set the leg in motion.

    The direction swings the other way for 0.4 s before it goes where the leg goes.
    """
    goes = slopes[fast[-_SWING:]].sum(axis=0)
    along = np.flatnonzero(slopes[fast] @ goes > 0.0)
    count = int(along[0]) if len(along) else 0
    return fast[count:] if count <= _SWING else fast


def _edge_deg_s(slopes: Floats) -> float:
    """EDGE_DEG_S, or what trembling muscles do not reach while the leg is still.

    Tremble is what differs from the middle of a quarter of a second before and after: a steady or
    a smoothly reversing turn cancels. The length of a vector of two noises stays below three times
    its median, all but 0.2 % of the time. A leg passes 5 and 15 deg/s within a tenth of a second of
    each other, so a higher edge costs little; a tremble taken for motion costs the whole hold.
    """
    if len(slopes) <= 2 * _QUARTER:
        return EDGE_DEG_S
    around = 0.5 * (slopes[: -2 * _QUARTER] + slopes[2 * _QUARTER :])
    tremble = sorted(length(slopes[_QUARTER:-_QUARTER] - around).tolist())
    middle: float = tremble[len(tremble) // 2]
    return min(max(EDGE_DEG_S, _SURE * middle), _MOST_DEG_S)


def _middle(up: Floats) -> Vector:
    return _unit(np.add.accumulate(up, 0)[-1])


def _unit(v: Floats) -> Vector:
    x, y, z = v.tolist()
    return unit((x, y, z))

"""When did the leg come to rest, and when did it leave?

Rests and holds are the same to this file: a posture that is kept. Which of them is a stretch is
decided in naming.py.

    moving --- slow and calm for CONFIRM_S ---------------------------> kept
    kept   --- turned more than RETURN_DEG from the anchor -----------> leaving
    leaving -- back within RETURN_DEG, in less than RETURN_S ---------> kept (a slip, a correction)
    leaving -- a hold: back for a moment, and away again --------------> leaving, from then on
    leaving -- a hold: slower than the edge on all its way, and stops --> kept (it sinks deeper)
    leaving -- still away RETURN_S after it left ---------------------> moving

Coarse decisions are made on steps (0.2 s, low-passed); the bounds are then dated on the cells
(40 ms) around them with a symmetric window, which has no delay.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tracker.detect.bounds.kept import Kept, Left
from tracker.detect.bounds.leaving import crept, departed_s
from tracker.detect.bounds.settling import settled_s
from tracker.detect.bounds.sight import Sight
from tracker.detect.bounds.steady import drift_deg_s, trembles, unbroken_s
from tracker.detect.bounds.turning_points import TURNING_DEG_S, look_longer_s
from tracker.detect.motion.cells import Cells, Vector, angle_deg, cell_s, unit
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.orientation import CELLS_A_STEP, GRAVITY_DELAY_S, STEP_S, Rows
from tracker.detect.motion.turning import LEG, SHANK, UNKNOWN, directions
from tracker.detect.samples import Floats

# A first, coarse look, with hysteresis: the low-passed turning, and all that is not gravity.
# Muscles at work shake a leg by 30 to 200 mg, which leaves up to 20 deg/s below 1.5 Hz; walking
# swings the leg at 50 deg/s and 300 mg.
SLOW_DEG_S, FAST_DEG_S = 14.0, 20.0
CALM_G, RESTLESS_G = 0.200, 0.300
# A leg that has turned no faster than the edge for so long has stopped. Who asks for holds shorter
# than 2.8 s gets a shorter look, half as long as the hold; the shorter the look, the faster the
# same shaking seems, and the shorter a slip.
CONFIRM_S, _CONFIRM_SHARE, _LEAST_SHARE = 1.4, 0.5, 0.5
# Before low-passed steps show that a leg has stopped, it has stood for so long.
_SHOWN_S = 0.4
# One that still drifts, seen over a second, is looked at again after CONFIRM_S; after this share of
# it where it shakes.
_DRIFTS_SHARE = 0.25
# It is sure when it stopped once it has stood for so long: before, that may have been a jolt.
_SHOWS_S = 0.5
# Whether the leg shakes so that it may not be is looked at over so many cells.
_SHAKES = 31
# A short look may take a pause between two swings for a hold. What was kept has then to have been
# still for the shortest hold without a break; what is longer than this has shown that anyway.
_PROVEN_S = 6.0
# The definition of a slip or a correction (public contract).
RETURN_DEG = 5.0
RETURN_S = 2.0
# A sample shows it sooner than the low-passed direction, by this share of the distance squared.
_STRAYS = 0.5
# Slipping twice by more than this within a second, a leg comes back in between for so short a time
# that the low-passed direction does not; the cells show it for three of them or more.
_DEEP_DEG, _BACK_CELLS = 2.0 * RETURN_DEG, 3
# Who pushes against the belt, relaxes and lets the leg sink deeper may do so by 10 degrees, so
# slowly that it does not leave; what sinks further without a stop goes to another posture.
_MOST_CREPT_DEG = 15.0
# A coarse sensor turns the direction by some degrees where the leg does not.
_COARSE_RETURN_DEG = RETURN_DEG + 7.0
# The anchor follows slow deepening (degrees in minutes) and half forgets in two seconds.
_ANCHOR_SHARE = 0.07
# So many directions are worth a look whether all of them are near; beyond doubt, not by rounding.
_MANY, _SURELY = 32, 1.0 - 1e-6
# A look that is due in a whole number of steps is not put off to the next one.
_ROUNDING = 1e-6

# A start is looked for in the last eight seconds; the history behind must reach further back.
_LOOK_BACK = 200
# What is kept does not drift, seen over a second; a breath moves it by 2.6 degrees.
DRIFT_DEG_S = 5.0
# Between the means of two half seconds a coarse sensor flips by one count.
_COARSE_DRIFT_DEG_S = DRIFT_DEG_S + 14.0
# Whether it shakes about the knee or about the hip is not known: between the two.
_SHAKING_M = math.sqrt(SHANK.lever_m * LEG.lever_m)


class Keeping:
    """Folds steps into Kept and Left."""

    def __init__(self, min_hold_s: float) -> None:
        self._confirm_s = min(CONFIRM_S, _CONFIRM_SHARE * min_hold_s)
        # Are holds asked for that are over before the look is?
        self._short = self._confirm_s < CONFIRM_S
        share = max(self._confirm_s / CONFIRM_S, _LEAST_SHARE)
        self._slow_deg_s, self._fast_deg_s = SLOW_DEG_S / share, FAST_DEG_S / share
        self._drift_deg_s, self.return_s = DRIFT_DEG_S / share, RETURN_S * share
        self._first_look = math.ceil((self._confirm_s - _SHOWN_S) / STEP_S)
        self._return2 = _chord2(RETURN_DEG)
        self._slow_since: int | None = None
        # Before this step it cannot have stopped, as was seen when it was last looked at.
        self._stops = 0
        self._anchor: Vector | None = None
        self._left: int | None = None
        self._left_s = 0.0
        # Since it left: when it was nearest again, where only the cells show that it came back.
        self._back_s = -math.inf
        self._since = 0
        self.sight = Sight()
        # What moves the band, for dating the end of what is kept; who names the posture sets it.
        self.limb = UNKNOWN

    @property
    def anchor(self) -> Vector | None:
        """Where the leg is kept, a breath evened out; None while it moves."""
        return None if self._anchor is None else unit(self._anchor)

    @property
    def keeps(self) -> bool:
        """Is a posture kept?"""
        return self._anchor is not None

    @property
    def leaving(self) -> bool:
        """Away from the anchor: a slip, or the end."""
        return self._left is not None

    @property
    def settled(self) -> bool:
        """No posture is being left: the leg moves, or is kept where it is."""
        return self._left is None and (self._anchor is None or self._slow_since is not None)

    @property
    def still(self) -> bool:
        """Slow and calm at this moment."""
        return self._slow_since is not None

    def decides_at(self, j: int) -> int:
        """The first step after j at which a posture may turn out to be taken or left.

        Of one that is kept, as long as no sample strays.
        """
        if self._left is not None:
            left_s = self.sight.latest_s(self._left_s)
            # Having come back for a moment it may seem to have left a step sooner.
            return max(math.ceil((left_s + self.return_s) / STEP_S) - 1, j + 1)
        if self._anchor is not None:
            return j + max(round(self.return_s / STEP_S), 1)
        return j + 1 + self._first_look if self._slow_since is None else max(self._stops, j + 1)

    def strays(self, acc_g: Vector) -> bool:
        """Does a sample show a leg, where it has not left already, so far away that it may?"""
        if self._anchor is None or self._left is not None:
            return False
        return math.dist(unit(acc_g), self._anchor) ** 2 > _STRAYS * self._return2

    def kept_until_s(self, lost_s: float) -> float:
        """When the leg was last where it is kept, sight being lost then."""
        return lost_s if self._left is None else min(self._left_s, lost_s)

    def step_unseen(self, j: int, rate: float, unrest: float) -> None:
        """A step that was not seen: it shows at the most that the leg cannot have been still."""
        self._look(j, rate, unrest)

    def pass_over(self, rows: Rows, row: int, end: int) -> int:
        """Fold rows in which nothing changes, `end` at most; the number of the first other one.

        Either the leg moves and cannot have stopped yet, or it is kept: slow, calm, and within
        RETURN_DEG of its anchor. It is for speed alone; `step` does the same with each of these.
        """
        if not self.settled:
            return row
        if self._slow_since is None:
            return self._fast_until(rows, row, end)
        if self._anchor is None:
            return self._slow_until(rows, row, min(max(self._stops - rows.first, row), end))
        last = self._slow_until(rows, row, end)
        if self._surely_near(rows.part(row, last), self._anchor):
            self._follow_all(rows.ups[row:last], self._anchor)
            return last
        return row + self._follow(rows.ups[row:last], self._anchor)

    def _fast_until(self, rows: Rows, row: int, end: int) -> int:
        slow = self._slow_deg_s
        for rate, unrest in zip(rows.rates[row:end], rows.unrests[row:end], strict=True):
            if rate < slow and unrest < CALM_G:
                break
            row += 1
        return row

    def _slow_until(self, rows: Rows, row: int, end: int) -> int:
        fast = self._fast_deg_s
        if rows.most_rate <= fast and rows.most_unrest <= RESTLESS_G:
            return end
        for rate, unrest in zip(rows.rates[row:end], rows.unrests[row:end], strict=True):
            if rate > fast or unrest > RESTLESS_G:
                break
            row += 1
        return row

    def step(
        self, j: int, up: Vector, rate: float, unrest: float, cells: Cells
    ) -> Kept | Left | None:
        self._look(j, rate, unrest)
        if self._anchor is None:
            return self._maybe_kept(j, up, rate, cells)
        return self._maybe_left(j, up, self._anchor, cells)

    def _look(self, j: int, rate: float, unrest: float) -> None:
        """Slow and calm?"""
        if self._slow_since is None:
            if rate < self._slow_deg_s and unrest < CALM_G:
                self._slow_since = j
                self._stops = j + self._first_look
        elif rate > self._fast_deg_s or unrest > RESTLESS_G:
            self._slow_since = None

    def _maybe_kept(self, j: int, up: Vector, rate: float, cells: Cells) -> Kept | None:
        if self._slow_since is None or j < self._stops:
            return None
        now = j * CELLS_A_STEP
        coarse = cells.grain.coarse(now)
        if drift_deg_s(cells, now) > (_COARSE_DRIFT_DEG_S if coarse else self._drift_deg_s):
            self._look_again(j, self._confirm_s, cells, unsure_s=_DRIFTS_SHARE * self._confirm_s)
            return None
        # Flipping by a count a coarse sensor seems to turn, time and again, where the leg is still.
        slow_for = _LOOK_BACK if coarse else now - self._slow_since * CELLS_A_STEP + 25
        kept = Kept(up, now - min(slow_for, _LOOK_BACK), now)
        start_s = settled_s(cells, kept.first, kept.last, up, SHANK)
        stood_s = self.sight.stood_s(start_s, j * STEP_S)
        if stood_s < self._confirm_s:
            stands_s = self.sight.stands_s(start_s, self._confirm_s)
            self._look_again(j, stands_s - j * STEP_S if stood_s > _SHOWS_S else STEP_S, cells)
            return None
        if not self._short:
            longer_s = look_longer_s(kept, start_s, rate, cells, self.sight)
            if longer_s is not None:
                self._look_again(j, longer_s, cells)
                return None
        self._anchor, self.limb = up, UNKNOWN
        self._return2 = _chord2(_COARSE_RETURN_DEG if coarse else RETURN_DEG)
        self._since = math.ceil(start_s / CELL_S)
        return kept

    def _look_again(self, j: int, wait_s: float, cells: Cells, *, unsure_s: float = STEP_S) -> None:
        """It cannot have stopped for wait_s, or for unsure_s where the leg shakes or its counts do.

        There what was taken for a turn may turn out to have been that.
        """
        now = j * CELLS_A_STEP
        if wait_s > unsure_s and (cells.grain.hides_sway(now) or trembles(cells, now, _SHAKES)):
            wait_s = unsure_s
        self._stops = j + math.ceil(wait_s / STEP_S - _ROUNDING)

    def _maybe_left(self, j: int, up: Vector, anchor: Vector, cells: Cells) -> Left | None:
        if self._follow((up,), anchor):
            self._left = None
            return None
        if self._left is None:
            self._left, self._back_s = j * CELLS_A_STEP, -math.inf
            self._left_s = self._departed_s(cells, self._left, self._left, unit(anchor))
        if j * STEP_S - self.sight.latest_s(self._left_s) < self.return_s:
            return None
        kept_up = unit(anchor)
        now = j * CELLS_A_STEP
        again = self._slipped_again(self._left, now, kept_up, cells)
        if again or self._creeps(self._left, now, up, kept_up, cells):
            return None
        end_s = max(self._departed_s(cells, self._left, now, kept_up), self._back_s)
        # When it had only just left, that was dated too early; what is seen of it now is late.
        late_s = -math.inf if self._short else GRAVITY_DELAY_S
        if j * STEP_S - self.sight.latest_s(end_s) < self.return_s + late_s:
            return None
        self._anchor = self._left = None
        start_s = self._since * CELL_S
        if not self._short or end_s - start_s > _PROVEN_S:
            return Left(end_s, kept_up, None, unseen=self.sight.lost(end_s))
        still_from_s, still_to_s = unbroken_s(cells, start_s, end_s, now, _SHAKING_M)
        # What shook at the edge was still all the same, if it did not turn at twice the edge.
        if still_from_s < end_s:
            end_s = max(end_s, still_to_s)
        return Left(end_s, kept_up, still_to_s - still_from_s)

    def _slipped_again(self, left: int, now: int, anchor: Vector, cells: Cells) -> bool:
        """Did it come back since cell `left`, and leave again? Then it left only then.

        Of a hold: what moves the band is known there. A rest that is left loses nothing by it.
        """
        if self.limb is UNKNOWN or self._short or cells.grain.coarse(now):
            return False
        first, acc = cells.span(left, now)
        up = directions(acc, self.limb.window_s(anchor))
        away2 = np.square(up - np.array(anchor)).sum(axis=1)
        deep = (away2 > _chord2(_DEEP_DEG)).nonzero()[0]
        if not len(deep):
            return False
        near = int(deep[0]) + (away2[deep[0] : deep[-1]] < self._return2).nonzero()[0]
        if len(near) < _BACK_CELLS:
            return False
        self._left = first + int(near[-1]) + 1
        self._left_s = self._back_s = cell_s(first + int(near[away2[near].argmin()]))
        return True

    def _creeps(self, left: int, now: int, up: Vector, anchor: Vector, cells: Cells) -> bool:
        """Is a leg, at `up` by now, on its way without having left? Where it stops it is kept.

        Of a hold, as above.
        """
        if self.limb is UNKNOWN or self._short:
            return False
        if angle_deg(up, anchor) > _MOST_CREPT_DEG:
            return False
        if not crept(cells, self._since, left, now, anchor, self.limb):
            return False
        if drift_deg_s(cells, now) < TURNING_DEG_S:
            self._anchor, self._left = up, None
        return True

    def _departed_s(self, cells: Cells, away: int, last: int, anchor: Vector) -> float:
        return departed_s(cells, self._since, away, last, anchor, self.limb)

    def _surely_near(self, up: Floats | None, anchor: Vector) -> bool:
        """Are (3, n) directions and the anchor, which stays among them, in so small a box?"""
        if up is None or up.shape[1] < _MANY:
            return False
        low, high = np.minimum(up.min(axis=1), anchor), np.maximum(up.max(axis=1), anchor)
        return math.dist(high.tolist(), low.tolist()) ** 2 < _SURELY * self._return2

    def _follow_all(self, ups: Sequence[Vector], anchor: Vector) -> None:
        """As `_follow`, where all are within RETURN_DEG: a day is mostly that."""
        x, y, z = anchor
        share = _ANCHOR_SHARE
        for up_x, up_y, up_z in ups:
            x += share * (up_x - x)
            y += share * (up_y - y)
            z += share * (up_z - z)
        self._anchor = (x, y, z)

    def _follow(self, ups: Sequence[Vector], anchor: Vector) -> int:
        """Draw the anchor after directions within RETURN_DEG of it: how many there are.

        Written out. A mean of directions so near one another is shorter than one of them by a
        thousandth, which is not worth a square root each time.
        """
        x, y, z = anchor
        share, return2, count = _ANCHOR_SHARE, self._return2, 0
        for up_x, up_y, up_z in ups:
            dx, dy, dz = up_x - x, up_y - y, up_z - z
            if dx * dx + dy * dy + dz * dz > return2:
                break
            x += share * dx
            y += share * dy
            z += share * dz
            count += 1
        self._anchor = (x, y, z)
        return count


def _chord2(deg: float) -> float:
    """The square of the distance of two unit vectors that are so far apart."""
    return (2.0 * math.sin(math.radians(deg) / 2.0)) ** 2

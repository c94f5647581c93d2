"""Has the leg stopped, or is this the turning point of a slow straightening?"""

from __future__ import annotations

from tracker.detect.bounds.kept import Kept
from tracker.detect.bounds.settling import Arrival, arrival, settled_s
from tracker.detect.bounds.sight import Sight
from tracker.detect.bounds.steady import trembles
from tracker.detect.motion.cells import Cells
from tracker.detect.motion.grid import CELL_S
from tracker.detect.motion.orientation import STEP_S
from tracker.detect.motion.turning import LEG

# A leg that slowed down gently may be at the turning point of a slow straightening, and turns as
# gently: with a peak speed of 14 deg/s it is below the edge for about two seconds, and it has come
# by 5 degrees or more in the second before. It is looked at for as long as may pass until a hold is
# told, less a step.
_LEAST_WAY_DEG, _GENTLE_DEG = 3.0, 14.0
_TOLD_S = 2.0
_LONG_LOOK_S = _TOLD_S - STEP_S
# Then such a leg is on its way again: faster than a breath moves it (2 deg/s: 2 degrees, 20 a
# minute), or back the way it came faster than an inhale eases it (1.5 deg/s: 2 degrees in 2.5 s).
# It is given a moment to show what it does; one that only shakes has stopped after all.
TURNING_DEG_S, _BACK_DEG_S, _LONGEST_LOOK_S = 2.0, 1.5, 2.8
# With no step left until it has to be told, shaking or a coarse sensor's counts may look as if a
# leg that has stopped turned back too, at up to 1.8 deg/s: there it has to turn surely, and to have
# come by less than a straightening does, which takes seconds for its way.
_SURELY_TURNING_DEG_S, _SURELY_BACK_DEG_S, _STRAIGHTENING_DEG = 4.0, 1.85, 30.0


def look_longer_s(
    kept: Kept, start_s: float, rate: float, cells: Cells, sight: Sight
) -> float | None:
    """For how long, at least, it has to be looked at since it may be one; None: it has stopped.

    kept, start_s: what would be kept, and since when.  rate: of the last step, deg/s.
    """
    came = arrival(cells, start_s, kept.last)
    coarse = cells.grain.coarse(kept.last)
    gently = _LEAST_WAY_DEG <= came.came_deg < _GENTLE_DEG or coarse
    turns = max(rate, came.turns_deg_s) > TURNING_DEG_S or came.back_deg_s > _BACK_DEG_S
    now_s = kept.last * CELL_S
    if not turns and (not gently or sight.stood_s(start_s, now_s) >= _LONG_LOOK_S):
        return None  # all the more so if it has stood for longer
    # With a name the hold may be dated otherwise, and earlier.
    early_s = min(start_s, settled_s(cells, kept.first, kept.last, kept.up, LEG))
    stood_s = sight.stood_s(early_s, now_s)
    if gently and stood_s < _LONG_LOOK_S:
        return sight.stands_s(early_s, _LONG_LOOK_S) - now_s
    if stood_s >= _LONGEST_LOOK_S:
        return None
    if stood_s + STEP_S > _TOLD_S:
        turns = _surely_turns(came, cells, kept.last)
    return STEP_S if turns else None


def _surely_turns(came: Arrival, cells: Cells, last: int) -> bool:
    if not cells.grain.hides_sway(last) and not trembles(cells, last):
        return came.turns_deg_s > TURNING_DEG_S or came.back_deg_s > _BACK_DEG_S
    turns = came.turns_deg_s > _SURELY_TURNING_DEG_S or came.back_deg_s > _SURELY_BACK_DEG_S
    return turns and came.came_deg < _STRAIGHTENING_DEG
